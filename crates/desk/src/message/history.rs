//! Messages as the pages see them: one, a page of them, a customer's history.

use crate::message::draft::{Author, DESK, Draft};
use crate::message::media;
use crate::people::presence::of_worker;
use crate::{Desk, session};
use model::media::picture_at;
use model::session::State;
use model::{Appid, Openid, Session, Time, WechatId};
use protocol::Errcode;
use serde::Serialize;
use serde_json::Value;
use store::error::Error;
use store::{Row, Tx, bind};

/// Messages of one page of history.
pub const PAGE: i64 = 50;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A customer, at the customer page.
    Customer,
    /// An agent, or a program in an agent's name.
    Agent,
    /// A program that speaks as no agent.
    Account,
}

/// A message as the pages see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Message"))]
pub struct MessageView {
    /// Its number in the account.
    pub id: i64,
    /// The session it belongs to, 0 for what a program wrote outside of any.
    pub session: i64,
    /// The customer of the conversation, also where an agent or a program wrote.
    pub openid: String,
    /// Who wrote; `account` is a program that speaks as no agent.
    pub from: Side,
    /// The agent who wrote, else empty.
    pub kf_account: String,
    /// The name customers see of the agent who wrote.
    #[cfg_attr(feature = "types", ts(optional, as = "Option<_>"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nickname: String,
    /// Where the agent's picture is, if there is one.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
    /// What it is, as in the `msgtype` of Weixin's API.
    #[cfg_attr(feature = "types", ts(type = "Msgtype"))]
    pub kind: String,
    /// What was written; of what is no text `[kind] title`, for where only text is shown.
    pub text: String,
    /// The width of its picture as it is shown, in pixels; absent where it is not known.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height of its picture, as the width.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether it had a file that is kept no longer.
    #[cfg_attr(feature = "types", ts(optional, as = "Option<_>"))]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// What it says beyond its text, as in the member that is named like its kind.
    #[cfg_attr(feature = "types", ts(optional, type = "Body"))]
    #[serde(skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Whether a machine wrote it, by its own account.
    #[cfg_attr(feature = "types", ts(optional, as = "Option<_>"))]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ai: bool,
    /// When it was written.
    pub at: Time,
    /// The id its sender's page gave it; empty for what a program sent, in an agent's name too.
    pub client_id: String,
}

/// What this author sent before under the same id. Ids of other authors in the same conversation do not count.
pub(crate) fn sent_before(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    author: &Author,
    draft: &Draft,
) -> Result<Option<MessageView>, Error> {
    let ((kf_account, _), via) = (author.agent(), author.via());
    let sent = tx.one(SELECT_SENT, bind![appid, openid, &draft.client_id, kf_account, via])?;
    Ok(sent.map(|row| message(&row)))
}

/// Whether a message of a kind that has a file has none any more.
fn is_gone(kind: &str, content: &str) -> bool {
    content.is_empty() && ["image", "voice", "video"].contains(&kind)
}

/// Who wrote, for the pages.
pub(super) fn sender(kf_account: &str, via: &str) -> Side {
    match (kf_account, via) {
        ("", DESK) => Side::Customer,
        ("", _) => Side::Account,
        _ => Side::Agent,
    }
}

/// The id the sender's page gave a message; what a program sent has none there.
pub(super) fn page_id(via: &str, client_id: String) -> String {
    if via == DESK { client_id } else { String::new() }
}

/// What was written as JSON; nothing is null.
pub(super) fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The last messages of a session's customer before number `before` (0: the last of all), oldest first,
/// from earlier sessions too but from no later one.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    before: i64,
) -> Result<Vec<MessageView>, Error> {
    page_until(tx, appid, &session.openid, session.id, before)
}

/// The same for all that a customer ever wrote or was told.
pub(crate) fn page_of_all(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    before: i64,
) -> Result<Vec<MessageView>, Error> {
    page_until(tx, appid, openid, i64::MAX, before)
}

fn page_until(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    session: i64,
    before: i64,
) -> Result<Vec<MessageView>, Error> {
    let before = if before > 0 { before } else { i64::MAX };
    let rows = tx.all(SELECT_PAGE, bind![appid, openid, before, session, PAGE])?;
    Ok(rows.iter().rev().map(message).collect())
}

/// The message with this number.
pub(crate) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<Option<MessageView>, Error> {
    Ok(tx.one(SELECT, bind![appid, id])?.map(|row| message(&row)))
}

/// History of a session's customer: for the agent who serves or served the customer in it, for every agent while the
/// customer waits, and for a supervisor always.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn history(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    id: i64,
    before: i64,
) -> Result<Vec<MessageView>, Error> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let session = session::by_id(tx, appid, id)?;
        let is_hers = session.kf_account == agent.kf_account.as_str() || session.state == State::Waiting;
        if !is_hers && !agent.supervisor {
            return Err(Errcode::Forbidden.into());
        }
        page(tx, appid, &session, before)
    })
    .await
}

/// History of a customer, for the customer.
///
/// # Errors
/// Internal only.
pub async fn own_history(
    desk: &Desk,
    appid: &Appid,
    openid: &Openid,
    before: i64,
) -> Result<Vec<MessageView>, Error> {
    let openid = openid.clone();
    desk.read(appid, move |tx, appid| page_of_all(tx, appid, &openid, before)).await
}

fn message(row: &Row) -> MessageView {
    let (kf_account, pixels) = (row.text(3), media::pixels(row, 14));
    MessageView {
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
        width: pixels.map(|it| it.width),
        height: pixels.map(|it| it.height),
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

const SELECT: &str = select!("m.id = $2");
const SELECT_SENT: &str = select!("m.openid = $2 and m.client_id = $3 and m.kf_account = $4 and m.via = $5");
// A message outside of any session has its place by its number: before the sessions that began later.
const SELECT_PAGE: &str = select!(
    "m.openid = $2 and m.id < $3 and (m.session > 0 and m.session <= $4 or m.session = 0 and m.id < $4)
    order by m.id desc limit $5"
);
