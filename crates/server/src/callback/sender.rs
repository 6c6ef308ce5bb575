//! Calls of developers' servers.

use crate::callback::dialer::{DialError, Dialer, Step, within};
use crate::callback::places::HOST_CALLS;
use crate::clock::Rng;
use crate::forward::Forwarders;
use crate::store::trust::{self, Roots, Trust};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::Network;
use model::callback::{AlarmKind, CallbackFault, DEADLINE};
use protocol::limits::REPLY_MAX;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// How long idle connections are kept, for each host as many as there may be calls.
const IDLE: Duration = Duration::from_secs(20);

/// How long the body of an answer with another status than 200 is waited for.
const REFUSAL: Duration = Duration::from_millis(500);

/// Calls developers' servers, within a deadline. Clones share its connections.
#[derive(Clone)]
pub struct Sender {
    client: Client<HttpsConnector<Dialer>, Full<Bytes>>,
    deadline: Duration,
    /// Machines that get the pushes of their accounts instead.
    pub(super) forwarders: Forwarders,
}

/// Why a call failed.
#[derive(Debug)]
pub enum CallFault {
    /// The settings are not sound.
    Settings(CallbackFault),
    /// The address is in a network that may not be called.
    Blocked,
    /// The host has no address.
    NoAddress,
    /// The address of the host was not found in time.
    AddressLate,
    /// There is no connection to the host; says why.
    Connection(String),
    /// There was no connection in time.
    ConnectionLate,
    /// There was no whole answer in time.
    Late,
    /// The connection broke before there was a whole answer; says when.
    Broken(String),
    /// The answer has another status than 200.
    Status(StatusCode),
    /// The answer is longer than is read.
    TooLarge,
}

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallFault::Settings(fault) => fault.fmt(f),
            CallFault::Blocked => DialError::Blocked.fmt(f),
            CallFault::NoAddress => DialError::Unknown.fmt(f),
            CallFault::Connection(how) | CallFault::Broken(how) => f.write_str(how),
            CallFault::AddressLate => {
                write!(f, "the host's address was not found within {} s", DEADLINE.as_secs())
            }
            CallFault::ConnectionLate => write!(f, "no connection within {} s", DEADLINE.as_secs()),
            CallFault::Late => write!(f, "no whole answer within {} s", DEADLINE.as_secs()),
            CallFault::Status(status) => write!(f, "the answer has the status {}", status.as_u16()),
            CallFault::TooLarge => write!(f, "the answer has more than {} KiB", REPLY_MAX / 1024),
        }
    }
}

impl CallFault {
    /// How alarms call it.
    #[must_use]
    pub fn kind(&self) -> AlarmKind {
        match self {
            CallFault::NoAddress | CallFault::Blocked => AlarmKind::DnsFailure,
            CallFault::AddressLate => AlarmKind::DnsTimeout,
            CallFault::Settings(_) | CallFault::Connection(_) | CallFault::ConnectionLate => {
                AlarmKind::ConnectionTimeout
            }
            CallFault::Late => AlarmKind::RequestTimeout,
            CallFault::Broken(_) | CallFault::Status(_) | CallFault::TooLarge => AlarmKind::ResponseFailed,
        }
    }
}

/// What a developer's server answered, whatever its status.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty if an answer with another status than 200 has none that can be read.
    pub body: Bytes,
}

impl Answered {
    /// The body of an answer with status 200.
    ///
    /// # Errors
    /// `Status`.
    pub fn taken(self) -> Result<Bytes, CallFault> {
        if self.status == StatusCode::OK { Ok(self.body) } else { Err(CallFault::Status(self.status)) }
    }
}

/// A nonce: ten digits, as Weixin's.
#[must_use]
pub fn nonce(rng: &Rng) -> String {
    format!("{:010}", u32::from_ne_bytes(rng.bytes()))
}

impl Sender {
    /// A sender without open connections. `allowed` are networks that may be called beside the public ones.
    ///
    /// # Errors
    /// Internal only. Where this machine trusts no authority, servers with `https` cannot be called.
    pub fn new(allowed: &[Network]) -> anyhow::Result<Self> {
        Sender::over(Dialer::new(allowed), DEADLINE)
    }

    fn over(dialer: Dialer, deadline: Duration) -> anyhow::Result<Self> {
        let roots = Roots::system().unwrap_or_else(|error| {
            tracing::warn!("developers' servers cannot be called by https: {error:#}");
            Roots::none()
        });
        let tls = trust::client(Trust::Name(roots))?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(HOST_CALLS)
            .build(connector.wrap_connector(dialer));
        Ok(Sender { client, deadline, forwarders: Forwarders::default() })
    }

    /// The same sender, which forwards the pushes of accounts to these machines while they are connected.
    #[must_use]
    pub fn forwarding_to(self, forwarders: Forwarders) -> Self {
        Sender { forwarders, ..self }
    }

