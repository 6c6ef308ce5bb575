//! The counter of one endpoint for one owner: a word that every call adds to, and what is known of the row in the
//! store.

use model::Time;
use model::account::quota;
use protocol::Errcode;
use protocol::quota::Quota;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the calls of an endpoint for an owner. Only `told` is locked, for a few instructions once a minute or second.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) owner: Arc<str>,
    pub(super) path: &'static str,
    /// Calls of the day that were admitted here: the owner's own in the lower half, platforms' in the upper.
    admitted: AtomicU64,
    /// What the row counts beyond the calls it was told by this node; negative when it has forgotten some of those.
    elsewhere: AtomicI64,
    /// The minute, and `admitted` when it began.
    minute: AtomicU32,
    before_minute: AtomicU64,
    /// Whether the counter waits for the next round.
    is_queued: AtomicBool,
    reported: Mutex<Reported>,
}

/// The day, and how many of its calls that were admitted here the row has.
#[derive(Default)]
struct Reported {
    day: u32,
    calls: i64,
}

/// What a row is to be reported.
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

/// One half of a word of two counts.
fn half(calls: u64, shift: u32) -> i64 {
    i64::from((calls >> shift) as u32)
}

fn sum(calls: u64) -> i64 {
    half(calls, 0) + half(calls, 32)
}

/// No limit is one that no count reaches.
fn limit(calls: u32) -> i64 {
    if calls == 0 { i64::MAX } else { calls.into() }
}

impl Counter {
    pub(super) fn new(owner: Arc<str>, path: &'static str) -> Self {
        Counter { owner, path, ..Counter::default() }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// 45009, 45011.
    pub(super) fn count(&self, is_platform: bool, quota: Quota, now: Time) -> Result<(), Errcode> {
        self.begin_minute(now);
        let shift = if is_platform { 32 } else { 0 };
        let mut refusal = Errcode::DailyQuota;
        let admit = |admitted: u64| {
            if self.elsewhere.load(SeqCst) + sum(admitted) >= limit(quota.daily) {
                refusal = Errcode::DailyQuota;
                return None;
            }
            refusal = Errcode::MinuteQuota;
            let of_minute = half(admitted, shift) - half(self.before_minute.load(SeqCst), shift);
            // A count that is full stays so: only where there is no limit it gets there.
            let one = u64::from(half(admitted, shift) < i64::from(u32::MAX)) << shift;
            (of_minute < limit(quota.per_minute)).then_some(admitted + one)
        };
        self.admitted.fetch_update(SeqCst, SeqCst, admit).map(|_| ()).map_err(|_| refusal)
    }

    /// Begins the minute of this call, and its day. A call may have begun in the minute before: it counts in this one.
    pub(super) fn begin_minute(&self, now: Time) {
        let minute = quota::minute(now);
        let has_begun = || self.minute.load(SeqCst).wrapping_sub(minute) <= 1;
        if has_begun() {
            return;
        }
        let mut reported = lock(&self.reported);
        if has_begun() {
            return;
        }
        let day = quota::day(now);
        if reported.day != day {
            *reported = Reported { day, calls: 0 };
            self.admitted.store(0, SeqCst);
            self.elsewhere.store(0, SeqCst);
        }
        self.before_minute.store(self.admitted.load(SeqCst), SeqCst);
        self.minute.store(minute, SeqCst);
    }

    /// Calls of the day, as far as is known here.
    pub(super) fn used(&self, now: Time) -> u32 {
        self.begin_minute(now);
        let used = self.elsewhere.load(SeqCst) + sum(self.admitted.load(SeqCst));
        u32::try_from(used.max(0)).unwrap_or(u32::MAX)
    }

    /// Whether the counter has to be queued now.
    pub(super) fn mark_queued(&self) -> bool {
        !self.is_queued.load(SeqCst) && !self.is_queued.swap(true, SeqCst)
    }

    /// What the row lacks. A call from here on queues the counter again. Of a day that is over nothing is unreported.
    pub(super) fn unreported(&self, now: Time) -> Unreported {
        self.begin_minute(now);
        self.is_queued.store(false, SeqCst);
        let reported = lock(&self.reported);
        let calls = sum(self.admitted.load(SeqCst)) - reported.calls;
        Unreported { owner: self.owner.clone(), path: self.path, day: reported.day, calls }
    }

    /// The row has these calls too, and counts so many of the day.
    pub(super) fn learn(&self, day: u32, calls: i64, used: i64) {
        let mut reported = lock(&self.reported);
        if reported.day == day {
            reported.calls += calls;
            self.elsewhere.store(used - reported.calls, SeqCst);
        }
    }

    /// The row has forgotten all calls, and so does this.
    pub(super) fn forget(&self) {
        let mut reported = lock(&self.reported);
        reported.calls = sum(self.admitted.load(SeqCst));
        self.elsewhere.store(-reported.calls, SeqCst);
    }

    /// Whether something depends on this: calls that were not reported, or the limit of the minute.
    pub(super) fn is_in_use(&self, now: Time) -> bool {
        self.is_queued.load(SeqCst) || self.minute.load(SeqCst) >= quota::minute(now)
    }
}
