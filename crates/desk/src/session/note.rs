//! Notes of agents who transfer a session: for agents only, never for the customer or the developer's server.

use crate::Result;
use model::session::actor::Target;
use model::{Appid, Fact, Session, Time};
use protocol::{Errcode, limits};
use serde::Serialize;
use store::{Row, Tx, bind};

/// The most notes on one page of history.
const PAGE: i64 = 50;

/// A note as the workbench shows it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Note"))]
pub struct NoteView {
    /// Its number in the account. It comes between messages by this number.
    pub id: i64,
    /// The session it belongs to.
    pub session: i64,
    /// The customer.
    pub openid: String,
    /// The agent who wrote it.
    pub kf_account: String,
    /// The nickname of the agent. Empty if the agent is gone.
    pub nickname: String,
    /// The text.
    pub text: String,
    /// When it was written.
    pub at: Time,
    /// The agent who got the session. Empty if a group did.
    pub to_agent: String,
    /// The nickname of that agent. Empty if a group got the session, or the agent is gone.
    pub to_nickname: String,
    /// The group that got the session; 0: an agent, or the queue of all agents.
    pub to_group: i64,
}

/// The text of a note without white space at both ends; `None` if nothing is left.
///
/// # Errors
/// `NoteSize`.
pub(crate) fn check(text: &str) -> Result<Option<&str>, Errcode> {
    let text = text.trim();
    match text.chars().count() {
        0 => Ok(None),
        1..=limits::NOTE_MAX if !text.contains('\0') => Ok(Some(text)),
        _ => Err(Errcode::NoteSize),
    }
}

/// Stores a note of an agent who sends a session `to` another agent or a group.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    (kf_account, to): (&str, &Target),
    text: &str,
) -> Result<()> {
    let (id, now) = (tx.seq(), tx.now());
    let (agent, group) = match to {
        Target::Agent(agent) => (agent.as_str(), 0),
        Target::Group(group) => ("", *group),
    };
    tx.run(INSERT, bind![appid, &session.openid, id, session.id, kf_account, text, now, agent, group])?;
    tx.record(Fact::Note { id, session: session.id });
    Ok(())
}

/// The note with this number.
pub(crate) fn by_id(tx: &mut Tx<'_>, appid: &Appid, openid: &str, id: i64) -> Result<Option<NoteView>> {
    Ok(tx.one(SELECT, bind![appid, openid, id])?.map(|row| note(&row)))
}

/// The last notes about a session's customer with numbers from `from` and before `before`, oldest first. Includes those
/// of earlier sessions but not those of later ones.
pub(crate) fn between(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    (from, before): (i64, i64),
) -> Result<Vec<NoteView>> {
    let rows = tx.all(SELECT_PAGE, bind![appid, &session.openid, from, before, session.id, PAGE])?;
    Ok(rows.iter().rev().map(note).collect())
}

fn note(row: &Row) -> NoteView {
    NoteView {
        id: row.int(0),
        session: row.int(1),
        openid: row.text(2),
        kf_account: row.text(3),
        nickname: row.text(4),
        text: row.text(5),
        at: row.int(6),
        to_agent: row.text(7),
        to_nickname: row.text(8),
        to_group: row.int(9),
    }
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select n.id, n.session, n.openid, n.kf_account, coalesce(a.nickname, ''), n.text, n.at, n.to_agent,
    coalesce(b.nickname, ''), n.to_group from note n
    left join agent a on a.appid = n.appid and a.kf_account = n.kf_account
    left join agent b on b.appid = n.appid and b.kf_account = n.to_agent
    where n.appid = $1 and n.openid = $2 and ",
            $which
        )
    };
}

const INSERT: &str = "insert into note (appid, openid, id, session, kf_account, text, at, to_agent, to_group)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const SELECT: &str = select!("n.id = $3");
const SELECT_PAGE: &str = select!("n.id >= $3 and n.id < $4 and n.session <= $5 order by n.id desc limit $6");
