//! Listens for connections, limits their number and duration, and ends them in order at shutdown.

mod body;
mod detach;
mod limit;
mod state;
mod table;

pub use body::{BODY_TIME, UPLOAD_MAX};
pub use limit::ConnectionLimit;

use crate::error::{Error, OutageLog};
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use body::DrainedBody;
use detach::DetachableCall;
use http::header::CONNECTION;
use http::{HeaderValue, Response};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use limit::OpenConnection;
use state::ResponseBody;
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

/// A peer that acknowledges nothing for this long is gone; a sleeping laptop sends no FIN.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);
/// Buffer size: bytes of a head that always fit, such as a browser's cookies, and bytes of a body that are read at
/// once. The buffer may hold twice as many before it is full, so 16,384 half-open heads take 1 GiB at most.
const HEAD_MAX: usize = 32 << 10;
/// How long running requests may take to finish after the server was stopped.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(6);

/// The other end of a request's connection, a person or a proxy, and the listener that accepted it.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Address of the peer.
    pub address: IpAddr,
    /// Kind of the listener.
    pub listener_kind: ListenerKind,
}

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// The desk's own address, without TLS.
    Plain,
    /// The desk's own address, with TLS.
    Tls,
    /// The address that stands in for Weixin's host; it serves no pages.
    Weixin,
}

/// An address at which the server listens.
pub struct Listener {
    listener: TcpListener,
    listener_kind: ListenerKind,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// A listener without TLS.
    #[must_use]
    pub fn plain(listener: TcpListener, listener_kind: ListenerKind) -> Self {
        Listener { listener, listener_kind, tls: None }
    }

    /// A listener with TLS.
    #[must_use]
    pub fn secured(listener: TcpListener, listener_kind: ListenerKind, tls: Arc<Tls>) -> Self {
        Listener { listener, listener_kind, tls: Some(tls) }
    }

    /// Address of the listener.
    ///
    /// # Errors
    /// When the system cannot tell it.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Serves at one address until `stop`, then finishes the running requests.
pub async fn serve(listener: TcpListener, router: Router, limit: ConnectionLimit, stop: CancellationToken) {
    serve_all(vec![Listener::plain(listener, ListenerKind::Plain)], router, limit, stop).await;
}

/// Serves at several addresses, which share the limit.
pub async fn serve_all(
    listeners: Vec<Listener>,
    router: Router,
    limit: ConnectionLimit,
    stop: CancellationToken,
) {
    let limit = Arc::new(limit);
    let tasks = limit.tasks.clone();
    let outages = OutageLog::new("accepting a connection");
    let mut turn = 0;
    while let Some((listener, stream, peer, open_connection)) = tokio::select! {
        next = accept(&listeners, &mut turn, &limit, &outages) => next,
        () = stop.cancelled() => None,
    } {
        set_options(&stream);
        // A token of its own: each poll of a connection locks the token that it waits for.
        let (router, stop) = (router.clone(), stop.child_token());
        let Some(tls) = &listener.tls else {
            tasks.spawn(connection(stream, peer, open_connection, router, stop));
            continue;
        };
        let acceptor = TlsAcceptor::from(tls.config());
        tasks.spawn(async move {
            if let Some(stream) = shake_hands(acceptor, stream, &open_connection, &stop).await {
                connection(stream, peer, open_connection, router, stop).await;
            }
        });
    }
    drop(listeners);
    tasks.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were still open at the end of the shutdown");
    }
}

/// The next admitted connection of any listener.
async fn accept<'e>(
    listeners: &'e [Listener],
    turn: &mut usize,
    limit: &Arc<ConnectionLimit>,
    outages: &OutageLog,
) -> Option<(&'e Listener, TcpStream, Peer, OpenConnection)> {
    loop {
        let open = limit.may_open().await?;
        let (listener, accepted) = poll_fn(|cx| poll_accept(listeners, turn, cx)).await;
        match outages.record(accepted.map_err(Error::from)) {
            Ok((stream, address)) => {
                let peer = Peer { address: address.ip(), listener_kind: listener.listener_kind };
                if let Some(open_connection) = limit.admit(peer.address, open) {
                    return Some((listener, stream, peer, open_connection));
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Polls the listeners in turn, so that none starves beside a busy one.
fn poll_accept<'e>(
    listeners: &'e [Listener],
    turn: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<(&'e Listener, std::io::Result<(TcpStream, SocketAddr)>)> {
    for _ in 0..listeners.len() {
        *turn = (*turn + 1) % listeners.len();
        let listener = &listeners[*turn];
        if let Poll::Ready(accepted) = listener.listener.poll_accept(cx) {
            return Poll::Ready((listener, accepted));
        }
    }
    Poll::Pending
}

fn set_options(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    if let Err(error) =
        socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(ACK_TIMEOUT)))
    {
        tracing::debug!(%error, "setting the options of a socket failed");
    }
}

/// Performs the TLS handshake within the time limit for a head.
async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    open_connection: &OpenConnection,
    stop: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(open_connection.head_time, acceptor.accept(stream)) => shaken,
        () = open_connection.state.until_cut() => return None,
        () = stop.cancelled() => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
    None
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    open_connection: OpenConnection,
    router: Router,
    stop: CancellationToken,
) {
    let (head_time, state) = (open_connection.head_time, open_connection.state.clone());
    let open_connection = Arc::new(open_connection);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        respond(open_connection.clone(), router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = state.until_cut() => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}

/// Answers a request by the router. A request on a connection without a slot first waits for one, unless it is a health
/// check.
async fn respond(
    open_connection: Arc<OpenConnection>,
    router: Router,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody<Body>>, std::io::Error> {
    let state = &open_connection.state;
    if !state.begin(!request.body().is_end_stream()) {
        return Err(std::io::Error::other("cut for a network that holds fewer connections"));
    }
    let (parts, body) = request.into_parts();
    let body = DrainedBody::new(body, parts.uri.path(), state.clone());
    let is_health = || ["/healthz", "/readyz"].contains(&parts.uri.path());
    let stays = state.has_slot() || !is_health() && Box::pin(open_connection.wait_for_slot()).await;
    let mut response = if stays || is_health() {
        let call = router.oneshot(Request::from_parts(parts, body));
        DetachableCall::new(call, open_connection.clone()).await.unwrap_or_else(|never| match never {})
    } else {
        open_connection.limit.busy(&parts.uri)
    };
    if !stays {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| ResponseBody::new(body, state.clone())))
}
