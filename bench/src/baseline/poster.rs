//! The baseline for message push: a bare HTTP client that posts the bodies of a file.

use crate::measure::load::{self, Call, Until};
use anyhow::{Context, ensure};
use axum::body::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A file with an address and a body by turns, a line each.
    requests: PathBuf,
    #[arg(long)]
    callers: usize,
}

type Requests = Arc<[(Uri, Bytes)]>;

/// Posts everything once, with the product's runtime and client.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    tokio::runtime::Runtime::new()?.block_on(async {
        let posters = posters(&args.requests, args.callers)?;
        let end = posters.first().map_or(0, |poster| poster.requests.len());
        load::run(posters, Until::Number(0, end)).await.map(|_| ())
    })
}

/// So many callers who post the requests of a file, and share a client.
pub(crate) fn posters(requests: &Path, callers: usize) -> anyhow::Result<Vec<Poster>> {
    let text = std::fs::read_to_string(requests)?;
    let (mut lines, mut requests) = (text.lines(), Vec::new());
    while let Some(address) = lines.next() {
        let body = lines.next().context("an address has no body")?;
        requests.push((address.parse()?, Bytes::copy_from_slice(body.as_bytes())));
    }
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let requests: Requests = requests.into();
    Ok((0..callers).map(|_| Poster { client: client.clone(), requests: requests.clone() }).collect())
}

pub(crate) struct Poster {
    client: Client<HttpConnector, Full<Bytes>>,
    requests: Requests,
}

impl Call for Poster {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        let (address, body) = self.requests[n].clone();
        let request = Request::builder().method(Method::POST).uri(address).body(Full::new(body))?;
        let answer = self.client.request(request).await?;
        ensure!(answer.status().is_success(), "HTTP status {}", answer.status());
        answer.into_body().collect().await?;
        Ok(())
    }
}
