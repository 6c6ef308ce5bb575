//! Connections: accepted, bounded in time, and ended in order.

use crate::clock::Clock;
use crate::tls::Tls;
use axum::Router;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::limits::{BODY_MAX, FILE_MAX};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
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
/// How long an upload may take, as long as it moves.
pub const UPLOAD_TIME: Duration = Duration::from_secs(120);
/// Most bytes of an upload: the largest file, and what a form puts around it.
pub const UPLOAD_MAX: usize = (FILE_MAX + (1 << 20)) as usize;
/// Files that are not connections: the database's, the log, the operators' socket.
const FILES_KEPT: usize = 128;
/// How long running requests may take to finish once the server stops.
const FAREWELL: Duration = Duration::from_secs(6);

/// Who is at the other end of a request's connection, a person or a proxy, and where they came in.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Who.
    pub address: IpAddr,
    /// Where.
    pub door: Door,
}

/// Where connections come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The desk's own address, in clear.
    Plain,
    /// The desk's own address, by TLS.
    Tls,
    /// Where the desk stands in for Weixin's host: there are no pages there.
    Weixin,
}

/// An address that is listened at.
pub struct Entrance {
    listener: TcpListener,
    door: Door,
    tls: Option<Arc<Tls>>,
}

impl Entrance {
    /// One in clear.
    #[must_use]
    pub fn plain(listener: TcpListener, door: Door) -> Self {
        Entrance { listener, door, tls: None }
    }

    /// One by TLS.
    #[must_use]
    pub fn secured(listener: TcpListener, door: Door, tls: Arc<Tls>) -> Self {
        Entrance { listener, door, tls: Some(tls) }
    }

    /// Where it is.
    ///
    /// # Errors
    /// The machine's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

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
    serve_all(vec![Entrance::plain(listener, Door::Plain)], router, room, stop).await;
}

/// The same at several addresses, which share the room.
pub async fn serve_all(entrances: Vec<Entrance>, router: Router, room: Room, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let mut turn = 0;
    while let Some((entrance, stream, address, place)) = tokio::select! {
        next = accept(&entrances, &mut turn, &room) => next,
        () = stop.cancelled() => None,
    } {
        set_options(&stream);
        let peer = Peer { address: address.ip(), door: entrance.door };
        let (head_time, router, stop) = (room.head_time(), router.clone(), stop.clone());
        let Some(tls) = &entrance.tls else {
            let served = connection(stream, peer, head_time, router, stop);
            tasks.spawn(async move {
                served.await;
                drop(place);
            });
            continue;
        };
        let acceptor = TlsAcceptor::from(tls.config());
        tasks.spawn(async move {
            if let Some(stream) = shake_hands(acceptor, stream, head_time, &stop).await {
                connection(stream, peer, head_time, router, stop).await;
            }
            drop(place);
        });
    }
    drop(entrances);
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were cut off at the end");
    }
}

/// The next connection, wherever it comes in: one place is taken for it, however many addresses there are.
async fn accept<'e>(
    entrances: &'e [Entrance],
    turn: &mut usize,
    room: &Room,
) -> Option<(&'e Entrance, TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = room.enter().await?;
    loop {
        match poll_fn(|cx| poll_accept(entrances, turn, cx)).await {
            (entrance, Ok((stream, address))) => return Some((entrance, stream, address, place)),
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Each address is asked in turn, so that none waits for ever beside a busy one.
fn poll_accept<'e>(
    entrances: &'e [Entrance],
    turn: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<(&'e Entrance, std::io::Result<(TcpStream, SocketAddr)>)> {
    for _ in 0..entrances.len() {
        *turn = (*turn + 1) % entrances.len();
        let entrance = &entrances[*turn];
        if let Poll::Ready(accepted) = entrance.listener.poll_accept(cx) {
            return Poll::Ready((entrance, accepted));
        }
    }
    Poll::Pending
}

fn set_options(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    if let Err(error) = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(SILENCE)))
    {
        tracing::debug!(%error, "a socket refuses its options");
    }
}

/// What comes before the first head, in the time that a head may take.
async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    head_time: Duration,
    stop: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(head_time, acceptor.accept(stream)) => shaken,
        () = stop.cancelled() => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%error, "a client does not come to terms about TLS"),
        Err(_) => tracing::debug!("a client takes too long over TLS"),
    }
    None
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    head_time: Duration,
    router: Router,
    stop: CancellationToken,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let most = heard_out(request.headers());
        router.clone().oneshot(request.map(|body| Heard::new(body, most)))
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

/// How much of a body is heard out: of a file more than of anything else.
fn heard_out(headers: &HeaderMap) -> usize {
    let is_file = |kind: &HeaderValue| {
        [&b"multipart/"[..], b"image/"].iter().any(|file| kind.as_bytes().starts_with(file))
    };
    if headers.get(CONTENT_TYPE).is_some_and(is_file) { UPLOAD_MAX } else { BODY_MAX }
}

/// A request's body that is heard out although it was refused after its head: otherwise the connection
/// would have to be closed, under a client that is about to use it again.
struct Heard {
    body: Option<Incoming>,
    most: usize,
    until: Instant,
}

impl Heard {
    fn new(body: Incoming, most: usize) -> Self {
        Heard { body: Some(body), most, until: Instant::now() + BODY_TIME }
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
        tokio::spawn(tokio::time::timeout_at(self.until, Limited::new(body, self.most).collect()));
    }
}
