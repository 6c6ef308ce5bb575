//! Messages: a customer writes, an agent replies.

use super::presence::of_worker;
use super::{Desk, account, agent, customer, record, session, sha256};
use crate::bind;
use crate::error::Error;
use crate::store::{Row, Tx};
use model::account::Reception;
use model::session::State;
use model::{Appid, Fact, Openid, Session, Time, WechatId, routing, window};
use protocol::msgrecord::Opercode;
use protocol::{Errcode, limits};
use serde::Serialize;

/// Messages of one page of history.
pub const PAGE: i64 = 50;

/// A message as the pages see it.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its number in the account.
    pub id: i64,
    /// The session it belongs to.
    pub session: i64,
    /// The customer, whoever wrote.
    pub openid: String,
    /// `customer` or `agent`.
    pub from: &'static str,
    /// The agent who wrote, empty for the customer.
    pub kf_account: String,
    /// What was written.
    pub text: String,
    /// When.
    pub at: Time,
    /// The id its sender gave it.
    pub client_id: String,
}

/// What somebody wants to send.
#[derive(Clone, Debug)]
pub struct Draft {
    text: String,
    client_id: String,
}

impl Draft {
    /// Checks a text, and the id by which its sender knows it again.
    ///
    /// # Errors
    /// `MessageSize`, `BadRequest`.
    pub fn new(text: String, client_id: String) -> Result<Self, Errcode> {
        if text.trim().is_empty() || text.len() > limits::TEXT_MAX {
            return Err(Errcode::MessageSize);
        }
        if !(1..=64).contains(&client_id.len()) || !client_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Errcode::BadRequest);
        }
        Ok(Draft { text, client_id })
    }
}

/// A customer's message arrives: into her session, or into a new one that goes to an agent with room
/// or to the waiting list. Who has not written before becomes a customer with it. A message that has
/// arrived before is answered again.
///
/// # Errors
/// `NotFound` when there is no such account.
pub async fn receive(desk: &Desk, appid: &Appid, cookie: &str, draft: Draft) -> Result<Message, Error> {
    let (owner, visitor, openid) = (appid.to_string(), sha256(cookie), customer::new_openid(desk));
    let appid = appid.clone();
    let received = desk.store.write(&owner, move |tx| {
        let openid = customer::admit(tx, &appid, &visitor, &openid)?;
        if let Some(message) = sent_before(tx, &appid, &openid, &draft)? {
            return Ok(message);
        }
        let now = tx.now();
        let session = match session::current(tx, &appid, openid.as_str())? {
            Some(session) => {
                let session = session.heard(now);
                session::touch(tx, &appid, &session)?;
                session
            }
            None => begin(tx, &appid, &openid)?,
        };
        insert(tx, &appid, &session, "", &draft)
    });
    received.await.map_err(|error| match error {
        Error::Refused(Errcode::InvalidAppid) => Errcode::NotFound.into(),
        error => error,
    })
}

fn begin(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<Session, Error> {
    let (now, seq) = (tx.now(), tx.seq());
    let account = account::get(tx, appid)?;
    let mut session = Session::begin(seq, openid.clone(), now).heard(now);
    if account.reception == Reception::Automatic {
        let candidates = agent::candidates(tx, appid)?;
        if let Some(agent) = routing::choose(&candidates, account.capacity) {
            session = session.open(agent.as_str(), now);
        }
    }
    let how = if session.state == State::Open { Opercode::Taken } else { Opercode::Waiting };
    session::save(tx, appid, &session, how)?;
    Ok(session)
}

/// An agent replies in a session of hers.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`, `ReplyWindow`; `Conflict` under the id of another's message.
pub async fn reply(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    id: i64,
    draft: Draft,
) -> Result<Message, Error> {
    let (worker, appid) = (worker.clone(), appid.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let agent = of_worker(tx, &appid, &worker)?;
            let session = session::by_id(tx, &appid, id)?;
            let before = sent_before(tx, &appid, &session.openid, &draft)?;
            if let Some(own) = before.as_ref().filter(|it| it.kf_account == agent.kf_account.as_str()) {
                return Ok(own.clone());
            }
            session.must_be_of(agent.kf_account.as_str())?;
            if before.is_some() {
                return Err(Errcode::Conflict.into());
            }
            let now = tx.now();
            if !window::may_reply(latest(tx, &appid, &session)?, now) {
                return Err(Errcode::ReplyWindow.into());
            }
            let session = session.answered(now);
            session::touch(tx, &appid, &session)?;
            insert(tx, &appid, &session, agent.kf_account.as_str(), &draft)
        })
        .await
}

