//! Transfers: a session moves from the waiting list or from an agent to another agent, or to a group.

use crate::people::agent;
use crate::people::presence::of_worker;
use crate::session::{group, note, release};
use crate::{Desk, Result, session};
use model::agent::Presence;
use model::session::actor::{Actor, Move, Target};
use model::{Appid, Session, WechatId};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use store::Tx;

/// A transfer of a session.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The session's number.
    pub id: i64,
    /// The agent who had the session when the page showed it. Empty for a waiting session.
    pub from: String,
    /// The agent or the group that gets the session.
    pub to: Target,
    /// What the next agent should know; may be empty.
    pub note: String,
}

/// Moves a session to an agent who is online, or to a group. Agents move their own sessions; supervisors move all, also
/// to themselves. A session that is there already is no error.
///
/// # Errors
/// `Forbidden`, `NotFound`, `NoteSize`, `SessionClosed`, `CustomerTaken`, `Conflict`, `ColleagueGone`, `GroupGone`.
pub async fn move_session(desk: &Desk, worker: &WechatId, appid: &Appid, asked: Transfer) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let by = Actor { kf_account: agent.kf_account.as_str(), supervisor: agent.supervisor };
        let session = session::by_id(tx, appid, asked.id)?;
        let how = by.may_move(&session, &asked.from, &asked.to)?;
        let text = note::check(&asked.note)?;
        if how == Move::Already {
            return Ok(());
        }
        match &asked.to {
            Target::Agent(to) => {
                if to != by.kf_account {
                    must_be_there(tx, appid, to)?;
                }
                give(tx, appid, session.clone(), how, to)?;
            }
            Target::Group(to) => {
                group::must_exist(tx, appid, *to)?;
                send_to_group(tx, appid, session.clone(), how, *to)?;
            }
        }
        text.map_or(Ok(()), |text| note::insert(tx, appid, &session, (by.kf_account, &asked.to), text))
    })
    .await
}

fn give(tx: &mut Tx<'_>, appid: &Appid, session: Session, how: Move, to: &str) -> Result<()> {
    let (now, from) = (tx.now(), session.kf_account.clone());
    let opercode = match how {
        Move::Grab => Opercode::Grabbed,
        Move::Transfer => Opercode::Transferred,
        Move::Take | Move::Already | Move::Regroup => Opercode::Taken,
    };
    session::reassign(tx, appid, &session.open(to, now), opercode, &from)
}

fn send_to_group(tx: &mut Tx<'_>, appid: &Appid, session: Session, how: Move, to: i64) -> Result<()> {
    let sent = session.clone().to_group(to, tx.now());
    match how {
        Move::Regroup => session::regroup(tx, appid, &sent),
        _ => release::requeue(tx, appid, &session, &sent),
    }
}

fn must_be_there(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<()> {
    match agent::find(tx, appid, kf_account)? {
        Some(agent) if agent.presence == Presence::Online => Ok(()),
        _ => Err(Errcode::ColleagueGone.into()),
    }
}
