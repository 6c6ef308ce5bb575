//! Sessions: create, close, list, store.

pub mod absence;
pub(crate) mod customer_event;
pub mod group;
pub mod note;
pub mod queue;
pub mod record;
pub mod release;
pub mod transfer;
pub mod typing;
pub mod window;

use crate::people::presence::of_worker;
use crate::people::{agent, customer};
use crate::{Desk, Result, account, due};
use model::due::Due;
use model::session::actor::Actor;
use model::session::{self, Create, SessionState};
use model::{Appid, Fact, KfAccount, Openid, SECOND, Session, TextEnum, WechatId};
use protocol::kfsession::{KfSession, OpenSession, SessionList, WaitCase, Waiting};
use protocol::msgrecord::Opercode;
use protocol::{Errcode, limits};
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// createkfsession. Succeeds without a change if the agent serves the customer already, even if the agent is not
/// online.
///
/// # Errors
/// 65401, 65402, 65415, 40003, 65414.
pub async fn create(desk: &Desk, appid: &Appid, kf_account: String, openid: String) -> Result<()> {
    desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, &kf_account)?;
        agent.must_be_bound()?;
        let current = current(tx, appid, &openid)?;
        let outcome = session::create(current.as_ref(), &kf_account);
        if outcome == Ok(Create::Already) {
            return Ok(());
        }
        agent.presence.must_be_online()?;
        let openid = Openid::parse(&openid)?;
        let (now, seq) = (tx.now(), tx.seq());
        let (session, how) = match (outcome?, current) {
            (Create::Take, Some(waiting)) => (waiting, Opercode::Taken),
            _ => {
                // A program that writes next gets 45015 (the window is closed), not 40003 (unknown customer).
                customer::create_if_absent(tx, appid, &openid)?;
                (Session::begin(seq, openid, now), Opercode::Started)
            }
        };
        save(tx, appid, &session.open(&kf_account, now), how)
    })
    .await
}

/// closesession.
///
/// # Errors
/// 65401, 65402, 40003, 65413, 65414.
pub async fn close(desk: &Desk, appid: &Appid, kf_account: String, openid: String) -> Result<()> {
    desk.write(appid, move |tx, appid| {
        agent::get(tx, appid, &kf_account)?.must_be_bound()?;
        let openid = Openid::parse(&openid)?;
        let current = current(tx, appid, openid.as_str())?;
        session::close(current.as_ref(), &kf_account)?;
        current.map_or(Ok(()), |session| save(tx, appid, &session.close(), Opercode::Closed))
    })
    .await
}

/// getkfsession. The result is empty if no agent serves the customer.
///
/// # Errors
/// 40003.
pub async fn of_customer(desk: &Desk, appid: &Appid, openid: &str) -> Result<KfSession> {
    let openid = Openid::parse(openid)?;
    desk.read(appid, move |tx, appid| {
        let open = current(tx, appid, openid.as_str())?.filter(|session| session.state == SessionState::Open);
        Ok(open.map_or_else(KfSession::default, |session| KfSession {
            createtime: session.opened_at / SECOND,
            kf_account: session.kf_account,
        }))
    })
    .await
}

