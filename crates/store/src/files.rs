//! Files: objects by name, in a folder or in a bucket that several nodes share. What objects are for is the caller's
//! business.

mod bucket;
mod free_space;
mod pool;
mod wire;
mod writing;

pub use free_space::free;
pub use pool::Sender;
pub use writing::{Writing, Written};

use crate::error::{Error, OutageLog};
use crate::place::FilesPlace;
use anyhow::{Context, ensure};
use bytes::Bytes;
use free_space::FreeSpace;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use model::Time;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use pool::Pools;
use protocol::Errcode;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

/// The number of bytes per write to a folder; a bucket takes larger parts.
const BLOCK: usize = 256 << 10;

/// A handle to the files. Clones share pools and connections.
#[derive(Clone)]
pub struct Files(Arc<FilesState>);

struct FilesState {
    place: Option<FilesPlace>,
    opened: OnceLock<Opened>,
    pools: Pools,
    free_space: FreeSpace,
    outages: OutageLog,
}

#[derive(Clone)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    part: usize,
}

impl Files {
    /// The files at a place. A folder is made with the first file, and takes none while its disk has less than
    /// `least_free` free bytes.
    #[must_use]
    pub fn at(place: FilesPlace, least_free: u64) -> Self {
        Files::of(Some(place), least_free)
    }

    /// No files, for processes that use none.
    #[must_use]
    pub fn nowhere() -> Self {
        Files::of(None, 0)
    }

    fn of(place: Option<FilesPlace>, least_free: u64) -> Self {
        let (is_bucket, folder) = match &place {
            Some(FilesPlace::Bucket(_)) => (true, None),
            Some(FilesPlace::Folder(folder)) => (false, Some(folder.clone())),
            None => (false, None),
        };
        let (pools, free_space) = (Pools::new(is_bucket), FreeSpace::of(folder, least_free));
        let outages = OutageLog::new("reading and writing files");
        Files(Arc::new(FilesState { place, opened: OnceLock::new(), pools, free_space, outages }))
    }

    fn open(&self) -> Result<&Opened, Error> {
        if let Some(opened) = self.0.opened.get() {
            return Ok(opened);
        }
        let place = self.0.place.as_ref().context("this process was given no place for files")?;
        let opened = open(place)?;
        Ok(self.0.opened.get_or_init(|| opened))
    }

    /// Begins to write an object under a new name. It takes a place of the pool once its first block is full.
    #[must_use]
    pub fn write(&self, object: String, sender: Sender) -> Writing {
        Writing::new(self.clone(), object, sender)
    }

    /// The bytes of an object, or of a part of it.
    ///
    /// # Errors
    /// `SystemError`; internal if there is no such object.
    pub async fn read(&self, object: &str, part: Option<Range<u64>>) -> Result<Reading, Error> {
        let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        let bytes = match self.open()?.store.get_opts(&Path::from(object), options).await {
            Err(error) if bucket::is_gone(&error) => {
                return Err(anyhow::anyhow!("the file {object} is gone").into());
            }
            got => self.noted(got, "reading a file")?.into_stream(),
        };
        let files = self.clone();
        let noted = move |part| files.noted(part, "reading a file").map_err(|_| Errcode::SystemError.into());
        Ok(bytes.map(noted).boxed())
    }

    /// Whether there is an object of this name.
    ///
    /// # Errors
    /// `SystemError`.
    pub async fn has(&self, object: &str) -> Result<bool, Error> {
        match self.open()?.store.head(&Path::from(object)).await {
            Err(error) if bucket::is_gone(&error) => Ok(false),
            found => self.noted(found, "looking for a file").map(|_| true),
        }
    }

    /// Removes an object, if it exists.
    ///
    /// # Errors
    /// `SystemError`.
    pub async fn remove(&self, object: &str) -> Result<(), Error> {
        match self.open()?.store.delete(&Path::from(object)).await {
            Err(error) if bucket::is_gone(&error) => Ok(()),
            removed => self.noted(removed, "removing a file"),
        }
    }

    /// Logs an outcome, and turns a failure of the place into a refusal.
    fn noted<T>(&self, outcome: object_store::Result<T>, what: &'static str) -> Result<T, Error> {
        match outcome {
            Ok(done) => self.0.outages.record(Ok(done)),
            Err(error) => Err(self.0.outages.refuse(self.explain(error).context(what).into())),
        }
    }

    fn explain(&self, error: object_store::Error) -> anyhow::Error {
        match self.0.place {
            Some(FilesPlace::Bucket(_)) => bucket::explain(&error),
            _ => error.into(),
        }
    }
}

impl Files {
    /// The names of the objects written before a moment. Names of another form, which are not Kefu's, are left out.
    ///
    /// # Errors
    /// `SystemError`.
    pub fn older_than(&self, moment: Time) -> Result<BoxStream<'static, Result<String, Error>>, Error> {
        let is_old = move |meta: &ObjectMeta| meta.last_modified.timestamp_millis() < moment;
        let listed = self.open()?.store.list(None);
        let files = self.clone();
        Ok(listed
            .map(move |meta| files.noted(meta, "listing files"))
            .try_filter_map(move |meta| async move {
                Ok((is_old(&meta) && is_object(meta.location.as_ref())).then(|| meta.location.to_string()))
            })
            .boxed())
    }

    /// Removes unfinished files that were begun in a folder before a moment. A bucket does so by a lifecycle rule.
    ///
    /// # Errors
    /// Internal only.
    pub async fn remove_unfinished(&self, moment: Time) -> Result<(), Error> {
        let Some(FilesPlace::Folder(folder)) = self.0.place.clone() else { return Ok(()) };
        tokio::task::spawn_blocking(move || remove_unfinished(&folder, moment)).await??;
        Ok(())
    }

    /// Tries all operations: writes an object, reads it, lists, and removes it.
    ///
    /// # Errors
    /// Which operation failed, and why.
    pub async fn probe(&self, object: &str) -> anyhow::Result<()> {
        let store = &self.open().map_err(Error::cause)?.store;
        let (path, bytes) = (Path::from(object), Bytes::from_static(b"It can be written here."));
        let explain = |error| self.explain(error);
        store.put(&path, bytes.clone().into()).await.map_err(explain).context("writing")?;
        let found = async { store.get(&path).await?.bytes().await }.await;
        let listed = store.list(None).try_next().await;
        store.delete(&path).await.map_err(explain).context("removing")?;
        let found = found.map_err(explain).context("reading")?;
        let listed = listed.map_err(explain).context("listing")?;
        ensure!(found == bytes && listed.is_some(), "the object that was written is not there, or differs");
        Ok(())
    }
}

/// The name of an object, from 32 random digits. The first two name its folder, so that folders stay small.
#[must_use]
pub fn object(digits: &str) -> String {
    format!("{}/{digits}", &digits[..2])
}

fn is_object(name: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.split_once('/').is_some_and(|(folder, digits)| {
        folder.len() == 2 && digits.starts_with(folder) && digits.len() == 32 && digits.bytes().all(is_digit)
    })
}

/// Removes files with a `#` in their names: unfinished files have one, objects never.
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

/// The bytes of an object, as a stream.
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
            // A file is acknowledged once it is on the disk.
            let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
            Ok(Opened { store: Arc::new(store), part: BLOCK })
        }
        FilesPlace::Bucket(bucket) => {
            Ok(Opened { store: Arc::new(bucket::open(bucket)?), part: bucket::PART })
        }
    }
}
