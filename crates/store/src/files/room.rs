//! Room on the disk of a folder of files.

use crate::error::{Error, OutageLog};
use protocol::Errcode;
use std::path::{Path, PathBuf};

/// What is left of a folder's disk, and what must be.
pub(super) struct Room {
    folder: Option<PathBuf>,
    least: u64,
    outages: OutageLog,
}

impl Room {
    /// Of a folder; of a bucket it is unknown.
    pub(super) fn of(folder: Option<PathBuf>, least: u64) -> Self {
        Room { folder, least, outages: OutageLog::new("storing files, for the disk has room") }
    }

    /// Whether there is room for a block.
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
                    "{free} MiB are left of the files' disk, and {least} must be (--files-free-mib)"
                );
                // Its cause stands in the log.
                let _ = self.outages.record(Err::<(), Error>(cause.into()));
                Err(Errcode::FilesFull.into())
            }
        }
    }
}

/// Bytes that are left of a folder's disk for those who are not root; `None` where that cannot be told.
#[must_use]
pub fn free(folder: &Path) -> Option<u64> {
    // A folder that is not there yet is made on the disk of the nearest that is.
    let disk = folder.ancestors().find_map(|at| rustix::fs::statvfs(at).ok())?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
