//! The path of the admin socket: `admin.sock` in the folder of the data, also where the folder's path is long.

use rustix::fs::{Mode, OFlags, open};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Maximum bytes of a path in a socket's address on Linux, without the final zero (unix(7)).
const PATH_MAX: usize = 107;

/// A path to the socket that fits into an address. It must live until the socket is bound or connected.
pub(crate) struct SocketPath {
    short: PathBuf,
    /// The open folder, which the path goes through.
    _folder: Option<OwnedFd>,
}

impl SocketPath {
    /// The path in `folder`, which must exist if its path is long.
    ///
    /// # Errors
    /// Those of opening the folder.
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

/// The path of the socket, of any length.
pub(super) fn named(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}

/// Whether a server listens at the socket.
#[must_use]
pub fn is_taken(folder: &Path) -> bool {
    SocketPath::of(folder).and_then(|path| UnixStream::connect(&path)).is_ok()
}
