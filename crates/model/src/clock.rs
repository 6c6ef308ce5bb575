//! Wrong clocks: one that was ahead and was set back, and clocks of several nodes that differ.

use crate::{MINUTE, SECOND, Time};

/// How far a stored time may be ahead of a right clock, milliseconds, because the clocks of nodes differ a little.
pub const TOLERANCE: Time = MINUTE;
/// How far the clocks of two nodes may differ before people notice, milliseconds.
pub const APART: Time = 2 * SECOND;
/// 2026-01-01. A clock that shows an earlier time was not set since its machine started.
pub const EARLIEST: Time = 1_767_225_600_000;

/// How long a clock must run after it was set back until it counts as right, milliseconds: it may have been set back by
/// mistake, and return.
pub const SETTLED: Time = 30 * SECOND;

/// By how many milliseconds a clock was set back. It shows `now`, and has run without a step back since `since`;
/// `latest` is the latest time that any clock has shown, `others` the latest time that another living node shows.
/// `None` if it was not set back, or while it is unknown which time is wrong: the step back was a moment ago, the clock
/// is not set yet, or another living node still shows the later time.
#[must_use]
pub fn fall(now: Time, since: Time, latest: Time, others: Time) -> Option<Time> {
    let is_right = now >= EARLIEST && now - since >= SETTLED && others <= now + TOLERANCE;
    (is_right && latest > now + TOLERANCE).then(|| latest - since.max(now - TOLERANCE))
}

/// How far another node's clock is ahead of this one, milliseconds, negative if it is behind; `None` if the
/// difference is too small to notice.
#[must_use]
pub fn apart(theirs: Time, now: Time) -> Option<Time> {
    let ms = theirs - now;
    (ms.abs() > APART).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::{APART, EARLIEST, SETTLED, TOLERANCE, apart, fall};
    use crate::{HOUR, MINUTE};

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn a_clock_fell_when_another_time_was_shown_before_and_nobody_shows_it_any_more() {
        let (now, ahead) = (NOW + SETTLED, NOW + DAY);
        assert_eq!(fall(now, NOW, ahead, 0), Some(DAY));
        assert_eq!(fall(now - 1, NOW, ahead, 0), None, "a moment ago");
        assert_eq!(fall(now, NOW, ahead, now + TOLERANCE), Some(DAY));
        assert_eq!(fall(now, NOW, ahead, now + TOLERANCE + 1), None, "another node still shows it");
        assert_eq!(fall(NOW, 0, ahead, 0), Some(DAY + TOLERANCE), "another node's clock was set back");
        assert_eq!(fall(now, NOW, now + MINUTE, 0), None, "two nodes may differ by that");
        assert_eq!(fall(now, NOW, NOW - DAY, 0), None);
        assert_eq!(fall(EARLIEST - 1, 0, NOW, 0), None, "a clock that was not set");
        assert_eq!(EARLIEST, 20_454 * DAY);
    }

    #[test]
    fn clocks_are_apart_when_people_could_notice() {
        assert_eq!((apart(NOW + APART, NOW), apart(NOW, NOW + APART)), (None, None));
        assert_eq!((apart(NOW + 2_001, NOW), apart(NOW, NOW + 30_000)), (Some(2_001), Some(-30_000)));
    }
}
