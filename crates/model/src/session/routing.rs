//! Routing: whether the desk or the developer's server gets what a customer writes.

use crate::session::SessionState;
use serde::Serialize;

/// Who gets what a customer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Recipient {
    /// The desk: an agent, or the waiting list.
    Desk,
    /// The developer's server, which may hand the customer over to the desk.
    Developer,
    /// Both: the customer waits for an agent.
    Both,
}

/// The developer's server of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeveloperServer {
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// It fails and is left alone, and the account wants customers to wait at the desk meanwhile.
    Replaced,
}

/// Who gets what a customer writes, by the account's developer's server and the state of the customer's session, if
/// there is one.
/// <https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html>
#[must_use]
pub fn recipient(server: DeveloperServer, session: Option<SessionState>) -> Recipient {
    match (server, session) {
        (DeveloperServer::Absent, _) | (_, Some(SessionState::Open)) => Recipient::Desk,
        (_, Some(SessionState::Waiting)) | (DeveloperServer::Replaced, _) => Recipient::Both,
        (DeveloperServer::Present, Some(SessionState::Closed) | None) => Recipient::Developer,
    }
}

#[cfg(test)]
mod tests {
    use super::{DeveloperServer, Recipient, recipient};
    use crate::session::SessionState;

    #[test]
    fn a_developers_server_gets_what_no_agent_has_taken() {
        for session in [None, Some(SessionState::Waiting), Some(SessionState::Open)] {
            assert_eq!(recipient(DeveloperServer::Absent, session), Recipient::Desk);
        }
        let present = |session| recipient(DeveloperServer::Present, session);
        assert_eq!(present(None), Recipient::Developer);
        assert_eq!(present(Some(SessionState::Waiting)), Recipient::Both);
        assert_eq!(present(Some(SessionState::Open)), Recipient::Desk);
    }

    #[test]
    fn the_desk_stands_in_for_a_server_that_is_left_alone() {
        let replaced = |session| recipient(DeveloperServer::Replaced, session);
        assert_eq!(replaced(None), Recipient::Both);
        assert_eq!(replaced(Some(SessionState::Closed)), Recipient::Both);
        assert_eq!(replaced(Some(SessionState::Waiting)), Recipient::Both);
        assert_eq!(replaced(Some(SessionState::Open)), Recipient::Desk);
    }
}
