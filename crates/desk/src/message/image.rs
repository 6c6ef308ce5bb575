//! Pictures that are sent from the pages, and downloads of the files of messages.

use crate::content::{self, FileContent, StoredFile};
use crate::message::draft::Draft;
use crate::message::storage::{self, StorageLimits};
use crate::message::{self, MessageView};
use crate::people::cookie::{WithCookie, Writer};
use crate::people::presence;
use crate::{Desk, Result};
use model::{Appid, Openid, WechatId};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// An uploaded picture.
pub struct ImageUpload {
    /// The stored bytes.
    pub stored: StoredFile,
    /// The id that the sender's page gave the message.
    pub client_id: String,
}

impl ImageUpload {
    fn draft(&self, desk: &Desk) -> Result<Draft, Errcode> {
        let (content, media_id) = (self.stored.content(), desk.rng.media_id());
        Draft::picture(content, media_id, self.client_id.clone(), StorageLimits::of(desk))
    }
}

/// A customer sends a picture. See [`message::receive`].
///
/// # Errors
/// `NotFound`, `BadRequest`, `CookieReplaced`, `FilesOfDay`, `FilesOfAccount`.
pub async fn receive(
    desk: &Desk,
    appid: &Appid,
    writer: Writer,
    image: ImageUpload,
) -> Result<WithCookie<MessageView>> {
    let draft = image.draft(desk)?;
    let sent = message::receive(desk, appid, writer, draft).await;
    content::keep_if_named(desk, image.stored.written, storage::log_full(desk, sent)).await
}

/// An agent replies with a picture. See [`message::reply`].
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`, `ReplyWindow`, `BadRequest`, `FilesOfAccount`.
pub async fn reply(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    session: i64,
    image: ImageUpload,
) -> Result<MessageView> {
    let draft = image.draft(desk)?;
    let sent = message::reply(desk, worker, appid, session, draft).await;
    content::keep_if_named(desk, image.stored.written, storage::log_full(desk, sent)).await
}

/// Which file of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilePart {
    /// The file itself.
    File,
    /// The thumbnail of the file.
    Thumb,
}

/// The file of a message, for its customer.
///
/// # Errors
/// `NotFound` if there is no such file or the message belongs to another customer.
pub async fn of_customer(
    desk: &Desk,
    appid: &Appid,
    openid: &Openid,
    message: i64,
    part: FilePart,
) -> Result<FileContent> {
    let openid = openid.clone();
    desk.read(appid, move |tx, appid| {
        let shown = shown(tx, appid, message)?;
        if shown.openid == openid.as_str() {
            content(tx, &shown, part)
        } else {
            Err(Errcode::NotFound.into())
        }
    })
    .await
}

/// The file of a message, for a worker. Agents may read the files of the sessions whose history they may read: their
/// own, and those of customers who wait. Supervisors may read all files.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn of_worker(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    message: i64,
    part: FilePart,
) -> Result<FileContent> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        let agent = presence::of_worker(tx, appid, &worker)?;
        let shown = shown(tx, appid, message)?;
        // A message outside of any session is in the history of the sessions that began after it.
        let first = if shown.session > 0 { shown.session } else { message };
        let values = bind![appid, &shown.openid, &agent.kf_account, first];
        if !agent.supervisor && tx.one(SELECT_READABLE, values)?.is_none() {
            return Err(Errcode::Forbidden.into());
        }
        content(tx, &shown, part)
    })
    .await
}

/// The customer, the session and the files of a message.
struct MessageFiles {
    openid: String,
    session: i64,
    file: String,
    thumb: String,
}

fn shown(tx: &mut Tx<'_>, appid: &Appid, message: i64) -> Result<MessageFiles> {
    let row = tx.one(SELECT, bind![appid, message])?.ok_or(Errcode::NotFound)?;
    Ok(MessageFiles { openid: row.text(0), session: row.int(1), file: row.text(2), thumb: row.text(3) })
}

fn content(tx: &mut Tx<'_>, shown: &MessageFiles, part: FilePart) -> Result<FileContent> {
    let sha256 = if part == FilePart::File { &shown.file } else { &shown.thumb };
    content::find(tx, sha256)?.ok_or(Error::Refused(Errcode::NotFound))
}

const SELECT: &str = "select openid, session, content, thumb from message where appid = $1 and id = $2";
const SELECT_READABLE: &str = "select id from session where appid = $1 and openid = $2
    and (state = 'waiting' or kf_account = $3) and id >= $4 limit 1";
