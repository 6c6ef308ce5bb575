//! The line between Kefu and PostgreSQL, which can be cut, or go silent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// What PostgreSQL calls its socket.
const SOCKET: &str = ".s.PGSQL.5432";
/// How a commit is asked for.
const COMMIT: &[u8] = b"commit\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything gets through.
    Open,
    /// It is cut where a commit is asked for, and the database never hears of it.
    CutBefore,
    /// It is cut once the database was asked to commit, and its word does not come back.
    CutAfter,
    /// Nothing gets through, and nobody is told.
    Silent,
}

/// A line to a PostgreSQL.
pub(crate) struct Line {
    folder: tempfile::TempDir,
    mode: Arc<watch::Sender<Mode>>,
}

impl Line {
    /// A line to the PostgreSQL whose socket is in `to`.
    pub(crate) fn lay(to: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kefu-line-").tempdir()?;
        let listener = UnixListener::bind(folder.path().join(SOCKET))?;
        let mode = Arc::new(watch::Sender::new(Mode::Open));
        let (heard, to) = (mode.clone(), to.join(SOCKET));
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                tokio::spawn(carry(here, to.clone(), heard.subscribe(), heard.subscribe()));
            }
        });
        Ok(Line { folder, mode })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

/// Carries both ways until either ends.
async fn carry(here: UnixStream, to: PathBuf, out: watch::Receiver<Mode>, back: watch::Receiver<Mode>) {
    let Ok(there) = UnixStream::connect(to).await else { return };
    let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
    // Whether the database's word does not come back any more.
    let is_deaf = AtomicBool::new(false);
    tokio::select! {
        () = pump(from_here, to_there, out, &is_deaf) => {}
        () = pump(from_there, to_here, back, &is_deaf) => {}
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut mode: watch::Receiver<Mode>,
    is_deaf: &AtomicBool,
) {
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Silent).await.map(|mode| *mode) else { return };
        let commits = buffer[..length].windows(COMMIT.len()).any(|part| part == COMMIT);
        let is_last = commits && now == Mode::CutAfter;
        is_deaf.fetch_or(is_last, Ordering::Relaxed);
        if !is_last && is_deaf.load(Ordering::Relaxed) {
            continue;
        }
        if commits && now == Mode::CutBefore || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        if is_last {
            // It has its time to commit.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return;
        }
    }
}
