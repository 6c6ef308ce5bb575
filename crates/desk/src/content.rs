//! Contents: the bytes of files, one row per distinct bytes, named by their SHA-256.
//!
//! Media, agents, sub-merchants and messages name contents. A content that nothing names is deleted, and its object in
//! the file store afterwards.

use crate::{Desk, Result, due};
use futures_util::StreamExt;
use model::Appid;
use model::due::Due;
use model::media::{STRAY, is_live};
use model::picture::PictureSize;
use protocol::media::{Format, MediaKind};
use store::bind;
use store::files::{self, Written};
use store::{Row, Tx};

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
    pub pixels: Option<PictureSize>,
}

/// Bytes in the file store that no row names yet.
pub struct StoredFile {
    /// The written object.
    pub written: Written,
    /// The format of the bytes.
    pub format: Format,
    /// The width and height of a picture, if its header says them.
    pub pixels: Option<PictureSize>,
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

/// The content with this hash, if there is one.
///
/// # Errors
/// Internal only.
pub fn find(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<FileContent>> {
    tx.one(SELECT, bind![sha256])?.map(|row| of_row(&row, 0)).transpose()
}

/// The kind and the content hash of a temporary file, unless it has expired.
///
/// # Errors
/// Internal only.
pub(crate) fn of_media(
    tx: &mut Tx<'_>,
    appid: &Appid,
    media_id: &str,
) -> Result<Option<(MediaKind, String)>> {
    let now = tx.now();
    let live = tx.one(SELECT_MEDIA, bind![appid, media_id])?.filter(|row| is_live(row.int(2), now));
    Ok(live.and_then(|row| Some((MediaKind::from_word(&row.text(0))?, row.text(1)))))
}

/// A name for an object that is to be written.
#[must_use]
pub fn new_object(desk: &Desk) -> String {
    files::object(&desk.rng.hex::<16>())
}

/// Inserts the content, unless there is one with the same bytes. A row that names the content must be written in the
/// same transaction, so that the content is not deleted in between.
pub(crate) fn adopt(tx: &mut Tx<'_>, new: &FileContent) -> Result<()> {
    let now = tx.now();
    let (width, height) = new.pixels.map_or((0, 0), |size| (i64::from(size.width), i64::from(size.height)));
    tx.run(ADOPT, bind![&new.sha256, &new.object, new.format.content_type(), new.size, now, width, height])?;
    due::begin(tx, "", Due::Strays, "", now + STRAY)
}

/// Schedules [`prune`] for now, because a row that named the content is gone.
pub(crate) fn schedule_cleanup(tx: &mut Tx<'_>, sha256: &str) -> Result<()> {
    let now = tx.now();
    if sha256.is_empty() { Ok(()) } else { due::set(tx, "", Due::Content, sha256, now) }
}

/// Ends an upload after its transaction, whose result is `named`. Keeps the object if a content names it, or if the
/// outcome of the transaction is unknown. Deletes it if another object holds the same bytes.
pub(crate) async fn keep_if_named<T>(desk: &Desk, written: Written, named: Result<T>) -> Result<T> {
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
async fn claim_content(desk: &Desk, written: &Written) -> Result<bool> {
    let (sha256, object) = (written.sha256().to_owned(), written.object().to_owned());
    let hash = sha256.clone();
    let Some(there) = desk.store.read("", move |tx| find(tx, &hash)).await? else { return Ok(false) };
    if there.object == object || desk.files.has(&there.object).await? {
        return Ok(there.object == object);
    }
    tracing::warn!(object = there.object, "a file was missing; an upload of the same bytes replaces it");
    let replace = move |tx: &mut Tx<'_>| tx.run(REPLACE_OBJECT, bind![&sha256, &there.object, &object]);
    Ok(desk.store.write_silent("", replace).await? == 1)
}

/// Deletes a content if nothing names it. Its object is deleted by a `due` row of its own, after the commit.
pub(crate) async fn prune(desk: &Desk, sha256: &str) -> Result<()> {
    let sha256 = sha256.to_owned();
    desk.store
        .write_silent("", move |tx| {
            let now = tx.now();
            due::clear(tx, "", Due::Content, &sha256)?;
            // A transaction that would name the content waits for this lock.
            tx.run(LOCK, bind![&sha256])?;
            if tx.one(SELECT_NAMES, bind![&sha256])?.is_some() {
                return Ok(());
            }
            match tx.one(DELETE, bind![&sha256])? {
                Some(row) => due::set(tx, "", Due::Object, &row.text(0), now),
                None => Ok(()),
            }
        })
        .await
}

/// Deletes an object that nothing names.
pub(crate) async fn remove_object(desk: &Desk, object: &str) -> Result<()> {
    desk.files.remove(object).await?;
    let object = object.to_owned();
    desk.store.write_silent("", move |tx| due::clear(tx, "", Due::Object, &object)).await
}

/// Deletes objects that uploads left when their process ended. Only objects so old that their upload cannot be running.
pub(crate) async fn prune_strays(desk: &Desk) -> Result<()> {
    let old = desk.now() - STRAY;
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
            due::set(tx, "", Due::Strays, "", now + STRAY)
        })
        .await
}

/// Reads a content from five columns of a row.
///
/// # Errors
/// Internal only.
pub(crate) fn of_row(row: &Row, first: usize) -> Result<FileContent> {
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
pub(crate) fn pixels(row: &Row, first: usize) -> Option<PictureSize> {
    let side = |at| u32::try_from(row.int(at)).ok().filter(|side| *side > 0);
    Some(PictureSize { width: side(first)?, height: side(first + 1)? })
}

const SELECT: &str =
    "select sha256, object, content_type, size, width, height from content where sha256 = $1";
const SELECT_MEDIA: &str = "select kind, content, expires_at from media where appid = $1 and media_id = $2";
const SELECT_OBJECT: &str = "select object from content where object = $1";
// Every column that names contents is listed here, and has an index.
const SELECT_NAMES: &str = "select content from media where content = $1
    union all select headimg from agent where headimg = $1 and headimg <> ''
    union all select icon from business where icon = $1
    union all select content from message where content = $1 and content <> ''
    union all select thumb from message where thumb = $1 and thumb <> '' limit 1";
const ADOPT: &str = "insert into content (sha256, object, content_type, size, created_at, width, height)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (sha256) do update set width = excluded.width, height = excluded.height";
const REPLACE_OBJECT: &str = "update content set object = $3 where sha256 = $1 and object = $2";
const LOCK: &str = "update content set size = size where sha256 = $1";
const DELETE: &str = "delete from content where sha256 = $1 returning object";
