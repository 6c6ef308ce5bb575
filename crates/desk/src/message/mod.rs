//! Messages: a customer writes, an agent replies.

pub mod api_message;
pub mod draft;
pub mod history;
pub mod image;
pub mod media;
pub mod menu_choice;
pub(crate) mod retention;
pub mod storage;
pub mod upload;

pub use crate::message::history::{HistoryPage, MessageView, PAGE, Side, history, own_history};
pub(crate) use crate::message::history::{by_id, page_for_agent, page_of_all, sent_before};

use crate::message::draft::{Author, Draft};
use crate::message::history::{body, page_id, sender};
use crate::people::cookie::{WithCookie, Writer};
use crate::people::customer;
use crate::people::presence::of_worker;
use crate::session::{queue, record, window};
use crate::{Desk, Result, account, content, session};
use model::session::SessionState;
use model::session::actor::Target;
use model::session::routing::{self, Recipient};
use model::session::window::may_reply;
use model::{Appid, Fact, Openid, Session, Time, WechatId};
use protocol::Errcode;
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
pub(super) fn store_received(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    draft: &Draft,
) -> Result<(MessageView, bool)> {
    if let Some(message) = sent_before(tx, appid, openid, &Author::Customer, draft)? {
        return Ok((message, false));
    }
    window::record_message(tx, appid, openid)?;
    Ok((route(tx, appid, openid, draft, None)?, true))
}

/// Stores a customer's message where it belongs: in the customer's session, in a new one, or for the developer's server
/// alone. A customer without an agent who chose a group goes to that group.
pub(super) fn route(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    draft: &Draft,
    group: Option<i64>,
) -> Result<MessageView> {
    let (now, author) = (tx.now(), Author::Customer);
    let current = session::current(tx, appid, openid.as_str())?;
    let to = routing::recipient(account::callback::server(tx, appid)?, current.as_ref().map(|it| it.state));
    let session = match (to, current) {
        (Recipient::Developer, _) => return insert(tx, appid, openid, 0, &author, draft, true),
        (_, Some(session)) => {
            let session = session.after_customer_message(now);
            session::touch(tx, appid, &session)?;
            match group.filter(|_| session.state == SessionState::Waiting) {
                Some(group) => queue::send_to_group(tx, appid, session, group)?,
                None => session,
            }
        }
        (_, None) => queue::begin(tx, appid, openid, &group.map_or(Target::EVERYONE, Target::Group))?,
    };
    let message = insert(tx, appid, openid, session.id, &author, draft, to == Recipient::Both)?;
    record::add_message(tx, appid, &session, false, message.id)?;
    Ok(message)
}

/// Puts a customer's message that was outside of any session into this session.
pub(crate) fn move_into(tx: &mut Tx<'_>, appid: &Appid, message: i64, session: &Session) -> Result<()> {
    if tx.run(MOVE, bind![appid, message, session.id])? == 1 {
        record::add_message(tx, appid, session, false, message)?;
    }
    let openid = session.openid.clone();
    tx.record(Fact::Message { id: message, session: session.id, openid, push: false });
    Ok(())
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
fn insert_in(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    author: &Author,
    draft: &Draft,
) -> Result<MessageView> {
    let message = insert(tx, appid, &session.openid, session.id, author, draft, false)?;
    record::add_message(tx, appid, session, !message.kf_account.is_empty(), message.id)?;
    Ok(message)
}

/// Stores a message, counts its files, and records its fact. `push` tells the developer's server of it.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    session: i64,
    author: &Author,
    draft: &Draft,
    push: bool,
) -> Result<MessageView> {
    let (id, now) = (tx.seq(), tx.now());
    let pixels = draft.uploaded_file().and_then(|upload| upload.content.pixels);
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
    for upload in &draft.uploads {
        content::adopt(tx, &upload.content)?;
    }
    draft::count(tx, appid, openid, author, draft)?;
    if push {
        for upload in &draft.uploads {
            media::of_customer(tx, appid, upload, &draft.limits)?;
        }
        if let Some(file) = draft.uploaded_file() {
            tx.run(SET_MEDIA, bind![appid, id, &file.media_id])?;
        }
    }
    tx.record(Fact::Message { id, session, openid: openid.clone(), push });
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
const SET_MEDIA: &str = "update message set media_id = $3 where appid = $1 and id = $2";
const MOVE: &str = "update message set session = $3 where appid = $1 and id = $2 and session = 0";
const SELECT_LATEST: &str = "select at from message
    where appid = $1 and openid = $2 and kf_account = '' and via = 'desk' order by id desc limit 1";
