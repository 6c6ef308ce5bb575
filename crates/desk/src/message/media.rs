//! Files: temporary media, pictures of agents, and the contents that they name.
//!
//! A content is one row per distinct bytes, named by their SHA-256. Media, agents, sub-merchants and messages name
//! contents; a content that nothing names is deleted, and its object in the file store afterwards.

use crate::message::storage;
use crate::people::agent;
use crate::{Desk, due, sha256};
use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use model::due::Due;
use model::picture::Size;
use model::{Appid, Fact, Time, media as life};
use protocol::Errcode;
use protocol::media::{Format, MediaKind};
use sha2::Sha256;
use store::bind;
use store::error::Error;
use store::files::{self, Written};
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

/// The bytes of a file. Several files may share one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The SHA-256 of the bytes in hexadecimal, which names the content.
    pub sha256: String,
    /// The object in the file store that holds the bytes.
    pub object: String,
    /// The format of the bytes.
    pub format: Format,
    /// The number of bytes.
    pub size: i64,
    /// The width and height of a picture, if they are known.
    pub pixels: Option<Size>,
}

/// Bytes in the file store that no row names yet.
pub struct StoredFile {
    /// The written object.
    pub written: Written,
    /// The format of the bytes.
    pub format: Format,
    /// The width and height of a picture, if its header says them.
    pub pixels: Option<Size>,
}

/// The temporary file with this id, unless it has expired.
///
/// # Errors
/// Internal only.
pub fn find(tx: &mut Tx<'_>, appid: &Appid, media_id: &str) -> Result<Option<Media>, Error> {
    let now = tx.now();
    let found = tx.one(SELECT, bind![appid, media_id])?.map(|row| media(&row)).transpose()?;
    Ok(found.filter(|media| life::is_live(media.expires_at, now)))
}

/// The content with this hash, if there is one.
///
/// # Errors
/// Internal only.
pub fn content(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<FileContent>, Error> {
    tx.one(SELECT_CONTENT, bind![sha256])?.map(|row| content_of(&row, 0)).transpose()
}

impl StoredFile {
    /// The content row for these bytes.
    #[must_use]
    pub fn content(&self) -> FileContent {
        FileContent {
            sha256: self.written.sha256().to_owned(),
            object: self.written.object().to_owned(),
            format: self.format,
            size: i64::try_from(self.written.size()).unwrap_or(i64::MAX),
            pixels: self.pixels,
        }
    }
}

/// A name for an object that is to be written.
#[must_use]
pub fn new_object(desk: &Desk) -> String {
    files::object(&desk.rng.hex::<16>())
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
) -> Result<Media, Error> {
    let media_id = desk.rng.media_id();
    let ticket = if kind == MediaKind::Video { sha256(&ticket(&media_id)) } else { String::new() };
    let (name, content, limits) = (name.to_owned(), stored.content(), storage::StorageLimits::of(desk));
    let added = desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        adopt(tx, &content)?;
        storage::add(tx, appid, &content.sha256, &limits)?;
        let expires_at = now + life::LIFE;
        tx.run(
            INSERT,
            bind![appid, &media_id, kind.word(), &content.sha256, &name, &ticket, now, expires_at],
        )?;
        due::set(tx, appid.as_str(), Due::Media, &media_id, expires_at)?;
        let (media_id, name, content) = (media_id.clone(), name.clone(), content.clone());
        Ok(Media { media_id, kind, content, name, created_at: now, expires_at })
    });
    keep_if_named(desk, stored.written, storage::log_full(desk, added.await)).await
}

/// Ends an upload after its transaction, whose result is `named`. Keeps the object if a content names it, or if the
/// outcome of the transaction is unknown. Deletes it if another object holds the same bytes.
pub(crate) async fn keep_if_named<T>(
    desk: &Desk,
    written: Written,
    named: Result<T, Error>,
) -> Result<T, Error> {
    let keeps = match &named {
        Ok(_) => claim_content(desk, &written).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "it is unknown whether a file is needed; if not, the search for strays deletes it");
            true
        }),
        Err(error) => !error.is_rule(),
    };
    if keeps {
        written.keep();
    }
    named
}

/// Returns whether the written object is that of its content. If the content's object is missing, the written object
/// takes its place.
async fn claim_content(desk: &Desk, written: &Written) -> Result<bool, Error> {
    let (sha256, object) = (written.sha256().to_owned(), written.object().to_owned());
    let hash = sha256.clone();
    let Some(there) = desk.store.read("", move |tx| content(tx, &hash)).await? else { return Ok(false) };
    if there.object == object || desk.files.has(&there.object).await? {
        return Ok(there.object == object);
    }
    tracing::warn!(object = there.object, "a file was missing; an upload of the same bytes replaces it");
    let replace = move |tx: &mut Tx<'_>| tx.run(REPLACE_OBJECT, bind![&sha256, &there.object, &object]);
    Ok(desk.store.write_silent("", replace).await? == 1)
}

