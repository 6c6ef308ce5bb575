//! Sessions that cannot stay as they are: ended or handed back to the queue, by one table of rules ([`leave`]), and the
//! list of customers who were missed.

use crate::people::agent;
use crate::people::presence::of_worker;
use crate::session::{self, record};
use crate::{Desk, Result, account, due};
use model::due::Due;
use model::session::SessionState;
use model::session::actor::Actor;
use model::session::leave::{Cause, MissedReason, Then, leave};
use model::{Appid, Fact, HOUR, KfAccount, Openid, SECOND, Session, TextEnum, WechatId};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use store::{Tx, bind};

/// How long a customer stays on the list of those who were missed.
const MISSED_KEPT: i64 = 30 * 24 * HOUR;

/// Ends a session that has been idle for too long, or hands its customer back; otherwise reschedules the `due` row. Two
/// steps.
///
/// # Errors
/// `NotFound` if the session is closed already.
pub(crate) async fn recheck_end(desk: &Desk, appid: &Appid, key: &str) -> Result<()> {
    let id = key.parse().map_err(|_| Errcode::NotFound)?;
    let settle = desk.write_silent(appid, move |tx, appid| {
        let idle_minutes = account::idle_minutes(tx, appid)?;
        let end = session::by_id(tx, appid, id)?.ends_at(idle_minutes).ok_or(Errcode::NotFound)?;
        let is_over = end <= tx.now();
        if !is_over {
            due::set(tx, appid.as_str(), Due::Session, &id.to_string(), end)?;
        }
        Ok(is_over)
    });
    if !settle.await? {
        return Ok(());
    }
    desk.write(appid, move |tx, appid| {
        let session = session::by_id(tx, appid, id)?;
        let idle_minutes = account::idle_minutes(tx, appid)?;
        let cause = if session.state == SessionState::Open { Cause::Silence } else { Cause::Window };
        match session.ends_at(idle_minutes) {
            Some(end) if end <= tx.now() => release(tx, appid, session, cause),
            // A message arrived between the two steps. The `due` row is still there and checks again.
            _ => Ok(()),
        }
    })
    .await
}

/// Hands the customer of one of the agent's sessions back to the queue; a supervisor may hand back any.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`.
pub async fn hand_back(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let session = session::by_id(tx, appid, id)?;
        let by = Actor { kf_account: agent.kf_account.as_str(), supervisor: agent.supervisor };
        by.may_end(&session)?;
        match session.state {
            SessionState::Waiting => Ok(()),
            _ => release(tx, appid, session, Cause::HandBack),
        }
    })
    .await
}

/// The agent says that the customer's last words need no answer.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`.
pub async fn needs_no_reply(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let session = session::by_id(tx, appid, id)?;
        session.must_be_of(agent.kf_account.as_str())?;
        if session.is_unanswered() {
            let session = session.answered();
            session::touch(tx, appid, &session)?;
            tx.record(session::fact(&session, "", 0));
        }
        Ok(())
    })
    .await
}

/// Ends a session or hands its customer back, by [`leave`]. Nothing happens to a session that is closed.
pub(crate) fn release(tx: &mut Tx<'_>, appid: &Appid, session: Session, cause: Cause) -> Result<()> {
    if session.state == SessionState::Closed {
        return Ok(());
    }
    let has_developer = account::callback::exists(tx, appid)?;
    match leave(cause, session.is_unanswered(), has_developer) {
        Then::Close => session::save(tx, appid, &session.close(), Opercode::Closed),
        Then::Miss(reason) => {
            miss(tx, appid, &session, reason)?;
            session::save(tx, appid, &session.close(), Opercode::Closed)
        }
        Then::Queue => {
            let back = session.clone().hand_back(cause, tx.now());
            requeue(tx, appid, &session, &back)
        }
        // Nothing to do, or a transfer, whose verb knows the agent.
        Then::Stay | Then::Move => Ok(()),
    }
}

/// Stores that a session went from its agent back to a queue: the agent's part of it has ended.
pub(crate) fn requeue(tx: &mut Tx<'_>, appid: &Appid, session: &Session, back: &Session) -> Result<()> {
    record::add_move(tx, appid, session, Opercode::Closed)?;
    session::reassign(tx, appid, back, Opercode::Waiting, &session.kf_account)
}

/// Releases all open sessions of an agent who is gone.
pub(crate) fn release_all(
    tx: &mut Tx<'_>,
    appid: &Appid,
    kf_account: &KfAccount,
    cause: Cause,
) -> Result<()> {
    for open in session::open_of(tx, appid, kf_account)? {
        release(tx, appid, open, cause)?;
    }
    Ok(())
}

/// Hands back a customer who was assigned to an agent who has not answered in time, and sets the agent away. A row that
/// is early is scheduled again.
///
/// # Errors
/// `NotFound` if there is nothing to check any more.
pub(crate) async fn recheck_answer(desk: &Desk, appid: &Appid, key: &str) -> Result<()> {
    let id = key.parse().map_err(|_| Errcode::NotFound)?;
    let early = desk.write_silent(appid, move |tx, appid| {
        let (session, account) = (session::by_id(tx, appid, id)?, account::get(tx, appid)?);
        let end = session.opened_at + account.queue.answer_s * SECOND;
        if account.queue.answer_s == 0 || !session.is_assigned || session.state != SessionState::Open {
            return Err(Errcode::NotFound.into());
        }
        if end > tx.now() {
            due::set(tx, appid.as_str(), Due::Answer, &id.to_string(), end)?;
        }
        Ok(end > tx.now())
    });
    if early.await? {
        return Ok(());
    }
    desk.write(appid, move |tx, appid| {
        let session = session::by_id(tx, appid, id)?;
        due::clear(tx, appid.as_str(), Due::Answer, &id.to_string())?;
        // The agent may have answered between the two steps.
        if session.is_assigned && session.state == SessionState::Open {
            agent::set_away_unasked(tx, appid, &session.kf_account)?;
            release(tx, appid, session, Cause::NoAnswer)?;
        }
        Ok(())
    })
    .await
}

fn miss(tx: &mut Tx<'_>, appid: &Appid, session: &Session, reason: MissedReason) -> Result<()> {
    let now = tx.now();
    tx.run(DELETE_OLD_MISSED, bind![appid, now - MISSED_KEPT])?;
    let values = bind![appid, session.id, &session.openid, session.since, now, reason.as_text()];
    if tx.run(INSERT_MISSED, values)? == 1 {
        tx.record(Fact::Missed { session: session.id });
    }
    Ok(())
}

/// Takes a customer who writes again, or whom an agent serves, from the list of those who were missed.
pub(crate) fn forget_missed(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    // Nearly always there is none, so that a write would be in vain.
    let missed = tx.all(SELECT_MISSED_OF, bind![appid, openid])?;
    if !missed.is_empty() {
        tx.run(DELETE_MISSED_OF, bind![appid, openid])?;
    }
    missed.iter().for_each(|row| tx.record(Fact::Missed { session: row.int(0) }));
    Ok(())
}

const INSERT_MISSED: &str = "insert into missed (appid, session, openid, since, at, reason)
    values ($1, $2, $3, $4, $5, $6) on conflict (appid, session) do nothing";
const SELECT_MISSED_OF: &str = "select session from missed where appid = $1 and openid = $2";
const DELETE_MISSED_OF: &str = "delete from missed where appid = $1 and openid = $2";
const DELETE_OLD_MISSED: &str = "delete from missed where appid = $1 and at < $2";
