//! Routing: whether the desk or the developer's server gets what a customer writes, and which agent gets a new
//! customer.

use crate::KfAccount;
use crate::Time;
use crate::agent::Presence;
use crate::session::SessionState;

/// Who gets what a customer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What routing considers of an agent.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The agent's id.
    pub kf_account: KfAccount,
    /// The agent's number.
    pub kf_id: i64,
    /// Whether the agent is there.
    pub presence: Presence,
    /// The number of open sessions.
    pub open: i64,
    /// When the agent's last session ended, or the agent came online.
    pub free_since: Time,
}

/// The agent who gets the next customer: of those online with fewer than `capacity` sessions, the one with the fewest,
/// then the one idle for longest.
#[must_use]
pub fn choose(candidates: &[Candidate], capacity: i64) -> Option<&KfAccount> {
    candidates
        .iter()
        .filter(|agent| agent.presence == Presence::Online && agent.open < capacity)
        .min_by_key(|agent| (agent.open, agent.free_since, agent.kf_id))
        .map(|agent| &agent.kf_account)
}

#[cfg(test)]
mod tests {
    use super::{Candidate, DeveloperServer, Recipient, choose, recipient};
    use crate::KfAccount;
    use crate::agent::Presence;
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

    fn agent(id: i64, presence: Presence, open: i64, free_since: i64) -> Candidate {
        Candidate { kf_account: KfAccount::stored(format!("a{id}@x")), kf_id: id, presence, open, free_since }
    }

    fn chosen(candidates: &[Candidate]) -> Option<String> {
        choose(candidates, 3).map(ToString::to_string)
    }

    #[test]
    fn least_sessions_first_then_longest_idle() {
        let online = Presence::Online;
        assert_eq!(chosen(&[agent(1, online, 2, 0), agent(2, online, 1, 9)]), Some("a2@x".into()));
        assert_eq!(chosen(&[agent(1, online, 1, 9), agent(2, online, 1, 5)]), Some("a2@x".into()));
        assert_eq!(chosen(&[agent(2, online, 1, 5), agent(1, online, 1, 5)]), Some("a1@x".into()));
    }

    #[test]
    fn agents_who_are_away_offline_or_full_are_not_chosen() {
        let full = agent(3, Presence::Online, 3, 0);
        assert_eq!(chosen(&[agent(1, Presence::Away, 0, 0), agent(2, Presence::Offline, 0, 0), full]), None);
    }
}