/// The temporary file with this id.
///
/// # Errors
/// 40007 if there is none or it has expired.
pub async fn get(desk: &Desk, appid: &Appid, media_id: String) -> Result<Media, Error> {
    let found = desk.read(appid, move |tx, appid| find(tx, appid, &media_id)).await?;
    found.ok_or_else(|| Errcode::InvalidMediaId.into())
}

/// The secret part of a video's address. A caller who has the address may fetch the video until it expires. It is
/// derived from the media id, and does not reveal the id.
#[must_use]
pub fn ticket(media_id: &str) -> String {
    use base64::Engine as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(media_id.as_bytes()).expect("a key of any length");
    mac.update(b"video_url");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The video whose address has this ticket.
///
/// # Errors
/// `NotFound`.
pub async fn of_ticket(desk: &Desk, appid: &Appid, ticket: &str) -> Result<FileContent, Error> {
    let hash = sha256(ticket);
    let found = desk.read(appid, move |tx, appid| {
        let now = tx.now();
        let found = tx.one(SELECT_OF_TICKET, bind![appid, &hash])?.map(|row| media(&row)).transpose()?;
        Ok(found.filter(|media| life::is_live(media.expires_at, now)))
    });
    found.await?.map(|media| media.content).ok_or_else(|| Errcode::NotFound.into())
}

/// uploadkfheadimg: makes the stored bytes an agent's picture, in place of the previous one.
///
/// # Errors
/// 65401.
pub async fn set_headimg(
    desk: &Desk,
    appid: &Appid,
    kf_account: &str,
    stored: StoredFile,
) -> Result<(), Error> {
    let (kf_account, content) = (kf_account.to_owned(), stored.content());
    let set = desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, &kf_account)?;
        adopt(tx, &content)?;
        tx.run(UPDATE_HEADIMG, bind![appid, &agent.kf_account, &content.sha256])?;
        schedule_cleanup(tx, &agent.headimg)?;
        tx.record(Fact::Agent { kf_account: agent.kf_account });
        Ok(())
    });
    keep_if_named(desk, stored.written, set.await).await
}

/// The content of the picture of an agent or a sub-merchant.
///
/// # Errors
/// `NotFound` if no agent and no sub-merchant has this picture.
pub async fn headimg(desk: &Desk, sha256: &str) -> Result<FileContent, Error> {
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Errcode::NotFound.into());
    }
    let sha256 = sha256.to_owned();
    let found = desk.store.read("", move |tx| match tx.one(SELECT_HEADIMG, bind![&sha256])? {
        Some(_) => content(tx, &sha256),
        None => Ok(None),
    });
    found.await?.ok_or_else(|| Errcode::NotFound.into())
}

/// Deletes a temporary file if it has expired; otherwise reschedules the `due` row to its end.
pub(crate) async fn prune(desk: &Desk, appid: &Appid, media_id: &str) -> Result<(), Error> {
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
        schedule_cleanup(tx, &media.content.sha256)
    })
    .await
}

/// Deletes a content if nothing names it. Its object is deleted by a `due` row of its own, after the commit.
pub(crate) async fn prune_content(desk: &Desk, sha256: &str) -> Result<(), Error> {
    let sha256 = sha256.to_owned();
    desk.store
        .write_silent("", move |tx| {
            let now = tx.now();
            due::clear(tx, "", Due::Content, &sha256)?;
            // A transaction that would name the content waits for this lock.
            tx.run(LOCK_CONTENT, bind![&sha256])?;
            if tx.one(SELECT_NAMES, bind![&sha256])?.is_some() {
                return Ok(());
            }
            match tx.one(DELETE_CONTENT, bind![&sha256])? {
                Some(row) => due::set(tx, "", Due::Object, &row.text(0), now),
                None => Ok(()),
            }
        })
        .await
}

/// Deletes an object that nothing names.
pub(crate) async fn remove_object(desk: &Desk, object: &str) -> Result<(), Error> {
    desk.files.remove(object).await?;
    let object = object.to_owned();
    desk.store.write_silent("", move |tx| due::clear(tx, "", Due::Object, &object)).await
}

