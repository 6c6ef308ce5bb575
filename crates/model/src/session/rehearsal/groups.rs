//! Settings, groups, transfers, and what programs do.

use super::Rehearsal;
use crate::agent::Presence;
use crate::session::actor::{Actor, Move, Target};
use crate::session::{Create, SessionState, close, create};
use crate::{Openid, Session};

impl Rehearsal {
    /// Changes the limit of every agent. A lower one takes no customer away.
    pub fn set_limit(&mut self, limit: i64) {
        self.agents.iter_mut().for_each(|agent| agent.limit = limit);
        self.drain();
    }

    /// An agent takes customers by hand, or by assignment again.
    pub fn set_manual(&mut self, kf_id: i64, is_manual: bool) {
        self.change(kf_id, |agent| agent.is_automatic = !is_manual);
        self.drain();
    }

    /// Switches the account's customer-service feature off or on.
    pub fn set_off(&mut self, is_off: bool) {
        self.is_off = is_off;
        self.drain();
    }

    /// An agent joins a group or leaves it.
    pub fn set_member(&mut self, kf_id: i64, group: i64, is_member: bool) {
        self.change(kf_id, |agent| {
            agent.groups.retain(|it| *it != group);
            agent.groups.extend(is_member.then_some(group));
        });
        self.drain();
    }

    /// Deletes a group: its customers wait for all agents.
    pub fn delete_group(&mut self, group: i64) {
        self.agents.iter_mut().for_each(|agent| agent.groups.retain(|it| *it != group));
        let is_of = |it: &&mut Session| it.group == group && it.state != SessionState::Closed;
        self.sessions.values_mut().filter(is_of).for_each(|session| session.group = 0);
        self.drain();
    }

    /// An agent transfers a session; `false` if that is refused.
    pub fn transfer(&mut self, from: &str, to: &Target, id: i64) -> bool {
        let Some(session) = self.sessions.get(&id).cloned() else { return false };
        let by = Actor { kf_account: from, supervisor: false };
        let is_there = |name: &str| {
            self.agents.iter().any(|it| it.kf_account.as_str() == name && it.presence == Presence::Online)
        };
        match (by.may_move(&session, from, to), to) {
            (Err(_), _) => return false,
            (Ok(Move::Already), _) => return true,
            (Ok(_), Target::Agent(name)) if name != from && !is_there(name) => return false,
            (Ok(_), Target::Agent(name)) => {
                self.free(from);
                self.save(session.open(name, self.now));
            }
            (Ok(_), Target::Group(group)) => {
                self.free(from);
                self.save(session.to_group(*group, self.now));
            }
        }
        self.drain();
        true
    }

    /// A program writes to a customer.
    pub fn program_writes(&mut self, openid: &Openid) {
        let open = self.current(openid).filter(|session| session.state == SessionState::Open).cloned();
        if let Some(session) = open {
            self.sessions.insert(session.id, session.after_program_message(self.now));
        }
    }

    /// createkfsession; `false` if that is refused.
    pub fn create(&mut self, kf_account: &str, openid: &Openid) -> bool {
        let is_online = self
            .agents
            .iter()
            .any(|it| it.kf_account.as_str() == kf_account && it.presence == Presence::Online);
        let session = match (create(self.current(openid), kf_account), self.current(openid).cloned()) {
            _ if self.is_off => return false,
            (Ok(Create::Already), _) => return true,
            _ if !is_online => return false,
            (Err(_), _) => return false,
            (Ok(Create::Take), Some(waiting)) => waiting,
            (Ok(_), _) => self.next_session(openid),
        };
        self.save(session.open(kf_account, self.now));
        true
    }

    /// closesession; `false` if that is refused.
    pub fn close(&mut self, kf_account: &str, openid: &Openid) -> bool {
        let current = self.current(openid).cloned();
        let Some(session) = current.filter(|it| !self.is_off && close(Some(it), kf_account).is_ok()) else {
            return false;
        };
        self.free(kf_account);
        self.save(session.close());
        self.drain();
        true
    }
}
