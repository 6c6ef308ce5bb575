//! Messages that programs send to customers through the API.

use crate::message::draft::{Author, Draft};
use crate::people::{agent, customer};
use crate::session::window;
use crate::{Desk, Result, content, message, session};
use model::session::SessionState;
use model::{Appid, Openid};
use protocol::Errcode;
use protocol::media::MediaKind;
use protocol::message::{ApiMessage, Content};
use store::Tx;

/// sendCustomMessage: writes the message into the customer's current session, if there is one.
///
/// # Errors
/// 65401 → 40003 → 40007 → 45015 → 45047.
pub async fn send(desk: &Desk, appid: &Appid, message: ApiMessage) -> Result<()> {
    let client_id = desk.rng.hex::<16>();
    desk.write(appid, move |tx, appid| {
        let author = match &message.kf_account {
            Some(kf_account) => Author::Agent(agent::get(tx, appid, kf_account)?),
            None => Author::Account,
        };
        let openid = customer::get(tx, appid, &message.touser)?;
        let draft = draft(tx, appid, &message.content, message.ai, &client_id)?;
        window::count_send(tx, appid, &openid)?;
        let session = session_of(tx, appid, &openid)?;
        message::insert(tx, appid, &openid, session, &author, &draft, false).map(|_| ())
    })
    .await
}

/// Stores what the developer's server answers to a push. It costs no message of the send window.
///
/// # Errors
/// 40007.
pub(crate) fn insert_reply(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    content: &Content,
    client_id: &str,
) -> Result<()> {
    let draft = draft(tx, appid, content, false, client_id)?;
    window::record_answer(tx, appid, openid)?;
    let session = session_of(tx, appid, openid)?;
    message::insert(tx, appid, openid, session, &Author::Account, &draft, false).map(|_| ())
}

/// Marks the customer's current session as answered. Returns its number, 0 if there is none.
fn session_of(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<i64> {
    let now = tx.now();
    let Some(session) = session::current(tx, appid, openid.as_str())? else { return Ok(0) };
    if session.state == SessionState::Open {
        session::touch(tx, appid, &session.clone().after_program_message(now))?;
    }
    Ok(session.id)
}

/// Turns the message into a draft that names its files. A file is kept while a message names it.
fn draft(tx: &mut Tx<'_>, appid: &Appid, content: &Content, ai: bool, client_id: &str) -> Result<Draft> {
    let file = content.file().map(|(media_id, kind)| named(tx, appid, media_id, &[kind])).transpose()?;
    // Files uploaded as pictures are accepted as thumbs too.
    let thumbs = [MediaKind::Thumb, MediaKind::Image];
    let thumb = content.thumb().map(|media_id| named(tx, appid, media_id, &thumbs)).transpose()?;
    let draft = Draft::of(content, ai, client_id);
    Ok(draft.showing(file.unwrap_or_default(), thumb.unwrap_or_default()))
}

/// The content hash of a temporary file of one of these kinds.
///
/// # Errors
/// 40007.
fn named(tx: &mut Tx<'_>, appid: &Appid, media_id: &str, kinds: &[MediaKind]) -> Result<String> {
    match content::of_media(tx, appid, media_id)? {
        Some((kind, sha256)) if kinds.contains(&kind) => Ok(sha256),
        _ => Err(Errcode::InvalidMediaId.into()),
    }
}
