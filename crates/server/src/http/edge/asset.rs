//! Files that never change while the program runs. Each is compressed once.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::io::Write as _;
use std::sync::OnceLock;

/// A file, its compressed form, and the entity tags of both.
pub(in crate::http) struct Asset {
    content_type: &'static str,
    plain: Encoding,
    hash: String,
    gzip: OnceLock<Encoding>,
}

/// One encoding of a file. Other bytes have another entity tag.
struct Encoding {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Encoding {
    fn new(bytes: Bytes, tag: &str) -> Self {
        let etag = HeaderValue::try_from(format!("\"{tag}\""));
        Encoding { bytes, etag: etag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")) }
    }
}

impl Asset {
    /// Wraps a file whose bytes have this hash, in hexadecimal.
    pub(in crate::http) fn new(content_type: &'static str, bytes: Bytes, hash: String) -> Self {
        Asset { content_type, plain: Encoding::new(bytes, &hash), hash, gzip: OnceLock::new() }
    }

    /// Answers a request with these headers: with the encoding it accepts, or with 304 if its own copy is current.
    pub(in crate::http) fn answer(&self, asked: &HeaderMap) -> Response {
        let takes_gzip = takes_gzip(asked);
        let form = if takes_gzip { self.gzip.get_or_init(|| self.compress()) } else { &self.plain };
        let is_known = knows(asked, &form.etag);
        let body = if is_known { Body::empty() } else { Body::from(form.bytes.clone()) };
        let mut response = Response::new(body);
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(ETAG, form.etag.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if takes_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    fn compress(&self) -> Encoding {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail.
        let written = encoder.write_all(&self.plain.bytes).and_then(|()| encoder.finish());
        Encoding::new(written.unwrap_or_default().into(), &format!("{}-gzip", self.hash))
    }
}

/// Whether the request accepts gzip with at least the weight of uncompressed bytes (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    let lines = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for entry in lines.flat_map(|line| line.split(',')) {
        let mut parts = entry.split(';').map(str::trim);
        let coding = parts.next().unwrap_or("").to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        match coding.as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = Some(weight),
            "identity" => identity = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// Whether the request has the bytes of this tag. A proxy may have made the tag weak.
fn knows(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let lines = asked.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{ACCEPT_ENCODING, HeaderMap, HeaderValue, takes_gzip};

    #[test]
    fn gzip_is_sent_where_it_is_taken() {
        let takes =
            |text| takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(text))]));
        for text in [
            "gzip",
            "gzip, deflate, br, zstd",
            "br;q=1.0, GZIP;q=0.8, *;q=0.1",
            "*",
            "x-gzip",
            "deflate;q=0.5,gzip; q=0.1",
        ] {
            assert!(takes(text), "{text}");
        }
        let not = [
            "",
            "br",
            "gzip;q=0",
            "gzip;q=0.000, *",
            "*;q=0",
            "identity",
            "identity, gzip;q=0.5",
            "gzip;q=x",
            "gzipped",
        ];
        for text in not {
            assert!(!takes(text), "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
