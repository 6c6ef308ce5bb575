//! Temporary files (media), and pictures of agents.

use crate::content::{self, FileContent, StoredFile};
use crate::message::draft::Upload;
use crate::message::storage;
use crate::people::agent;
use crate::{Desk, Result, due, sha256};
use hmac::{Hmac, KeyInit, Mac};
use model::due::Due;
use model::{Appid, Fact, Time, media as life};
use protocol::Errcode;
use protocol::media::MediaKind;
use sha2::Sha256;
use store::bind;
use store::{Row, Tx};

/// A temporary file.
#[derive(Clone, Debug)]
pub struct Media {
    /// The id that programs use.
    pub media_id: String,
    /// What the file may be used for.
    pub kind: MediaKind,
    /// The bytes.
    pub content: FileContent,
    /// The file name that the sender gave. May be empty.
    pub name: String,
    /// When the file was uploaded.
    pub created_at: Time,
    /// When the file expires.
    pub expires_at: Time,
}

/// uploadTempMedia: makes the stored bytes a temporary file of this kind.
///
/// # Errors
/// `FilesOfAccount`.
pub async fn add(
    desk: &Desk,
    appid: &Appid,
    kind: MediaKind,
    name: &str,
    stored: StoredFile,
) -> Result<Media> {
    let media_id = desk.rng.media_id();
    let ticket = if kind == MediaKind::Video { sha256(&ticket(&media_id)) } else { String::new() };
    let (name, content, limits) = (name.to_owned(), stored.content(), storage::StorageLimits::of(desk));
    let added = desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        content::adopt(tx, &content)?;
        let expires_at = insert(tx, appid, (kind, &media_id, &name, &ticket), &content, &limits)?;
        let (media_id, name, content) = (media_id.clone(), name.clone(), content.clone());
        Ok(Media { media_id, kind, content, name, created_at: now, expires_at })
    });
    content::keep_if_named(desk, stored.written, storage::log_full(desk, added.await)).await
}

/// Makes a file that a customer sent a temporary file. The developer's server can fetch it by its id or, without a
/// token, by its address.
///
/// # Errors
/// `FilesOfAccount`.
pub(super) fn of_customer(
    tx: &mut Tx<'_>,
    appid: &Appid,
    Upload { kind, content, media_id }: &Upload,
    limits: &storage::StorageLimits,
) -> Result<()> {
    let ticket = sha256(&ticket(media_id));
    insert(tx, appid, (*kind, media_id, "", &ticket), content, limits).map(|_| ())
}

/// Stores a temporary file: kind, id, name and the hash of its ticket. Returns when it expires.
fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    (kind, media_id, name, ticket): (MediaKind, &str, &str, &str),
    content: &FileContent,
    limits: &storage::StorageLimits,
) -> Result<Time> {
    let now = tx.now();
    storage::add(tx, appid, &content.sha256, limits)?;
    let expires_at = now + life::LIFE;
    tx.run(INSERT, bind![appid, media_id, kind.word(), &content.sha256, name, ticket, now, expires_at])?;
    due::set(tx, appid.as_str(), Due::Media, media_id, expires_at)?;
    Ok(expires_at)
}

/// The temporary file with this id.
///
/// # Errors
/// 40007 if there is none or it has expired.
pub async fn get(desk: &Desk, appid: &Appid, media_id: String) -> Result<Media> {
    let found = read_live(desk, appid, SELECT, media_id).await?;
    found.ok_or_else(|| Errcode::InvalidMediaId.into())
}

/// Reads a temporary file by a key, unless it has expired.
async fn read_live(desk: &Desk, appid: &Appid, sql: &'static str, key: String) -> Result<Option<Media>> {
    desk.read(appid, move |tx, appid| {
        let now = tx.now();
        let found = tx.one(sql, bind![appid, &key])?.map(|row| media(&row)).transpose()?;
        Ok(found.filter(|media| life::is_live(media.expires_at, now)))
    })
    .await
}

