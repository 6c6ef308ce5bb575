//! A bucket of an S3-compatible store, and readable errors from it.

use super::wire::Wires;
use crate::place::Bucket;
use anyhow::anyhow;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, Error, RetryConfig};
use std::time::Duration;

/// The size of a part, bytes: the smallest that S3 takes, except for the last part.
pub(super) const PART: usize = 5 << 20;
/// How often a request is repeated, and how long after the first attempt at most.
const RETRIES: (usize, Duration) = (2, Duration::from_secs(5));

/// Most characters of an error that does not come from a bucket.
const SAID_MAX: usize = 200;

/// Error codes of buckets, and what an operator can do about them.
const CURES: [(&str, &str); 9] = [
    ("NoSuchBucket", "make it, or name another with --files"),
    ("InvalidAccessKeyId", "see the ID in --files-key"),
    ("SignatureDoesNotMatch", "see the SECRET in --files-key"),
    ("AccessDenied", "let the key of --files-key read, write, delete and list there"),
    ("AllAccessDisabled", "let the key of --files-key read, write, delete and list there"),
    ("AuthorizationHeaderMalformed", "see --files-region"),
    ("PermanentRedirect", "see --files-region and --files-endpoint"),
    ("IllegalLocationConstraintException", "see --files-region"),
    ("RequestTimeTooSkewed", "set the clock of this machine"),
];

/// Opens a bucket, without a request to it.
pub(super) fn open(bucket: &Bucket) -> anyhow::Result<PrefixStore<AmazonS3>> {
    let is_tls = bucket.endpoint.as_ref().is_none_or(|url| url.starts_with("https:"));
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(1), ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: RETRIES.0, retry_timeout: RETRIES.1 };
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(Wires::new(is_tls)?)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_virtual_hosted_style_request(bucket.is_host)
        .with_access_key_id(&bucket.key.id)
        .with_secret_access_key(&bucket.key.secret)
        .with_retry(retry)
        // Some stores lack the call that deletes many objects.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    Ok(PrefixStore::new(builder.build()?, Path::parse(&bucket.prefix)?))
}

/// Whether the error says that the object is missing, and not the bucket.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !error.to_string().contains("<Code>NoSuchBucket<")
}

/// The error for an operator: the bucket's code and message, or why no request was possible.
pub(super) fn explain(error: &Error) -> anyhow::Error {
    let text = error.to_string();
    let within = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once("</")?.0)
    };
    if let Some(code) = within("Code") {
        let cure = CURES.iter().find(|(known, _)| *known == code).map_or("", |(_, cure)| cure);
        let message = within("Message").unwrap_or_default().trim_end_matches('.');
        return anyhow!("the bucket says {code}, {message}{}{cure}", if cure.is_empty() { "" } else { ": " });
    }
    // Each error repeats its sources, so the deepest says enough.
    let mut deepest: &dyn std::error::Error = error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    let said: String = deepest.to_string().chars().filter(|c| !c.is_control()).take(SAID_MAX).collect();
    anyhow!("the bucket could not be asked: {said}")
}
