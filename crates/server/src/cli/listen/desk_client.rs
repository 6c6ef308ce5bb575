//! Calls of a desk elsewhere.

use crate::forward::Line;
use crate::store::trust::{self, Roots, Trust};
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tokio::time::timeout;

/// How long the desk may take to answer, and to send the next line: it sends one every 5 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes of a line: a push has at most 64 KiB of text, three times as much if it is encrypted beside it.
const LINE_MAX: usize = 1 << 20;

/// A desk, called with a key.
#[derive(Clone)]
pub(super) struct DeskClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    bearer: HeaderValue,
}

impl DeskClient {
    pub(super) fn new(base: &str, key: &str) -> anyhow::Result<Self> {
        let is_http = base.starts_with("http://") || base.starts_with("https://");
        ensure!(is_http, "--desk is an address like https://desk.example.com");
        let roots = match base.starts_with("https://") {
            true => Roots::system()?,
            false => Roots::none(),
        };
        let tls = trust::client(Trust::Name(roots))?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {key}")).context("the key has odd characters")?;
        bearer.set_sensitive(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(DeskClient { client, base: base.trim_end_matches('/').to_owned(), bearer })
    }

    /// Opens the stream, after a cursor. The inner error says why the desk will not open it.
    pub(super) async fn open(&self, since: Option<i64>) -> anyhow::Result<Result<Lines, &'static str>> {
        let since = since.map_or_else(String::new, |since| format!("?since={since}"));
        let answer = self.call(Method::GET, &format!("/desk/api/listen{since}"), Bytes::new()).await?;
        Ok(match answer.status() {
            StatusCode::OK => Ok(Lines { body: answer.into_body(), read: Vec::new() }),
            StatusCode::UNAUTHORIZED => {
                Err("the desk does not know this key: an operator makes one with kefu account listen-key")
            }
            StatusCode::NOT_FOUND => Err(
                "the account has no developer's server, so nothing is pushed: an operator saves one with kefu \
                 account callback; with --url listen: it is only this machine",
            ),
            status => bail!("the desk answers with the status {}", status.as_u16()),
        })
    }

    /// Posts the answer to a push.
    pub(super) async fn answer(
        &self,
        connection: u64,
        id: u64,
        status: u16,
        body: Vec<u8>,
    ) -> anyhow::Result<()> {
        let path = format!("/desk/api/listen/answer?connection={connection}&id={id}&status={status}");
        let answer = self.call(Method::POST, &path, body.into()).await?;
        ensure!(answer.status() == StatusCode::OK, "the status is {}", answer.status().as_u16());
        Ok(())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<http::Response<Incoming>> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header(AUTHORIZATION, &self.bearer).body(Full::from(body))?;
        let answer = timeout(PATIENCE, self.client.request(request)).await;
        answer.context("no answer in time")?.context("no connection")
    }
}

/// The lines of a stream.
pub(super) struct Lines {
    body: Incoming,
    read: Vec<u8>,
}

impl Lines {
    /// The next line that says something. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> anyhow::Result<Line> {
        loop {
            while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                if !line.trim_ascii().is_empty() {
                    return serde_json::from_slice(&line)
                        .context("the desk is of another version: use the same");
                }
            }
            ensure!(self.read.len() < LINE_MAX, "a line is too long");
            let frame = timeout(PATIENCE, self.body.frame()).await.context("the stream is silent")?;
            let frame = frame.context("the stream ended")?.context("the stream broke")?;
            if let Ok(data) = frame.into_data() {
                self.read.extend_from_slice(&data);
            }
        }
    }
}
