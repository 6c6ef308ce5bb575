//! Ends of pushes whose answers do nothing. Each record of them is a commit, so those that come within a short time are
//! recorded together.

use super::pending::Pending;
use crate::desk::callback::Finished;
use model::callback::PARALLEL;
use std::time::Duration;
use tokio::time::Instant;

/// How long an end waits for others to be recorded with it.
const WAIT: Duration = Duration::from_millis(20);
/// How long it waits if the customer's next push waits for its record.
const AWAITED: Duration = Duration::from_millis(2);

/// Pushes that have ended and are not recorded.
#[derive(Default)]
pub(super) struct Ended {
    pushes: Vec<Finished>,
    /// When the first of them ended.
    first: Option<Instant>,
    /// Whether the next push of one of their customers waits.
    is_awaited: bool,
    /// Whether earlier ones are being recorded.
    is_recording: bool,
}

impl Ended {
    pub(super) fn add(&mut self, finished: Finished, pending: &Pending, now: Instant) {
        self.first.get_or_insert(now);
        self.is_awaited |= pending.has_waiting(&finished.push.openid);
        self.pushes.push(finished);
    }

    /// Looks whether pushes that were read wait for one of them.
    pub(super) fn look_at(&mut self, pending: &Pending) {
        self.is_awaited = self.pushes.iter().any(|it| pending.has_waiting(&it.push.openid));
    }

    /// When they are to be recorded; `None` if there are none, or while earlier ones are being recorded.
    pub(super) fn due(&self) -> Option<Instant> {
        let first = self.first.filter(|_| !self.is_recording)?;
        Some(match self.is_awaited {
            _ if self.pushes.len() >= PARALLEL => first,
            true => first + AWAITED,
            false => first + WAIT,
        })
    }

    /// Those that are to be recorded now.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Finished> {
        if self.due().is_none_or(|due| due > now) {
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
        (self.first, self.is_awaited) = (None, false);
        std::mem::take(&mut self.pushes)
    }
}

#[cfg(test)]
mod tests {
    use super::{AWAITED, Ended, Instant, WAIT};
    use crate::callback::delivery::pending::{Pending, push};
    use crate::desk::callback::{Finished, Outcome};
    use model::callback::PARALLEL;
    use protocol::callback::Reply;

    fn finished(seq: i64, customer: i64) -> Finished {
        let (outcome, reply) = (Outcome::Taken, Reply::Nothing);
        Finished { push: push(seq, customer), outcome, tries: Vec::new(), fault: String::new(), reply }
    }

    fn due(ended: &mut Ended, now: Instant) -> Vec<i64> {
        ended.take_due(now).iter().map(|it| it.push.id.seq).collect()
    }

    #[test]
    fn ends_for_which_no_push_waits_are_recorded_together_after_a_while() {
        let (mut ended, pending, begun) = (Ended::default(), Pending::default(), Instant::now());
        assert_eq!(ended.due(), None);
        ended.add(finished(1, 1), &pending, begun);
        ended.add(finished(2, 2), &pending, begun + WAIT / 2);
        assert_eq!(due(&mut ended, begun + WAIT / 2), [0; 0]);
        assert_eq!(ended.due(), Some(begun + WAIT));
        assert_eq!(due(&mut ended, begun + WAIT), [1, 2]);
        ended.add(finished(3, 3), &pending, begun + WAIT);
        assert_eq!(ended.due(), None, "the ones before are being recorded");
        assert_eq!(due(&mut ended, begun + 3 * WAIT), [0; 0]);
        ended.recorded();
        assert_eq!(due(&mut ended, begun + 3 * WAIT), [3]);
    }

    #[test]
    fn ends_are_recorded_soon_when_a_push_waits_and_at_once_when_they_are_many() {
        let (mut ended, mut pending, now) = (Ended::default(), Pending::default(), Instant::now());
        pending.add(push(1, 1));
        pending.start_next();
        ended.add(finished(1, 1), &pending, now);
        assert_eq!(ended.due(), Some(now + WAIT));
        pending.add(push(2, 1));
        ended.look_at(&pending);
        assert_eq!(ended.due(), Some(now + AWAITED));
        ended.add(finished(3, 3), &pending, now);
        assert_eq!(due(&mut ended, now + AWAITED), [1, 3]);
        ended.recorded();
        ended.add(finished(1, 1), &pending, now);
        assert_eq!(ended.due(), Some(now + AWAITED));
        for seq in 10..9 + PARALLEL as i64 {
            assert_eq!(due(&mut ended, now), [0; 0]);
            ended.add(finished(seq, seq), &pending, now);
        }
        assert_eq!(due(&mut ended, now).len(), PARALLEL);
        assert_eq!(ended.due(), None);
    }
}
