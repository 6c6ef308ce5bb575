//! The timetable's kinds of rows and their times. A row may fall due early but never late: the verb that runs then
//! checks again whether the time has come.

use protocol::limits;

use crate::TextEnum;

/// What to check when a row falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Whether an invitation has expired; the key is the agent.
    Invitation,
    /// Whether a session has ended; the key is its number.
    Session,
    /// Whether an agent is offline; the key is the agent. Only earlier versions set such rows.
    Presence,
    /// Whether an agent who went offline has come back; the key is the agent.
    Grace,
    /// Whether an agent has answered a customer who was assigned; the key is the session's number.
    Answer,
    /// Customers who wait are to be assigned; no key. While it is not due, no customer of the account is assigned.
    Queue,
    /// Whether the feed has changes to drop; no key.
    Trim,
    /// Whether a temporary file has expired; the key is its media id.
    Media,
    /// Whether a content is still referred to; the key is its SHA-256.
    Content,
    /// An object to remove; the key is its name.
    Object,
    /// Whether there are objects that nothing refers to; no key.
    Strays,
    /// Whether the log of refusals has rows to drop; no key.
    Rid,
    /// Rows of a removed account to delete; the key is empty, or `last` for the last round.
    Account,
    /// Bindings and logins of a removed worker to end; the key is empty, or `last` for the last round.
    Worker,
    /// Whether files of messages have expired; no key.
    File,
    /// Whether a worker's list agrees with an account about one agent; the key is the appid and the agent.
    Binding,
}

impl TextEnum for Due {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("invitation", Due::Invitation),
        ("session", Due::Session),
        ("presence", Due::Presence),
        ("grace", Due::Grace),
        ("answer", Due::Answer),
        ("queue", Due::Queue),
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
    /// The least time, in milliseconds, that verbs set a row of this kind ahead. A row further ahead may come from a
    /// clock that was ahead.
    #[must_use]
    pub fn reach(self) -> i64 {
        match self {
            Due::Session => limits::SESSION_IDLE_MIN * crate::MINUTE,
            Due::Presence => PRESENCE_GRACE,
            Due::Queue => QUEUE_PAUSE,
            Due::Trim => TRIM_EVERY,
            Due::Media => crate::media::LIFE,
            Due::Strays => crate::media::STRAY,
            Due::Rid => RID_KEPT,
            Due::Binding => BINDING_CHECK,
            Due::Invitation
            | Due::Content
            | Due::Object
            | Due::Account
            | Due::Worker
            | Due::File
            | Due::Grace
            | Due::Answer => 0,
        }
    }
}

/// How long an agent stays online after the last stream closed, milliseconds, so that reloading a page changes nothing.
pub const PRESENCE_GRACE: i64 = 5 * crate::SECOND;
/// How long after a start no customer is assigned, milliseconds: otherwise the first agent to come back would get all.
pub const QUEUE_PAUSE: i64 = 10 * crate::SECOND;
/// How long after a failure a row runs again, milliseconds.
pub const RETRY: i64 = crate::MINUTE;
/// How long after the start of a call that changes a worker's list and an account's agent the two are compared, if the
/// call was cut off before it compared them itself, milliseconds. No such call takes longer.
pub const BINDING_CHECK: i64 = crate::MINUTE;
/// How long changes stay in the feed, milliseconds.
pub const FEED_KEPT: i64 = 7 * 24 * crate::HOUR;
/// How long `getRidInfo` finds a refusal, milliseconds, by its page.
pub const RID_KEPT: i64 = protocol::limits::RID_LIFE_D * 24 * crate::HOUR;
/// How often old changes are dropped, milliseconds.
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
