//! An object while it is written, until something names it.

use super::{BLOCK, Files, Opened};
use crate::error::Error;
use anyhow::Context;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

/// An object that is being written. Dropped before its end, it leaves nothing.
pub struct Writing {
    opened: Opened,
    block: BytesMut,
    /// What is held of a part beside that.
    blocks: Vec<Bytes>,
    parts: Option<Parts>,
    sha256: Sha256,
    written: Written,
    _turn: OwnedSemaphorePermit,
}

/// Parts of an object that are no object yet. Dropped before they are ended, they go.
struct Parts {
    files: Files,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Writing {
    pub(super) fn new(files: Files, opened: Opened, object: String, turn: OwnedSemaphorePermit) -> Self {
        Writing {
            block: BytesMut::new(),
            blocks: Vec::new(),
            parts: None,
            sha256: Sha256::new(),
            written: Written { files, object, sha256: String::new(), size: 0, is_kept: true },
            opened,
            _turn: turn,
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
    /// `SystemError`.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sha256.update(bytes);
        self.written.size += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.block.len() == BLOCK {
                self.blocks.push(self.block.split().freeze());
                if self.blocks.len() * BLOCK >= self.opened.part {
                    let part = self.taken();
                    self.put(part).await?;
                }
                // What follows is a whole block, as a rule: no need to grow into it.
                self.block.reserve(BLOCK);
            }
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            rest = later;
        }
        Ok(())
    }

    /// What is held, which is held no longer.
    fn taken(&mut self) -> PutPayload {
        let last = self.block.split().freeze();
        self.blocks.drain(..).chain([last]).filter(|block| !block.is_empty()).collect()
    }

    async fn put(&mut self, part: PutPayload) -> Result<(), Error> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => {
                let begun = Parts::begin(&self.opened, &self.written).await?;
                self.parts.insert(begun)
            }
        };
        parts.put(part).await
    }

    /// Ends it: what was written is there, whole and on the disk.
    ///
    /// # Errors
    /// `SystemError`.
    pub async fn end(mut self) -> Result<Written, Error> {
        let rest = self.taken();
        let files = self.written.files.clone();
        if self.parts.is_some() {
            self.put(rest).await?;
            if let Some(parts) = self.parts.take() {
                parts.end().await?;
            }
        } else {
            let path = Path::from(self.written.object.as_str());
            files.noted(self.opened.store.put(&path, rest).await, "writing a file")?;
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
                tracing::warn!(%error, "what was written of a file stays until strays are looked for, or a rule of the bucket removes it");
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
