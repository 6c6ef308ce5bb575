//! Invitations: how a worker becomes an agent of an account.

use protocol::Errcode;

use crate::{TextEnum, Time, WechatId};

/// What became of an agent's last invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// None was ever sent.
    None,
    /// The last invitation waits for an answer.
    Waiting,
    /// The worker declined.
    Rejected,
    /// No answer came in time.
    Expired,
}

impl TextEnum for Status {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("", Status::None),
        ("waiting", Status::Waiting),
        ("rejected", Status::Rejected),
        ("expired", Status::Expired),
    ];
}

/// The worker who is an agent, or who is invited to be.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The bound worker's name; empty without one.
    pub worker: String,
    /// The worker invited last; empty when none ever was.
    pub invite_wx: String,
    /// The state of that invitation, as it was stored.
    pub status: Status,
    /// When that invitation ends or ended.
    pub expires_at: Time,
}

impl Binding {
    /// The status at `now`: an invitation expires at its end, also before the store says so.
    #[must_use]
    pub fn status_at(&self, now: Time) -> Status {
        match self.status {
            Status::Waiting if now >= self.expires_at => Status::Expired,
            status => status,
        }
    }

    /// Returns 65412 if the agent has a worker, 65411 if an invitation waits for an answer.
    ///
    /// # Errors
    /// 65412, 65411.
    pub fn must_be_free(&self, now: Time) -> Result<(), Errcode> {
        if !self.worker.is_empty() {
            return Err(Errcode::AgentBound);
        }
        if self.status_at(now) == Status::Waiting {
            return Err(Errcode::InvitationExists);
        }
        Ok(())
    }

    /// Whether an invitation of `person` waits for an answer.
    #[must_use]
    pub fn invites(&self, person: &str, now: Time) -> bool {
        self.invite_wx == person && self.status_at(now) == Status::Waiting
    }
}

/// Whether `person` may be invited to be the agent of `binding`, given the bindings of all the account's agents and the
/// number of agents of any account that `person` is.
///
/// # Errors
/// In this order: 65412, 65411, 65407, 65408, 65410.
pub fn invite(
    binding: &Binding,
    others: &[Binding],
    person: &WechatId,
    bindings: i64,
    bindings_max: i64,
    now: Time,
) -> Result<(), Errcode> {
    binding.must_be_free(now)?;
    if others.iter().any(|other| other.worker == person.as_str()) {
        return Err(Errcode::AlreadyWorker);
    }
    if others.iter().any(|other| other.invites(person.as_str(), now)) {
        return Err(Errcode::AlreadyInvited);
    }
    if bindings >= bindings_max {
        return Err(Errcode::WorkerLimit);
    }
    Ok(())
}

/// Whether `worker` may answer the invitation of this binding.
///
/// # Errors
/// `InvitationGone`.
pub fn answer(binding: &Binding, worker: &str, now: Time) -> Result<(), Errcode> {
    if binding.worker.is_empty() && binding.invites(worker, now) {
        Ok(())
    } else {
        Err(Errcode::InvitationGone)
    }
}

#[cfg(test)]
mod tests {
    use super::{Binding, Status, answer, invite};
    use crate::WechatId;
    use protocol::Errcode;

    fn binding(worker: &str, invite_wx: &str, status: Status) -> Binding {
        Binding { worker: worker.into(), invite_wx: invite_wx.into(), status, expires_at: 100 }
    }

    #[test]
    fn the_first_reason_in_the_documented_order_is_given() {
        let free = binding("", "", Status::None);
        let bound = binding("ann", "", Status::None);
        let invited = binding("", "bob", Status::Waiting);
        let all = [bound.clone(), invited.clone()];
        let try_it = |binding: &Binding, person: &str, now| {
            invite(binding, &all, &WechatId::stored(person.into()), 10, 10, now).expect_err("refused")
        };
        assert_eq!(try_it(&bound, "!", 0), Errcode::AgentBound);
        assert_eq!(try_it(&invited, "!", 0), Errcode::InvitationExists);
        assert_eq!(try_it(&free, "ann", 0), Errcode::AlreadyWorker);
        assert_eq!(try_it(&free, "bob", 0), Errcode::AlreadyInvited);
        assert_eq!(try_it(&free, "cat", 0), Errcode::WorkerLimit);
        assert!(invite(&free, &all, &WechatId::stored("cat".into()), 9, 10, 0).is_ok());
    }

    #[test]
    fn an_invitation_ends_to_the_millisecond() {
        let invited = binding("", "bob", Status::Waiting);
        assert!(answer(&invited, "bob", 99).is_ok());
        assert_eq!(answer(&invited, "bob", 100), Err(Errcode::InvitationGone));
        assert_eq!(answer(&invited, "eve", 0), Err(Errcode::InvitationGone));
        assert!(invite(&invited, &[], &WechatId::stored("cat".into()), 0, 10, 100).is_ok());
    }
}
