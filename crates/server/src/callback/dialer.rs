//! Connections to developers' servers. Every address is checked at the connection itself: names and literal addresses,
//! each time, so that a name that changes its address between two look-ups opens nothing.

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use model::Network;
use model::callback::address::may_call;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tower::Service;

/// Finds the addresses of a host.
type Resolver = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Opens connections to allowed addresses.
#[derive(Clone)]
pub(super) struct Dialer {
    /// Networks that the operator has added to the public ones.
    pub(super) allowed: Arc<[Network]>,
    resolver: Resolver,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The addresses of the host.
    Address,
    /// A connection.
    Connection,
    /// The answer, over a connection that is new or was kept.
    Answer,
}

tokio::task_local! {
    static STEP: Cell<Step>;
}

/// Runs a call, which has one deadline for all its steps.
///
/// # Errors
/// The step at which the time was over.
pub(super) async fn within<T>(deadline: Duration, call: impl Future<Output = T>) -> Result<T, Step> {
    let call = async { tokio::time::timeout(deadline, call).await.map_err(|_| STEP.with(Cell::get)) };
    STEP.scope(Cell::new(Step::Answer), call).await
}

/// Notes the step of the call that waits for this connection, if one still does.
fn reach(step: Step) {
    let _ = STEP.try_with(|it| it.set(step));
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
    /// A dialer that asks the machine's resolver.
    pub(super) fn new(allowed: &[Network]) -> Self {
        let resolver = |host: String, port: u16| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) })
        };
        Dialer { allowed: allowed.into(), resolver: Arc::new(resolver) }
    }

    /// A dialer that may call 127.0.0.1 only, and whose n-th look-up finds the n-th list; more look-ups never end.
    #[cfg(test)]
    pub(super) fn finding(finds: &[&[SocketAddr]]) -> Self {
        let finds: Vec<Vec<SocketAddr>> = finds.iter().rev().map(|list| list.to_vec()).collect();
        let finds = std::sync::Mutex::new(finds);
        let resolver = move |_: String, _: u16| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            match finds.lock().unwrap().pop() {
                Some(found) => Box::pin(std::future::ready(Ok(found))),
                None => Box::pin(std::future::pending()),
            }
        };
        let allowed = vec!["127.0.0.1".parse::<Network>().unwrap()];
        Dialer { allowed: allowed.into(), resolver: Arc::new(resolver) }
    }

    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, DialError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let standard = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        reach(Step::Address);
        let found = (self.resolver)(host.to_owned(), uri.port_u16().unwrap_or(standard)).await;
        let found = found.map_err(|_| DialError::Unknown)?;
        if found.is_empty() {
            return Err(DialError::Unknown);
        }
        reach(Step::Connection);
        let mut last = DialError::Blocked;
        for address in found.into_iter().filter(|address| may_call(address.ip(), &self.allowed)) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it the connection works too, more slowly.
                    let _ = stream.set_nodelay(true);
                    reach(Step::Answer);
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

#[cfg(test)]
mod tests {
    use super::{Step, reach, within};
    use std::future::{pending, ready};
    use std::time::Duration;

    #[tokio::test]
    async fn a_call_knows_at_which_step_its_time_was_over() {
        let short = Duration::from_millis(1);
        for step in [Step::Address, Step::Connection, Step::Answer] {
            let call = async {
                reach(step);
                pending::<()>().await;
            };
            assert_eq!(within(short, call).await, Err(step));
        }
        assert_eq!(within(short, pending::<()>()).await, Err(Step::Answer), "over a kept connection");
        assert_eq!(within(Duration::MAX, ready(1)).await, Ok(1));
        reach(Step::Address);
    }
}
