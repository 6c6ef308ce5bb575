//! Accounts: create, list, show, set.

pub(crate) mod access;
pub mod administrator;
pub mod business;
pub mod callback;
pub mod component;
pub mod ip_allowlist;
pub mod listen_key;
pub mod refusal_log;
pub mod token;
pub mod wecom;

use crate::{Desk, Result, due, sha256};
use model::account::{AgentSuffix, Compat, Principal, QueueRules, Reception};
use model::due::Due;
use model::session::queue::Strategy;
use model::{Account, Appid, Fact, MINUTE, SECOND, TextEnum};
use protocol::{AccountKind, Errcode, limits};
use std::net::IpAddr;
use store::bind;
use store::error::Error;
use store::{Row, Tx, Value};

/// Creates an account. The inner error is a sentence for the operator.
///
/// # Errors
/// Internal only.
pub async fn create(desk: &Desk, account: &Account, secret: &str) -> Result<Result<(), String>> {
    let (appid, account, secret) = (&account.appid, account.clone(), sha256(secret));
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        if let Some(other) = other_of_alias(tx, appid, &account.alias)? {
            return Ok(Err(other));
        }
        if !due::begin_feed(tx, appid.as_str())? {
            return Ok(Err(taken(appid)));
        }
        let mut values = stored_values(&account).to_vec();
        values.extend_from_slice(bind![&secret, limits::KF_ID_FIRST, now]);
        tx.run(INSERT, &values)?;
        Ok(Ok(()))
    })
    .await
}

/// The sentence for an appid that is taken, or was taken by something removed since.
#[must_use]
pub fn taken(appid: &Appid) -> String {
    format!("{appid} exists already or has been removed: an appid cannot be used again")
}

/// Reads an account.
///
/// # Errors
/// 40013.
pub async fn show(desk: &Desk, appid: &Appid) -> Result<Account> {
    desk.read(appid, get).await
}

/// All accounts, oldest first.
///
/// # Errors
/// Internal only.
pub async fn list(desk: &Desk) -> Result<Vec<Account>> {
    desk.store.read("", |tx| Ok(tx.all(SELECT_ALL, &[])?.iter().map(account).collect())).await
}

/// Whether the store has no account.
///
/// # Errors
/// Internal only.
pub async fn is_empty(desk: &Desk) -> Result<bool> {
    desk.store.read("", |tx| Ok(tx.one(SELECT_ANY, &[])?.is_none())).await
}

/// What [`set`] changes. `None` leaves a setting as it is.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct AccountChanges {
    /// The name that people see.
    pub name: Option<String>,
    /// The kind, as its stored word.
    pub kind: Option<String>,
    /// Whether a person or an enterprise owns the account, as its stored word.
    pub principal: Option<String>,
    /// Whether the account is certified.
    pub certified: Option<bool>,
    /// Whether the customer-service feature is on.
    pub feature: Option<bool>,
    /// The alias: the suffix of agents' ids.
    pub alias: Option<String>,
    /// Whether the first message of a customer waits or goes to an agent, as its stored word.
    pub reception: Option<String>,
    /// The most sessions that are assigned to an agent automatically.
    pub capacity: Option<i64>,
    /// Minutes without a message after which a session ends.
    pub idle_minutes: Option<i64>,
    /// Seconds that an agent who went offline has to come back before the customers go elsewhere.
    pub grace_s: Option<i64>,
    /// Seconds within which an agent answers a customer who was assigned; 0: any time.
    pub answer_s: Option<i64>,
    /// Which of several agents with room gets the next customer, as its stored word.
    pub strategy: Option<String>,
    /// Whether a customer goes to the last agent first.
    pub last_agent_first: Option<bool>,
    /// Whether answers write `kf_id` as a string.
    pub kf_id_as_string: Option<bool>,
    /// Whether `getonlinekflist` returns the retired member `auto_accept`.
    pub auto_accept: Option<bool>,
    /// A new secret. Tokens issued with the old secret stay valid.
    pub secret: Option<String>,
}

fn word<T: TextEnum>(given: Option<&str>, now: T) -> Result<T> {
    given.map_or(Ok(now), |given| T::from_text(given).ok_or(Error::Refused(Errcode::BadRequest)))
}

