//! A desk in memory that follows the rules of the queue: what tests compare a desk with, and what `bench -- desk`
//! measures. It knows no developer's server.

use crate::account::QueueRules;
use crate::agent::Presence;
use crate::session::SessionState;
use crate::session::leave::{Cause, Then, leave};
use crate::session::queue::{Candidate, SAME_AGENT, assign};
use crate::{KfAccount, Openid, SECOND, Session, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be checked at a time: a kind, and the session's or agent's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    Session(i64),
    Grace(i64),
    Answer(i64),
}

/// A desk in memory.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    /// The time.
    pub now: Time,
    /// How customers who wait are served.
    pub rules: QueueRules,
    /// The agents. Their numbers of open sessions are kept up to date.
    pub agents: Vec<Candidate>,
    /// All sessions by number.
    pub sessions: BTreeMap<i64, Session>,
    /// Sessions of customers who were missed.
    pub missed: Vec<i64>,
    /// Whether the account's customer-service feature is off.
    pub is_off: bool,
    away: BTreeSet<i64>,
    due: BTreeMap<Check, Time>,
    last: i64,
}

impl Rehearsal {
    /// A desk with these agents and without a session.
    #[must_use]
    pub fn begin(now: Time, rules: QueueRules, agents: Vec<Candidate>) -> Self {
        Rehearsal { now, rules, agents, ..Rehearsal::default() }
    }

    /// The agent with this number.
    #[must_use]
    pub fn agent(&self, kf_id: i64) -> Option<&Candidate> {
        self.agents.iter().find(|agent| agent.kf_id == kf_id)
    }

    fn change(&mut self, kf_id: i64, change: impl FnOnce(&mut Candidate)) {
        if let Some(agent) = self.agents.iter_mut().find(|agent| agent.kf_id == kf_id) {
            change(agent);
        }
    }

    /// The customer's session that waits or is open.
    #[must_use]
    pub fn current(&self, openid: &Openid) -> Option<&Session> {
        let is_theirs =
            |session: &&Session| session.openid == *openid && session.state != SessionState::Closed;
        self.sessions.values().rev().find(is_theirs)
    }

