//! Free space on the disk of a folder of files.

use crate::error::{Error, OutageLog};
use protocol::Errcode;
use std::path::{Path, PathBuf};

/// Checks that a folder's disk has enough free space.
pub(super) struct FreeSpace {
    folder: Option<PathBuf>,
    least: u64,
    outages: OutageLog,
}

impl FreeSpace {
    /// For a folder; `None` for a bucket, whose free space is unknown.
    pub(super) fn of(folder: Option<PathBuf>, least: u64) -> Self {
        FreeSpace { folder, least, outages: OutageLog::new("storing files, for the disk has room") }
    }

    /// Fails if the disk has too little free space.
    ///
    /// # Errors
    /// `FilesFull`.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let Some(folder) = self.folder.clone().filter(|_| self.least > 0) else { return Ok(()) };
        let free = tokio::task::spawn_blocking(move || free(&folder)).await?;
        match free.filter(|free| *free < self.least) {
            None => self.outages.record(Ok(())),
            Some(free) => {
                let (free, least) = (free >> 20, self.least >> 20);
                let cause = anyhow::anyhow!(
                    "the disk of the files has {free} MiB free, and must have {least} (--files-free-mib)"
                );
                // The log has the cause; the caller gets a code of its own.
                let _ = self.outages.record(Err::<(), Error>(cause.into()));
                Err(Errcode::FilesFull.into())
            }
        }
    }
}

/// The free bytes of a folder's disk for users other than root; `None` if unknown.
#[must_use]
pub fn free(folder: &Path) -> Option<u64> {
    // A missing folder will be made on the disk of its nearest existing ancestor.
    let disk = folder.ancestors().find_map(|at| rustix::fs::statvfs(at).ok())?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
