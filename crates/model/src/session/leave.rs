//! What becomes of a session when its agent, its time or a setting changes, and who is told.

use crate::TextEnum;
use serde::{Deserialize, Serialize};

/// What happens to a session.
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
    /// The session is transferred to an agent.
    ToAgent,
    /// The session is transferred to a group.
    ToGroup,
    /// An agent, a supervisor or a program ends the session.
    End,
    /// The account's customer-service feature is switched off.
    FeatureOff,
    /// The account's or the agent's limit is lowered.
    LimitLowered,
}

impl Cause {
    /// Every cause, with what happens in words.
    pub const ALL: [(Cause, &'static str); 11] = [
        (Cause::Silence, "silence"),
        (Cause::Window, "48 hours without an answer"),
        (Cause::Offline, "the agent is offline for too long, or signs out"),
        (Cause::AgentGone, "the agent is deleted, or its worker removed"),
        (Cause::NoAnswer, "the agent does not answer in time"),
        (Cause::HandBack, "the agent hands the customer back"),
        (Cause::ToAgent, "a transfer to an agent"),
        (Cause::ToGroup, "a transfer to a group"),
        (Cause::End, "an agent, a supervisor or a program ends the session"),
        (Cause::FeatureOff, "the feature is switched off"),
        (Cause::LimitLowered, "a limit is lowered"),
    ];
}

/// What becomes of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays as it is.
    Stay,
    /// It goes to the other agent.
    Move,
    /// It ends. What the customer writes next is routed anew.
    Close,
    /// The customer goes back to the queue, to the place of the first word without an answer.
    Queue,
    /// It ends, and supervisors see the customer on the list of those who were missed.
    Miss(MissedReason),
}

/// Who is told what became of a session. Supervisors are told all that agents are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether the customer is, and the agent before, if there was one.
    pub both: bool,
    /// Whether the agent after is.
    pub after: bool,
    /// Whether every agent is, because the customer waits, or waited.
    pub agents: bool,
    /// The event that the developer's server gets; empty: none.
    pub event: &'static str,
}

/// Who is told what became of a session.
#[must_use]
pub fn told(cause: Cause, then: Then) -> Told {
    // No agent has a session that waits for 48 hours.
    let waited = cause == Cause::Window;
    let (both, after) = (then != Then::Stay, then == Then::Move);
    let event = match then {
        Then::Stay => "",
        Then::Move => "kf_switch_session",
        Then::Close | Then::Queue | Then::Miss(_) if waited => "",
        Then::Close | Then::Queue | Then::Miss(_) => "kf_close_session",
    };
    Told { both, after, agents: waited || then == Then::Queue, event }
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
        (Cause::FeatureOff | Cause::LimitLowered, _) => Then::Stay,
        (Cause::ToAgent, _) => Then::Move,
        (Cause::End, _) | (Cause::Silence | Cause::Offline | Cause::AgentGone | Cause::Window, false) => {
            Then::Close
        }
        (Cause::Silence, true) if has_developer => Then::Miss(MissedReason::Silence),
        (Cause::Window, true) => Then::Miss(MissedReason::Window),
        (Cause::Silence | Cause::Offline | Cause::AgentGone, true)
        | (Cause::NoAnswer | Cause::HandBack | Cause::ToGroup, _) => Then::Queue,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, MissedReason, Then, leave, told};

    #[test]
    fn no_word_without_an_answer_is_lost() {
        let table = [
            (Cause::Silence, Then::Queue, Then::Miss(MissedReason::Silence), Then::Close),
            (Cause::Window, Then::Miss(MissedReason::Window), Then::Miss(MissedReason::Window), Then::Close),
            (Cause::Offline, Then::Queue, Then::Queue, Then::Close),
            (Cause::AgentGone, Then::Queue, Then::Queue, Then::Close),
            (Cause::NoAnswer, Then::Queue, Then::Queue, Then::Queue),
            (Cause::HandBack, Then::Queue, Then::Queue, Then::Queue),
            (Cause::ToAgent, Then::Move, Then::Move, Then::Move),
            (Cause::ToGroup, Then::Queue, Then::Queue, Then::Queue),
            (Cause::End, Then::Close, Then::Close, Then::Close),
            (Cause::FeatureOff, Then::Stay, Then::Stay, Then::Stay),
            (Cause::LimitLowered, Then::Stay, Then::Stay, Then::Stay),
        ];
        assert_eq!(table.map(|row| row.0), Cause::ALL.map(|(cause, _)| cause));
        for (cause, unanswered, with_developer, answered) in table {
            assert_eq!(leave(cause, true, false), unanswered, "{cause:?}");
            assert_eq!(leave(cause, true, true), with_developer, "{cause:?}");
            for has_developer in [false, true] {
                assert_eq!(leave(cause, false, has_developer), answered, "{cause:?}");
            }
        }
    }

    fn words(then: Then) -> &'static str {
        match then {
            Then::Stay => "stays",
            Then::Move => "goes to the other agent",
            Then::Close => "ends",
            Then::Queue => "back to the queue",
            Then::Miss(_) => "missed",
        }
    }

    /// A row of the table in docs/operating.md.
    fn row(cause: Cause, what: &str) -> String {
        let (answered, [alone, developer]) = (
            leave(cause, false, false),
            [false, true].map(|has_developer| leave(cause, true, has_developer)),
        );
        let unanswered = match alone == developer {
            true => words(alone).to_owned(),
            false => format!("{}; with a developer's server: {}", words(alone), words(developer)),
        };
        let answered = if cause == Cause::Window { "" } else { words(answered) };
        let (people, event) = (told(cause, alone), told(cause, developer).event);
        let people = match (people.both, people.after, people.agents) {
            (false, ..) => "no one",
            (true, true, _) => "the customer, both agents",
            (true, false, true) => "the customer, all agents",
            (true, false, false) => "the customer, the agent",
        };
        let event = if event.is_empty() { String::new() } else { format!("`{event}`") };
        format!("| {what} | {answered} | {unanswered} | {people} | {event} |")
    }

    #[test]
    fn the_operators_document_has_the_table() {
        let document = include_str!("../../../../docs/operating.md");
        let table: Vec<_> = Cause::ALL.iter().map(|(cause, what)| row(*cause, what)).collect();
        assert!(document.contains(&table.join("\n")), "docs/operating.md must have\n{}", table.join("\n"));
    }
}
