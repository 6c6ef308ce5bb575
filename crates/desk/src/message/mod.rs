//! Messages: a customer writes, an agent replies.

pub mod custom;
pub mod draft;
pub mod media;
pub mod picture;
pub(crate) mod retention;
pub mod storage;
pub mod tap;

use crate::message::draft::{Author, DESK, Draft};
use crate::people::cookie::{Done, Writer};
use crate::people::presence::of_worker;
use crate::people::{agent, customer};
use crate::session::{record, window};
use crate::{Desk, account, session};
use model::account::Reception;
use model::media::picture_at;
use model::picture::Size;
use model::session::State;
use model::window::may_reply;
use model::{Appid, Fact, Openid, Session, Time, WechatId, routing};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use serde::Serialize;
use serde_json::Value;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// Messages of one page of history.
pub const PAGE: i64 = 50;

/// A message as the pages see it.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its number in the account.
    pub id: i64,
    /// The session it belongs to, 0 for what a program wrote outside of any.
    pub session: i64,
    /// The customer, whoever wrote.
    pub openid: String,
    /// `customer`, `agent`, or `account` for a program that speaks as no agent.
    pub from: &'static str,
    /// The agent who wrote, else empty.
    pub kf_account: String,
    /// The name customers see of her, absent when there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nickname: String,
    /// Where the agent's picture is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
    /// What it is, as in `msgtype`.
    pub kind: String,
    /// What was written; of what is no text, its kind and title.
    pub text: String,
    /// The pixels of the picture it shows, where they are known.
    #[serde(flatten)]
    pub pixels: Option<Size>,
    /// Whether it had a file that is kept no longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// All that it says, as in the member that is named like its kind; absent for a text.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Whether a machine wrote it, by its own account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ai: bool,
    /// When.
    pub at: Time,
    /// The id its sender's page gave it; empty for what a program sent.
    pub client_id: String,
}

/// A customer's message arrives: into her session, or into a new one that goes to an agent with room
/// or to the waiting list. Who has not written before becomes a customer with it. A message that has
/// arrived before is answered again.
///
/// # Errors
/// `NotFound` when there is no such account, `CookieReplaced`.
pub async fn receive(
    desk: &Desk,
    appid: &Appid,
    writer: Writer,
    draft: Draft,
) -> Result<Done<Message>, Error> {
    let (account, client_id) = (appid.clone(), draft.client_id.clone());
    let hear = move |tx: &mut Tx<'_>, openid: &Openid| hear(tx, &account, openid, &draft);
    writer.act(desk, appid, &client_id, true, hear).await
}

/// A message of a customer's by the operator's word. Who is unknown becomes a customer with it.
///
/// # Errors
/// `InvalidAppid`, `InvalidOpenid`.
pub async fn said(desk: &Desk, appid: &Appid, openid: &str, draft: Draft) -> Result<Message, Error> {
    let (appid, openid) = (appid.clone(), Openid::parse(openid)?);
    desk.store
        .write(&appid.to_string(), move |tx| {
            customer::create_unless(tx, &appid, &openid)?;
            hear(tx, &appid, &openid, &draft).map(|(message, _)| message)
        })
        .await
}

/// The message, and whether it arrives now.
fn hear(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid, draft: &Draft) -> Result<(Message, bool), Error> {
    if let Some(message) = sent_before(tx, appid, openid, &Author::Customer, draft)? {
        return Ok((message, false));
    }
    let session = heard_in(tx, appid, openid)?;
    window::heard(tx, appid, openid)?;
    Ok((insert_in(tx, appid, &session, &Author::Customer, draft)?, true))
}

