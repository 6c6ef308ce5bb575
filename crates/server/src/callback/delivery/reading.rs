//! How far an account's feed has been read, and the settings with it.

use crate::desk::callback::PushesAfter;
use std::time::Duration;

/// How long settings are used while nothing is announced.
const SETTINGS: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Reading {
    /// The last change that was read; `None` before anything is read.
    pub(super) upto: Option<i64>,
    /// How often the feed has been begun at the cursor. What was begun before still finds something, which does not
    /// count.
    number: u64,
    /// Whether a read is under way.
    is_under_way: bool,
    /// Whether there are more changes to read: after a start none of them is announced.
    has_more: bool,
    /// When the settings were read, by the monotonic clock.
    settings_at: Option<Duration>,
}

impl Reading {
    /// Whether the feed has more than was read. The last change that was announced is `woken`.
    pub(super) fn is_behind(&self, woken: i64) -> bool {
        self.has_more || self.upto.is_none_or(|upto| upto < woken)
    }

    /// Whether the settings have to be read again.
    pub(super) fn is_old(&self, now: Duration) -> bool {
        self.settings_at.is_none_or(|at| at + SETTINGS <= now)
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// Whether a read is under way or must follow.
    pub(super) fn is_busy(&self) -> bool {
        self.is_under_way || self.has_more
    }

    /// Begins a read. Returns its number.
    pub(super) fn begin(&mut self) -> u64 {
        self.is_under_way = true;
        self.number
    }

    /// A read has failed.
    pub(super) fn failed(&mut self) {
        self.is_under_way = false;
    }

    /// A read has ended, which had the settings of now.
    pub(super) fn ended(&mut self, now: Duration) {
        self.is_under_way = false;
        self.settings_at = Some(now);
    }

    /// Takes what the read with this number has found; `false` if the feed was begun again meanwhile.
    pub(super) fn take(&mut self, number: u64, found: &PushesAfter) -> bool {
        let counts = number == self.number;
        if counts {
            (self.has_more, self.upto) = (found.more, Some(found.upto));
        }
        counts
    }

    /// Begins the feed at the cursor again.
    pub(super) fn start_over(&mut self) {
        (self.upto, self.has_more) = (None, false);
        self.number += 1;
    }
}
