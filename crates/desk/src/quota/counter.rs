//! The counter of one endpoint for one owner, and what this node knows of its row in the store.

use model::Time;
use model::account::quota;
use protocol::Errcode;
use protocol::quota::Quota;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Counts the calls of an endpoint for an owner. Each call locks it for a few instructions.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) owner: Arc<str>,
    pub(super) path: &'static str,
    /// The owner's next counter.
    pub(super) next: OnceLock<Arc<Counter>>,
    calls: Mutex<Calls>,
}

/// The calls of a day.
#[derive(Default)]
struct Calls {
    day: u32,
    /// Calls that this node has admitted.
    admitted: i64,
    /// How many of `admitted` the row contains.
    reported: i64,
    /// What the row counts beyond `reported`. Negative if the row was cleared since.
    elsewhere: i64,
    minute: u32,
    /// Calls that this node has admitted in the minute: the account's own, and those of components.
    of_minute: [i64; 2],
    /// Whether the counter waits for the next round.
    is_queued: bool,
}

/// Calls that a row does not contain yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreported {
    pub(super) owner: Arc<str>,
    pub(super) path: &'static str,
    pub(super) day: u32,
    pub(super) calls: i64,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The limit to compare with. 0 means no limit.
fn limit(calls: u32) -> i64 {
    if calls == 0 { i64::MAX } else { calls.into() }
}

impl Calls {
    /// Counts a call.
    ///
    /// # Errors
    /// 45009 if the day's quota is used up, 45011 if the minute's is.
    fn count(&mut self, is_component: bool, quota: Quota) -> Result<(), Errcode> {
        if self.elsewhere + self.admitted >= limit(quota.daily) {
            return Err(Errcode::DailyQuota);
        }
        let of_minute = &mut self.of_minute[usize::from(is_component)];
        if *of_minute >= limit(quota.per_minute) {
            return Err(Errcode::MinuteQuota);
        }
        *of_minute += 1;
        self.admitted += 1;
        Ok(())
    }

    fn mark_queued(&mut self) -> bool {
        !std::mem::replace(&mut self.is_queued, true)
    }
}

impl Counter {
    pub(super) fn new(owner: Arc<str>, path: &'static str) -> Self {
        Counter { owner, path, ..Counter::default() }
    }

    /// Locks the calls, after starting the minute and the day of `now`.
    fn at(&self, now: Time) -> MutexGuard<'_, Calls> {
        let mut calls = lock(&self.calls);
        let minute = quota::minute(now);
        // A call that began in the minute before counts in this one.
        if calls.minute.wrapping_sub(minute) > 1 {
            let day = quota::day(now);
            if calls.day != day {
                *calls = Calls { day, is_queued: calls.is_queued, ..Calls::default() };
            }
            (calls.minute, calls.of_minute) = (minute, [0; 2]);
        }
        calls
    }

    /// Counts a call, unless a quota is used up: 45009 the day's, 45011 the minute's. Also returns whether the caller
    /// has to queue the counter, which is then marked as waiting for the next round.
    pub(super) fn count(&self, is_component: bool, quota: Quota, now: Time) -> (Result<(), Errcode>, bool) {
        let mut calls = self.at(now);
        let counted = calls.count(is_component, quota);
        // After a refusal for the day the counter is synchronized too, because another node may have cleared the row.
        let has_news = counted != Err(Errcode::MinuteQuota);
        (counted, has_news && calls.mark_queued())
    }

    /// The calls of the day on all nodes, as far as this node knows.
    pub(super) fn used(&self, now: Time) -> u32 {
        let calls = self.at(now);
        u32::try_from((calls.elsewhere + calls.admitted).max(0)).unwrap_or(u32::MAX)
    }

    /// Marks the counter as waiting for the next round. Returns `false` if it waits already.
    pub(super) fn mark_queued(&self) -> bool {
        lock(&self.calls).mark_queued()
    }

    /// The calls that the row lacks. Further calls queue the counter again. Calls of an earlier day are dropped.
    pub(super) fn unreported(&self, now: Time) -> Unreported {
        let mut calls = self.at(now);
        calls.is_queued = false;
        let lacking = calls.admitted - calls.reported;
        Unreported { owner: self.owner.clone(), path: self.path, day: calls.day, calls: lacking }
    }

    /// Records that the row now contains `calls` more and counts `used` calls of the day.
    pub(super) fn learn(&self, day: u32, calls: i64, used: i64) {
        let mut known = lock(&self.calls);
        if known.day == day {
            known.reported += calls;
            known.elsewhere = used - known.reported;
        }
    }

    /// Records that the row counts `used` calls of the day.
    pub(super) fn refresh(&self, now: Time, used: i64) {
        drop(self.at(now));
        self.learn(quota::day(now), 0, used);
    }

    /// Records that the row has been cleared.
    pub(super) fn forget(&self) {
        let mut calls = lock(&self.calls);
        calls.reported = calls.admitted;
        calls.elsewhere = -calls.reported;
    }

    /// Whether dropping the counter would lose something: unreported calls, or the calls of the current minute.
    pub(super) fn is_in_use(&self, now: Time) -> bool {
        let calls = lock(&self.calls);
        calls.is_queued || calls.minute >= quota::minute(now)
    }
}
