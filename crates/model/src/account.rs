//! Accounts: their settings, and which settings fit together.

pub(crate) mod network;
pub mod quota;
pub mod token;
pub mod wecom;

use protocol::text::is_blank;
use protocol::{AccountKind, Errcode};
use serde::{Deserialize, Serialize};

use crate::session::queue::Strategy;
use crate::{Appid, KfAccount, TextEnum};

/// Who owns an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A company or another organisation. Only their accounts can be certified.
    Enterprise,
    /// A person.
    Individual,
}

/// Where a customer goes with the first message of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Reception {
    /// To an online agent with room; to the waiting list if there is none.
    Automatic,
    /// Always to the waiting list.
    Manual,
}

impl TextEnum for AccountKind {
    const TEXTS: &'static [(&'static str, Self)] = AccountKind::WORDS;
}

impl TextEnum for Principal {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("enterprise", Principal::Enterprise), ("individual", Principal::Individual)];
}

impl TextEnum for Reception {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("automatic", Reception::Automatic), ("manual", Reception::Manual)];
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub appid: Appid,
    /// The name people see.
    pub name: String,
    /// Its kind.
    pub kind: AccountKind,
    /// Who owns it.
    pub principal: Principal,
    /// Whether the platform has certified the owner.
    pub certified: bool,
    /// Whether the customer-service feature is on.
    pub feature: bool,
    /// The WeChat id that the owner chose; empty without one.
    pub alias: String,
    /// The id that every account gets when it is made, `gh_…`.
    pub original_id: String,
    /// Where a customer goes with the first message of a session.
    pub reception: Reception,
    /// Most open sessions of an agent who gets new customers automatically.
    pub capacity: i64,
    /// How customers who wait are served.
    pub queue: QueueRules,
    /// Older forms of answers that the account's programs need.
    pub compat: Compat,
}

/// How customers who wait are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// Minutes without a message after which a session ends.
    pub idle_minutes: i64,
    /// Seconds that an agent who went offline has to come back before the customers go elsewhere.
    pub grace_s: i64,
    /// Seconds within which an agent answers a customer who was assigned; 0: any time.
    pub answer_s: i64,
    /// Which of several agents with room gets the next customer.
    pub strategy: Strategy,
    /// Whether a customer goes to the agent who served them in the last seven days, if that agent has room.
    pub last_agent_first: bool,
}

impl Default for QueueRules {
    fn default() -> Self {
        let (idle_minutes, grace_s, answer_s) = (protocol::limits::SESSION_IDLE_MIN, 120, 0);
        QueueRules { idle_minutes, grace_s, answer_s, strategy: Strategy::default(), last_agent_first: false }
    }
}

impl QueueRules {
    /// Checks that the figures are in their ranges.
    ///
    /// # Errors
    /// One sentence for the operator.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            QueueRules { idle_minutes, .. } if !(1..=2_880).contains(idle_minutes) => {
                Err("a session ends after 1 to 2880 minutes without a message")
            }
            QueueRules { grace_s, .. } if !(0..=86_400).contains(grace_s) => {
                Err("an agent who went offline has 0 to 86400 seconds to come back")
            }
            QueueRules { answer_s, .. } if !(0..=86_400).contains(answer_s) => {
                Err("an agent answers within 1 to 86400 seconds; 0 means any time")
            }
            _ => Ok(()),
        }
    }
}

/// An agent's own switch and limit for customers who are assigned. `None` is the account's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Whether the agent gets customers automatically.
    pub reception: Option<Reception>,
    /// Most open sessions to which assignment brings the agent.
    pub capacity: Option<i64>,
}

impl Intake {
    /// Checks the limit.
    ///
    /// # Errors
    /// `BadRequest` if it is not from 1 to 1,000.
    pub fn check(self) -> Result<(), Errcode> {
        match self.capacity {
            Some(capacity) if !(1..=1_000).contains(&capacity) => Err(Errcode::BadRequest),
            _ => Ok(()),
        }
    }
}

/// Answers in another form than today's, for clients made for older versions of the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compat {
    /// `kf_id` is a string in both lists of agents, for clients that cannot read a number (the crates wx-sdk and
    /// wechat-mp).
    pub kf_id_as_string: bool,
    /// `getonlinekflist` has the retired `auto_accept`, for clients that need it.
    pub auto_accept: bool,
}

/// Checks the name of an account or of a third-party platform (component).
///
/// # Errors
/// One sentence for the operator.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if is_blank(name) || name.chars().count() > 64 || name.contains('\0') {
        return Err("a name has 1 to 64 characters, at least one of which can be seen");
    }
    Ok(())
}

impl Account {
    /// Whether an agent gets customers automatically, and up to how many open sessions.
    #[must_use]
    pub fn intake(&self, own: Intake) -> (bool, i64) {
        let reception = own.reception.unwrap_or(self.reception);
        (reception == Reception::Automatic, own.capacity.unwrap_or(self.capacity))
    }