    /// Customers who wait, in order.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Session> {
        let mut waiting: Vec<_> =
            self.sessions.values().filter(|it| it.state == SessionState::Waiting).collect();
        waiting.sort_by_key(|session| (session.since, session.id));
        waiting
    }

    /// An agent's sessions, oldest first.
    #[must_use]
    pub fn served_by(&self, kf_account: &str) -> Vec<&Session> {
        let is_own = |it: &&Session| it.state == SessionState::Open && it.kf_account == kf_account;
        let mut own: Vec<_> = self.sessions.values().filter(is_own).collect();
        own.sort_by_key(|session| (session.opened_at, session.id));
        own
    }

    /// A customer writes.
    pub fn write(&mut self, openid: &Openid) {
        self.write_to(openid, None);
    }

    /// A customer writes, or chooses a group from a menu. A customer whom an agent serves stays with the agent.
    pub fn write_to(&mut self, openid: &Openid, group: Option<i64>) {
        let written = |session: Session, now| {
            let group = group.filter(|_| session.state == SessionState::Waiting).unwrap_or(session.group);
            Session { group, ..session.after_customer_message(now) }
        };
        match self.current(openid).cloned() {
            Some(session) => drop(self.sessions.insert(session.id, written(session, self.now))),
            None => {
                let session = self.next_session(openid);
                self.missed.retain(|id| self.sessions.get(id).is_none_or(|it| it.openid != *openid));
                self.save(written(session, self.now));
            }
        }
        self.drain();
    }

    fn next_session(&mut self, openid: &Openid) -> Session {
        self.last += 1;
        Session::begin(self.last, openid.clone(), self.now)
    }

    /// The workbench of an agent who is offline opens.
    pub fn connect(&mut self, kf_id: i64) {
        let (now, is_away) = (self.now, self.away.contains(&kf_id));
        self.due.remove(&Check::Grace(kf_id));
        self.change(kf_id, |agent| {
            agent.presence = Presence::of(true, is_away);
            agent.free_since = now;
        });
        self.drain();
    }

    /// The workbench of an agent was closed long enough: the agent is offline.
    pub fn disconnect(&mut self, kf_id: i64) {
        self.change(kf_id, |agent| agent.presence = Presence::Offline);
        let at = self.now + self.rules.grace_s * SECOND;
        self.due.entry(Check::Grace(kf_id)).or_insert(at);
    }

    /// An agent chooses to be away, or not.
    pub fn set_away(&mut self, kf_id: i64, is_away: bool) {
        let now = self.now;
        self.note_away(kf_id, is_away);
        self.change(kf_id, |agent| {
            agent.presence = Presence::of(agent.presence != Presence::Offline, is_away);
            agent.free_since = now;
        });
        self.drain();
    }

    fn note_away(&mut self, kf_id: i64, is_away: bool) {
        if is_away {
            self.away.insert(kf_id);
        } else {
            self.away.remove(&kf_id);
        }
    }

    /// An agent takes a customer who waits; `false` if that is refused.
    pub fn take(&mut self, kf_account: &str, id: i64) -> bool {
        let Some(session) = self.sessions.get(&id).cloned() else { return false };
        let may = session.may_accept(kf_account).is_ok();
        if may && session.state == SessionState::Waiting {
            self.save(session.open(kf_account, self.now));
        }
        may
    }

    /// An agent writes; `false` if that is refused.
    pub fn reply(&mut self, kf_account: &str, id: i64) -> bool {
        self.with_own(kf_account, id, |session, now| session.after_agent_message(now))
    }

    /// An agent says that nothing needs an answer; `false` if that is refused.
    pub fn answered(&mut self, kf_account: &str, id: i64) -> bool {
        self.with_own(kf_account, id, |session, _| session.answered())
    }

    fn with_own(&mut self, kf_account: &str, id: i64, act: impl FnOnce(Session, Time) -> Session) -> bool {
        let Some(session) = self.sessions.get(&id).cloned() else { return false };
        let may = session.must_be_of(kf_account).is_ok();
        if may {
            self.sessions.insert(id, act(session, self.now));
        }
        may
    }

    /// An agent ends a session or hands its customer back; `false` if that is refused.
    pub fn release_own(&mut self, kf_account: &str, id: i64, cause: Cause) -> bool {
        let Some(session) = self.sessions.get(&id).cloned() else { return false };
        let may = session.must_be_of(kf_account).is_ok();
        if may {
            self.release(session, cause);
            self.drain();
        }
        may
    }

    /// Time passes, and what is due happens, in the order in which it was scheduled.
    pub fn advance(&mut self, ms: i64) {
        self.now += ms;
        while self.run_due() {}
    }

    /// The first thing that is due happens; `false` if nothing is.
    fn run_due(&mut self) -> bool {
        let is_due = self.due.iter().filter(|(_, at)| **at <= self.now);
        let Some(check) = is_due.min_by_key(|(check, at)| (**at, **check)).map(|(check, _)| *check) else {
            return false;
        };
        match check {
            Check::Session(id) => self.recheck_session(id),
            Check::Grace(kf_id) => self.recheck_grace(kf_id),
            Check::Answer(id) => self.recheck_answer(id),
        }
        self.drain();
        true
    }

    fn recheck_session(&mut self, id: i64) {
        let session = self.sessions.get(&id).cloned();
        let end = session.as_ref().and_then(|session| session.ends_at(self.rules.idle_minutes));
        match (session, end) {
            (Some(session), Some(end)) if end <= self.now => {
                let cause = if session.state == SessionState::Open { Cause::Silence } else { Cause::Window };
                self.release(session, cause);
            }
            (_, Some(end)) => drop(self.due.insert(Check::Session(id), end)),
            _ => drop(self.due.remove(&Check::Session(id))),
        }
    }

    fn recheck_grace(&mut self, kf_id: i64) {
        self.due.remove(&Check::Grace(kf_id));
        let Some(agent) = self.agent(kf_id).filter(|agent| agent.presence == Presence::Offline) else {
            return;
        };
        let own: Vec<_> = self.served_by(agent.kf_account.as_str()).into_iter().cloned().collect();
        for session in own {
            self.release(session, Cause::Offline);
        }
    }

    fn recheck_answer(&mut self, id: i64) {
        self.due.remove(&Check::Answer(id));
        let Some(session) = self.sessions.get(&id).cloned() else { return };
        if !session.is_assigned || session.state != SessionState::Open {
            return;
        }
        let end = session.opened_at + self.rules.answer_s * SECOND;
        if end > self.now {
            self.due.insert(Check::Answer(id), end);
            return;
        }
        for agent in self.agents.iter_mut().filter(|agent| agent.kf_account.as_str() == session.kf_account) {
            agent.presence = Presence::of(agent.presence != Presence::Offline, true);
            self.away.insert(agent.kf_id);
        }
        self.release(session, Cause::NoAnswer);
    }

    fn release(&mut self, session: Session, cause: Cause) {
        if session.state == SessionState::Open {
            self.free(&session.kf_account.clone());
        }
        match leave(cause, session.is_unanswered(), false) {
            Then::Close => self.save(session.close()),
            Then::Miss(_) => {
                self.missed.push(session.id);
                self.save(session.close());
            }
            Then::Queue => self.save(session.hand_back(cause, self.now)),
            Then::Stay | Then::Move => {}
        }
    }

    fn free(&mut self, kf_account: &str) {
        let now = self.now;
        for agent in self.agents.iter_mut().filter(|agent| agent.kf_account.as_str() == kf_account) {
            agent.free_since = now;
        }
    }

    /// Stores a session whose state changed, and schedules its end.
    fn save(&mut self, session: Session) {
        match session.ends_at(self.rules.idle_minutes) {
            Some(end) => drop(self.due.insert(Check::Session(session.id), end)),
            None => drop(self.due.remove(&Check::Session(session.id))),
        }
        self.sessions.insert(session.id, session);
        self.count();
    }

    fn count(&mut self) {
        let sessions = &self.sessions;
        for agent in &mut self.agents {
            let is_own =
                |it: &&Session| it.state == SessionState::Open && it.kf_account == agent.kf_account.as_str();
            agent.open = i64::try_from(sessions.values().filter(is_own).count()).unwrap_or(i64::MAX);
        }
    }

    /// Assigns customers who wait to agents with room.
    fn drain(&mut self) {
        if self.is_off {
            return;
        }
        let place = |session: &&Session| session.place(self.last_agent(&session.openid));
        let waiting: Vec<_> = self.waiting().iter().map(place).collect();
        let given = assign(waiting, &mut self.agents.clone(), self.rules.strategy, self.now);
        for (id, kf_account) in given {
            self.give(id, &kf_account);
        }
    }

    /// The agent who served the customer in the last seven days, if the account prefers that agent.
    fn last_agent(&self, openid: &Openid) -> String {
        let is_theirs = |it: &&Session| {
            it.openid == *openid && !it.kf_account.is_empty() && it.active_at > self.now - SAME_AGENT
        };
        let last = self.sessions.values().rev().find(is_theirs).filter(|_| self.rules.last_agent_first);
        last.map_or_else(String::new, |session| session.kf_account.clone())
    }

    fn give(&mut self, id: i64, kf_account: &KfAccount) {
        let Some(session) = self.sessions.get(&id).cloned() else { return };
        self.save(session.assign(kf_account.as_str(), self.now));
        let now = self.now;
        for agent in self.agents.iter_mut().filter(|agent| agent.kf_account == *kf_account) {
            agent.assigned_at = now;
        }
        if self.rules.answer_s > 0 {
            self.due.insert(Check::Answer(id), now + self.rules.answer_s * SECOND);
        }
    }

    /// What holds at any time: no customer waits for whom an agent has room, no customer has two sessions, and no word
    /// without an answer is outside of a queue, a session or the list of those missed.
    ///
    /// # Panics
    /// If something of it does not hold.
    pub fn assert_invariants(&self) {
        let waiting = self.waiting();
        for agent in self.agents.iter().filter(|_| !self.is_off) {
            let could = waiting.iter().find(|it| agent.may_get(&it.place(String::new())));
            assert!(could.is_none(), "{} has room, and {could:?} waits", agent.kf_account);
        }
        let mut current: Vec<_> = self
            .sessions
            .values()
            .filter(|it| it.state != SessionState::Closed)
            .map(|it| &it.openid)
            .collect();
        current.sort_by_key(ToString::to_string);
        assert!(current.windows(2).all(|pair| pair[0] != pair[1]), "a customer has two sessions");
        let lost = |it: &&Session| it.state == SessionState::Closed && it.is_unanswered();
        assert_eq!(self.sessions.values().find(lost), None);
    }
}

mod groups;
#[cfg(test)]
mod tests;
