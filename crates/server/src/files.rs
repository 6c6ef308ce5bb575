//! Where files are: a folder beside the database, or a bucket that several nodes share. It knows objects by name, and
//! nothing of what they are for.

use crate::config::FilesPlace;
use crate::error::Error;
use anyhow::Context;
use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use model::Time;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload,
};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that may be written at once; one more waits for its turn.
const WRITTEN_AT_ONCE: usize = 32;
/// Bytes of a file that are held before they are written to a folder.
const PART: usize = 256 << 10;

/// The files. Clones share them.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    place: Option<FilesPlace>,
    opened: OnceLock<Opened>,
    free: Arc<Semaphore>,
}

#[derive(Clone)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    part: usize,
}

impl Files {
    /// The files at a place, which is made when the first is written.
    #[must_use]
    pub fn at(place: FilesPlace) -> Self {
        Files::of(Some(place))
    }

    /// No files at all, for whoever handles none.
    #[must_use]
    pub fn nowhere() -> Self {
        Files::of(None)
    }

    fn of(place: Option<FilesPlace>) -> Self {
        let free = Arc::new(Semaphore::new(WRITTEN_AT_ONCE));
        Files(Arc::new(Inner { place, opened: OnceLock::new(), free }))
    }

    fn open(&self) -> Result<&Opened, Error> {
        if let Some(opened) = self.0.opened.get() {
            return Ok(opened);
        }
        let place = self.0.place.as_ref().context("this process was given no place for files")?;
        let opened = open(place)?;
        Ok(self.0.opened.get_or_init(|| opened))
    }

    /// Begins to write an object under a name that was never given before.
    ///
    /// # Errors
    /// Internal only.
    pub async fn write(&self, object: String) -> Result<Writing, Error> {
        let turn = self.0.free.clone().acquire_owned().await.context("the files have stopped")?;
        let opened = self.open()?.clone();
        Ok(Writing {
            held: BytesMut::new(),
            parts: None,
            sha256: Sha256::new(),
            written: Written { files: self.clone(), object, sha256: String::new(), size: 0, is_kept: true },
            opened,
            _turn: turn,
        })
    }

    /// The bytes of an object, or of a part of it.
    ///
    /// # Errors
    /// Internal only; an object that is gone, too.
    pub async fn read(&self, object: &str, part: Option<Range<u64>>) -> Result<Reading, Error> {
        let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        let got = self.open()?.store.get_opts(&Path::from(object), options).await;
        let bytes = got.with_context(|| format!("reading the file {object}"))?.into_stream();
        Ok(bytes.map(|part| part.map_err(anyhow::Error::from)).boxed())
    }

    /// Removes an object; one that is gone is removed.
    ///
    /// # Errors
    /// Internal only.
    pub async fn remove(&self, object: &str) -> Result<(), Error> {
        match self.open()?.store.delete(&Path::from(object)).await {
            Err(error) if !matches!(error, object_store::Error::NotFound { .. }) => {
                Err(anyhow::Error::from(error).context(format!("removing the file {object}")).into())
            }
            _ => Ok(()),
        }
    }
}

impl Files {
    /// The objects that were written before a moment, by name.
    ///
    /// # Errors
    /// Internal only.
    pub fn older_than(&self, moment: Time) -> Result<BoxStream<'static, Result<String, Error>>, Error> {
        let is_old = move |meta: &ObjectMeta| meta.last_modified.timestamp_millis() < moment;
        let listed = self.open()?.store.list(None);
        Ok(listed
            .map(|meta| Ok::<_, Error>(meta.context("listing files")?))
            .try_filter_map(move |meta| async move { Ok(is_old(&meta).then(|| meta.location.to_string())) })
            .boxed())
    }

    /// Removes what was begun in a folder before a moment, and not ended. A bucket does that by a rule of its own.
    ///
    /// # Errors
    /// Internal only.
    pub async fn remove_unfinished(&self, moment: Time) -> Result<(), Error> {
        let Some(FilesPlace::Folder(folder)) = self.0.place.clone() else { return Ok(()) };
        tokio::task::spawn_blocking(move || remove_unfinished(&folder, moment)).await??;
        Ok(())
    }
}

