//! Connections to developers' servers. Every address is checked at the connection itself: names and literal addresses,
//! each time, so that a name that changes its address between two look-ups opens nothing.

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use model::Network;
use model::callback::address::may_call;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::{TcpStream, lookup_host};
use tower::Service;

/// Opens connections to allowed addresses.
#[derive(Clone)]
pub(super) struct Dialer {
    /// Networks that the operator has added to the public ones.
    pub(super) allowed: Arc<[Network]>,
}

/// Why no connection was opened.
#[derive(Debug)]
pub(super) enum DialError {
    /// The host has no address.
    Unknown,
    /// All addresses of the host are in networks that may not be called.
    Blocked,
    /// No address took the connection.
    Refused(std::io::Error),
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::Unknown => f.write_str("the host has no address"),
            DialError::Blocked => f.write_str("the address is in a network that may not be called"),
            DialError::Refused(error) => write!(f, "no connection: {error}"),
        }
    }
}

impl std::error::Error for DialError {}

impl Dialer {
    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, DialError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let standard = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let found = lookup_host((host, uri.port_u16().unwrap_or(standard))).await;
        let found: Vec<SocketAddr> = found.map_err(|_| DialError::Unknown)?.collect();
        if found.is_empty() {
            return Err(DialError::Unknown);
        }
        let mut last = DialError::Blocked;
        for address in found.into_iter().filter(|address| may_call(address.ip(), &self.allowed)) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it the connection works too, more slowly.
                    let _ = stream.set_nodelay(true);
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => last = DialError::Refused(error),
            }
        }
        Err(last)
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<TokioIo<TcpStream>, DialError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}