impl AccountChanges {
    /// Returns the account with these changes.
    ///
    /// # Errors
    /// `BadRequest` if a word is unknown.
    pub fn apply(&self, old: &Account) -> Result<Account> {
        Ok(Account {
            appid: old.appid.clone(),
            name: self.name.clone().unwrap_or_else(|| old.name.clone()),
            kind: word(self.kind.as_deref(), old.kind)?,
            principal: word(self.principal.as_deref(), old.principal)?,
            certified: self.certified.unwrap_or(old.certified),
            feature: self.feature.unwrap_or(old.feature),
            alias: self.alias.clone().unwrap_or_else(|| old.alias.clone()),
            original_id: old.original_id.clone(),
            reception: word(self.reception.as_deref(), old.reception)?,
            capacity: self.capacity.unwrap_or(old.capacity),
            queue: QueueRules {
                idle_minutes: self.idle_minutes.unwrap_or(old.queue.idle_minutes),
                grace_s: self.grace_s.unwrap_or(old.queue.grace_s),
                answer_s: self.answer_s.unwrap_or(old.queue.answer_s),
                strategy: word(self.strategy.as_deref(), old.queue.strategy)?,
                last_agent_first: self.last_agent_first.unwrap_or(old.queue.last_agent_first),
            },
            compat: Compat {
                kf_id_as_string: self.kf_id_as_string.unwrap_or(old.compat.kf_id_as_string),
                auto_accept: self.auto_accept.unwrap_or(old.compat.auto_accept),
            },
        })
    }
}

/// Changes an account. The inner error is a sentence for the operator.
///
/// # Errors
/// 40013 if the account does not exist, `BadRequest` if a word is unknown.
pub async fn set(desk: &Desk, appid: &Appid, changes: AccountChanges) -> Result<Result<Account, String>> {
    desk.write(appid, move |tx, appid| {
        let old = get(tx, appid)?;
        let account = changes.apply(&old)?;
        if let Err(sentence) = account.check() {
            return Ok(Err(sentence.to_owned()));
        }
        // Older versions allowed accounts to share an alias. Such accounts keep it until it is changed.
        if account.alias != old.alias
            && let Some(other) = other_of_alias(tx, appid, &account.alias)?
        {
            return Ok(Err(other));
        }
        tx.run(UPDATE, &stored_values(&account))?;
        if let Some(secret) = &changes.secret {
            tx.run(UPDATE_SECRET, bind![appid, &sha256(secret)])?;
        }
        shorten(tx, appid, &old.queue, &account.queue)?;
        tx.record(Fact::Access);
        Ok(Ok(account))
    })
    .await
}

/// Lets rows of the timetable fall due earlier where the account's times have become shorter. Where they have become
/// longer, the verbs of the rows schedule them again.
fn shorten(tx: &mut Tx<'_>, appid: &Appid, old: &QueueRules, new: &QueueRules) -> Result<()> {
    let times = [
        (Due::Session, (old.idle_minutes - new.idle_minutes) * MINUTE),
        (Due::Grace, (old.grace_s - new.grace_s) * SECOND),
        (Due::Answer, (old.answer_s - new.answer_s) * SECOND),
    ];
    let mut shorter = times.into_iter().filter(|(_, by)| *by > 0);
    shorter.try_for_each(|(kind, by)| due::bring_forward(tx, appid.as_str(), kind, by))
}

/// Returns a sentence about the other account that has this alias. Takes a lock that only one transaction holds at a
/// time, because two accounts could otherwise take the same alias at once.
fn other_of_alias(tx: &mut Tx<'_>, appid: &Appid, alias: &str) -> Result<Option<String>> {
    if alias.is_empty() {
        return Ok(None);
    }
    tx.lock_name(ALIASES)?;
    let other = tx.one(SELECT_OTHER, bind![alias, appid])?;
    Ok(other.map(|other| {
        let (id, name) = (other.text(0), other.text(1));
        format!("the alias {alias} belongs to {id} ({name}): agents' ids end in it, so choose another")
    }))
}

/// Reads an account.
///
/// # Errors
/// 40013.
pub(super) fn get(tx: &mut Tx<'_>, appid: &Appid) -> Result<Account> {
    let row = tx.one(SELECT, bind![appid])?;
    row.map(|row| account(&row)).ok_or(Error::Refused(Errcode::InvalidAppid))
}

/// Minutes without a message after which a session of the account ends.
pub(super) fn idle_minutes(tx: &mut Tx<'_>, appid: &Appid) -> Result<i64> {
    let row = tx.one(SELECT_IDLE_MINUTES, bind![appid])?;
    Ok(row.map_or(limits::SESSION_IDLE_MIN, |row| row.int(0)))
}

/// Takes the next agent's number. Returns the suffix of agents' ids and the number.
pub(super) fn take_kf_id(tx: &mut Tx<'_>, appid: &Appid) -> Result<(AgentSuffix, i64)> {
    let row = tx.one(TAKE_KF_ID, bind![appid])?.ok_or(Error::Refused(Errcode::InvalidAppid))?;
    Ok((AgentSuffix::of(kind(&row.text(0)), row.text(1), row.text(2)), row.int(3)))
}

