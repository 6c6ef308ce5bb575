//! What becomes of a session whose agent or time is gone.

use crate::TextEnum;
use serde::{Deserialize, Serialize};

/// Why a session cannot stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was written for the account's minutes.
    Silence,
    /// The 48 hours in which an agent may answer are over.
    Window,
    /// The agent went offline and did not come back in time, or signed out.
    Offline,
    /// The agent was deleted, or the worker is no longer the agent.
    AgentGone,
    /// The agent did not answer a customer who was assigned in time.
    NoAnswer,
    /// The agent hands the customer back.
    HandBack,
    /// An agent, a supervisor or a program ends the session.
    End,
}

/// What becomes of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It ends. What the customer writes next is routed anew.
    Close,
    /// The customer goes back to the queue, to the place of the first word without an answer.
    Queue,
    /// It ends, and supervisors see the customer on the list of those who were missed.
    Miss(MissedReason),
}

/// Why a customer without an answer is no longer in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum MissedReason {
    /// The agent stayed silent, and the developer's server gets what the customer writes next.
    Silence,
    /// No agent answered within 48 hours.
    Window,
}

impl TextEnum for MissedReason {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("silence", MissedReason::Silence), ("window", MissedReason::Window)];
}

/// What becomes of a session, by whether the customer waits for an answer and whether a developer's server gets what
/// the customer writes next.
#[must_use]
pub fn leave(cause: Cause, is_unanswered: bool, has_developer: bool) -> Then {
    match (cause, is_unanswered) {
        (Cause::End, _) | (Cause::Silence | Cause::Offline | Cause::AgentGone | Cause::Window, false) => {
            Then::Close
        }
        (Cause::Silence, true) if has_developer => Then::Miss(MissedReason::Silence),
        (Cause::Window, true) => Then::Miss(MissedReason::Window),
        (Cause::Silence | Cause::Offline | Cause::AgentGone, true)
        | (Cause::NoAnswer | Cause::HandBack, _) => Then::Queue,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, MissedReason, Then, leave};

    #[test]
    fn no_word_without_an_answer_is_lost() {
        let table = [
            (Cause::Silence, Then::Queue, Then::Miss(MissedReason::Silence), Then::Close),
            (Cause::Window, Then::Miss(MissedReason::Window), Then::Miss(MissedReason::Window), Then::Close),
            (Cause::Offline, Then::Queue, Then::Queue, Then::Close),
            (Cause::AgentGone, Then::Queue, Then::Queue, Then::Close),
            (Cause::NoAnswer, Then::Queue, Then::Queue, Then::Queue),
            (Cause::HandBack, Then::Queue, Then::Queue, Then::Queue),
            (Cause::End, Then::Close, Then::Close, Then::Close),
        ];
        for (cause, unanswered, with_developer, answered) in table {
            assert_eq!(leave(cause, true, false), unanswered, "{cause:?}");
            assert_eq!(leave(cause, true, true), with_developer, "{cause:?}");
            for has_developer in [false, true] {
                assert_eq!(leave(cause, false, has_developer), answered, "{cause:?}");
            }
        }
    }
}
