//! Who may move a session at the workbench, and where from.

use protocol::Errcode;

use crate::Session;
use crate::session::State;

/// Who moves or ends a session.
#[derive(Clone, Copy, Debug)]
pub struct Mover<'a> {
    /// The agent she is.
    pub kf_account: &'a str,
    /// Whether she may move what is not hers.
    pub supervisor: bool,
}

/// What moving a session to an agent comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The agent has it already.
    Already,
    /// She gets it from the waiting list.
    Take,
    /// She gets it from another.
    Transfer,
    /// A supervisor gets it from another for herself.
    Grab,
}

impl Mover<'_> {
    /// She ends a session: hers; a supervisor any that is not over, also one that waits.
    ///
    /// # Errors
    /// `CustomerTaken`, `SessionClosed`.
    pub fn may_end(self, session: &Session) -> Result<(), Errcode> {
        if self.supervisor && session.state != State::Closed {
            Ok(())
        } else {
            session.must_be_of(self.kf_account)
        }
    }

    /// She moves a session from where she saw it, `from` (empty for the waiting list), to an agent: a supervisor from
    /// anywhere, others what is their own. What has moved meanwhile stays where it is.
    ///
    /// # Errors
    /// `Forbidden`, `SessionClosed`, `CustomerTaken`, `Conflict`.
    pub fn may_move(self, session: &Session, from: &str, to: &str) -> Result<Move, Errcode> {
        if !self.supervisor && from != self.kf_account {
            return Err(Errcode::Forbidden);
        }
        match session.state {
            State::Closed => Err(Errcode::SessionClosed),
            State::Open if session.kf_account == to => Ok(Move::Already),
            _ if session.kf_account != from && self.supervisor => Err(Errcode::Conflict),
            _ if session.kf_account != from => Err(Errcode::CustomerTaken),
            State::Waiting => Ok(Move::Take),
            State::Open if to == self.kf_account => Ok(Move::Grab),
            State::Open => Ok(Move::Transfer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Move, Mover};
    use crate::{Openid, Session};
    use protocol::Errcode;

    const AGENT: Mover<'_> = Mover { kf_account: "a", supervisor: false };
    const SUPERVISOR: Mover<'_> = Mover { kf_account: "s", supervisor: true };

    fn waits() -> Session {
        Session::begin(1, Openid::stored("o".repeat(28)), 5)
    }

    #[test]
    fn an_agent_moves_and_ends_what_is_hers() {
        let hers = waits().open("a", 6);
        assert_eq!(AGENT.may_move(&hers, "a", "b"), Ok(Move::Transfer));
        assert_eq!(AGENT.may_end(&hers), Ok(()));
        let gone = hers.open("b", 7);
        assert_eq!(AGENT.may_move(&gone, "a", "b"), Ok(Move::Already), "safe to repeat");
        assert_eq!(AGENT.may_move(&gone, "a", "c"), Err(Errcode::CustomerTaken), "somebody was quicker");
        assert_eq!(AGENT.may_end(&gone), Err(Errcode::CustomerTaken));
        assert_eq!(AGENT.may_move(&gone, "b", "a"), Err(Errcode::Forbidden), "not hers to take");
        assert_eq!(AGENT.may_move(&waits(), "", "a"), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "b", "a"), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "a", "b"), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&gone.close()), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&waits()), Err(Errcode::CustomerTaken));
    }

    #[test]
    fn a_supervisor_moves_and_ends_any_from_where_she_saw_it() {
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
