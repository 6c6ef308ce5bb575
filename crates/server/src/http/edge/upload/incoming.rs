//! The body of an upload as it arrives, within limits of size, time and rate.

use crate::error::Error;
use crate::listen::{BODY_TIME, UPLOAD_MAX};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use protocol::Errcode;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Minimum average rate in bytes per second: what a phone sends over the slowest network that carries images at all
/// (EDGE, 100 to 200 kbit/s). A file of 10 MiB takes eleven minutes at most.
const LEAST_RATE: u64 = 16 << 10;
/// Time allowed on top, for a network that has to wake up.
const HEAD_START: Duration = Duration::from_secs(10);

/// The body of an upload.
pub struct Incoming {
    body: Body,
    left: usize,
    begun: Instant,
}

impl Incoming {
    /// Wraps the body of an upload.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Incoming { body, left: UPLOAD_MAX, begun: Instant::now() }
    }

    /// The size that the body announces, in bytes.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// `MediaSize` beyond the limit of uploads, `MediaDataMissing` when the body breaks off, `UploadSlow` when it
    /// stalls or is too slow.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let now = Instant::now();
            let until = (now + BODY_TIME).min(self.begun + allowed((UPLOAD_MAX - self.left) as u64));
            let frame = timeout_at(until, self.body.frame()).await.map_err(|_| Errcode::UploadSlow)?;
            let Some(frame) = frame else { return Ok(None) };
            let Ok(bytes) = frame.map_err(|_| Errcode::MediaDataMissing)?.into_data() else { continue };
            self.left = self.left.checked_sub(bytes.len()).ok_or(Errcode::MediaSize)?;
            return Ok(Some(bytes));
        }
    }

    /// Reads and drops the rest, so that the sender gets the answer.
    pub async fn drain(mut self) {
        while let Ok(Some(_)) = self.next().await {}
    }
}

/// How long this many bytes may take before the next must arrive.
fn allowed(received: u64) -> Duration {
    HEAD_START + Duration::from_millis(received * 1000 / LEAST_RATE)
}

#[cfg(test)]
mod tests {
    use super::{HEAD_START, LEAST_RATE, allowed};
    use crate::listen::UPLOAD_MAX;
    use std::time::Duration;

    /// Whether `bytes` every `every_ms` milliseconds are fast enough for a file of `size`.
    fn passes(bytes: u64, every_ms: u64, size: u64) -> bool {
        let (mut received, mut now) = (0, Duration::ZERO);
        while received < size {
            now += Duration::from_millis(every_ms);
            if now > allowed(received) {
                return false;
            }
            received += bytes;
        }
        true
    }

    #[test]
    fn a_slow_phone_passes_and_a_trickle_does_not() {
        assert!(passes(LEAST_RATE, 1000, 10 << 20), "at the least rate");
        assert!(passes(20 << 10, 1000, 10 << 20), "EDGE");
        assert!(passes(64 << 10, 4000, 10 << 20), "in bursts");
        assert!(passes(1, 9000, 1), "a network that wakes up");
        for (bytes, every_ms) in [(1, 5000), (1, 1), (1 << 10, 500), (14 << 10, 1000)] {
            assert!(!passes(bytes, every_ms, 10 << 20), "{bytes} bytes in {every_ms} ms");
        }
        // A burst at the beginning earns a trickle only the time that the burst was worth.
        assert_eq!(allowed(256 << 10), HEAD_START + Duration::from_secs(16));
        assert!(allowed(UPLOAD_MAX as u64) < Duration::from_secs(15 * 60));
    }
}