/// The secret part of a file's address. A caller who has the address may fetch the file until it expires. It is
/// derived from the media id, and does not reveal the id.
#[must_use]
pub fn ticket(media_id: &str) -> String {
    use base64::Engine as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(media_id.as_bytes()).expect("a key of any length");
    mac.update(b"video_url");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The file whose address has this ticket.
///
/// # Errors
/// `NotFound`.
pub async fn of_ticket(desk: &Desk, appid: &Appid, ticket: &str) -> Result<FileContent> {
    let found = read_live(desk, appid, SELECT_OF_TICKET, sha256(ticket)).await?;
    found.map(|media| media.content).ok_or_else(|| Errcode::NotFound.into())
}

/// uploadkfheadimg: makes the stored bytes an agent's picture, in place of the previous one.
///
/// # Errors
/// 65401.
pub async fn set_headimg(desk: &Desk, appid: &Appid, kf_account: &str, stored: StoredFile) -> Result<()> {
    let (kf_account, content) = (kf_account.to_owned(), stored.content());
    let set = desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, &kf_account)?;
        content::adopt(tx, &content)?;
        tx.run(UPDATE_HEADIMG, bind![appid, &agent.kf_account, &content.sha256])?;
        content::schedule_cleanup(tx, &agent.headimg)?;
        tx.record(Fact::Agent { kf_account: agent.kf_account });
        Ok(())
    });
    content::keep_if_named(desk, stored.written, set.await).await
}

/// The content of the picture of an agent or a sub-merchant.
///
/// # Errors
/// `NotFound` if no agent and no sub-merchant has this picture.
pub async fn headimg(desk: &Desk, sha256: &str) -> Result<FileContent> {
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Errcode::NotFound.into());
    }
    let sha256 = sha256.to_owned();
    let found = desk.store.read("", move |tx| match tx.one(SELECT_HEADIMG, bind![&sha256])? {
        Some(_) => content::find(tx, &sha256),
        None => Ok(None),
    });
    found.await?.ok_or_else(|| Errcode::NotFound.into())
}

/// Deletes a temporary file if it has expired; otherwise reschedules the `due` row to its end.
pub(crate) async fn prune(desk: &Desk, appid: &Appid, media_id: &str) -> Result<()> {
    let media_id = media_id.to_owned();
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        let row = tx.one(SELECT, bind![appid, &media_id])?;
        let Some(media) = row.map(|row| media(&row)).transpose()? else {
            return due::clear(tx, appid.as_str(), Due::Media, &media_id);
        };
        if life::is_live(media.expires_at, now) {
            return due::set(tx, appid.as_str(), Due::Media, &media_id, media.expires_at);
        }
        tx.run(DELETE, bind![appid, &media_id])?;
        due::clear(tx, appid.as_str(), Due::Media, &media_id)?;
        storage::remove(tx, appid, &media.content.sha256)?;
        content::schedule_cleanup(tx, &media.content.sha256)
    })
    .await
}

fn media(row: &Row) -> Result<Media> {
    let kind =
        MediaKind::from_word(&row.text(1)).ok_or_else(|| anyhow::anyhow!("a file of an unknown kind"))?;
    let (media_id, name, created_at, expires_at) = (row.text(0), row.text(2), row.int(3), row.int(4));
    Ok(Media { media_id, kind, content: content::of_row(row, 5)?, name, created_at, expires_at })
}

/// The columns that [`media`] reads.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select m.media_id, m.kind, m.name, m.created_at, m.expires_at, c.sha256, c.object, c.content_type, c.size,
    c.width, c.height from media m join content c on c.sha256 = m.content
    where m.appid = $1 and ",
            $which
        )
    };
}

const SELECT: &str = select!("m.media_id = $2");
const SELECT_OF_TICKET: &str = select!(
    "m.ticket_sha256 = $2 and m.ticket_sha256 <> '' and exists (select 1 from account a where a.appid = m.appid)"
);
const INSERT: &str =
    "insert into media (appid, media_id, kind, content, name, ticket_sha256, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)";
const DELETE: &str = "delete from media where appid = $1 and media_id = $2";
const UPDATE_HEADIMG: &str = "update agent set headimg = $3 where appid = $1 and kf_account = $2";
const SELECT_HEADIMG: &str = "select headimg from agent where headimg = $1 and headimg <> ''
    union all select b.icon from business b join account a on a.appid = b.appid where b.icon = $1 limit 1";
