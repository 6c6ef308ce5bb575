//! Messages: a customer writes, an agent replies.

pub mod api_message;
pub mod draft;
pub mod history;
pub mod image;
pub mod media;
pub mod menu_choice;
pub(crate) mod retention;
pub mod storage;

pub use crate::message::history::{MessageView, PAGE, Side, history, own_history};
pub(crate) use crate::message::history::{by_id, page, page_of_all, sent_before};

use crate::message::draft::{Author, Draft};
use crate::message::history::{body, page_id, sender};
use crate::people::cookie::{WithCookie, Writer};
use crate::people::presence::of_worker;
use crate::people::{agent, customer};
use crate::session::{record, window};
use crate::{Desk, Result, account, content, session};
use model::account::Reception;
use model::session::SessionState;
use model::session::routing;
use model::session::window::may_reply;
use model::{Appid, Fact, Openid, Session, Time, WechatId};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use store::Tx;
use store::bind;

/// Stores a customer's message in the current session, or in a new session that goes to an agent with room or waits.
/// The first message from a browser creates a customer. A repeated message returns the stored one.
///
/// # Errors
/// `NotFound` if there is no such account, `CookieReplaced`.
pub async fn receive(
    desk: &Desk,
    appid: &Appid,
    writer: Writer,
    draft: Draft,
) -> Result<WithCookie<MessageView>> {
    let client_id = draft.client_id.clone();
    writer
        .act(desk, appid, &client_id, true, move |tx, appid, openid| {
            store_received(tx, appid, openid, &draft)
        })
        .await
}

/// Stores a message of a customer that the operator enters. Creates the customer if necessary.
///
/// # Errors
/// 40013, 40003.
pub async fn receive_from_operator(
    desk: &Desk,
    appid: &Appid,
    openid: &str,
    draft: Draft,
) -> Result<MessageView> {
    let openid = Openid::parse(openid)?;
    desk.write(appid, move |tx, appid| {
        customer::create_if_absent(tx, appid, &openid)?;
        store_received(tx, appid, &openid, &draft).map(|(message, _)| message)
    })
    .await
}

/// Stores a customer's message unless it is stored already. Returns the message, and whether it is new.
fn store_received(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    draft: &Draft,
) -> Result<(MessageView, bool)> {
    if let Some(message) = sent_before(tx, appid, openid, &Author::Customer, draft)? {
        return Ok((message, false));
    }
    let session = session_for_message(tx, appid, openid)?;
    window::record_message(tx, appid, openid)?;
    Ok((insert_in(tx, appid, &session, &Author::Customer, draft)?, true))
}

/// The customer's current session, or a new one. Marks it as written to by the customer.
pub(super) fn session_for_message(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<Session> {
    let now = tx.now();
    let Some(session) = session::current(tx, appid, openid.as_str())? else {
        return begin(tx, appid, openid);
    };
    let session = session.after_customer_message(now);
    session::touch(tx, appid, &session)?;
    Ok(session)
}

fn begin(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<Session> {
    let (now, seq) = (tx.now(), tx.seq());
    let account = account::get(tx, appid)?;
    let mut session = Session::begin(seq, openid.clone(), now).after_customer_message(now);
    if account.reception == Reception::Automatic {
        let candidates = agent::candidates(tx, appid)?;
        if let Some(agent) = routing::choose(&candidates, account.capacity) {
            session = session.open(agent.as_str(), now);
        }
    }
    let how = if session.state == SessionState::Open { Opercode::Taken } else { Opercode::Waiting };
    session::save(tx, appid, &session, how)?;
    Ok(session)
}

/// Stores an agent's reply in one of the agent's sessions. A repeated reply returns the stored one.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`, `ReplyWindow`.
pub async fn reply(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    id: i64,
    draft: Draft,
) -> Result<MessageView> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let session = session::by_id(tx, appid, id)?;
        let author = Author::Worker(agent);
        if let Some(message) = sent_before(tx, appid, &session.openid, &author, &draft)? {
            return Ok(message);
        }
        session.must_be_of(author.agent().0)?;
        let now = tx.now();
        if !may_reply(latest(tx, appid, &session)?, now) {
            return Err(Errcode::ReplyWindow.into());
        }
        let session = session.after_agent_message(now);
        session::touch(tx, appid, &session)?;
        window::record_answer(tx, appid, &session.openid)?;
        insert_in(tx, appid, &session, &author, &draft)
    })
    .await
}

/// When the customer last wrote: in this session, or earlier if an agent opened the session.
fn latest(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<Time> {
    if session.latest_at > 0 {
        return Ok(session.latest_at);
    }
    tx.number(SELECT_LATEST, bind![appid, &session.openid])
}

/// Stores a message in a session, and its record.
pub(super) fn insert_in(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    author: &Author,
    draft: &Draft,
) -> Result<MessageView> {
    let message = insert(tx, appid, &session.openid, session.id, author, draft)?;
    record::add_message(tx, appid, session, !message.kf_account.is_empty(), message.id)?;
    Ok(message)
}

/// Stores a message, counts its files, and records its fact.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    session: i64,
    author: &Author,
    draft: &Draft,
) -> Result<MessageView> {
    let (id, now) = (tx.seq(), tx.now());
    let pixels = draft.picture.as_ref().and_then(|picture| picture.pixels);
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
        content::adopt(tx, picture)?;
    }
    draft::count(tx, appid, openid, author, draft)?;
    tx.record(Fact::Message { id, session, openid: openid.clone() });
    Ok(MessageView {
        id,
        session,
        openid: openid.to_string(),
        from: sender(kf_account, via),
        kf_account: kf_account.to_owned(),
        nickname: nickname.to_owned(),
        headimg: author.headimg(),
        kind: d.kind.to_owned(),
        text: d.text,
        width: pixels.map(|it| it.width),
        height: pixels.map(|it| it.height),
        gone: false,
        body: body(&d.body),
        ai: d.ai,
        at: now,
        client_id: page_id(via, d.client_id),
    })
}

const INSERT: &str =
    "insert into message (appid, id, openid, session, kf_account, client_id, text, at, kind, body, via, ai, content,
    thumb) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const SELECT_LATEST: &str = "select at from message
    where appid = $1 and openid = $2 and kf_account = '' and via = 'desk' order by id desc limit 1";
