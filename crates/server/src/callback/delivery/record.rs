//! Records how pushes ended. Ends whose answers do nothing are recorded together: those that came while the ones before
//! them were being recorded.

use crate::callback::target::Target;
use crate::desk::callback::{Finished, PushId, PushLease, outcome};
use crate::error::{Error, OutageLog};
use model::Openid;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait after the store has failed.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// Pushes whose ends were recorded together.
pub(super) struct Recorded {
    pub(super) pushes: Vec<(PushId, Openid)>,
    pub(super) lease: PushLease,
    /// The change up to which all pushes are done.
    pub(super) upto: i64,
    /// Whether the ends are recorded: not if another node delivers by now.
    pub(super) is_recorded: bool,
}

/// Records ends of pushes.
pub(super) struct Record {
    pub(super) target: Arc<Target>,
    pub(super) lease: PushLease,
    /// The change up to which all pushes are done then.
    pub(super) upto: i64,
    pub(super) outages: Arc<OutageLog>,
}

impl Record {
    /// Records the end of a push whose answer acts.
    pub(super) async fn one(self, finished: Finished) -> Recorded {
        let pushes = vec![(finished.push.id, finished.push.openid.clone())];
        let (desk, appid) = (&self.target.app.desk, &self.target.appid);
        self.repeat(pushes, || outcome::finish(desk, appid, self.lease, finished.clone(), self.upto)).await
    }

    /// Records the ends of pushes whose answers do nothing.
    pub(super) async fn all(self, ended: Arc<[Finished]>) -> Recorded {
        let pushes = ended.iter().map(|it| (it.push.id, it.push.openid.clone())).collect();
        let (desk, appid) = (&self.target.app.desk, &self.target.appid);
        let record = || outcome::record_all(desk, appid, self.lease, ended.clone(), self.upto);
        self.repeat(pushes, record).await
    }

    /// The same once, whether it succeeds or not: pushes that are not recorded are repeated.
    pub(super) async fn once(self, ended: Arc<[Finished]>) {
        let (desk, appid) = (&self.target.app.desk, &self.target.appid);
        let recorded = outcome::record_all(desk, appid, self.lease, ended, self.upto).await;
        // The log has the failure.
        let _ = self.outages.record(recorded);
    }

    /// Repeats the record only until it succeeds: the developer's server has the pushes.
    async fn repeat<F: Future<Output = Result<bool, Error>>>(
        &self,
        pushes: Vec<(PushId, Openid)>,
        record: impl Fn() -> F,
    ) -> Recorded {
        let is_recorded = loop {
            if let Ok(is_recorded) = self.outages.record(record().await) {
                break is_recorded;
            }
            tokio::time::sleep(RETRY).await;
        };
        Recorded { pushes, lease: self.lease, upto: self.upto, is_recorded }
    }
}
