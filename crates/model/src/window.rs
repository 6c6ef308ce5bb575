//! The windows in which a customer can be answered.

use protocol::limits::REPLY_WINDOW_H;

use crate::{HOUR, Time};

/// Whether an agent may still answer a customer at the workbench: 48 hours from her last message,
/// any number of times.
#[must_use]
pub fn may_reply(latest_at: Time, now: Time) -> bool {
    now < latest_at + REPLY_WINDOW_H * HOUR
}

#[cfg(test)]
mod tests {
    use super::may_reply;

    #[test]
    fn the_window_ends_48_hours_after_the_last_message() {
        assert!(may_reply(0, 48 * 3_600_000 - 1));
        assert!(!may_reply(0, 48 * 3_600_000));
    }
}