/// Checks an account's secret.
///
/// # Errors
/// 40013 if the account does not exist, 40125 if the secret is wrong.
pub(super) fn check_secret(tx: &mut Tx<'_>, appid: &Appid, secret: &str) -> Result<()> {
    let row = tx.one(SELECT_SECRET, bind![appid])?.ok_or(Errcode::InvalidAppid)?;
    if super::is_same(&sha256(secret), &row.text(0)) { Ok(()) } else { Err(Errcode::InvalidAppsecret.into()) }
}

/// Checks an account's secret, and that the account may be called from `address`.
///
/// # Errors
/// 40013, 40125, 40164.
pub(super) fn authenticate(tx: &mut Tx<'_>, appid: &Appid, secret: &str, address: IpAddr) -> Result<()> {
    check_secret(tx, appid, secret)?;
    if ip_allowlist::get(tx, appid)?.allows(address) { Ok(()) } else { Err(Errcode::InvalidIp.into()) }
}

/// A parameter that must not be empty.
///
/// # Errors
/// `missing`.
pub(super) fn required(parameter: Option<String>, missing: Errcode) -> Result<String, Errcode> {
    parameter.filter(|text| !text.is_empty()).ok_or(missing)
}

/// The columns that [`stored_values`] writes and [`account`] reads.
macro_rules! columns {
    () => {
        "appid, name, kind, principal, certified, feature, alias, original_id, reception, capacity,
    kf_id_as_string, auto_accept, idle_minutes, grace_s, answer_s, strategy, last_agent_first"
    };
}

fn stored_values(account: &Account) -> [Value<'_>; 17] {
    [
        Value::from(&account.appid),
        Value::from(&account.name),
        Value::from(account.kind.as_text()),
        Value::from(account.principal.as_text()),
        Value::from(account.certified),
        Value::from(account.feature),
        Value::from(&account.alias),
        Value::from(&account.original_id),
        Value::from(account.reception.as_text()),
        Value::from(account.capacity),
        Value::from(account.compat.kf_id_as_string),
        Value::from(account.compat.auto_accept),
        Value::from(account.queue.idle_minutes),
        Value::from(account.queue.grace_s),
        Value::from(account.queue.answer_s),
        Value::from(account.queue.strategy.as_text()),
        Value::from(account.queue.last_agent_first),
    ]
}

fn kind(stored: &str) -> AccountKind {
    AccountKind::from_text(stored).unwrap_or(AccountKind::Other)
}

fn account(row: &Row) -> Account {
    Account {
        appid: Appid::stored(row.text(0)),
        name: row.text(1),
        kind: kind(&row.text(2)),
        principal: Principal::from_text(&row.text(3)).unwrap_or(Principal::Individual),
        certified: row.flag(4),
        feature: row.flag(5),
        alias: row.text(6),
        original_id: row.text(7),
        reception: Reception::from_text(&row.text(8)).unwrap_or(Reception::Manual),
        capacity: row.int(9),
        compat: Compat { kf_id_as_string: row.flag(10), auto_accept: row.flag(11) },
        queue: QueueRules {
            idle_minutes: row.int(12),
            grace_s: row.int(13),
            answer_s: row.int(14),
            strategy: Strategy::from_text(&row.text(15)).unwrap_or_default(),
            last_agent_first: row.flag(16),
        },
    }
}

/// The name of the lock for giving aliases.
const ALIASES: &str = "#alias";
const SELECT_OTHER: &str =
    "select appid, name from account where alias = $1 and appid <> $2 order by appid limit 1";
/// Aliases that several accounts share, with each of these accounts. For `kefu doctor`.
pub const SHARED_ALIASES: &str = "select alias, appid from account where alias in
    (select alias from account where alias <> '' group by alias having count(*) > 1) order by alias, appid";
const INSERT: &str = concat!(
    "insert into account (",
    columns!(),
    ", secret_sha256, next_kf_id, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
);
const SELECT: &str = concat!("select ", columns!(), " from account where appid = $1");
const SELECT_ALL: &str = concat!("select ", columns!(), " from account order by created_at");
const SELECT_ANY: &str = "select appid from account limit 1";
const SELECT_IDLE_MINUTES: &str = "select idle_minutes from account where appid = $1";
const SELECT_SECRET: &str = "select secret_sha256 from account where appid = $1";
const UPDATE: &str = concat!(
    "update account set (",
    columns!(),
    ") = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) where appid = $1"
);
const UPDATE_SECRET: &str = "update account set secret_sha256 = $2 where appid = $1";
const TAKE_KF_ID: &str = "update account set next_kf_id = next_kf_id + 1 where appid = $1
    returning kind, alias, original_id, next_kf_id - 1";
