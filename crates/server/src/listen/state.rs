//! The state of one connection, as the connection limit sees it.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::sync::Notify;

/// No request has begun since the connection was opened or the last answer ended.
const IDLE: u8 = 0;
/// A request has arrived and its body is being read: no verb has run.
const READING: u8 = 1;
/// A handler runs that has the body, or needs no more of it.
const RUNNING: u8 = 2;
/// An answer is being sent. A stream stays in this phase as long as it is open.
const ANSWERING: u8 = 3;
/// The connection was cut for another network.
const CUT: u8 = 4;

/// A connection's number, network and phase.
pub(super) struct ConnectionState {
    /// Later connections have larger numbers.
    pub(super) number: u64,
    /// `None` for a trusted proxy, which many people share.
    pub(super) network: Option<IpAddr>,
    phase: AtomicU8,
    has_slot: AtomicBool,
    cut: Notify,
}

impl ConnectionState {
    pub(super) fn new(number: u64, network: Option<IpAddr>) -> Arc<Self> {
        Arc::new(ConnectionState {
            number,
            network,
            phase: AtomicU8::new(IDLE),
            has_slot: AtomicBool::new(false),
            cut: Notify::new(),
        })
    }

    /// Whether the connection has a slot.
    pub(super) fn has_slot(&self) -> bool {
        self.has_slot.load(Ordering::Acquire)
    }

    pub(super) fn take_slot(&self) {
        self.has_slot.store(true, Ordering::Release);
    }

    /// A request begins. Returns `false` when the connection was cut just before.
    pub(super) fn begin(&self, with_body: bool) -> bool {
        let next = if with_body { READING } else { RUNNING };
        self.phase
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now != CUT).then_some(next))
            .is_ok()
    }

    /// The body of the request was read, as far as the handler needs it.
    pub(super) fn body_was_read(&self) {
        self.step(READING, RUNNING);
    }

    /// Whether a handler runs that has the whole body.
    pub(super) fn is_running(&self) -> bool {
        self.phase.load(Ordering::Acquire) == RUNNING
    }

    /// The handler has returned the answer.
    fn answer_began(&self) {
        self.step(READING, ANSWERING);
        self.step(RUNNING, ANSWERING);
    }

    /// The answer was sent.
    fn answer_ended(&self) {
        self.step(ANSWERING, IDLE);
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.phase.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Cuts the connection if it is idle. Returns whether it was cut.
    pub(super) fn cut_idle(&self) -> bool {
        let is_cut = self.step(IDLE, CUT);
        if is_cut {
            self.cut.notify_one();
        }
        is_cut
    }

    /// Cuts the connection unless a handler runs: the request was answered or has changed nothing. Returns whether it
    /// was cut.
    pub(super) fn cut(&self) -> bool {
        let is_cut = self.step(IDLE, CUT) || self.step(READING, CUT) || self.step(ANSWERING, CUT);
        if is_cut {
            self.cut.notify_one();
        }
        is_cut
    }

    /// Waits until the connection is cut.
    pub(super) async fn until_cut(&self) {
        self.cut.notified().await;
    }
}

/// The body of an answer, which reports its end to the connection's state.
pub(super) struct ResponseBody<B> {
    body: B,
    state: Arc<ConnectionState>,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, state: Arc<ConnectionState>) -> Self {
        state.answer_began();
        ResponseBody { body, state }
    }
}

impl<B> Drop for ResponseBody<B> {
    fn drop(&mut self) {
        self.state.answer_ended();
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
