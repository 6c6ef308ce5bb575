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

/// Where a session goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this agent, even if the agent cannot accept.
    Agent(String),
    /// To the queue of this group; 0: of all agents.
    Group(i64),
}

impl Target {
    /// The queue of all agents.
    pub const EVERYONE: Target = Target::Group(0);
}

/// What moving a session means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The session is there already.
    Already,
    /// The agent gets the session from the waiting list.
    Take,
    /// The customer goes to the queue of another group.
    Regroup,
    /// The agent, or the group, gets the session from an agent.
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

    /// Moving a session from `from`, the agent who had it when the actor looked (empty for the waiting list). Agents
    /// may move their own sessions, a supervisor any. A session that another agent has by now does not move.
    ///
    /// # Errors
    /// `Forbidden`, `SessionClosed`, `CustomerTaken`, `Conflict`.
    pub fn may_move(self, session: &Session, from: &str, to: &Target) -> Result<Move, Errcode> {
        if !self.supervisor && from != self.kf_account {
            return Err(Errcode::Forbidden);
        }
        match (session.state, to) {
            (SessionState::Closed, _) => Err(Errcode::SessionClosed),
            (SessionState::Open, Target::Agent(to)) if session.kf_account == *to => Ok(Move::Already),
            (SessionState::Waiting, Target::Group(to)) if session.group == *to => Ok(Move::Already),
            _ if session.kf_account != from && self.supervisor => Err(Errcode::Conflict),
            _ if session.kf_account != from => Err(Errcode::CustomerTaken),
            (SessionState::Waiting, Target::Agent(_)) => Ok(Move::Take),
            (SessionState::Waiting, Target::Group(_)) => Ok(Move::Regroup),
            (SessionState::Open, Target::Agent(to)) if to == self.kf_account => Ok(Move::Grab),
            (SessionState::Open, _) => Ok(Move::Transfer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, Move, Target};
    use crate::{Openid, Session};
    use protocol::Errcode;

    const AGENT: Actor<'_> = Actor { kf_account: "a", supervisor: false };
    const SUPERVISOR: Actor<'_> = Actor { kf_account: "s", supervisor: true };

    fn to(agent: &str) -> Target {
        Target::Agent(agent.to_owned())
    }

    fn waits() -> Session {
        Session::begin(1, Openid::stored("o".repeat(28)), 5)
    }

    #[test]
    fn agents_move_and_end_their_own_sessions() {
        let own = waits().open("a", 6);
        assert_eq!(AGENT.may_move(&own, "a", &to("b")), Ok(Move::Transfer));
        assert_eq!(AGENT.may_end(&own), Ok(()));
        let gone = own.open("b", 7);
        assert_eq!(AGENT.may_move(&gone, "a", &to("b")), Ok(Move::Already), "safe to repeat");
        assert_eq!(
            AGENT.may_move(&gone, "a", &to("c")),
            Err(Errcode::CustomerTaken),
            "another agent was quicker"
        );
        assert_eq!(AGENT.may_end(&gone), Err(Errcode::CustomerTaken));
        assert_eq!(
            AGENT.may_move(&gone, "b", &to("a")),
            Err(Errcode::Forbidden),
            "it is not the agent's to take"
        );
        assert_eq!(AGENT.may_move(&waits(), "", &to("a")), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "b", &to("a")), Err(Errcode::Forbidden));
        assert_eq!(AGENT.may_move(&gone.clone().close(), "a", &to("b")), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&gone.close()), Err(Errcode::SessionClosed));
        assert_eq!(AGENT.may_end(&waits()), Err(Errcode::CustomerTaken));
    }

    #[test]
    fn a_supervisor_moves_and_ends_any_session_from_where_it_was_seen() {
        let open = waits().open("a", 6);
        assert_eq!(SUPERVISOR.may_move(&waits(), "", &to("b")), Ok(Move::Take));
        assert_eq!(SUPERVISOR.may_move(&open, "a", &to("b")), Ok(Move::Transfer));
        assert_eq!(SUPERVISOR.may_move(&open, "a", &to("s")), Ok(Move::Grab));
        assert_eq!(SUPERVISOR.may_move(&open, "b", &to("a")), Ok(Move::Already));
        assert_eq!(SUPERVISOR.may_move(&open, "", &to("b")), Err(Errcode::Conflict));
        assert_eq!(SUPERVISOR.may_move(&waits(), "a", &to("b")), Err(Errcode::Conflict));
        assert_eq!(SUPERVISOR.may_move(&open.clone().close(), "a", &to("b")), Err(Errcode::SessionClosed));
        assert_eq!((SUPERVISOR.may_end(&waits()), SUPERVISOR.may_end(&open)), (Ok(()), Ok(())));
        assert_eq!(SUPERVISOR.may_end(&open.close()), Err(Errcode::SessionClosed));
    }
    #[test]
    fn a_session_goes_to_a_group_from_its_agent_or_from_another_queue() {
        let (own, group) = (waits().open("a", 6), Target::Group(7));
        assert_eq!(AGENT.may_move(&own, "a", &group), Ok(Move::Transfer));
        let sent = own.to_group(7, 9);
        assert_eq!(AGENT.may_move(&sent, "a", &group), Ok(Move::Already), "safe to repeat");
        assert_eq!(AGENT.may_move(&sent, "a", &Target::Group(8)), Err(Errcode::CustomerTaken));
        assert_eq!(AGENT.may_move(&sent, "", &Target::Group(8)), Err(Errcode::Forbidden));
        assert_eq!(SUPERVISOR.may_move(&sent, "", &Target::Group(8)), Ok(Move::Regroup));
        assert_eq!(SUPERVISOR.may_move(&sent, "", &to("b")), Ok(Move::Take));
        let taken = sent.open("b", 10);
        assert_eq!(AGENT.may_move(&taken, "a", &group), Err(Errcode::CustomerTaken));
        assert_eq!(SUPERVISOR.may_move(&taken, "b", &group), Ok(Move::Transfer), "back to the same group");
        assert_eq!(SUPERVISOR.may_move(&taken, "", &group), Err(Errcode::Conflict));
        assert_eq!(SUPERVISOR.may_move(&taken.close(), "b", &group), Err(Errcode::SessionClosed));
    }
}
