//! The limit on open connections: how many there may be, and which one closes when a network that holds fewer needs a
//! slot.
//!
//! A connection needs a slot before a handler runs. There are as many slots as `--connections-max` and the limit on
//! open files allow.

use super::state::ConnectionState;
use super::table::{ConnectionTable, SlotRequest};
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

/// Time limit for the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The same limit while other connections wait for a slot.
const HEAD_TIME_IN_A_CROWD: Duration = Duration::from_secs(1);
/// Open files that are not connections: the database's, the log, the admin socket.
const FILES_KEPT: usize = 128;
/// Connections beyond the slots. They serve `/healthz` and `/readyz`, and read the first head of a request.
const RESERVE: usize = 16;
/// Maximum number of requests that wait for a slot; fewer where few files may be open.
const QUEUE_MAX: usize = 256;
/// How long a request waits for a slot.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(15);

type Exempt = Box<dyn Fn(IpAddr) -> bool + Send + Sync>;
type Busy = Box<dyn Fn(&Uri) -> Response<Body> + Send + Sync>;

/// The limit on open connections. Beyond the slots, [`RESERVE`] connections are open that only serve health checks, and
/// [`QUEUE_MAX`] whose requests wait for a slot.
pub struct ConnectionLimit {
    /// One permit for each open connection, with or without a slot.
    open: Arc<Semaphore>,
    most: usize,
    exempt: Exempt,
    busy: Busy,
    is_full: AtomicBool,
    /// The minute of the last warning in the log.
    warned: AtomicI64,
    table: Mutex<ConnectionTable>,
    /// The connections, and the calls that outlive their connection.
    pub(super) tasks: TaskTracker,
}

impl ConnectionLimit {
    /// Limits to `most` slots, or to as many as this process may open files for, whichever is less. 0 means as many as
    /// the open files allow.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let (files, queue) = share_open_files();
        let wanted = if most == 0 { usize::MAX } else { most };
        if most > files {
            tracing::warn!(
                "at most {files} connections can be open instead of {most}: let this process open more files \
                 (ulimit -n, LimitNOFILE)"
            );
        }
        let most = wanted.min(files);
        ConnectionLimit {
            // One more, so that a new connection can be compared with those that are open.
            open: Arc::new(Semaphore::new(most + RESERVE + queue + 1)),
            most,
            exempt: Box::new(|_| false),
            busy: Box::new(|_| {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }),
            is_full: AtomicBool::new(false),
            warned: AtomicI64::new(0),
            table: Mutex::new(ConnectionTable::new(most, RESERVE, queue)),
            tasks: TaskTracker::new(),
        }
    }

    /// Exempts addresses that many people share, such as a proxy's: their connections are never cut for another
    /// network.
    #[must_use]
    pub fn exempting(self, exempt: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        ConnectionLimit { exempt: Box::new(exempt), ..self }
    }

    /// Sets the answer to requests that get no slot.
    #[must_use]
    pub fn with_busy_answer(self, busy: impl Fn(&Uri) -> Response<Body> + Send + Sync + 'static) -> Self {
        ConnectionLimit { busy: Box::new(busy), ..self }
    }

    /// How many slots the limit on open files allows, beside the files that the process itself needs.
    #[must_use]
    pub fn available() -> usize {
        share_open_files().0
    }

    /// Time limit for a head on a connection with a slot.
    fn head_time(&self) -> Duration {
        if self.is_full.load(Ordering::Relaxed) { HEAD_TIME_IN_A_CROWD } else { HEAD_TIME }
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more connection may be open.
    pub(super) async fn may_open(&self) -> Option<OwnedSemaphorePermit> {
        self.open.clone().acquire_owned().await.ok()
    }

    /// Admits a connection, with or without a slot. Returns `None` when it must close at once.
    pub(super) fn admit(
        self: &Arc<Self>,
        from: IpAddr,
        open: OwnedSemaphorePermit,
    ) -> Option<OpenConnection> {
        let network = (!(self.exempt)(from)).then(|| household(from));
        let mut table = self.lock();
        let state = table.admit(network)?;
        let is_full = !state.has_slot();
        // The crowd is over when an eighth of the slots is free: one free slot is taken again at once.
        if is_full || table.free() >= self.most / 8 {
            self.is_full.store(is_full, Ordering::Relaxed);
        }
        drop(table);
        if is_full {
            self.warn();
        }
        let head_time = if is_full { HEAD_TIME_IN_A_CROWD } else { self.head_time() };
        Some(OpenConnection { limit: self.clone(), state, head_time, _open: open })
    }

    fn warn(&self) {
        let minute = Clock::system().now() / model::MINUTE;
        if self.warned.swap(minute, Ordering::Relaxed) != minute {
            tracing::warn!("all {} connections are in use; further ones wait until one closes", self.most);
        }
    }

    /// The answer to a request that gets no slot.
    pub(super) fn busy(&self, uri: &Uri) -> Response<Body> {
        (self.busy)(uri)
    }
}

/// Shares the open files: the number of slots, and the number of requests that may wait for one.
fn share_open_files() -> (usize, usize) {
    let files = usize::try_from(open_files()).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS / 2);
    let files = files.saturating_sub(FILES_KEPT);
    let queue = QUEUE_MAX.min(files / 8).max(1);
    (files.saturating_sub(RESERVE + queue + 1).max(1), queue)
}

/// How many files this process may open, after raising its soft limit to the hard limit.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    // An absent limit means unlimited.
    let now = if raised.is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}

/// An open connection. Dropping it removes it from the table.
pub(super) struct OpenConnection {
    pub(super) limit: Arc<ConnectionLimit>,
    pub(super) state: Arc<ConnectionState>,
    /// Time limit for a head on this connection.
    pub(super) head_time: Duration,
    _open: OwnedSemaphorePermit,
}

impl OpenConnection {
    /// Waits until the connection has a slot. Returns `false` when there is none in time.
    pub(super) async fn wait_for_slot(&self) -> bool {
        let waiting = match self.limit.lock().request_slot(&self.state) {
            SlotRequest::Granted => return true,
            SlotRequest::QueueFull => return false,
            SlotRequest::Queued(granted) => granted,
        };
        if matches!(timeout(QUEUE_TIMEOUT, waiting).await, Ok(Ok(()))) {
            return true;
        }
        // The slot may have been granted at this very moment.
        self.limit.lock().stop_waiting(&self.state);
        self.state.has_slot()
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.limit.lock().leave(&self.state);
    }
}
