//! Sessions, which go from waiting to open to closed: who may move them, and when they end.

pub mod actor;
pub mod leave;
pub mod queue;
pub mod rehearsal;
pub mod routing;
pub mod why;
pub mod window;

use protocol::{Errcode, limits};
use serde::{Deserialize, Serialize};

use crate::session::leave::Cause;
use crate::session::queue::Place;
use crate::{HOUR, MINUTE, Openid, TextEnum, Time};

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// The customer waits for an agent.
    Waiting,
    /// An agent serves the customer.
    Open,
    /// The session has ended.
    Closed,
}

impl TextEnum for SessionState {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("waiting", SessionState::Waiting), ("open", SessionState::Open), ("closed", SessionState::Closed)];
}

/// A session of a customer with an agent, from the customer's first message until an agent, a program or time ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's number in the account.
    pub id: i64,
    /// The customer.
    pub openid: Openid,
    /// The state.
    pub state: SessionState,
    /// The agent who serves or served the customer; empty while waiting.
    pub kf_account: String,
    /// When the session began.
    pub waiting_since: Time,
    /// When the agent took the customer; 0 before.
    pub opened_at: Time,
    /// When the customer last wrote; 0 if never.
    pub latest_at: Time,
    /// When the customer, an agent or a program last wrote, or the agent took the customer.
    pub active_at: Time,
    /// The place in the queue: when the customer wrote the first word that has no answer, or was handed back without
    /// one. 0 if the customer does not wait for anything.
    pub since: Time,
    /// Agents who did not answer the customer in time, or handed the customer back, separated by spaces.
    pub tried: String,
    /// Whether the agent got the customer by assignment and has not written yet.
    pub is_assigned: bool,
    /// The group whose agents serve the customer; 0: all agents do.
    pub group: i64,
}

/// What `createkfsession` has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// This agent serves the customer already.
    Already,
    /// Take the customer from the waiting list.
    Take,
    /// Open a new session.
    New,
}

impl Session {
    /// A session that begins now on the waiting list.
    #[must_use]
    pub fn begin(id: i64, openid: Openid, now: Time) -> Self {
        let state = SessionState::Waiting;
        Session {
            id,
            openid,
            state,
            kf_account: String::new(),
            waiting_since: now,
            opened_at: 0,
            latest_at: 0,
            active_at: now,
            since: 0,
            tried: String::new(),
            is_assigned: false,
            group: 0,
        }
    }

    /// The session after this agent took the customer.
    #[must_use]
    pub fn open(self, kf_account: &str, now: Time) -> Self {
        Session {
            state: SessionState::Open,
            kf_account: kf_account.to_owned(),
            opened_at: now,
            active_at: now,
            is_assigned: false,
            ..self
        }
    }

    /// The session after this agent got the customer by assignment.
    #[must_use]
    pub fn assign(self, kf_account: &str, now: Time) -> Self {
        Session { is_assigned: true, ..self.open(kf_account, now) }
    }

    /// The session after it ended.
    #[must_use]
    pub fn close(self) -> Self {
        Session { state: SessionState::Closed, since: 0, is_assigned: false, ..self }
    }

    /// The session after it went back to the queue. A customer who waits for an answer keeps the place. Where the agent
    /// did not serve the customer, assignment does not give the customer to that agent again.
    #[must_use]
    pub fn hand_back(self, cause: Cause, now: Time) -> Self {
        let since = if self.is_unanswered() { self.since } else { now };
        let tried = match cause {
            Cause::NoAnswer | Cause::Silence | Cause::HandBack
                if self.tried.split(' ').all(|tried| tried != self.kf_account) =>
            {
                format!("{} {}", self.tried, self.kf_account).trim().to_owned()
            }
            _ => self.tried,
        };
        let (state, kf_account) = (SessionState::Waiting, String::new());
        Session { state, kf_account, opened_at: 0, since, tried, is_assigned: false, ..self }
    }

    /// The session after an agent or a supervisor sent the customer to a group. A customer who waits for an answer
    /// keeps the place. Assignment does not give the customer back to the agent who served them.
    #[must_use]
    pub fn to_group(self, group: i64, now: Time) -> Self {
        let tried = String::new();
        Session { group, tried, ..self }.hand_back(Cause::HandBack, now)
    }

