//! Connections: accepted, bounded in time, and ended in order.

use crate::clock::Clock;
use axum::Router;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::limits::BODY_MAX;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The same while others wait for the place.
const HEAD_TIME_IN_A_CROWD: Duration = Duration::from_secs(1);
/// A peer that does not acknowledge for this long is gone; a sleeping laptop sends no FIN.
const SILENCE: Duration = Duration::from_secs(10);
/// How long a body may take.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// Files that are not connections: the database's, the log, the operators' socket.
const FILES_KEPT: usize = 128;
/// How long running requests may take to finish once the server stops.
const FAREWELL: Duration = Duration::from_secs(6);

/// Who is at the other end of a request's connection: a person, or a proxy.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// How many connections there may be at once. One more waits, in the machine's own queue, until one closes; those that
/// say nothing do so after ten seconds, in a crowd after one.
pub struct Room {
    free: Arc<Semaphore>,
    most: usize,
    is_full: AtomicBool,
    /// The minute in which the log was told so the last time.
    warned: AtomicI64,
}

impl Room {
    /// Room for `most` connections, as far as this process may open files; 0: for as many as that. The rest of what it
    /// may open is the database's.
    #[must_use]
    pub fn of(most: usize) -> Self {
        let files = Room::files();
        let wanted = if most == 0 { Semaphore::MAX_PERMITS } else { most };
        if most > files {
            tracing::warn!(
                "there is room for {files} connections, not for {most}: this process may open too few files (ulimit -n, \
                 LimitNOFILE)"
            );
        }
        let most = wanted.min(files).min(Semaphore::MAX_PERMITS);
        Room {
            free: Arc::new(Semaphore::new(most)),
            most,
            is_full: AtomicBool::new(false),
            warned: AtomicI64::new(0),
        }
    }

    /// For how many connections this process may open files, beside those it needs itself.
    #[must_use]
    pub fn files() -> usize {
        usize::try_from(open_files()).unwrap_or(usize::MAX).saturating_sub(FILES_KEPT).max(1)
    }

    fn head_time(&self) -> Duration {
        if self.is_full.load(Ordering::Relaxed) { HEAD_TIME_IN_A_CROWD } else { HEAD_TIME }
    }

    async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            // A crowd is over when an eighth has left: one that comes for one that goes is no news.
            if self.free.available_permits() >= self.most / 8 {
                self.is_full.store(false, Ordering::Relaxed);
            }
            return Some(place);
        }
        self.is_full.store(true, Ordering::Relaxed);
        let minute = Clock::system().now() / model::MINUTE;
        if self.warned.swap(minute, Ordering::Relaxed) != minute {
            tracing::warn!(
                "{} connections are open, and no more may be; others wait until they close",
                self.most
            );
        }
        self.free.clone().acquire_owned().await.ok()
    }
}

/// How many files this process may open; first it asks for as many as it may ask for.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    // No limit is none.
    let now = if raised.is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}

/// Serves until `stop`, then finishes what runs.
pub async fn serve(listener: TcpListener, router: Router, room: Room, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    while let Some((stream, address, place)) = tokio::select! {
        next = accept(&listener, &room) => next,
        () = stop.cancelled() => None,
    } {
        let served = connection(stream, Peer(address.ip()), room.head_time(), router.clone(), stop.clone());
        tasks.spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were cut off at the end");
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Room,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = room.enter().await?;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return Some((stream, address, place)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    head_time: Duration,
    router: Router,
    stop: CancellationToken,
) {
    let socket = socket2::SockRef::from(&stream);
    if let Err(error) = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(SILENCE)))
    {
        tracing::debug!(%error, "a socket refuses its options");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Heard::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// A request's body that is heard out although it was refused after its head: otherwise the connection
/// would have to be closed, under a client that is about to use it again.
struct Heard {
    body: Option<Incoming>,
    until: Instant,
}

impl Heard {
    fn new(body: Incoming) -> Self {
        Heard { body: Some(body), until: Instant::now() + BODY_TIME }
    }
}

impl Body for Heard {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        // What is longer or slower than a body may be is not heard out, and the connection closes.
        tokio::spawn(tokio::time::timeout_at(self.until, Limited::new(body, BODY_MAX).collect()));
    }
}