/// getkfsessionlist, oldest first.
///
/// # Errors
/// 65401, 65402.
pub fn of_agent(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<SessionList> {
    let agent = agent::get(tx, appid, kf_account)?;
    agent.must_be_bound()?;
    let open = open_of(tx, appid, &agent.kf_account)?;
    let on_wire = |session: Session| OpenSession {
        createtime: session.opened_at / SECOND,
        openid: session.openid.to_string(),
    };
    Ok(SessionList { sessionlist: open.into_iter().map(on_wire).collect() })
}

/// The number of an agent's open sessions.
pub(super) fn count_open(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<i64> {
    tx.number(COUNT_OPEN, bind![appid, kf_account])
}

/// getwaitcase, in the order of the queue.
///
/// # Errors
/// Internal only.
pub async fn waiting(desk: &Desk, appid: &Appid) -> Result<WaitCase> {
    desk.read(appid, |tx, appid| {
        let waiting = waiting_in(tx, appid)?;
        let on_wire = |session: Session| Waiting {
            latest_time: session.latest_at / SECOND,
            openid: session.openid.to_string(),
        };
        Ok(WaitCase {
            count: count_waiting(tx, appid)?,
            waitcaselist: waiting.into_iter().map(on_wire).collect(),
        })
    })
    .await
}

/// A worker ends a session on the workbench: an agent their own, a supervisor any. A closed session is no error.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`.
pub async fn end(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let session = by_id(tx, appid, id)?;
        let by = Actor { kf_account: agent.kf_account.as_str(), supervisor: agent.supervisor };
        match by.may_end(&session) {
            Err(Errcode::SessionClosed) => Ok(()),
            Err(code) => Err(code.into()),
            Ok(()) => save(tx, appid, &session.close(), Opercode::Closed),
        }
    })
    .await
}

/// The customer's session that waits or is open.
pub(super) fn current(tx: &mut Tx<'_>, appid: &Appid, openid: &str) -> Result<Option<Session>> {
    Ok(tx.one(SELECT_CURRENT, bind![appid, openid])?.map(|row| session(&row)))
}

/// The session with this number.
///
/// # Errors
/// `NotFound`.
pub(super) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<Session> {
    tx.one(SELECT, bind![appid, id])?.map(|row| session(&row)).ok_or(Error::Refused(Errcode::NotFound))
}

/// An agent's open sessions, oldest first.
pub(super) fn open_of(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<Vec<Session>> {
    Ok(tx.all(SELECT_OPEN, bind![appid, kf_account])?.iter().map(session).collect())
}

/// The first 100 waiting sessions, in the order of the queue.
pub(super) fn waiting_in(tx: &mut Tx<'_>, appid: &Appid) -> Result<Vec<Session>> {
    Ok(tx.all(SELECT_WAITING, bind![appid, limits::WAITCASE_MAX])?.iter().map(session).collect())
}

/// The number of waiting sessions.
pub(super) fn count_waiting(tx: &mut Tx<'_>, appid: &Appid) -> Result<i64> {
    tx.number(COUNT_WAITING, bind![appid])
}

/// The number of open sessions of all agents.
pub(super) fn count_all_open(tx: &mut Tx<'_>, appid: &Appid) -> Result<i64> {
    tx.number(COUNT_ALL_OPEN, bind![appid])
}

/// Stores a session whose state changed. Schedules its end, and adds its record and its fact.
pub(super) fn save(tx: &mut Tx<'_>, appid: &Appid, session: &Session, how: Opercode) -> Result<()> {
    reassign(tx, appid, session, how, "")
}

/// Stores a session that goes from the agent `from` to another. Otherwise like [`save`].
pub(super) fn reassign(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    how: Opercode,
    from: &str,
) -> Result<()> {
    let s = session;
    tx.run(
        UPSERT,
        bind![
            appid,
            s.id,
            &s.openid,
            s.state.as_text(),
            &s.kf_account,
            s.waiting_since,
            s.opened_at,
            s.latest_at,
            s.active_at,
            s.since,
            &s.tried,
            s.is_assigned,
            s.group,
        ],
    )?;
    if s.state == SessionState::Closed {
        forget_marks(tx, appid, s.id)?;
    }
    let idle_minutes = if s.state == SessionState::Open { account::idle_minutes(tx, appid)? } else { 0 };
    match s.ends_at(idle_minutes) {
        Some(end) => due::set(tx, appid.as_str(), Due::Session, &s.id.to_string(), end)?,
        None => due::clear(tx, appid.as_str(), Due::Session, &s.id.to_string())?,
    }
    let (now, left) = (tx.now(), if s.state == SessionState::Closed { s.kf_account.as_str() } else { from });
    if !left.is_empty() {
        tx.run(FREE_AGENT, bind![appid, left, now])?;
    }
    record::add_move(tx, appid, s, how)?;
    // Nothing is pushed of a session that has had no agent.
    let had_agent = !s.kf_account.is_empty() || !from.is_empty();
    let is_pushed = had_agent && account::callback::exists(tx, appid)?;
    let event_at = if is_pushed { customer::next_event(tx, appid, &s.openid)? } else { 0 };
    tx.record(fact(s, from, event_at));
    Ok(())
}

/// What a change of a session says to readers of the feed. `event_at` is the second of the event that is pushed, 0 if
/// none is.
pub(super) fn fact(session: &Session, from: &str, event_at: i64) -> Fact {
    Fact::Session {
        id: session.id,
        openid: session.openid.clone(),
        state: session.state,
        kf_account: session.kf_account.clone(),
        from: from.to_owned(),
        event_at,
    }
}

/// Sends a customer who waits to another queue.
pub(super) fn regroup(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<()> {
    let Session { id, group, ref tried, .. } = *session;
    tx.run(UPDATE_GROUP, bind![appid, id, group, tried])?;
    tx.record(fact(session, "", 0));
    Ok(())
}

/// Deletes the read marks of a closed session.
fn forget_marks(tx: &mut Tx<'_>, appid: &Appid, session: i64) -> Result<()> {
    tx.run(DELETE_MARKS, bind![appid, session]).map(|_| ())
}

/// Stores the times of a session in which a message was written. The `due` row stays, because it may be early.
pub(super) fn touch(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<()> {
    let Session { id, latest_at, active_at, since, ref tried, is_assigned, .. } = *session;
    tx.run(TOUCH, bind![appid, id, latest_at, active_at, since, tried, is_assigned]).map(|_| ())
}

/// The columns that [`session`] reads.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select id, openid, state, kf_account, waiting_since, opened_at, latest_at, active_at, since, tried,
    assigned, group_id from session where appid = $1 ",
            $which
        )
    };
}

