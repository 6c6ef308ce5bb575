//! How many connections there may be, and which one goes when a network that holds fewer finds no place.

use super::line::{Lobby, Place};
use super::seat::Seat;
use crate::clock::Clock;
use crate::network::household;
use axum::body::Body;
use http::{Response, StatusCode, Uri};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The same while others wait for the place.
const HEAD_TIME_IN_A_CROWD: Duration = Duration::from_secs(1);
/// Files that are not connections: the database's, the log, the operators' socket.
const FILES_KEPT: usize = 128;
/// Connections beside the regular ones: `/healthz` and `/readyz` are answered on them, and first heads are read.
const RESERVE: usize = 16;
/// Requests that wait for a regular place, at most; fewer where few files may be open.
const LINE: usize = 256;
/// How long a request waits for a regular place.
const PATIENCE: Duration = Duration::from_secs(15);

type Exempt = Box<dyn Fn(IpAddr) -> bool + Send + Sync>;
type Busy = Box<dyn Fn(&Uri) -> Response<Body> + Send + Sync>;

/// How many connections there may be at once. Beyond that, [`RESERVE`] are open on which only health is answered, and
/// [`LINE`] whose requests wait for a place.
pub struct Room {
    /// One for each connection that is open, with a regular place or without.
    open: Arc<Semaphore>,
    most: usize,
    exempt: Exempt,
    busy: Busy,
    is_full: AtomicBool,
    /// The minute in which the log was told so the last time.
    warned: AtomicI64,
    lobby: Mutex<Lobby>,
    /// The connections, and the calls that outlive theirs.
    pub(super) tasks: TaskTracker,
}

impl Room {
    /// Room for `most` connections, as far as this process may open files; 0: for as many as that. The rest of what it
    /// may open is the database's.
    #[must_use]
    pub fn of(most: usize) -> Self {
        let (files, line) = shared_out();
        let wanted = if most == 0 { usize::MAX } else { most };
        if most > files {
            tracing::warn!(
                "there is room for {files} connections, not for {most}: this process may open too few files \
                 (ulimit -n, LimitNOFILE)"
            );
        }
        let most = wanted.min(files);
        Room {
            // One more, so that the one that comes can be compared with those that are there.
            open: Arc::new(Semaphore::new(most + RESERVE + line + 1)),
            most,
            exempt: Box::new(|_| false),
            busy: Box::new(|_| {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }),
            is_full: AtomicBool::new(false),
            warned: AtomicI64::new(0),
            lobby: Mutex::new(Lobby::new(most, RESERVE, line)),
            tasks: TaskTracker::new(),
        }
    }

    /// The same where connections from some addresses are many people's, as a proxy's are: none of them is cut for
    /// another.
    #[must_use]
    pub fn exempting(self, exempt: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Room { exempt: Box::new(exempt), ..self }
    }

    /// The same with an answer for requests that find no place.
    #[must_use]
    pub fn answering(self, busy: impl Fn(&Uri) -> Response<Body> + Send + Sync + 'static) -> Self {
        Room { busy: Box::new(busy), ..self }
    }

    /// For how many connections this process may open files, beside those it needs itself.
    #[must_use]
    pub fn files() -> usize {
        shared_out().0
    }

    /// How long a head may take on a connection that has a regular place.
    fn head_time(&self) -> Duration {
        if self.is_full.load(Ordering::Relaxed) { HEAD_TIME_IN_A_CROWD } else { HEAD_TIME }
    }

    fn lock(&self) -> MutexGuard<'_, Lobby> {
        self.lobby.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more connection may be open.
    pub(super) async fn may_open(&self) -> Option<OwnedSemaphorePermit> {
        self.open.clone().acquire_owned().await.ok()
    }

    /// Lets a connection in, with a regular place or without; `None` when it must close at once.
    pub(super) fn admit(self: &Arc<Self>, from: IpAddr, open: OwnedSemaphorePermit) -> Option<Admitted> {
        let network = (!(self.exempt)(from)).then(|| household(from));
        let mut lobby = self.lock();
        let seat = lobby.admit(network)?;
        let is_full = !seat.is_placed();
        // A crowd is over when an eighth has left: one that comes for one that goes is no news.
        if is_full || lobby.free() >= self.most / 8 {
            self.is_full.store(is_full, Ordering::Relaxed);
        }
        drop(lobby);
        if is_full {
            self.warn();
        }
        let head_time = if is_full { HEAD_TIME_IN_A_CROWD } else { self.head_time() };
        Some(Admitted { room: self.clone(), seat, head_time, _open: open })
    }

    fn warn(&self) {
        let minute = Clock::system().now() / model::MINUTE;
        if self.warned.swap(minute, Ordering::Relaxed) != minute {
            tracing::warn!(
                "{} connections are open, and no more may be; others wait until they close",
                self.most
            );
        }
    }

    /// The answer to a request that finds no place.
    pub(super) fn busy(&self, uri: &Uri) -> Response<Body> {
        (self.busy)(uri)
    }
}

/// How many connections may have a regular place, and how many requests may wait for one, by the files that may be
/// open.
fn shared_out() -> (usize, usize) {
    let files = usize::try_from(open_files()).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS / 2);
    let files = files.saturating_sub(FILES_KEPT);
    let line = LINE.min(files / 8).max(1);
    (files.saturating_sub(RESERVE + line + 1).max(1), line)
}

/// How many files this process may open; first it asks for as many as it may ask for.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    // No limit is none.
    let now = if raised.is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}

/// A connection that is open. It leaves when this is dropped.
pub(super) struct Admitted {
    pub(super) room: Arc<Room>,
    pub(super) seat: Arc<Seat>,
    /// How long a head may take on it.
    pub(super) head_time: Duration,
    _open: OwnedSemaphorePermit,
}

impl Admitted {
    /// Waits until the connection has a regular place; `false` when there is none in time.
    pub(super) async fn place(&self) -> bool {
        let waiting = match self.room.lock().ask(&self.seat) {
            Place::Given => return true,
            Place::None => return false,
            Place::Later(granted) => granted,
        };
        if matches!(timeout(PATIENCE, waiting).await, Ok(Ok(()))) {
            return true;
        }
        // It may have been given this very moment.
        self.room.lock().gives_up(&self.seat);
        self.seat.is_placed()
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.room.lock().leave(&self.seat);
    }
}