    /// Posts a body, within the deadline of a push.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Answered, CallFault> {
        self.post_until(Instant::now() + self.deadline, url, content_type, body).await
    }

    /// The same with another deadline: a part of the time is over.
    pub(super) async fn post_until(
        &self,
        end: Instant,
        url: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Answered, CallFault> {
        let request = Request::builder().method(Method::POST).uri(url).header(CONTENT_TYPE, content_type);
        self.call(end, request, body).await
    }

    /// Gets a URL.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub(super) async fn get(&self, url: &str) -> Result<Answered, CallFault> {
        self.call(Instant::now() + self.deadline, Request::builder().uri(url), String::new()).await
    }

    /// Redirects are not followed, and no proxy is used.
    async fn call(
        &self,
        end: Instant,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answered, CallFault> {
        let agent = concat!("kefu/", env!("CARGO_PKG_VERSION"));
        let request = request.header(USER_AGENT, agent).body(Full::from(body));
        let request = request.map_err(|_| CallFault::Settings(CallbackFault::Url))?;
        let answered = async {
            let answer = self.client.request(request).await.map_err(|error| fault(&error))?;
            let (head, body) = answer.into_parts();
            let (status, headers) = (head.status, head.headers);
            let body = Limited::new(body, REPLY_MAX).collect();
            if status != StatusCode::OK {
                // The status says why it failed; the body is only shown.
                let body = tokio::time::timeout(REFUSAL, body).await.ok().and_then(Result::ok);
                let body = body.map_or_else(Bytes::new, |body| body.to_bytes());
                return Ok(Answered { status, headers, body });
            }
            match body.await {
                Ok(body) => Ok(Answered { status, headers, body: body.to_bytes() }),
                Err(error) if error.is::<LengthLimitError>() => Err(CallFault::TooLarge),
                Err(_) => Err(CallFault::Broken("the connection broke within the answer".to_owned())),
            }
        };
        within(end.saturating_duration_since(Instant::now()), answered)
            .await
            .unwrap_or_else(|step| Err(late(step)))
    }
}

/// The fault of a call that was at this step when its time was over.
fn late(step: Step) -> CallFault {
    match step {
        Step::Address => CallFault::AddressLate,
        Step::Connection => CallFault::ConnectionLate,
        Step::Answer => CallFault::Late,
    }
}

fn fault(error: &Error) -> CallFault {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        match inner.downcast_ref::<DialError>() {
            Some(DialError::Blocked) => return CallFault::Blocked,
            Some(DialError::Unknown) => return CallFault::NoAddress,
            Some(refused @ DialError::Refused(_)) => return CallFault::Connection(refused.to_string()),
            None => cause = inner.source(),
        }
    }
    match error.is_connect() {
        true => CallFault::Connection("the connection failed (TLS)".to_owned()),
        false => CallFault::Broken("the connection broke".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CallFault, Sender};
    use crate::callback::dialer::Dialer;
    use model::callback::{AlarmKind, DEADLINE};
    use std::net::SocketAddr;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const SHORT: Duration = Duration::from_millis(50);

    /// A server that answers every connection with this text and closes it, or never answers.
    async fn server(answer: Option<&'static str>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                    None => held.push(stream),
                }
            }
        });
        address
    }

    /// Calls a server whose name has these addresses, one list for each look-up; what was wrong each time.
    async fn faults(deadline: Duration, calls: usize, finds: &[&[SocketAddr]]) -> Vec<Option<CallFault>> {
        let (sender, mut found) = (Sender::over(Dialer::finding(finds), deadline).unwrap(), Vec::new());
        for _ in 0..calls {
            let answered = sender.post("http://a.example/", "text/xml", String::new()).await;
            found.push(answered.and_then(|answered| answered.taken()).err());
        }
        found
    }

    #[tokio::test]
    async fn a_name_that_moves_inside_between_two_look_ups_is_not_called() {
        let outside = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
        let inside = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")).await;
        let inside = SocketAddr::from(([127, 0, 0, 2], inside.port()));
        let found = faults(DEADLINE, 3, &[&[outside], &[inside], &[inside, outside]]).await;
        assert!(matches!(found[..], [None, Some(CallFault::Blocked), None]), "{found:?}");
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_apart() {
        let silent = server(None).await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let kinds = async |deadline, finds: &[&[SocketAddr]]| {
            faults(deadline, 1, finds).await.pop().unwrap().expect("a fault").kind()
        };
        assert_eq!(kinds(DEADLINE, &[&[]]).await, AlarmKind::DnsFailure);
        assert_eq!(kinds(SHORT, &[]).await, AlarmKind::DnsTimeout);
        assert_eq!(kinds(DEADLINE, &[&[closed]]).await, AlarmKind::ConnectionTimeout);
        assert_eq!(kinds(SHORT, &[&[silent]]).await, AlarmKind::RequestTimeout);
        for illegal in
            ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "HTTP/1.1 500 No\r\n\r\n", "what?"]
        {
            let address = server(Some(illegal)).await;
            assert_eq!(kinds(DEADLINE, &[&[address]]).await, AlarmKind::ResponseFailed, "{illegal}");
        }
    }
}
