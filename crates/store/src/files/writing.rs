//! An object while it is written, until something names it.

use super::pool::{Held, Sender, UNIT};
use super::{BLOCK, Files, Opened, Reading};
use crate::error::Error;
use anyhow::Context;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

/// Bytes of a file that are held without asking: no more than what a connection takes anyway. A trickle takes nothing
/// that others share.
const FREE: usize = 1 << 10;

/// An object that is being written. Dropped before its end, it leaves nothing. Its memory is of its sender's pool, and
/// so is a place: taken in a folder for each write, in a bucket for each part once the first block of it is full.
pub struct Writing {
    sender: Sender,
    /// Full units of memory.
    units: Vec<Bytes>,
    /// The unit that is being filled.
    unit: BytesMut,
    memory: Option<Held>,
    place: Option<Held>,
    parts: Option<Parts>,
    sha256: Sha256,
    written: Written,
}

/// Parts of an object that are no object yet. Dropped before they are ended, they go.
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

    /// Bytes it has so far.
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

    /// Makes room for another unit: in memory, or by writing what is held.
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
                // Memory is scarce: a short write now frees what it holds.
                self.flush().await?;
            } else {
                self.place = Some(pools.place(&self.sender).await?);
            }
        }
        self.unit.reserve(UNIT);
        Ok(())
    }

    /// What is held, which is held no longer.
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

    /// A place to write at, and room there.
    async fn enter(&mut self) -> Result<Held, Error> {
        let files = &self.written.files.0;
        let place = match self.place.take() {
            Some(place) => place,
            None => files.pools.place(&self.sender).await?,
        };
        files.room.check().await?;
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

    /// Ends it: what was written is there, whole and on the disk.
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
    /// Begins. Once the place is asked, it is heard to its end, for what was begun must be ended by somebody.
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
        let upload = self.upload.as_mut().context("a part of a file that has ended")?;
        self.files.noted(upload.put_part(part).await, "writing a file")
    }

    async fn end(mut self) -> Result<(), Error> {
        let upload = self.upload.as_mut().context("the end of a file that has ended")?;
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
                let error = files.told(error);
                tracing::warn!(%error, "what was written of a file stays until strays are looked for, or a rule of the \
                    bucket removes it");
            }
        });
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

    /// Its bytes from one of them on.
    ///
    /// # Errors
    /// `SystemError`.
    pub async fn read(&self, from: u64) -> Result<Reading, Error> {
        self.files.read(&self.object, Some(from..self.size)).await
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
