//! The description of Weixin's endpoints for programs.

use crate::clock::hex;
use crate::http::edge::asset::Asset;
use axum::response::Response;
use http::HeaderMap;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Constant while the program runs.
static DOCUMENT: LazyLock<Asset> = LazyLock::new(|| {
    let text = protocol::openapi::document().to_string();
    let hash = hex(&Sha256::digest(&text)[..16]);
    Asset::new("application/json", text.into(), hash)
});

/// `GET /openapi.json`.
pub async fn document(headers: HeaderMap) -> Response {
    DOCUMENT.answer(&headers)
}