/// Unfinished files have a `#` in their names, which no object has.
fn remove_unfinished(folder: &std::path::Path, moment: Time) -> std::io::Result<()> {
    for entry in folder.read_dir()? {
        let (entry, kind) = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)))?;
        if kind.is_dir() {
            remove_unfinished(&entry.path(), moment)?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            let since = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(since.as_millis()).is_ok_and(|modified| modified < moment) {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// The bytes of an object, as they come.
pub type Reading = BoxStream<'static, anyhow::Result<Bytes>>;

fn open(place: &FilesPlace) -> anyhow::Result<Opened> {
    match place {
        FilesPlace::Folder(folder) => {
            let mut builder = std::fs::DirBuilder::new();
            builder
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .with_context(|| format!("making the folder {}", folder.display()))?;
            // What is acknowledged is on the disk.
            let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
            Ok(Opened { store: Arc::new(store), part: PART })
        }
    }
}

/// An object that is being written. Dropped before its end, it leaves nothing.
pub struct Writing {
    opened: Opened,
    held: BytesMut,
    parts: Option<Box<dyn MultipartUpload>>,
    sha256: Sha256,
    written: Written,
    _turn: OwnedSemaphorePermit,
}

impl Writing {
    /// Bytes it has so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.written.size
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// Internal only.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sha256.update(bytes);
        self.written.size += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.held.len() == self.opened.part {
                let part = self.held.split().freeze();
                self.put(part).await?;
                // What follows is a whole part, as a rule: no need to grow into it.
                self.held.reserve(self.opened.part);
            }
            let (now, later) = rest.split_at(rest.len().min(self.opened.part - self.held.len()));
            self.held.extend_from_slice(now);
            rest = later;
        }
        Ok(())
    }

    async fn put(&mut self, part: Bytes) -> Result<(), Error> {
        if self.parts.is_none() {
            let path = Path::from(self.written.object.as_str());
            self.parts = Some(self.opened.store.put_multipart(&path).await.context("beginning a file")?);
        }
        if let Some(parts) = &mut self.parts {
            parts.put_part(PutPayload::from(part)).await.context("writing a file")?;
        }
        Ok(())
    }

    /// Ends it: what was written is there, whole and on the disk.
    ///
    /// # Errors
    /// Internal only.
    pub async fn end(mut self) -> Result<Written, Error> {
        let rest = self.held.split().freeze();
        if self.parts.is_some() {
            self.put(rest).await?;
            if let Some(parts) = &mut self.parts {
                parts.complete().await.context("ending a file")?;
            }
            self.parts = None;
        } else {
            let path = Path::from(self.written.object.as_str());
            self.opened.store.put(&path, PutPayload::from(rest)).await.context("writing a file")?;
        }
        let sha256 = crate::clock::hex(&std::mem::take(&mut self.sha256).finalize());
        let Written { files, object, size, .. } = &self.written;
        Ok(Written { files: files.clone(), object: object.clone(), sha256, size: *size, is_kept: false })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            tokio::spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::warn!(%error, "what was written of a file stays until strays are looked for");
                }
            });
        }
    }
}

/// An object that was written and that nothing names yet. Dropped before it is kept, it goes.
pub struct Written {
    files: Files,
    object: String,
    sha256: String,
    size: u64,
    is_kept: bool,
}

impl Written {
    /// Its name.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// What its bytes hash to, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Its bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// It stays, for something names it, or may name it.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.is_kept {
            let (files, object) = (self.files.clone(), std::mem::take(&mut self.object));
            tokio::spawn(async move {
                if let Err(error) = files.remove(&object).await {
                    tracing::warn!(%error, "a file that nothing names stays until strays are looked for");
                }
            });
        }
    }
}
