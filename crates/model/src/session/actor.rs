//! Which agent may move or end a session at the workbench.

use protocol::Errcode;

use crate::Session;
use crate::session::SessionState;

/// The agent who moves or ends a session.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The agent's id.
    pub kf_account: &'a str,
    /// Whether the agent may move and end sessions of other agents.
    pub supervisor: bool,
}

/// What moving a session to an agent means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The agent has the session already.
    Already,
    /// The agent gets the session from the waiting list.
    Take,
    /// The agent gets the session from another agent.
    Transfer,
    /// A supervisor takes the session over from another agent.
    Grab,
}

impl Actor<'_> {
    /// Agents may end their own open sessions; a supervisor may end any that is not closed, also a waiting one.
    ///
    /// # Errors
    /// `CustomerTaken`, `SessionClosed`.
    pub fn may_end(self, session: &Session) -> Result<(), Errcode> {
        if self.supervisor && session.state != SessionState::Closed {
            Ok(())
        } else {
            session.must_be_of(self.kf_account)
        }
    }

    /// Moving a session to the agent `to` from `from`, the agent who had it when the actor looked (empty for the
    /// waiting list). Agents may move their own sessions, a supervisor any. A session that another agent has by now
    /// does not move.
    ///
    /// # Errors
    /// `Forbidden`, `SessionClosed`, `CustomerTaken`, `Conflict`.
    pub fn may_move(self, session: &Session, from: &str, to: &str) -> Result<Move, Errcode> {
        if !self.supervisor && from != self.kf_account {
            return Err(Errcode::Forbidden);
        }
        match session.state {
            SessionState::Closed => Err(Errcode::SessionClosed),
            SessionState::Open if session.kf_account == to => Ok(Move::Already),
            _ if session.kf_account != from && self.supervisor => Err(Errcode::Conflict),
            _ if session.kf_account != from => Err(Errcode::CustomerTaken),
            SessionState::Waiting => Ok(Move::Take),
            SessionState::Open if to == self.kf_account => Ok(Move::Grab),
            SessionState::Open => Ok(Move::Transfer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, Move};
    use crate::{Openid, Session};
    use protocol::Errcode;

    const AGENT: Actor<'_> = Actor { kf_account: "a", supervisor: false };
    const SUPERVISOR: Actor<'_> = Actor { kf_account: "s", supervisor: true };

    fn waits() -> Session {
        Session::begin(1, Openid::stored("o".repeat(28)), 5)
    }

    #[test]
    fn agents_move_and_end_their_own_sessions() {
        let own = waits().open("a", 6);
        assert_eq!(AGENT.may_move(&own, "a", "b"), Ok(Move::Transfer));
        assert_eq!(AGENT.may_end(&own), Ok(()));
        let gone = own.open("b", 7);
        assert_eq!(AGENT.may_move(&gone, "a", "b"), Ok(Move::Already), "safe to repeat");
        assert_eq!(AGENT.may_move(&gone, "a", "c"), Err(Errcode::CustomerTaken), "another agent was quicker");
        assert_eq!(AGENT.may_end(&gone), Err(Errcode::CustomerTaken));
        assert_eq!(AGENT.may_move(&gone, "b", "a"), Err(Errcode::Forbidden), "it is not the agent's to take");
        assert_eq!(AGENT.may_move(&waits(), "", "a"), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "b", "a"), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "a", "b"), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&gone.close()), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&waits()), Err(Errcode::CustomerTaken));
    }

    #[test]
    fn a_supervisor_moves_and_ends_any_session_from_where_it_was_seen() {
        let open = waits().open("a", 6);
        assert_eq!(SUPERVISOR.may_move(&waits(), "", "b"), Ok(Move::Take));
        assert_eq!(SUPERVISOR.may_move(&open, "a", "b"), Ok(Move::Transfer));
        assert_eq!(SUPERVISOR.may_move(&open, "a", "s"), Ok(Move::Grab));
        assert_eq!(SUPERVISOR.may_move(&open, "b", "a"), Ok(Move::Already));
        assert_eq!(SUPERVISOR.may_move(&open, "", "b"), Err(Errcode::Conflict));
        assert_eq!(SUPERVISOR.may_move(&waits(), "a", "b"), Err(Errcode::Conflict));
        assert_eq!(SUPERVISOR.may_move(&open.clone().close(), "a", "b"), Err(Errcode::SessionClosed));
        assert_eq!((SUPERVISOR.may_end(&waits()), SUPERVISOR.may_end(&open)), (Ok(()), Ok(())));
        assert_eq!(SUPERVISOR.may_end(&open.close()), Err(Errcode::SessionClosed));
    }
}