fn session(row: &Row) -> Session {
    Session {
        id: row.int(0),
        openid: Openid::stored(row.text(1)),
        state: SessionState::from_text(&row.text(2)).unwrap_or(SessionState::Closed),
        kf_account: row.text(3),
        waiting_since: row.int(4),
        opened_at: row.int(5),
        latest_at: row.int(6),
        active_at: row.int(7),
        since: row.int(8),
        tried: row.text(9),
        is_assigned: row.flag(10),
        group: row.int(11),
    }
}

const SELECT: &str = select!("and id = $2");
const SELECT_CURRENT: &str = select!("and openid = $2 and state <> 'closed'");
const SELECT_OPEN: &str = select!("and kf_account = $2 and state = 'open' order by opened_at, id");
const SELECT_WAITING: &str = select!("and state = 'waiting' order by since, id limit $2");
const COUNT_OPEN: &str =
    "select count(*) from session where appid = $1 and kf_account = $2 and state = 'open'";
const COUNT_ALL_OPEN: &str = "select count(*) from session where appid = $1 and state = 'open'";
const COUNT_WAITING: &str = "select count(*) from session where appid = $1 and state = 'waiting'";
const UPSERT: &str = "insert into session
    (appid, id, openid, state, kf_account, waiting_since, opened_at, latest_at, active_at, since, tried, assigned,
    group_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (appid, id) do update set state = excluded.state, kf_account = excluded.kf_account,
    opened_at = excluded.opened_at, latest_at = excluded.latest_at, active_at = excluded.active_at,
    since = excluded.since, tried = excluded.tried, assigned = excluded.assigned, group_id = excluded.group_id";
const TOUCH: &str = "update session set latest_at = $3, active_at = $4, since = $5, tried = $6, assigned = $7
    where appid = $1 and id = $2";
const UPDATE_GROUP: &str = "update session set group_id = $3, tried = $4 where appid = $1 and id = $2";
const DELETE_MARKS: &str = "delete from read_mark where appid = $1 and session = $2";
const FREE_AGENT: &str = "update agent set free_since = $3 where appid = $1 and kf_account = $2";