/// The session in which a customer writes now.
pub(super) fn heard_in(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<Session, Error> {
    let now = tx.now();
    let Some(session) = session::current(tx, appid, openid.as_str())? else {
        return begin(tx, appid, openid);
    };
    let session = session.heard(now);
    session::touch(tx, appid, &session)?;
    Ok(session)
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
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`, `ReplyWindow`.
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
            let author = Author::Worker(agent);
            if let Some(message) = sent_before(tx, &appid, &session.openid, &author, &draft)? {
                return Ok(message);
            }
            session.must_be_of(author.agent().0)?;
            let now = tx.now();
            if !may_reply(latest(tx, &appid, &session)?, now) {
                return Err(Errcode::ReplyWindow.into());
            }
            let session = session.answered(now);
            session::touch(tx, &appid, &session)?;
            window::answered(tx, &appid, &session.openid)?;
            insert_in(tx, &appid, &session, &author, &draft)
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

/// What this author sent before under the same id. Ids of other authors in the same conversation do not count.
pub(super) fn sent_before(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    author: &Author,
    draft: &Draft,
) -> Result<Option<Message>, Error> {
    let ((kf_account, _), via) = (author.agent(), author.via());
    let sent = tx.one(SELECT_SENT, bind![appid, openid, &draft.client_id, kf_account, via])?;
    Ok(sent.map(|row| message(&row)))
}

/// Keeps what people wrote in a session, and its record.
pub(super) fn insert_in(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    author: &Author,
    draft: &Draft,
) -> Result<Message, Error> {
    let message = insert(tx, appid, &session.openid, session.id, author, draft)?;
    record::written(tx, appid, session, !message.kf_account.is_empty(), message.id)?;
    Ok(message)
}

/// Keeps a message, and tells of it.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    session: i64,
    author: &Author,
    draft: &Draft,
) -> Result<Message, Error> {
    let (id, now) = (tx.seq(), tx.now());
    let ((kf_account, nickname), via, d) = (author.agent(), author.via(), draft.clone());
    tx.run(
        INSERT,
        bind![
            appid,
            id,
            openid,
            session,
            kf_account,
            &d.client_id,
            &d.text,
            now,
            d.kind,
            &d.body,
            via,
            d.ai,
            &d.files.0,
            &d.files.1,
        ],
    )?;
    if let Some(picture) = &draft.picture {
        media::adopt(tx, picture)?;
    }
    draft::count(tx, appid, openid, author, draft)?;
    tx.record(Fact::Message { id, session, openid: openid.clone() });
    Ok(Message {
        id,
        session,
        openid: openid.to_string(),
        from: sender(kf_account, via),
        kf_account: kf_account.to_owned(),
        nickname: nickname.to_owned(),
        headimg: author.headimg(),
        kind: d.kind.to_owned(),
        text: d.text,
        pixels: draft.picture.as_ref().and_then(|picture| picture.pixels),
        gone: false,
        body: body(&d.body),
        ai: d.ai,
        at: now,
        client_id: page_id(via, d.client_id),
    })
}

/// Whether a message of a kind that has a file has none any more.
fn is_gone(kind: &str, content: &str) -> bool {
    content.is_empty() && ["image", "voice", "video"].contains(&kind)
}

fn sender(kf_account: &str, via: &str) -> &'static str {
    match (kf_account, via) {
        ("", DESK) => "customer",
        ("", _) => "account",
        _ => "agent",
    }
}

fn page_id(via: &str, client_id: String) -> String {
    if via == DESK { client_id } else { String::new() }
}

/// What was written as JSON; nothing is null.
fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
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
        from: sender(&kf_account, &row.text(9)),
        kf_account,
        nickname: row.text(11),
        headimg: picture_at(&row.text(13)),
        gone: is_gone(&row.text(7), &row.text(12)),
        kind: row.text(7),
        text: row.text(4),
        pixels: media::pixels(row, 14),
        body: body(&row.text(8)),
        ai: row.flag(10),
        at: row.int(5),
        client_id: page_id(&row.text(9), row.text(6)),
    }
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select m.id, m.session, m.openid, m.kf_account, m.text, m.at, m.client_id, m.kind, m.body, m.via, m.ai,
             coalesce(a.nickname, ''), m.content, coalesce(a.headimg, ''), coalesce(c.width, 0),
             coalesce(c.height, 0) from message m
             left join agent a on a.appid = m.appid and a.kf_account = m.kf_account
             left join content c on c.sha256 = m.content
            where m.appid = $1 and ",
            $which
        )
    };
}

const INSERT: &str =
    "insert into message (appid, id, openid, session, kf_account, client_id, text, at, kind, body, via, ai, content,
    thumb) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const SELECT: &str = select!("m.id = $2");
const SELECT_SENT: &str = select!("m.openid = $2 and m.client_id = $3 and m.kf_account = $4 and m.via = $5");
// What stands in no session stands where it came.
const SELECT_PAGE: &str = select!(
    "m.openid = $2 and m.id < $3 and (m.session > 0 and m.session <= $4 or m.session = 0 and m.id < $4)
    order by m.id desc limit $5"
);
const SELECT_LATEST: &str = "select at from message
    where appid = $1 and openid = $2 and kf_account = '' and via = 'desk' order by id desc limit 1";
