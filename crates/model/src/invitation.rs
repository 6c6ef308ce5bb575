//! Invitations: how a person becomes an agent.

use protocol::Errcode;

use crate::{TextEnum, Time, WechatId};

/// What became of an agent's last invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// None was ever sent.
    None,
    /// It waits for an answer.
    Waiting,
    /// The person declined.
    Rejected,
    /// Nobody answered in time.
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

/// What an agent's row says about people.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The bound worker, empty when none.
    pub worker: String,
    /// The person invited last, empty when none.
    pub invite_wx: String,
    /// What became of that.
    pub status: Status,
    /// When it ends or ended.
    pub expires_at: Time,
}

impl Seat {
    /// The status at `now`: an invitation is over at its end, whether or not anyone has noted it.
    #[must_use]
    pub fn status_at(&self, now: Time) -> Status {
        match self.status {
            Status::Waiting if now >= self.expires_at => Status::Expired,
            status => status,
        }
    }

    /// Refuses to invite anybody to a seat that is taken, or may be soon.
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

    /// Whether a person's answer is waited for.
    #[must_use]
    pub fn invites(&self, person: &str, now: Time) -> bool {
        self.invite_wx == person && self.status_at(now) == Status::Waiting
    }
}

/// Whether `person` may be invited to be the agent `seat`, given all the account's seats and the
/// number of agents she is bound to anywhere.
///
/// # Errors
/// In this order: 65412, 65411, 65407, 65408, 65410.
pub fn invite(
    seat: &Seat,
    others: &[Seat],
    person: &WechatId,
    bindings: i64,
    bindings_max: i64,
    now: Time,
) -> Result<(), Errcode> {
    seat.must_be_free(now)?;
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

/// Whether `worker` may answer the invitation to `seat`.
///
/// # Errors
/// `InvitationGone`.
pub fn answer(seat: &Seat, worker: &str, now: Time) -> Result<(), Errcode> {
    if seat.worker.is_empty() && seat.invites(worker, now) { Ok(()) } else { Err(Errcode::InvitationGone) }
}

#[cfg(test)]
mod tests {
    use super::{Seat, Status, answer, invite};
    use crate::WechatId;
    use protocol::Errcode;

    fn seat(worker: &str, invite_wx: &str, status: Status) -> Seat {
        Seat { worker: worker.into(), invite_wx: invite_wx.into(), status, expires_at: 100 }
    }

    #[test]
    fn the_first_reason_in_the_documented_order_is_given() {
        let free = seat("", "", Status::None);
        let bound = seat("ann", "", Status::None);
        let invited = seat("", "bob", Status::Waiting);
        let all = [bound.clone(), invited.clone()];
        let try_it = |seat: &Seat, person: &str, now| {
            invite(seat, &all, &WechatId::stored(person.into()), 10, 10, now).expect_err("refused")
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
        let invited = seat("", "bob", Status::Waiting);
        assert!(answer(&invited, "bob", 99).is_ok());
        assert_eq!(answer(&invited, "bob", 100), Err(Errcode::InvitationGone));
        assert_eq!(answer(&invited, "eve", 0), Err(Errcode::InvitationGone));
        assert!(invite(&invited, &[], &WechatId::stored("cat".into()), 0, 10, 100).is_ok());
    }
}