/// When the customer last wrote: in this session, or, when it was opened for her, before it.
fn latest(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<Time, Error> {
    if session.latest_at > 0 {
        return Ok(session.latest_at);
    }
    let row = tx.one(SELECT_LATEST, bind![appid, &session.openid])?;
    Ok(row.map_or(0, |row| row.int(0)))
}

fn sent_before(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    draft: &Draft,
) -> Result<Option<Message>, Error> {
    Ok(tx.one(SELECT_SENT, bind![appid, openid, &draft.client_id])?.map(|row| message(&row)))
}

fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    kf_account: &str,
    draft: &Draft,
) -> Result<Message, Error> {
    let (id, now) = (tx.seq(), tx.now());
    tx.run(
        INSERT,
        bind![appid, id, &session.openid, session.id, kf_account, &draft.client_id, &draft.text, now],
    )?;
    record::written(tx, appid, session, !kf_account.is_empty(), id)?;
    tx.record(Fact::Message { id, session: session.id, openid: session.openid.clone() });
    Ok(Message {
        id,
        session: session.id,
        openid: session.openid.to_string(),
        from: sender(kf_account),
        kf_account: kf_account.to_owned(),
        text: draft.text.clone(),
        at: now,
        client_id: draft.client_id.clone(),
    })
}

fn sender(kf_account: &str) -> &'static str {
    if kf_account.is_empty() { "customer" } else { "agent" }
}

/// The last messages of a session's customer before number `before` (0: the last of all), oldest first,
/// from earlier sessions too but from no later one.
pub(super) fn page(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    before: i64,
) -> Result<Vec<Message>, Error> {
    page_until(tx, appid, &session.openid, session.id, before)
}

/// The same for all that a customer ever wrote or was told.
pub(super) fn page_of_all(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    before: i64,
) -> Result<Vec<Message>, Error> {
    page_until(tx, appid, openid, i64::MAX, before)
}

fn page_until(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    session: i64,
    before: i64,
) -> Result<Vec<Message>, Error> {
    let before = if before > 0 { before } else { i64::MAX };
    let rows = tx.all(SELECT_PAGE, bind![appid, openid, before, session, PAGE])?;
    Ok(rows.iter().rev().map(message).collect())
}

/// The message with this number.
pub(super) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<Option<Message>, Error> {
    Ok(tx.one(SELECT, bind![appid, id])?.map(|row| message(&row)))
}

/// The last text of a session's customer, for a list: its first 60 characters.
pub(super) fn preview(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<String, Error> {
    let row = tx.one(SELECT_LAST, bind![appid, openid])?;
    Ok(row.map_or_else(String::new, |row| row.text(0).chars().take(60).collect()))
}

/// History of a session's customer, for the agent who serves or served her in it, while she waits for any agent, and for
/// a supervisor always.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn history(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    id: i64,
    before: i64,
) -> Result<Vec<Message>, Error> {
    let (worker, appid) = (worker.clone(), appid.clone());
    desk.store
        .read(&appid.to_string(), move |tx| {
            let agent = of_worker(tx, &appid, &worker)?;
            let session = session::by_id(tx, &appid, id)?;
            let is_hers = session.kf_account == agent.kf_account.as_str() || session.state == State::Waiting;
            if !is_hers && !agent.supervisor {
                return Err(Errcode::Forbidden.into());
            }
            page(tx, &appid, &session, before)
        })
        .await
}

/// History of a customer, for herself.
///
/// # Errors
/// Internal only.
pub async fn own_history(
    desk: &Desk,
    appid: &Appid,
    openid: &Openid,
    before: i64,
) -> Result<Vec<Message>, Error> {
    let (appid, openid) = (appid.clone(), openid.clone());
    desk.store.read(&appid.to_string(), move |tx| page_of_all(tx, &appid, &openid, before)).await
}

fn message(row: &Row) -> Message {
    let kf_account = row.text(3);
    Message {
        id: row.int(0),
        session: row.int(1),
        openid: row.text(2),
        from: sender(&kf_account),
        kf_account,
        text: row.text(4),
        at: row.int(5),
        client_id: row.text(6),
    }
}

const INSERT: &str = "insert into message (appid, id, openid, session, kf_account, client_id, text, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)";
const SELECT: &str =
    "select id, session, openid, kf_account, text, at, client_id from message where appid = $1 and id = $2";
const SELECT_SENT: &str = "select id, session, openid, kf_account, text, at, client_id from message
    where appid = $1 and openid = $2 and client_id = $3";
const SELECT_PAGE: &str = "select id, session, openid, kf_account, text, at, client_id from message
    where appid = $1 and openid = $2 and id < $3 and session <= $4 order by id desc limit $5";
const SELECT_LAST: &str =
    "select text from message where appid = $1 and openid = $2 order by id desc limit 1";
const SELECT_LATEST: &str =
    "select at from message where appid = $1 and openid = $2 and kf_account = '' order by id desc limit 1";
