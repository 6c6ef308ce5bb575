//! Ends of pushes whose answers do nothing. They are recorded together, because each record is a commit: at once if the
//! next push of one of their customers waits for it, otherwise when some time has passed, or when they are many.

use super::pending::Pending;
use crate::desk::callback::Finished;
use model::callback::PARALLEL;
use std::time::Duration;
use tokio::time::Instant;

/// How long an end waits for others to be recorded with it.
const WAIT: Duration = Duration::from_millis(20);

/// Pushes that have ended and are not recorded.
#[derive(Default)]
pub(super) struct Ended {
    pushes: Vec<Finished>,
    /// When they are recorded at the latest; `None` without any.
    due: Option<Instant>,
    /// Whether earlier ones are being recorded.
    is_recording: bool,
}

impl Ended {
    pub(super) fn add(&mut self, finished: Finished, now: Instant) {
        self.due.get_or_insert(now + WAIT);
        self.pushes.push(finished);
    }

    /// Those that are to be recorded now; empty if there are none, or others are being recorded.
    pub(super) fn take_due(&mut self, pending: &Pending, now: Instant) -> Vec<Finished> {
        let is_awaited = |it: &Finished| pending.has_waiting(&it.push.openid);
        let is_due = self.pushes.len() >= PARALLEL
            || self.due.is_some_and(|due| due <= now)
            || self.pushes.iter().any(is_awaited);
        if self.is_recording || !is_due {
            return Vec::new();
        }
        self.is_recording = true;
        self.forget()
    }

    /// The record of those that were taken has ended.
    pub(super) fn recorded(&mut self) {
        self.is_recording = false;
    }

    /// All that are not being recorded, which are forgotten then.
    pub(super) fn forget(&mut self) -> Vec<Finished> {
        self.due = None;
        std::mem::take(&mut self.pushes)
    }

    /// When some are to be recorded because time has passed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.is_recording)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, Instant, WAIT};
    use crate::callback::delivery::pending::{Pending, tests::push};
    use crate::desk::callback::{Finished, Outcome};
    use model::callback::PARALLEL;
    use protocol::callback::Reply;

    fn finished(seq: i64, customer: i64) -> Finished {
        let (outcome, reply) = (Outcome::Taken, Reply::Nothing);
        Finished { push: push(seq, customer), outcome, tries: Vec::new(), fault: String::new(), reply }
    }

    fn due(ended: &mut Ended, pending: &Pending, now: Instant) -> Vec<i64> {
        ended.take_due(pending, now).iter().map(|it| it.push.id.seq).collect()
    }

    #[test]
    fn ends_for_which_no_push_waits_are_recorded_together_after_a_while() {
        let (mut ended, pending, begun) = (Ended::default(), Pending::default(), Instant::now());
        assert_eq!(ended.due(), None);
        ended.add(finished(1, 1), begun);
        ended.add(finished(2, 2), begun + WAIT / 2);
        assert_eq!(due(&mut ended, &pending, begun + WAIT / 2), [0; 0]);
        assert_eq!(ended.due(), Some(begun + WAIT));
        assert_eq!(due(&mut ended, &pending, begun + WAIT), [1, 2]);
        ended.add(finished(3, 3), begun + WAIT);
        assert_eq!(ended.due(), None, "the ones before are being recorded");
        assert_eq!(due(&mut ended, &pending, begun + 3 * WAIT), [0; 0]);
        ended.recorded();
        assert_eq!(due(&mut ended, &pending, begun + 3 * WAIT), [3]);
    }

    #[test]
    fn ends_are_recorded_at_once_when_a_push_waits_or_when_they_are_many() {
        let (mut ended, mut pending, now) = (Ended::default(), Pending::default(), Instant::now());
        pending.add(push(1, 1));
        pending.start_next();
        pending.called();
        ended.add(finished(1, 1), now);
        assert_eq!(due(&mut ended, &pending, now), [0; 0]);
        pending.add(push(2, 1));
        assert_eq!(due(&mut ended, &pending, now), [1]);
        ended.recorded();
        for seq in 10..10 + PARALLEL as i64 {
            assert_eq!(due(&mut ended, &pending, now), [0; 0]);
            ended.add(finished(seq, seq), now);
        }
        assert_eq!(due(&mut ended, &pending, now).len(), PARALLEL);
    }
}