    /// The place in the queue, for an account that prefers this agent; empty without one.
    #[must_use]
    pub fn place(&self, last_agent: String) -> Place {
        let tried = self.tried.split_whitespace().map(str::to_owned).collect();
        Place { session: self.id, since: self.since, group: self.group, tried, last_agent }
    }

    /// The session after the customer wrote.
    #[must_use]
    pub fn after_customer_message(self, now: Time) -> Self {
        let since = if self.is_unanswered() { self.since } else { now };
        Session { latest_at: now, active_at: now, since, ..self }
    }

    /// The session after its agent wrote. Every agent may get the customer again.
    #[must_use]
    pub fn after_agent_message(self, now: Time) -> Self {
        Session { tried: String::new(), ..self.after_program_message(now) }
    }

    /// The session after a program wrote. A customer who waits for an agent keeps the place.
    #[must_use]
    pub fn after_program_message(self, now: Time) -> Self {
        Session { active_at: now, ..self }.answered()
    }

    /// The session after the agent said that no answer is needed. A customer who waits for an agent keeps the place.
    #[must_use]
    pub fn answered(self) -> Self {
        let since = if self.state == SessionState::Waiting { self.since } else { 0 };
        Session { since, is_assigned: false, ..self }
    }

    /// Whether the customer has written a word that has no answer, or waits for an agent.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.since > 0
    }

    /// When the session ends unless someone writes: an open one after `idle_minutes` without a message, a waiting one
    /// with the window for replies. `None` once it is closed.
    #[must_use]
    pub fn ends_at(&self, idle_minutes: i64) -> Option<Time> {
        match self.state {
            SessionState::Waiting => Some(self.latest_at.max(self.since) + limits::REPLY_WINDOW_H * HOUR),
            SessionState::Open => Some(self.active_at + idle_minutes * MINUTE),
            SessionState::Closed => None,
        }
    }

    /// Whether an agent at the workbench may take the customer: one who waits, or whom the agent serves already.
    ///
    /// # Errors
    /// `CustomerTaken`, `SessionClosed`.
    pub fn may_accept(&self, kf_account: &str) -> Result<(), Errcode> {
        match self.state {
            SessionState::Waiting => Ok(()),
            SessionState::Open if self.kf_account == kf_account => Ok(()),
            SessionState::Open => Err(Errcode::CustomerTaken),
            SessionState::Closed => Err(Errcode::SessionClosed),
        }
    }

    /// Whether an agent at the workbench may write in the session or close it: it must be open and the agent's own.
    ///
    /// # Errors
    /// `CustomerTaken`, `SessionClosed`.
    pub fn must_be_of(&self, kf_account: &str) -> Result<(), Errcode> {
        match self.state {
            SessionState::Open if self.kf_account == kf_account => Ok(()),
            SessionState::Open | SessionState::Waiting => Err(Errcode::CustomerTaken),
            SessionState::Closed => Err(Errcode::SessionClosed),
        }
    }
}

/// What `createkfsession` does, given the customer's current session.
///
/// # Errors
/// 65414 if another agent serves the customer.
pub fn create(current: Option<&Session>, kf_account: &str) -> Result<Create, Errcode> {
    match current {
        Some(session) if session.state == SessionState::Open && session.kf_account == kf_account => {
            Ok(Create::Already)
        }
        Some(session) if session.state == SessionState::Open => Err(Errcode::OtherAgent),
        Some(session) if session.state == SessionState::Waiting => Ok(Create::Take),
        _ => Ok(Create::New),
    }
}

/// Whether `closesession` may close the customer's current session.
///
/// # Errors
/// 65413 if no agent serves the customer, 65414 if another agent does.
pub fn close(current: Option<&Session>, kf_account: &str) -> Result<(), Errcode> {
    match current {
        Some(session) if session.state == SessionState::Open && session.kf_account == kf_account => Ok(()),
        Some(session) if session.state == SessionState::Open => Err(Errcode::OtherAgent),
        _ => Err(Errcode::NoSession),
    }
}

#[cfg(test)]
mod tests;