    /// The retired `auto_accept` of an agent: how many sessions the agent gets automatically. `None` if answers do not
    /// show it.
    #[must_use]
    pub fn auto_accept(&self, own: Intake) -> Option<i64> {
        let (is_automatic, limit) = self.intake(own);
        self.compat.auto_accept.then_some(if is_automatic { limit } else { 0 })
    }

    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// One sentence for the operator.
    pub fn check(&self) -> Result<(), &'static str> {
        let alias_fits = self.alias.len() <= protocol::limits::KF_ACCOUNT_SUFFIX_MAX
            && self.alias.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if self.certified && self.principal == Principal::Individual {
            Err(
                "an individual's account cannot be certified: make it an enterprise's, or leave it uncertified",
            )
        } else if !alias_fits {
            Err("an alias has at most 30 of A-Z, a-z, 0-9, _ and -")
        } else if self.capacity < 1 {
            Err("an agent needs a capacity of at least 1")
        } else {
            self.queue.check().and_then(|()| check_name(&self.name))
        }
    }
}

/// The part of the ids of an account's agents after the `@`.
#[derive(Clone, Debug)]
pub struct AgentSuffix(Option<String>);

impl AgentSuffix {
    /// The suffix in an account: the alias. Without one, a Mini Program or Mini Game uses its original id, and an
    /// Official Account cannot have agents (page of addkfaccount).
    #[must_use]
    pub fn of(kind: AccountKind, alias: String, original_id: String) -> Self {
        AgentSuffix(match (kind, alias.as_str()) {
            (AccountKind::MiniProgram | AccountKind::MiniGame, "") => Some(original_id),
            (_, "") => None,
            _ => Some(alias),
        })
    }

    /// The suffix; `None` where the account cannot have agents.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Parses the id of an agent, which must be this account's.
    ///
    /// # Errors
    /// `IllegalAgent`.
    pub fn admit(&self, kf_account: &str) -> Result<KfAccount, Errcode> {
        let kf_account = KfAccount::parse(kf_account)?;
        if self.as_str() == Some(kf_account.suffix()) { Ok(kf_account) } else { Err(Errcode::IllegalAgent) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, AgentSuffix, Compat, Principal, QueueRules, Reception};
    use crate::Appid;
    use protocol::{AccountKind, Errcode};

    fn account(kind: AccountKind, alias: &str) -> Account {
        Account {
            appid: Appid::stored("wx0123456789abcdef".into()),
            name: "Shop".into(),
            kind,
            principal: Principal::Enterprise,
            certified: true,
            feature: true,
            alias: alias.into(),
            original_id: "gh_0123456789ab".into(),
            reception: Reception::Automatic,
            capacity: 10,
            queue: QueueRules::default(),
            compat: Compat::default(),
        }
    }

    fn suffix(kind: AccountKind, alias: &str) -> AgentSuffix {
        AgentSuffix::of(kind, alias.into(), "gh_0123456789ab".into())
    }

    #[test]
    fn an_agents_suffix_is_the_accounts_alias_to_the_letter() {
        let shop = suffix(AccountKind::Service, "Shop");
        assert!(shop.admit("a@Shop").is_ok());
        assert_eq!(shop.admit("a@shop"), Err(Errcode::IllegalAgent));
    }

    #[test]
    fn only_mini_programs_and_games_fall_back_on_the_original_id() {
        assert!(suffix(AccountKind::MiniProgram, "").admit("a@gh_0123456789ab").is_ok());
        assert!(suffix(AccountKind::MiniGame, "").admit("a@gh_0123456789ab").is_ok());
        assert!(suffix(AccountKind::Service, "").admit("a@gh_0123456789ab").is_err());
        assert!(suffix(AccountKind::MiniGame, "x").admit("a@gh_0123456789ab").is_err());
    }

    #[test]
    fn an_individual_cannot_be_certified() {
        let mut shop = account(AccountKind::Service, "x");
        assert!(shop.check().is_ok());
        shop.principal = Principal::Individual;
        assert!(shop.check().is_err());
        shop.certified = false;
        assert!(shop.check().is_ok());
    }

    #[test]
    fn an_account_that_cannot_be_is_refused_with_what_is_wrong() {
        let with = |change: fn(&mut Account)| {
            let mut shop = account(AccountKind::Service, "x");
            change(&mut shop);
            shop.check().err().unwrap_or("")
        };
        for fits in ["", "a", "Z9_-", &"a".repeat(30)] {
            assert_eq!(account(AccountKind::Service, fits).check(), Ok(()), "{fits}");
        }
        for odd in ["a b", "a.b", "店", &"a".repeat(31), "a@b"] {
            assert!(
                account(AccountKind::Service, odd).check().is_err_and(|why| why.contains("alias")),
                "{odd}"
            );
        }
        assert!(with(|shop| shop.capacity = 0).contains("capacity"));
        assert!(with(|shop| shop.capacity = -1).contains("capacity"));
        assert_eq!(with(|shop| shop.capacity = 1), "");
        assert!(with(|shop| shop.name.clear()).contains("name"));
        assert!(with(|shop| shop.name = "店".repeat(65)).contains("name"));
        assert_eq!(with(|shop| shop.name = "店".repeat(64)), "");
        assert!(with(|shop| shop.name = "a\0b".into()).contains("name"));
    }
}
