//! Records how pushes ended. Ends whose answers do nothing are recorded together: those that came while the ones before
//! them were being recorded.

use crate::callback::target::Target;
use crate::desk::callback::{Finished, PushId, PushLease, outcome};
use crate::error::{Error, OutageLog};
use model::Openid;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait after the store has failed.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// The change up to which all pushes are done once these are, of those that are open and were read up to `read`.
pub(super) fn done_upto(open: &BTreeSet<PushId>, these: &[PushId], read: i64) -> i64 {
    let lowest = open.iter().find(|open| !these.contains(open));
    lowest.map_or(read, |open| read.min(open.seq - 1))
}

/// What a task has done.
pub(super) enum Step {
    /// A push has ended, and its answer does nothing.
    Ended(Box<Finished>),
    /// A push has ended, its answer has acted, and its end is recorded.
    Acted(Recorded),
    /// The ends of pushes are recorded.
    Recorded(Recorded),
}

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
    pub(super) async fn all(self, ended: Arc<[Finished]>) -> Step {
        let pushes = ended.iter().map(|it| (it.push.id, it.push.openid.clone())).collect();
        let (desk, appid) = (&self.target.app.desk, &self.target.appid);
        let record = || outcome::record_all(desk, appid, self.lease, ended.clone(), self.upto);
        Step::Recorded(self.repeat(pushes, record).await)
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

#[cfg(test)]
mod tests {
    use super::{PushId, done_upto};
    use std::collections::BTreeSet;

    #[test]
    fn the_cursor_passes_no_push_that_is_open_or_was_not_read() {
        let id = |seq| PushId { seq, fact: 0 };
        let open = BTreeSet::from([id(3), id(5), id(9)]);
        assert_eq!(done_upto(&open, &[id(3)], 20), 4);
        assert_eq!(done_upto(&open, &[id(5)], 20), 2);
        assert_eq!(done_upto(&open, &[id(5), id(3)], 20), 8);
        assert_eq!(done_upto(&open, &[id(3), id(5)], 6), 6, "9 was read before the delivery started over");
        assert_eq!(done_upto(&open, &[id(3), id(5), id(9)], 20), 20);
    }
}
