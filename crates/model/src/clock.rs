//! Clocks that were ahead and were set back, and clocks of several nodes that differ.

use crate::{MINUTE, SECOND, Time};

/// How far stamps may be ahead of a clock that is right: nodes' clocks differ a little.
pub const TOLERANCE: Time = MINUTE;
/// How far the clocks of two nodes may be apart before people notice.
pub const APART: Time = 2 * SECOND;
/// A clock that shows less was not set since its machine started: 2026-01-01.
pub const EARLIEST: Time = 1_767_225_600_000;

/// How long a clock runs on after it went back until it is believed: it may have gone back by mistake, and return.
pub const SETTLED: Time = 30 * SECOND;

/// By how much a clock was set back that now shows `now`, and has not gone back since `since`. `latest` is the latest
/// time that clocks have shown, `others` what the furthest clock of the other living nodes shows. `None` while it
/// cannot be told which time is wrong: the clock went back a moment ago, or was not set yet, or a living node's shows
/// the other.
#[must_use]
pub fn fall(now: Time, since: Time, latest: Time, others: Time) -> Option<Time> {
    let is_right = now >= EARLIEST && now - since >= SETTLED && others <= now + TOLERANCE;
    (is_right && latest > now + TOLERANCE).then(|| latest - since.max(now - TOLERANCE))
}

/// How far another node's clock is ahead of this one, if that is more than people notice; less than zero when it is
/// behind.
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
