//! The baseline for reading: an axum handler that answers constant bytes, with the product's listener, runtime and
//! allocator.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use kefu::listen::ConnectionLimit;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Serves the bytes of a file at `path` until SIGTERM.
pub(crate) fn serve(path: &str, answer: &Path) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    let answer = Bytes::from(std::fs::read(answer)?);
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("the baseline listens at http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let (mut ended, stopped) = (signal(SignalKind::terminate())?, stop.clone());
        tokio::spawn(async move {
            ended.recv().await;
            stopped.cancel();
        });
        kefu::listen::serve(listener, router(path, answer), ConnectionLimit::new(0), stop).await;
        Ok(())
    })
}

fn router(path: &str, answer: Bytes) -> Router {
    let handler = async move || {
        let mut response = Response::new(Body::from(answer.clone()));
        let json = HeaderValue::from_static("application/json; encoding=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    };
    Router::new().route(path, any(handler))
}
