//! What time decides, and when. A due row may be early, never late: when it fires, the verb looks
//! again.

use protocol::limits;

use crate::TextEnum;

/// What is to be looked at when a row falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// An invitation may be over; the key is the agent.
    Invitation,
    /// A session may be over; the key is its number.
    Session,
    /// An agent whose last stream closed may be offline; the key is the agent. Only earlier versions set it.
    Presence,
    /// Old changes may be dropped from the feed; no key.
    Trim,
    /// A temporary file may be over; the key is its media id.
    Media,
    /// A content may be named by nothing any more; the key is its SHA-256.
    Content,
    /// An object is to be removed; the key is its name.
    Object,
    /// Objects that nothing names may lie about; no key.
    Strays,
    /// Refusals may be too old to be told; no key.
    Rid,
    /// Rows of a removed account are to go; the key is empty, or `last` for the last round.
    Account,
    /// What a removed worker was is to end; the key is empty, or `last` for the last round.
    Worker,
    /// Files of messages may be over; no key.
    File,
    /// A worker's list of agents may differ from what the account says of one; the key is the appid and the agent.
    Binding,
}

impl TextEnum for Due {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("invitation", Due::Invitation),
        ("session", Due::Session),
        ("presence", Due::Presence),
        ("trim", Due::Trim),
        ("media", Due::Media),
        ("content", Due::Content),
        ("object", Due::Object),
        ("strays", Due::Strays),
        ("rid", Due::Rid),
        ("account", Due::Account),
        ("worker", Due::Worker),
        ("file", Due::File),
        ("binding", Due::Binding),
    ];
}

impl Due {
    /// How far ahead verbs set a row of this kind at least, in milliseconds. A row that is further ahead than this may
    /// have been set by a clock that was ahead.
    #[must_use]
    pub fn reach(self) -> i64 {
        match self {
            Due::Session => limits::SESSION_IDLE_MIN * crate::MINUTE,
            Due::Presence => PRESENCE_GRACE,
            Due::Trim => TRIM_EVERY,
            Due::Media => crate::media::LIFE,
            Due::Strays => crate::media::STRAY,
            Due::Rid => RID_KEPT,
            Due::Binding => BINDING_CHECK,
            Due::Invitation | Due::Content | Due::Object | Due::Account | Due::Worker | Due::File => 0,
        }
    }
}

/// How long an agent stays online after her last stream closed, so that a reload is no news.
pub const PRESENCE_GRACE: i64 = 5 * crate::SECOND;
/// How long after a failure a row is run again.
pub const RETRY: i64 = crate::MINUTE;
/// When a worker's list is compared with an account's agent, after a call that changes the two has begun and has not
/// compared them itself: later than any such call can end. Milliseconds.
pub const BINDING_CHECK: i64 = crate::MINUTE;
/// How long changes stay in the feed.
pub const FEED_KEPT: i64 = 7 * 24 * crate::HOUR;
/// How long a refusal can be asked about. Page of getRidInfo.
pub const RID_KEPT: i64 = 7 * 24 * crate::HOUR;
/// How often the feed is trimmed.
pub const TRIM_EVERY: i64 = 24 * crate::HOUR;

#[cfg(test)]
mod tests {
    use super::{Due, FEED_KEPT, PRESENCE_GRACE, TRIM_EVERY};
    use crate::TextEnum;

    #[test]
    fn times_are_in_milliseconds() {
        assert_eq!((PRESENCE_GRACE, TRIM_EVERY, FEED_KEPT), (5_000, 86_400_000, 604_800_000));
    }

    #[test]
    fn no_row_reaches_further_than_a_week() {
        let reach = |due: Due| due.reach();
        assert!(Due::TEXTS.iter().all(|(_, due)| (0..=FEED_KEPT).contains(&reach(*due))));
        assert_eq!((reach(Due::Session), reach(Due::Presence), reach(Due::File)), (1_800_000, 5_000, 0));
    }
}
