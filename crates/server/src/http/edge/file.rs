//! Serves the bytes of a stored file, whole or in part.

use crate::desk::content::FileContent;
use crate::error::Error;
use crate::http::Answer;
use crate::state::App;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use std::convert::Infallible;
use std::ops::Range;

/// The `Range` header: browsers fetch videos in parts.
#[derive(Clone, Debug, Default)]
pub struct RangeHeader(Option<String>);

impl FromRequestParts<App> for RangeHeader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let range = parts.headers.get(RANGE).and_then(|value| value.to_str().ok());
        Ok(RangeHeader(range.map(str::to_owned)))
    }
}

/// The range that a header asks for.
#[derive(Debug, PartialEq, Eq)]
enum RequestedRange {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Parses one range of bytes (RFC 9110). Several ranges, or a malformed one, mean the whole file.
fn requested_range(asked: Option<&str>, size: u64) -> RequestedRange {
    let Some((first, last)) = asked.and_then(|asked| asked.strip_prefix("bytes=")?.split_once('-')) else {
        return RequestedRange::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(length)) if first.trim().is_empty() => size.saturating_sub(length)..size,
        _ => return RequestedRange::Whole,
    };
    if part.is_empty() { RequestedRange::Nothing } else { RequestedRange::Part(part) }
}

/// Serves a file. Browsers neither guess another type nor run its content.
///
/// # Errors
/// Internal only.
pub async fn serve(app: &App, content: &FileContent, asked: &RangeHeader) -> Answer<Response> {
    let size = u64::try_from(content.size).map_err(Error::from)?;
    let (status, part) = match requested_range(asked.0.as_deref(), size) {
        RequestedRange::Whole => (StatusCode::OK, None),
        RequestedRange::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
        RequestedRange::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, Some(0..0)),
    };
    let length = part.as_ref().map_or(size, |part| part.end - part.start);
    let body = match length {
        0 => Body::empty(),
        _ => Body::from_stream(app.desk.files.read(&content.object, part.clone()).await?),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content.format.content_type()));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Some(part) = part {
        let range = match status {
            StatusCode::PARTIAL_CONTENT => format!("bytes {}-{}/{size}", part.start, part.end - 1),
            _ => format!("bytes */{size}"),
        };
        headers.insert(CONTENT_RANGE, HeaderValue::try_from(range)?);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::{RequestedRange, requested_range};

    #[test]
    fn a_range_is_a_part_the_whole_or_nothing() {
        for (asked, part) in [
            ("bytes=0-", 0..10),
            ("bytes=0-0", 0..1),
            ("bytes=3-5", 3..6),
            ("bytes=3-99", 3..10),
            ("bytes=9-", 9..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=0-18446744073709551615", 0..10),
        ] {
            assert_eq!(requested_range(Some(asked), 10), RequestedRange::Part(part), "{asked}");
        }
        for nothing in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(requested_range(Some(nothing), 10), RequestedRange::Nothing, "{nothing}");
        }
        for whole in
            ["", "bytes=", "bytes=-", "bytes=5-3", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=1-b"]
        {
            assert_eq!(requested_range(Some(whole), 10), RequestedRange::Whole, "{whole}");
        }
        assert_eq!(requested_range(None, 10), RequestedRange::Whole);
    }
}
