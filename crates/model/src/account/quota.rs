//! The periods of quotas: days, minutes and months, in Beijing's time.

use crate::{HOUR, MINUTE, Time};

/// Beijing's offset from UTC.
const BEIJING: Time = 8 * HOUR;

/// The number of the day in Beijing, counted from 1970.
#[must_use]
pub fn day(now: Time) -> u32 {
    whole(now + BEIJING, 24 * HOUR)
}

/// The number of the minute, counted from 1970.
#[must_use]
pub fn minute(now: Time) -> u32 {
    whole(now, MINUTE)
}

/// When the day of this number begins.
#[must_use]
pub fn begin(day: u32) -> Time {
    i64::from(day) * 24 * HOUR - BEIJING
}

fn whole(time: Time, unit: Time) -> u32 {
    u32::try_from(time / unit).unwrap_or(0)
}

/// When the current month began in Beijing.
#[must_use]
pub fn month(now: Time) -> Time {
    let today = day(now);
    begin(today + 1 - day_of_month(today))
}

/// The number of a day in its month, from 1. Years begin in March here, so that the leap day is the last.
/// <https://howardhinnant.github.io/date_algorithms.html>
fn day_of_month(day: u32) -> u32 {
    let since = day + 719_468;
    let of_era = since % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    of_year - (153 * month + 2) / 5 + 1
}

#[cfg(test)]
mod tests {
    use super::{begin, day, minute, month};
    use crate::{HOUR, Time};

    /// 2027-01-15 16:00 in Beijing.
    const NOW: Time = 1_800_000_000_000;

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let midnight = NOW + 8 * HOUR;
        assert_eq!(day(midnight - 1) + 1, day(midnight));
        assert_eq!(day(NOW), day(midnight - 1));
        assert_eq!(begin(day(midnight)), midnight);
        assert_eq!((day(-9 * HOUR), minute(-1)), (0, 0), "before time began");
    }

    #[test]
    fn a_minute_begins_when_it_is_full() {
        assert_eq!(minute(NOW + 59_999), minute(NOW));
        assert_eq!(minute(NOW + 60_000), minute(NOW) + 1);
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        let first = NOW - 16 * HOUR - 14 * 24 * HOUR;
        assert_eq!(month(NOW), first);
        assert_eq!(month(first), first);
        assert_eq!(month(first - 1), first - 31 * 24 * HOUR, "December");
        // 2028 has a 29th of February.
        let march = 1_835_452_800_000;
        assert_eq!(month(march), march);
        assert_eq!(month(march - 1), march - 29 * 24 * HOUR);
    }
}
