//! Where orders arrive: `admin.sock` in the folder of the data, however long the folder's path is.

use rustix::fs::{Mode, OFlags, open};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Most bytes of a path that a socket's address holds on Linux, without the zero at its end (unix(7)).
const PATH_MAX: usize = 107;

/// A path to the socket that fits into an address. Keep it until the socket is bound or connected.
pub(crate) struct SocketPath {
    short: PathBuf,
    /// The folder, which the path goes through.
    _folder: Option<OwnedFd>,
}

impl SocketPath {
    /// In `folder`, which must be there when its path is long.
    ///
    /// # Errors
    /// The machine's.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let path = named(folder);
        if path.as_os_str().len() <= PATH_MAX {
            return Ok(SocketPath { short: path, _folder: None });
        }
        let opened = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let short = named(Path::new(&format!("/proc/self/fd/{}", opened.as_raw_fd())));
        Ok(SocketPath { short, _folder: Some(opened) })
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.short
    }
}

/// The socket's path, of whatever length.
pub(super) fn named(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}

/// Whether a server takes orders there.
#[must_use]
pub fn is_taken(folder: &Path) -> bool {
    SocketPath::of(folder).and_then(|path| UnixStream::connect(&path)).is_ok()
}
