//! The facts of a change. They carry ids and states, never text or names, so that a customer's data can be erased
//! without rewriting the feed.

use serde::{Deserialize, Serialize};

use crate::agent::Presence;
use crate::session::SessionState;
use crate::{KfAccount, Openid, Time};

/// One fact of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Who may call the API has changed: settings, secret, tokens or grants of the account.
    Access,
    /// An agent was added, renamed, invited, bound or removed.
    Agent {
        /// The agent's id.
        kf_account: KfAccount,
    },
    /// An agent came, went, or chose to be away.
    Presence {
        /// The agent's id.
        kf_account: KfAccount,
        /// The presence now.
        presence: Presence,
    },
    /// A session changed its state or its agent.
    Session {
        /// The session's number.
        id: i64,
        /// The customer.
        openid: Openid,
        /// The state now.
        state: SessionState,
        /// The agent now, empty while waiting.
        kf_account: String,
        /// The agent who had the session before; empty if none had.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        from: String,
        /// The second of the event that is pushed to the developer's server; 0 if none is.
        #[serde(default, skip_serializing_if = "is_zero")]
        event_at: i64,
    },
    /// A message was written, by the customer or to the customer.
    Message {
        /// The message's number.
        id: i64,
        /// The session it belongs to.
        session: i64,
        /// The customer, also if an agent or a program wrote.
        openid: Openid,
        /// Whether the message is pushed to the developer's server.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        push: bool,
    },
    /// A customer did something other than writing, which is pushed to the developer's server.
    CustomerEvent {
        /// The event's number.
        id: i64,
        /// The customer.
        openid: Openid,
        /// The second of the event.
        event_at: i64,
    },
    /// A group of agents was made, renamed or deleted, or an agent joined or left it.
    Group {
        /// The group's number.
        id: i64,
    },
    /// An agent left a note for the agents who serve the customer next.
    Note {
        /// The note's number.
        id: i64,
        /// The session it belongs to.
        session: i64,
    },
    /// A program shows or hides the typing status at a customer's page.
    Typing {
        /// The customer.
        openid: Openid,
        /// When the status ends; 0 if it was hidden.
        until: Time,
    },
    /// The list of customers who were missed has one more, or one less.
    Missed {
        /// The customer's session, which has ended.
        session: i64,
    },
    /// A worker's invitations, bindings or logins changed.
    Worker,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Fact {
    /// Whether cached access of tokens is stale after this fact.
    #[must_use]
    pub fn touches_access(&self) -> bool {
        matches!(self, Fact::Access)
    }
}

#[cfg(test)]
mod tests {
    use super::Fact;
    use crate::Openid;
    use crate::session::SessionState;

    #[test]
    fn only_a_change_of_access_makes_tokens_stale() {
        assert!(Fact::Access.touches_access());
        assert!(!Fact::Worker.touches_access());
    }

    #[test]
    fn a_fact_reads_back_as_it_was_written() {
        let openid = Openid::stored("o".repeat(28));
        let (kf_account, from) = (String::new(), String::new());
        let fact =
            Fact::Session { id: 7, openid, state: SessionState::Waiting, kf_account, from, event_at: 0 };
        let text = serde_json::to_string(&fact).expect("plain data");
        assert!(text.starts_with(r#"{"fact":"session","id":7"#));
        assert_eq!(serde_json::from_str::<Fact>(&text).expect("the same"), fact);
    }
}
