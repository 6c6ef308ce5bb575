//! Visits of customers at accounts where entering the customer page counts. A visit lasts while a stream is open.

use crate::desk::{Desk, window};
use model::session::window::{Action, VISIT, can};
use model::{Appid, Openid};
use protocol::AccountKind;

/// A customer's open stream, at an account whose customers enter. The store records the customer's presence when the
/// stream opens, at intervals, and when it ends, so that another node, or this one after a restart, knows the visit.
pub struct Visit(Option<VisitRecorder>);

struct VisitRecorder {
    desk: Desk,
    appid: Appid,
    openid: Openid,
}

impl Visit {
    /// Begins the visit with a stream at an account of this kind.
    pub async fn begin(desk: &Desk, appid: &Appid, openid: &Openid, kind: AccountKind) -> Self {
        if !can(Action::Enter, kind) {
            return Visit(None);
        }
        let recorder = VisitRecorder { desk: desk.clone(), appid: appid.clone(), openid: openid.clone() };
        recorder.record().await;
        Visit(Some(recorder))
    }

    /// Records the customer's presence at intervals while it is polled.
    pub async fn last(self) {
        let Some(recorder) = &self.0 else { return std::future::pending().await };
        loop {
            let next = recorder.desk.now() + VISIT / 2;
            recorder.desk.clock().sleep_until(next).await;
            recorder.record().await;
        }
    }
}

impl VisitRecorder {
    async fn record(&self) {
        if let Err(error) = window::record_visit(&self.desk, &self.appid, &self.openid).await {
            // The visit may then count as two, which is no reason to end the stream.
            tracing::warn!(%error, "it was not noted that a customer is there");
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(recorder) = self.0.take() {
            tokio::spawn(async move { recorder.record().await });
        }
    }
}
