//! What the server keeps of a worker's page: texts that were typed and not sent, and how far each session was read.
//! Both survive a reload, the end of a login, and a change of browser. Only the worker sees them, so they are not in
//! the feed.

use crate::people::presence::of_worker;
use crate::{Desk, Result, session};
use model::session::SessionState;
use model::{Appid, KfAccount, Time, WechatId};
use protocol::Errcode;
use serde::Serialize;
use std::collections::BTreeMap;
use store::bind;
use store::{Row, Tx};

/// The most characters of a draft. More than a message may have, so that a worker can shorten it later.
const DRAFT_MAX: usize = 20_000;
/// The most drafts of a worker. One more deletes the oldest.
const DRAFTS_MAX: i64 = 100;

/// A text that a worker has typed in a session and not sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct SavedDraft {
    /// The session.
    pub session: i64,
    /// The session's customer.
    pub openid: String,
    /// The text.
    pub text: String,
    /// When the draft was stored.
    pub at: Time,
}

/// Stores what a worker has typed in a session, in place of the earlier draft. An empty text deletes the draft. Returns
/// the time of the draft.
///
/// # Errors
/// `Forbidden` if the worker is no agent of the account, `NotFound`, `TooLarge`.
pub async fn keep_draft(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    session: i64,
    text: String,
) -> Result<Time> {
    if text.chars().count() > DRAFT_MAX {
        return Err(Errcode::TooLarge.into());
    }
    let worker = worker.clone();
    desk.write_silent(appid, move |tx, appid| {
        of_worker(tx, appid, &worker)?;
        let now = tx.now();
        if text.is_empty() {
            return tx.run(DELETE_DRAFT, bind![&worker, appid, session]).map(|_| now);
        }
        session::by_id(tx, appid, session)?;
        tx.run(UPSERT_DRAFT, bind![&worker, appid, session, &text, now])?;
        tx.run(DELETE_OLD_DRAFTS, bind![&worker, DRAFTS_MAX]).map(|_| now)
    })
    .await
}

/// A worker's drafts in an account.
pub(crate) fn drafts(tx: &mut Tx<'_>, worker: &WechatId, appid: &Appid) -> Result<Vec<SavedDraft>> {
    let rows = tx.all(SELECT_DRAFTS, bind![worker, appid])?;
    let draft = |row: &Row| SavedDraft {
        session: row.int(0),
        openid: row.text(1),
        text: row.text(2),
        at: row.int(3),
    };
    Ok(rows.iter().map(draft).collect())
}

/// Records that a worker has read a session up to a message. A mark never goes back. A closed session has none.
///
/// # Errors
/// `Forbidden` if the worker is no agent of the account, `NotFound`.
pub async fn mark_read(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    session: i64,
    message: i64,
) -> Result<()> {
    let worker = worker.clone();
    desk.write_silent(appid, move |tx, appid| {
        of_worker(tx, appid, &worker)?;
        if session::by_id(tx, appid, session)?.state == SessionState::Closed {
            return Ok(());
        }
        tx.run(UPSERT_MARK, bind![appid, session, &worker, message]).map(|_| ())
    })
    .await
}

/// The number of the customer's messages in each open session of an agent that came after the worker's read mark and
/// after the last answer. Sessions without any are left out.
pub(crate) fn unread(
    tx: &mut Tx<'_>,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<BTreeMap<i64, i64>> {
    let rows = tx.all(SELECT_UNREAD, bind![appid, kf_account, worker])?;
    Ok(rows.iter().map(|row| (row.int(0), row.int(1))).collect())
}

const UPSERT_DRAFT: &str = "insert into draft (worker, appid, session, text, at) values ($1, $2, $3, $4, $5)
    on conflict (worker, appid, session) do update set text = excluded.text, at = excluded.at";
const DELETE_DRAFT: &str = "delete from draft where worker = $1 and appid = $2 and session = $3";
const DELETE_OLD_DRAFTS: &str = "delete from draft where worker = $1 and at < (select min(at) from
    (select at from draft where worker = $1 order by at desc limit $2) as kept)";
const SELECT_DRAFTS: &str =
    "select d.session, s.openid, d.text, d.at from draft d join session s on s.appid = d.appid and s.id = d.session
    where d.worker = $1 and d.appid = $2 order by d.session";
const UPSERT_MARK: &str = "insert into read_mark (appid, session, worker, message) values ($1, $2, $3, $4)
    on conflict (appid, session, worker) do update set message = excluded.message
    where excluded.message > read_mark.message";
const SELECT_UNREAD: &str = "select s.id, count(m.id) from session s join message m
    on m.appid = s.appid and m.openid = s.openid and m.session = s.id and m.kf_account = '' and m.via = 'desk'
    and m.id > coalesce((select r.message from read_mark r
        where r.appid = s.appid and r.session = s.id and r.worker = $3), 0)
    and m.id > coalesce((select a.id from message a where a.appid = s.appid and a.openid = s.openid
        and a.session = s.id and a.kf_account <> '' order by a.id desc limit 1), 0)
    where s.appid = $1 and s.kf_account = $2 and s.state = 'open' group by s.id";