/// Deletes objects that uploads left when their process ended. Only objects so old that their upload cannot be running.
pub(crate) async fn prune_strays(desk: &Desk) -> Result<(), Error> {
    let old = desk.now() - life::STRAY;
    let mut found = desk.files.older_than(old)?;
    while let Some(object) = found.next().await {
        let object = object?;
        let name = object.clone();
        let named = desk.store.read("", move |tx| Ok(tx.one(SELECT_OBJECT, bind![&name])?.is_some()));
        if !named.await? {
            desk.files.remove(&object).await?;
        }
    }
    desk.files.remove_unfinished(old).await?;
    desk.store
        .write_silent("", |tx| {
            let now = tx.now();
            due::set(tx, "", Due::Strays, "", now + life::STRAY)
        })
        .await
}

/// Inserts the content, unless there is one with the same bytes. A row that names the content must be written in the
/// same transaction, so that the content is not deleted in between.
pub(crate) fn adopt(tx: &mut Tx<'_>, new: &FileContent) -> Result<(), Error> {
    let now = tx.now();
    let (width, height) = new.pixels.map_or((0, 0), |size| (i64::from(size.width), i64::from(size.height)));
    tx.run(ADOPT, bind![&new.sha256, &new.object, new.format.content_type(), new.size, now, width, height])?;
    due::begin(tx, "", Due::Strays, now + life::STRAY)
}

/// Schedules [`prune_content`] for now, because a row that named the content is gone.
pub(crate) fn schedule_cleanup(tx: &mut Tx<'_>, sha256: &str) -> Result<(), Error> {
    let now = tx.now();
    if sha256.is_empty() { Ok(()) } else { due::set(tx, "", Due::Content, sha256, now) }
}

fn media(row: &Row) -> Result<Media, Error> {
    let kind =
        MediaKind::from_word(&row.text(1)).ok_or_else(|| anyhow::anyhow!("a file of an unknown kind"))?;
    let (media_id, name, created_at, expires_at) = (row.text(0), row.text(2), row.int(3), row.int(4));
    Ok(Media { media_id, kind, content: content_of(row, 5)?, name, created_at, expires_at })
}

fn content_of(row: &Row, first: usize) -> Result<FileContent, Error> {
    let format = Format::from_content_type(&row.text(first + 2));
    Ok(FileContent {
        sha256: row.text(first),
        object: row.text(first + 1),
        format: format.ok_or_else(|| anyhow::anyhow!("a content of an unknown format"))?,
        size: row.int(first + 3),
        pixels: pixels(row, first + 4),
    })
}

/// The width and height in two columns of a row, 0 if unknown.
pub(super) fn pixels(row: &Row, first: usize) -> Option<Size> {
    let side = |at| u32::try_from(row.int(at)).ok().filter(|side| *side > 0);
    Some(Size { width: side(first)?, height: side(first + 1)? })
}

const UPDATE_HEADIMG: &str = "update agent set headimg = $3 where appid = $1 and kf_account = $2";
const SELECT_HEADIMG: &str = "select headimg from agent where headimg = $1 and headimg <> ''
    union all select b.icon from business b join account a on a.appid = b.appid where b.icon = $1 limit 1";
const INSERT: &str =
    "insert into media (appid, media_id, kind, content, name, ticket_sha256, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)";
const DELETE: &str = "delete from media where appid = $1 and media_id = $2";
const LOCK_CONTENT: &str = "update content set size = size where sha256 = $1";
const DELETE_CONTENT: &str = "delete from content where sha256 = $1 returning object";
// Every column that names contents is listed here, and has an index.
const SELECT_NAMES: &str = "select content from media where content = $1
    union all select headimg from agent where headimg = $1 and headimg <> ''
    union all select icon from business where icon = $1
    union all select content from message where content = $1 and content <> ''
    union all select thumb from message where thumb = $1 and thumb <> '' limit 1";
const SELECT_OF_TICKET: &str = "select m.media_id, m.kind, m.name, m.created_at, m.expires_at,
    c.sha256, c.object, c.content_type, c.size, c.width, c.height from media m
    join account a on a.appid = m.appid join content c on c.sha256 = m.content
    where m.appid = $1 and m.ticket_sha256 = $2 and m.ticket_sha256 <> ''";
const SELECT: &str = "select m.media_id, m.kind, m.name, m.created_at, m.expires_at,
    c.sha256, c.object, c.content_type, c.size, c.width, c.height from media m
    join content c on c.sha256 = m.content where m.appid = $1 and m.media_id = $2";
const SELECT_OBJECT: &str = "select object from content where object = $1";
const SELECT_CONTENT: &str =
    "select sha256, object, content_type, size, width, height from content where sha256 = $1";
const ADOPT: &str = "insert into content (sha256, object, content_type, size, created_at, width, height)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (sha256) do update set width = excluded.width, height = excluded.height";
const REPLACE_OBJECT: &str = "update content set object = $3 where sha256 = $1 and object = $2";
