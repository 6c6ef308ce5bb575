//! Calls of developers' servers: one try of a push, and the verification of a URL.

use crate::callback::dialer::{DialError, Dialer};
use crate::clock::Rng;
use crate::store::trust::{self, Roots, Trust};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::Network;
use model::callback::{CallbackFault, CallbackSettings, DEADLINE};
use protocol::callback::{EchoError, check_echo, verification_query};
use protocol::limits::REPLY_MAX;
use std::fmt;
use std::time::Duration;

/// How long idle connections are kept, and how many for each host.
const IDLE: (Duration, usize) = (Duration::from_secs(20), 16);

/// Calls developers' servers. Clones share its connections.
#[derive(Clone)]
pub struct Sender(Client<HttpsConnector<Dialer>, Full<Bytes>>);

/// Why a call failed.
#[derive(Debug)]
pub enum CallFault {
    /// The settings are not sound.
    Settings(CallbackFault),
    /// The address is in a network that may not be called.
    Blocked,
    /// The host was not reached, or the connection broke; says how.
    Connection(String),
    /// There was no whole answer in time.
    Late,
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
            CallFault::Connection(how) => f.write_str(how),
            CallFault::Late => write!(f, "no whole answer within {} s", DEADLINE.as_secs()),
            CallFault::Status(status) => write!(f, "the answer has the status {}", status.as_u16()),
            CallFault::TooLarge => write!(f, "the answer has more than {} KiB", REPLY_MAX / 1024),
        }
    }
}

/// What became of a verification.
#[derive(Debug)]
pub enum Verification {
    /// The server answered the echostr.
    Passed,
    /// The call failed.
    Call(CallFault),
    /// The answer, whose first characters are shown, is not the echostr.
    Answer(EchoError, String),
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
        let roots = Roots::system().unwrap_or_else(|error| {
            tracing::warn!("developers' servers cannot be called by https: {error:#}");
            Roots::none()
        });
        let tls = trust::client(Trust::Name(roots))?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE.0)
            .pool_max_idle_per_host(IDLE.1)
            .build(connector.wrap_connector(Dialer { allowed: allowed.into() }));
        Ok(Sender(client))
    }

    /// Posts a body. Returns the answer of a server that took it.
    ///
    /// # Errors
    /// Why the try failed.
    pub async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Bytes, CallFault> {
        let request = Request::builder().method(Method::POST).uri(url).header(CONTENT_TYPE, content_type);
        self.call(request, body).await
    }

    /// Verifies settings: calls their URL with an echostr, which its server must answer.
    pub async fn verify(
        &self,
        settings: &CallbackSettings,
        timestamp: i64,
        nonce: &str,
        echo: &str,
    ) -> Verification {
        let query = verification_query(&settings.token, timestamp, nonce, echo);
        let url = match settings.url_with(&query) {
            Ok(url) => url,
            Err(fault) => return Verification::Call(CallFault::Settings(fault)),
        };
        match self.call(Request::builder().uri(url), String::new()).await {
            Err(fault) => Verification::Call(fault),
            Ok(answer) => match check_echo(&answer, echo) {
                Ok(()) => Verification::Passed,
                Err(error) => {
                    Verification::Answer(error, String::from_utf8_lossy(&answer).chars().take(64).collect())
                }
            },
        }
    }

    /// Redirects are not followed, and no proxy is used.
    async fn call(&self, request: http::request::Builder, body: String) -> Result<Bytes, CallFault> {
        let agent = concat!("kefu/", env!("CARGO_PKG_VERSION"));
        let request = request.header(USER_AGENT, agent).body(Full::from(body));
        let request = request.map_err(|_| CallFault::Settings(CallbackFault::Url))?;
        let answered = async {
            let answer = self.0.request(request).await.map_err(|error| fault(&error))?;
            if answer.status() != StatusCode::OK {
                return Err(CallFault::Status(answer.status()));
            }
            match Limited::new(answer.into_body(), REPLY_MAX).collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Err(CallFault::TooLarge),
                Err(_) => Err(CallFault::Connection("the connection broke within the answer".to_owned())),
            }
        };
        tokio::time::timeout(DEADLINE, answered).await.unwrap_or(Err(CallFault::Late))
    }
}

fn fault(error: &Error) -> CallFault {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        match inner.downcast_ref::<DialError>() {
            Some(DialError::Blocked) => return CallFault::Blocked,
            Some(other) => return CallFault::Connection(other.to_string()),
            None => cause = inner.source(),
        }
    }
    let how = if error.is_connect() { "the connection failed (TLS)" } else { "the connection broke" };
    CallFault::Connection(how.to_owned())
}
