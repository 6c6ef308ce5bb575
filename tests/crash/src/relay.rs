//! A relay between Kefu and PostgreSQL, which can cut the connections or hold them up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// The name of PostgreSQL's socket.
const SOCKET: &str = ".s.PGSQL.5432";
/// The message that asks for a commit.
const COMMIT: &[u8] = b"commit\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes everything.
    Open,
    /// Cuts the connection at a commit, before the database gets it.
    CutBefore,
    /// Cuts the connection after the database got a commit, before its answer passes.
    CutAfter,
    /// Passes nothing, without an error to either side.
    Silent,
}

/// A relay to a PostgreSQL.
pub(crate) struct Relay {
    folder: tempfile::TempDir,
    mode: Arc<watch::Sender<Mode>>,
}

impl Relay {
    /// A relay to the PostgreSQL whose socket is in `to`.
    pub(crate) fn start(to: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kefu-relay-").tempdir()?;
        let listener = UnixListener::bind(folder.path().join(SOCKET))?;
        let mode = Arc::new(watch::Sender::new(Mode::Open));
        let (modes, to) = (mode.clone(), to.join(SOCKET));
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                tokio::spawn(carry(here, to.clone(), modes.subscribe(), modes.subscribe()));
            }
        });
        Ok(Relay { folder, mode })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

/// Passes bytes both ways until one side ends.
async fn carry(here: UnixStream, to: PathBuf, out: watch::Receiver<Mode>, back: watch::Receiver<Mode>) {
    let Ok(there) = UnixStream::connect(to).await else { return };
    let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
    // Whether the database's answers no longer pass.
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
            // Time for the database to commit.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return;
        }
    }
}
