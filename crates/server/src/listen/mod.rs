//! Connections: accepted, bounded in number and time, and ended in order.

mod body;
mod detach;
mod limit;
mod line;
mod seat;

pub use body::{BODY_TIME, UPLOAD_MAX};
pub use limit::Room;

use crate::error::{Error, OutageLog};
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use body::Heard;
use detach::Call;
use http::header::CONNECTION;
use http::{HeaderValue, Response};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use limit::Admitted;
use seat::Answering;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A peer that does not acknowledge for this long is gone; a sleeping laptop sends no FIN.
const SILENCE: Duration = Duration::from_secs(10);
/// Bytes of a head that are always taken, and most that are read of a body at once: a browser's cookies fit. The buffer
/// may hold twice as many before it is full, so 16,384 half-open heads take 1 GiB at most.
const HEAD_MAX: usize = 32 << 10;
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

/// Serves until `stop`, then finishes what runs.
pub async fn serve(listener: TcpListener, router: Router, room: Room, stop: CancellationToken) {
    serve_all(vec![Entrance::plain(listener, Door::Plain)], router, room, stop).await;
}

/// The same at several addresses, which share the room.
pub async fn serve_all(entrances: Vec<Entrance>, router: Router, room: Room, stop: CancellationToken) {
    let room = Arc::new(room);
    let tasks = room.tasks.clone();
    let outages = OutageLog::new("accepting a connection");
    let mut turn = 0;
    while let Some((entrance, stream, peer, admitted)) = tokio::select! {
        next = accept(&entrances, &mut turn, &room, &outages) => next,
        () = stop.cancelled() => None,
    } {
        set_options(&stream);
        let (router, stop) = (router.clone(), stop.clone());
        let Some(tls) = &entrance.tls else {
            tasks.spawn(connection(stream, peer, admitted, router, stop));
            continue;
        };
        let acceptor = TlsAcceptor::from(tls.config());
        tasks.spawn(async move {
            if let Some(stream) = shake_hands(acceptor, stream, &admitted, &stop).await {
                connection(stream, peer, admitted, router, stop).await;
            }
        });
    }
    drop(entrances);
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were cut off at the end");
    }
}

/// The next connection that is let in, wherever it comes in.
async fn accept<'e>(
    entrances: &'e [Entrance],
    turn: &mut usize,
    room: &Arc<Room>,
    outages: &OutageLog,
) -> Option<(&'e Entrance, TcpStream, Peer, Admitted)> {
    loop {
        let open = room.may_open().await?;
        let (entrance, accepted) = poll_fn(|cx| poll_accept(entrances, turn, cx)).await;
        match outages.record(accepted.map_err(Error::from)) {
            Ok((stream, address)) => {
                let peer = Peer { address: address.ip(), door: entrance.door };
                if let Some(admitted) = room.admit(peer.address, open) {
                    return Some((entrance, stream, peer, admitted));
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
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
    admitted: &Admitted,
    stop: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(admitted.head_time, acceptor.accept(stream)) => shaken,
        () = admitted.seat.when_cut() => return None,
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
    admitted: Admitted,
    router: Router,
    stop: CancellationToken,
) {
    let (head_time, seat) = (admitted.head_time, admitted.seat.clone());
    let admitted = Arc::new(admitted);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        respond(admitted.clone(), router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = seat.when_cut() => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Why a request has no answer.
#[derive(Debug)]
struct IsCut;

impl std::fmt::Display for IsCut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut for a network that holds fewer connections")
    }
}

impl std::error::Error for IsCut {}

/// Answers a request by the router. One on a connection without a regular place waits for one first, unless it asks for
/// health.
async fn respond(
    admitted: Arc<Admitted>,
    router: Router,
    request: Request<Incoming>,
) -> Result<Response<Answering<Body>>, IsCut> {
    let seat = &admitted.seat;
    if !seat.begin(!request.body().is_end_stream()) {
        return Err(IsCut);
    }
    let (parts, body) = request.into_parts();
    let body = Heard::new(body, parts.uri.path(), seat.clone());
    let is_health = || ["/healthz", "/readyz"].contains(&parts.uri.path());
    let stays = seat.is_placed() || !is_health() && Box::pin(admitted.place()).await;
    let mut response = if stays || is_health() {
        let call = router.oneshot(Request::from_parts(parts, body));
        Call::new(call, admitted.clone()).await.unwrap_or_else(|never| match never {})
    } else {
        admitted.room.busy(&parts.uri)
    };
    if !stays {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Answering::new(body, seat.clone())))
}
