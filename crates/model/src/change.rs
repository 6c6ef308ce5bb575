//! The facts a change can carry: ids and states, never text or names, so that erasing a customer
//! stays possible.

use serde::{Deserialize, Serialize};

use crate::agent::Presence;
use crate::session::State;
use crate::{KfAccount, Openid, Time};

/// One thing that happened in an owner's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Who may call has changed: settings, secret, tokens or grants of the account.
    Access,
    /// An agent was added, renamed, invited, bound or removed.
    Agent {
        /// Her id.
        kf_account: KfAccount,
    },
    /// An agent came, went, or chose to be away.
    Presence {
        /// Her id.
        kf_account: KfAccount,
        /// Where she is now.
        presence: Presence,
    },
    /// A session moved.
    Session {
        /// Its number.
        id: i64,
        /// The customer.
        openid: Openid,
        /// Where it is now.
        state: State,
        /// The agent now, empty while waiting.
        kf_account: String,
        /// The agent from whom she got it, where one had it before her.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        from: String,
    },
    /// Somebody wrote.
    Message {
        /// Its number.
        id: i64,
        /// The session it belongs to.
        session: i64,
        /// The customer, whoever wrote.
        openid: Openid,
    },
    /// Somebody types to a customer, or no longer.
    Typing {
        /// She.
        openid: Openid,
        /// Until when, 0 for no longer.
        until: Time,
    },
    /// A worker's invitations, bindings or logins changed.
    Worker,
}

impl Fact {
    /// Whether answers about who may call are stale after it.
    #[must_use]
    pub fn touches_access(&self) -> bool {
        matches!(self, Fact::Access)
    }
}

#[cfg(test)]
mod tests {
    use super::Fact;
    use crate::Openid;
    use crate::session::State;

    #[test]
    fn only_a_change_of_access_makes_tokens_stale() {
        assert!(Fact::Access.touches_access());
        assert!(!Fact::Worker.touches_access());
    }

    #[test]
    fn a_fact_reads_back_as_it_was_written() {
        let openid = Openid::stored("o".repeat(28));
        let (kf_account, from) = (String::new(), String::new());
        let fact = Fact::Session { id: 7, openid, state: State::Waiting, kf_account, from };
        let text = serde_json::to_string(&fact).expect("plain data");
        assert!(text.starts_with(r#"{"fact":"session","id":7"#));
        assert_eq!(serde_json::from_str::<Fact>(&text).expect("the same"), fact);
    }
}
