//! An object while it is being written, and until a row refers to it.

use super::pool::{Permits, Sender, UNIT};
use super::{BLOCK, Files, Opened, Reading};
use crate::error::Error;
use anyhow::Context;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

/// The first bytes of a file are held without a unit of the pool. They take no more than a connection does anyway, so a
/// sender that trickles takes nothing from others.
const FREE: usize = 1 << 10;

/// An object that is being written. Dropping it before its end leaves nothing. Its memory and its place come from the
/// sender's pools. A folder needs a place for each write; a bucket for each part, once the part's first block is full.
pub struct Writing {
    sender: Sender,
    /// Full units of memory.
    units: Vec<Bytes>,
    /// The unit being filled.
    unit: BytesMut,
    memory: Option<Permits>,
    place: Option<Permits>,
    parts: Option<Parts>,
    sha256: Sha256,
    written: Written,
}

/// An upload in parts. Dropping it before its end aborts it.
struct Parts {
    files: Files,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Writing {
    pub(super) fn new(files: Files, object: String, sender: Sender) -> Self {
        Writing {
            sender,
            units: Vec::new(),
            unit: BytesMut::new(),
            memory: None,
            place: None,
            parts: None,
            sha256: Sha256::new(),
            written: Written { files, object, sha256: String::new(), size: 0, is_kept: true },
        }
    }

    /// The number of bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.written.size
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// `SystemError`, `FilesFull`.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sha256.update(bytes);
        self.written.size += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = if self.memory.is_some() { UNIT } else { FREE };
            let (now, later) = rest.split_at(rest.len().min(room - self.unit.len()));
            self.unit.extend_from_slice(now);
            rest = later;
            if self.unit.len() == room && !rest.is_empty() {
                self.make_room().await?;
            }
        }
        Ok(())
    }

    /// Makes room for another unit, in memory or by writing the held units.
    async fn make_room(&mut self) -> Result<(), Error> {
        let pools = &self.written.files.0.pools;
        let Some(memory) = &mut self.memory else {
            self.memory = Some(pools.memory(&self.sender).await?);
            self.unit.reserve(UNIT - FREE);
            return Ok(());
        };
        self.units.push(std::mem::take(&mut self.unit).freeze());
        let (held, part) = (self.units.len() * UNIT, self.written.files.open()?.part);
        if held >= part {
            self.flush().await?;
        } else if self.place.is_none() && (held >= BLOCK || !pools.grow(&self.sender, memory)) {
            if part == BLOCK {
                // Memory is scarce: write a short block now to free its units.
                self.flush().await?;
            } else {
                self.place = Some(pools.place(&self.sender).await?);
            }
        }
        self.unit.reserve(UNIT);
        Ok(())
    }

    /// Takes the held bytes out.
    fn taken(&mut self) -> PutPayload {
        let last = std::mem::take(&mut self.unit).freeze();
        self.units.drain(..).chain([last]).filter(|unit| !unit.is_empty()).collect()
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let _place = self.enter().await?;
        let part = self.taken();
        self.put(part).await?;
        if let Some(memory) = &mut self.memory {
            memory.shrink();
        }
        Ok(())
    }

    /// Takes a place, and checks for free space.
    async fn enter(&mut self) -> Result<Permits, Error> {
        let files = &self.written.files.0;
        let place = match self.place.take() {
            Some(place) => place,
            None => files.pools.place(&self.sender).await?,
        };
        files.free_space.check().await?;
        Ok(place)
    }

    async fn put(&mut self, part: PutPayload) -> Result<(), Error> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => {
                let begun = Parts::begin(self.written.files.open()?, &self.written).await?;
                self.parts.insert(begun)
            }
        };
        parts.put(part).await
    }

    /// Ends the object. On return it is complete and durable.
    ///
    /// # Errors
    /// `SystemError`, `FilesFull`.
    pub async fn end(mut self) -> Result<Written, Error> {
        let _place = self.enter().await?;
        let rest = self.taken();
        let files = self.written.files.clone();
        if self.parts.is_some() {
            self.put(rest).await?;
            if let Some(parts) = self.parts.take() {
                parts.end().await?;
            }
        } else {
            let path = Path::from(self.written.object.as_str());
            files.noted(files.open()?.store.put(&path, rest).await, "writing a file")?;
        }
        let sha256 = crate::clock::hex(&self.sha256.finalize());
        let Written { object, size, .. } = &self.written;
        Ok(Written { files, object: object.clone(), sha256, size: *size, is_kept: false })
    }
}

impl Parts {
    /// Begins an upload, in a task of its own: if the caller is dropped meanwhile, the upload is still aborted.
    async fn begin(opened: &Opened, written: &Written) -> Result<Self, Error> {
        let (store, path) = (opened.store.clone(), Path::from(written.object.as_str()));
        let files = written.files.clone();
        tokio::spawn(async move {
            let upload = files.noted(store.put_multipart(&path).await, "beginning a file")?;
            Ok(Parts { files, upload: Some(upload) })
        })
        .await?
    }

    async fn put(&mut self, part: PutPayload) -> Result<(), Error> {
        let upload = self.upload.as_mut().context("writing a part after the end of a file")?;
        self.files.noted(upload.put_part(part).await, "writing a file")
    }

    async fn end(mut self) -> Result<(), Error> {
        let upload = self.upload.as_mut().context("ending a file twice")?;
        self.files.noted(upload.complete().await, "ending a file")?;
        self.upload = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        let files = self.files.clone();
        tokio::spawn(async move {
            if let Err(error) = upload.abort().await {
                let error = files.explain(error);
                tracing::warn!(%error, "an unfinished file stays until the next search for strays, or until the \
                    bucket's lifecycle rule removes it");
            }
        });
    }
}

/// A complete object without a reference. Dropping it removes the object, unless it is kept.
pub struct Written {
    files: Files,
    object: String,
    sha256: String,
    size: u64,
    is_kept: bool,
}

impl Written {
    /// The object's name.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The SHA-256 of the bytes, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The number of bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads the bytes from offset `from` on.
    ///
    /// # Errors
    /// `SystemError`.
    pub async fn read(&self, from: u64) -> Result<Reading, Error> {
        self.files.read(&self.object, Some(from..self.size)).await
    }

    /// Keeps the object, because a row refers or may refer to it.
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
                    tracing::warn!(%error, "a file without a reference stays until the next search for strays");
                }
            });
        }
    }
}
