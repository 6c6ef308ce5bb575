//! Bodies of requests: a handler reads them; after a refusal the server drains them.

use super::state::ConnectionState;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use protocol::endpoint;
use protocol::limits::{BODY_MAX, FILE_MAX};
use protocol::schema::Reads;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

/// Time limit for receiving a body.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// Size limit of an upload, in bytes: the largest file, and the form around it.
pub const UPLOAD_MAX: usize = (FILE_MAX + (1 << 20)) as usize;
/// Refused bodies that are drained at the same time. The connection of one more closes.
const DRAINED_AT_ONCE: usize = 64;
/// Bytes of a refused body that must arrive in each [`PACE_TIME`]. The connection of a slower client closes.
const PACE: usize = 32 << 10;
/// See [`PACE`].
const PACE_TIME: Duration = Duration::from_secs(1);

/// Permits for draining a body.
static DRAINS: Semaphore = Semaphore::const_new(DRAINED_AT_ONCE);

/// The body of a request. The rest that a handler does not read is drained, so that the client can read the refusal and
/// reuse the connection.
pub(super) struct DrainedBody {
    body: Option<Incoming>,
    most: usize,
    until: Instant,
    state: Arc<ConnectionState>,
}

impl DrainedBody {
    /// Wraps the body of a request for `path`.
    pub(super) fn new(body: Incoming, path: &str, state: Arc<ConnectionState>) -> Self {
        // Only a body that may be large needs a check of the path.
        let is_small = body.size_hint().upper().is_some_and(|upper| upper <= BODY_MAX as u64);
        let most = if !is_small && takes_file(path) { UPLOAD_MAX } else { BODY_MAX };
        DrainedBody { body: Some(body), most, until: Instant::now() + BODY_TIME, state }
    }
}

/// Whether a route takes files: Weixin's uploads, and the images of both pages.
fn takes_file(path: &str) -> bool {
    let is_upload = endpoint::at(path).is_some_and(|row| matches!(row.takes.reads, Reads::Form));
    let of_customer = || path.strip_prefix("/chat/api/").is_some_and(|rest| rest.ends_with("/image"));
    is_upload || path == "/desk/api/image" || of_customer()
}

impl Body for DrainedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || polled.is_ready() && body.is_end_stream() {
            this.state.body_was_read();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for DrainedBody {
    fn drop(&mut self) {
        self.state.body_was_read();
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        // A body that announces more than the limit is not drained; its connection closes.
        if body.size_hint().lower() > self.most as u64 {
            return;
        }
        let Ok(place) = DRAINS.try_acquire() else { return };
        let (most, until) = (self.most, self.until);
        tokio::spawn(async move {
            let _ = timeout_at(until, drain(body, most, PACE_TIME)).await;
            drop(place);
        });
    }
}

/// Reads a body to its end and keeps nothing of it. Gives up, which closes the connection, after more than `most` bytes
/// or below the minimum pace.
async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B, most: usize, pace_time: Duration) {
    let mut left = most;
    loop {
        let block = async {
            let mut read = 0;
            while read < PACE {
                let Some(Ok(frame)) = body.frame().await else { return None };
                let length = frame.data_ref().map_or(0, Bytes::len);
                left = left.checked_sub(length)?;
                read += length;
            }
            Some(())
        };
        if !matches!(timeout(pace_time, block).await, Ok(Some(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BODY_MAX, Duration, PACE, PACE_TIME, drain, takes_file};
    use bytes::Bytes;
    use hyper::body::{Body, Frame};
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    const FRAME: usize = 8 << 10;

    /// Bytes of frames that are alive, their maximum, and the number of frames.
    #[derive(Default)]
    struct Count {
        held: AtomicUsize,
        most_held: AtomicUsize,
        frames: AtomicUsize,
    }

    /// The bytes of a frame, counted while they are alive.
    struct CountedBytes(Vec<u8>, Arc<Count>);

    impl AsRef<[u8]> for CountedBytes {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for CountedBytes {
        fn drop(&mut self) {
            self.1.held.fetch_sub(self.0.len(), Ordering::Relaxed);
        }
    }

    /// A body of this many frames; then it ends, or stays silent.
    struct Frames(usize, bool, Arc<Count>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.0 == 0 {
                return if self.1 { Poll::Ready(None) } else { Poll::Pending };
            }
            self.0 -= 1;
            let count = self.2.clone();
            let held = count.held.fetch_add(FRAME, Ordering::Relaxed) + FRAME;
            count.most_held.fetch_max(held, Ordering::Relaxed);
            count.frames.fetch_add(1, Ordering::Relaxed);
            let bytes = Bytes::from_owner(CountedBytes(vec![0; FRAME], count));
            Poll::Ready(Some(Ok(Frame::data(bytes))))
        }
    }

    #[tokio::test]
    async fn a_refused_body_is_dropped_frame_by_frame() {
        let count = Arc::new(Count::default());
        drain(Frames(1_000, true, count.clone()), 1_000 * FRAME, PACE_TIME).await;
        assert_eq!(count.frames.load(Ordering::Relaxed), 1_000, "read to its end");
        assert_eq!(count.most_held.load(Ordering::Relaxed), FRAME, "one frame is held at a time");
    }

    #[tokio::test]
    async fn a_longer_body_is_given_up() {
        let count = Arc::new(Count::default());
        drain(Frames(1_000, true, count.clone()), BODY_MAX, PACE_TIME).await;
        assert_eq!(count.frames.load(Ordering::Relaxed), BODY_MAX / FRAME + 1);
    }

    #[tokio::test]
    async fn a_body_below_the_least_pace_is_given_up() {
        let count = Arc::new(Count::default());
        drain(Frames(PACE / FRAME + 1, false, count.clone()), BODY_MAX, Duration::ZERO).await;
        assert_eq!(count.frames.load(Ordering::Relaxed), PACE / FRAME + 1);
    }

    #[test]
    fn only_routes_that_take_files_take_large_bodies() {
        for path in [
            "/customservice/kfaccount/uploadheadimg",
            "/cgi-bin/media/upload",
            "/desk/api/image",
            "/chat/api/wx0123456789abcdef/image",
        ] {
            assert!(takes_file(path), "{path}");
        }
        for path in ["/nowhere", "/cgi-bin/message/custom/send", "/desk/api/login", "/chat/api/wx0/message"] {
            assert!(!takes_file(path), "{path}");
        }
    }
}
