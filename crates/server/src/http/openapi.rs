//! The description of Weixin's endpoints for programs.

use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use std::sync::LazyLock;

/// It says the same as long as the program runs.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| protocol::openapi::document().to_string().into());

/// `GET /openapi.json`.
pub async fn document() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, DOCUMENT.clone())
}
