//! Lets a call run to its end when its caller hangs up.
//!
//! hyper drops the future of a request when its connection closes, at whatever point the future is. A handler that is
//! dropped between its commit and what follows it (keeping a file, invalidating a cache) would leave half of its work.
//! Therefore a call whose body is complete continues as a task of its own. A call that still reads its body has changed
//! nothing, and is dropped.

use super::limit::OpenConnection;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A call on a connection. It occupies the connection's slot until it has ended, so that hanging up frees no slot for
/// more calls.
pub(super) struct DetachableCall<F: Future + Send + 'static> {
    running: Option<Pin<Box<F>>>,
    open_connection: Arc<OpenConnection>,
}

impl<F: Future + Send + 'static> DetachableCall<F> {
    /// Wraps a call that arrived on `open_connection`.
    pub(super) fn new(call: F, open_connection: Arc<OpenConnection>) -> Self {
        DetachableCall { running: Some(Box::pin(call)), open_connection }
    }
}

impl<F: Future + Send + 'static> Future for DetachableCall<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(running) = self.running.as_mut() else { return Poll::Pending };
        let polled = running.as_mut().poll(cx);
        if polled.is_ready() {
            self.running = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for DetachableCall<F> {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        // Without a runtime the process is ending.
        let (true, Ok(runtime)) =
            (self.open_connection.state.is_running(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let open_connection = self.open_connection.clone();
        self.open_connection.limit.tasks.spawn_on(
            async move {
                let _ = running.await;
                drop(open_connection);
            },
            &runtime,
        );
    }
}
