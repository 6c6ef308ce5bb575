//! Workers: sign-up links, passwords, and the list of agents that a worker is or is invited to be.
//!
//! A worker owns a feed, `@name`, through which the worker's browsers learn of changes to this list and to logins. The
//! feed exists as soon as an account invites the name, whether or not the worker has signed up.

use crate::people::agent;
use crate::people::ended_login::{self, EndReason};
use crate::people::hashing::{self, Requester, Verified};
use crate::{Desk, Result, absent, due, sha256};
use model::due::{BINDING_CHECK, Due};
use model::{Appid, Fact, HOUR, KfAccount, TextEnum, Time, WechatId};
use protocol::Errcode;
use store::bind;
use store::{Row, Tx};

/// The owner of a worker's feed.
#[must_use]
pub fn owner(name: &str) -> String {
    format!("@{name}")
}

/// Creates a one-time sign-up link, valid for `hours`. Returns its secret. With a name, the link is only valid for that
/// name.
///
/// # Errors
/// Internal only.
pub async fn invite(desk: &Desk, name: Option<&WechatId>, hours: u32) -> Result<String> {
    let secret = desk.rng.secret();
    let (hash, name) = (sha256(&secret), name.map(ToString::to_string).unwrap_or_default());
    desk.store
        .write_silent("", move |tx| {
            let now = tx.now();
            tx.run(DELETE_OLD_SIGNUPS, bind![now])?;
            tx.run(INSERT_SIGNUP, bind![&hash, &name, now + i64::from(hours) * HOUR, now]).map(|_| ())
        })
        .await?;
    Ok(secret)
}

/// Signs up a worker with a link.
///
/// # Errors
/// `NameMalformed`, `PasswordShort`, `LinkInvalid`, `NameTaken`. `Busy` if too many passwords wait.
pub async fn sign_up(
    desk: &Desk,
    link: &str,
    name: &str,
    password: &str,
    requester: Requester,
) -> Result<Verified> {
    let name = WechatId::parse(name).map_err(|_| Errcode::NameMalformed)?;
    hashing::check(password)?;
    let (link, worker) = (sha256(link), name.clone());
    let asked = link.clone();
    // Hashing is costly, so the link is checked before.
    desk.store.read("", move |tx| check_link(tx, &asked, &worker)).await?;
    let verified = Verified { name, hash: desk.passwords.hash(requester, password).await? };
    let hash = verified.hash.clone();
    desk.write_silent(&verified.name, move |tx, name| {
        check_link(tx, &link, name)?;
        insert(tx, name, &hash)?;
        // Another request has used the link at the same time.
        if tx.run(DELETE_SIGNUP, bind![&link])? == 0 {
            return Err(Errcode::LinkInvalid.into());
        }
        Ok(())
    })
    .await?;
    Ok(verified)
}

fn check_link(tx: &mut Tx<'_>, hash: &str, name: &WechatId) -> Result<()> {
    let now = tx.now();
    let link = tx.one(SELECT_SIGNUP, bind![hash, now])?.ok_or(Errcode::LinkInvalid)?;
    let is_hers = link.text(0).is_empty() || link.text(0) == name.as_str();
    if is_hers { Ok(()) } else { Err(Errcode::LinkInvalid.into()) }
}

/// Creates a worker without a link, for the operator.
///
/// # Errors
/// `NameTaken`.
pub async fn create(desk: &Desk, name: &WechatId, password: &str) -> Result<()> {
    let password = desk.passwords.hash(Requester::Known, password).await?;
    desk.write_silent(name, move |tx, name| insert(tx, name, &password)).await
}

fn insert(tx: &mut Tx<'_>, name: &WechatId, password: &str) -> Result<()> {
    let now = tx.now();
    due::begin_feed(tx, &owner(name.as_str()))?;
    // A new worker must not inherit what a removed worker of this name still is.
    if is_being_removed(tx, name)? || tx.run(INSERT, bind![name, password, now])? == 0 {
        return Err(Errcode::NameTaken.into());
    }
    Ok(())
}

/// Whether the removal of a worker of this name is still running.
fn is_being_removed(tx: &mut Tx<'_>, name: &WechatId) -> Result<bool> {
    Ok(tx.one(SELECT_DUE, bind![&owner(name.as_str()), Due::Worker.as_text()])?.is_some())
}

/// Sets a new password for a worker and ends all logins.
///
/// # Errors
/// `NotFound`.
pub async fn reset(desk: &Desk, name: &WechatId, password: &str) -> Result<()> {
    let password = desk.passwords.hash(Requester::Known, password).await?;
    desk.write(name, move |tx, name| {
        if tx.run(UPDATE_PASSWORD, bind![name, &password])? == 0 {
            return Err(Errcode::NotFound.into());
        }
        ended_login::end_others(tx, name, "", EndReason::Reset)?;
        tx.record(Fact::Worker);
        Ok(())
    })
    .await
    .map_err(absent)
}

/// Whether a worker of this name has signed up.
///
/// # Errors
/// Internal only.
pub async fn exists(desk: &Desk, name: &WechatId) -> Result<bool> {
    let name = name.clone();
    desk.store.read("", move |tx| Ok(tx.one(SELECT, bind![&name])?.is_some())).await
}

/// A worker in the operator's list.
#[derive(Debug, serde::Serialize)]
pub struct WorkerEntry {
    /// The worker's name.
    pub name: String,
    /// When the worker signed up.
    pub created_at: Time,
    /// The agents that the worker is, as `appid kf_account`.
    pub agents: Vec<String>,
}

/// All workers, sorted by when they signed up.
///
/// # Errors
/// Internal only.
pub async fn list(desk: &Desk) -> Result<Vec<WorkerEntry>> {
    desk.store
        .read("", |tx| {
            let mut workers = Vec::new();
            for row in tx.all(SELECT_ALL, &[])? {
                let agents = tx.all(SELECT_BINDINGS, bind![&row.text(0)])?;
                let agents = agents.iter().map(|row| format!("{} {}", row.text(0), row.text(1))).collect();
                workers.push(WorkerEntry { name: row.text(0), created_at: row.int(1), agents });
            }
            Ok(workers)
        })
        .await
}

/// The number of agents that a worker is, in all accounts.
pub(crate) fn count_bindings(tx: &mut Tx<'_>, worker: &WechatId) -> Result<i64> {
    tx.number(COUNT_BINDINGS, bind![worker])
}

/// Reserves a place in a worker's list before the account binds the worker. Repeating it changes nothing.
///
/// # Errors
/// `NotFound` if the worker does not exist or was removed, `BoundTooOften`.
pub(crate) async fn take_binding(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<()> {
    let (appid, kf_account) = (appid.clone(), kf_account.clone());
    let most = i64::from(desk.rules.worker_agents_max);
    desk.write(worker, move |tx, worker| {
        tx.one(SELECT, bind![worker])?.ok_or(Errcode::NotFound)?;
        let is_new = tx.run(INSERT_BINDING, bind![worker, &appid, &kf_account])? == 1;
        if is_new && count_bindings(tx, worker)? > most {
            return Err(Errcode::BoundTooOften.into());
        }
        schedule_recheck(tx, worker.as_str(), &appid, &kf_account)?;
        tx.record(Fact::Worker);
        Ok(())
    })
    .await
}

/// Schedules [`recheck`] for a worker's list and one agent, in case [`reconcile`] does not run. Called in the
/// transaction that makes the list and the account differ.
pub(crate) fn schedule_recheck(
    tx: &mut Tx<'_>,
    person: &str,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<()> {
    if person.is_empty() {
        return Ok(());
    }
    let (owner, at) = (owner(person), tx.now() + BINDING_CHECK);
    due::begin_feed(tx, &owner)?;
    due::set(tx, &owner, Due::Binding, &binding_key(appid, kf_account), at)
}

/// Makes a worker's list agree with the account's row of an agent, and informs the worker's browsers. The last step of
/// every call that binds, invites or unlinks a worker. It reads the account's row in the same transaction, so it may be
/// repeated, and of two calls the later one leaves the current state.
///
/// # Errors
/// Internal only, and `SystemError`.
pub(crate) async fn reconcile(
    desk: &Desk,
    person: &str,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<()> {
    if person.is_empty() {
        return Ok(());
    }
    let (appid, kf_account) = (appid.clone(), kf_account.clone());
    desk.write(&WechatId::stored(person.to_owned()), move |tx, person| {
        let binding = agent::find(tx, &appid, kf_account.as_str())?.map(|agent| agent.binding);
        let is_bound = binding.as_ref().is_some_and(|binding| binding.worker == person.as_str());
        let is_invited = binding.is_some_and(|binding| binding.invites(person.as_str(), tx.now()));
        let binding = if is_bound { INSERT_BINDING } else { DELETE_BINDING };
        let invitation = if is_invited { INSERT_INVITATION } else { DELETE_INVITATION };
        for sql in [binding, invitation] {
            tx.run(sql, bind![person, &appid, &kf_account])?;
        }
        due::clear(tx, &owner(person.as_str()), Due::Binding, &binding_key(&appid, &kf_account))?;
        tx.record(Fact::Worker);
        Ok(())
    })
    .await
}

/// The key of the `due` row for a worker's list and one agent. [`recheck`] parses it.
fn binding_key(appid: &Appid, kf_account: &KfAccount) -> String {
    format!("{appid} {kf_account}")
}

/// Reconciles a worker's list with the agent that `key` names, in case the call that was to do it stopped.
pub(crate) async fn recheck(desk: &Desk, person: &str, key: &str) -> Result<()> {
    let (appid, kf_account) = key.split_once(' ').ok_or(Errcode::NotFound)?;
    reconcile(desk, person, &Appid::stored(appid.into()), &KfAccount::stored(kf_account.into())).await
}

/// A worker's list. Readers skip entries that the account's row of the agent does not confirm.
#[derive(Debug, Default)]
pub struct WorkerLinks {
    /// The agents that the worker is.
    pub bindings: Vec<(Appid, KfAccount)>,
    /// The agents that the worker is invited to be.
    pub invitations: Vec<(Appid, KfAccount)>,
    /// The `seq` of the worker's feed.
    pub seq: i64,
}

/// Reads a worker's list.
///
/// # Errors
/// Internal only.
pub async fn links(desk: &Desk, worker: &WechatId) -> Result<WorkerLinks> {
    desk.read(worker, |tx, worker| {
        let seq = tx.head()?.map_or(0, |head| head.seq);
        let mut pairs = |sql| -> Result<Vec<_>> {
            let rows = tx.all(sql, bind![worker])?;
            let pair = |row: &Row| (Appid::stored(row.text(0)), KfAccount::stored(row.text(1)));
            let mut pairs: Vec<_> = rows.iter().map(pair).collect();
            // Sorted here, because the two engines sort text differently.
            pairs.sort_by_key(|(appid, kf_account)| (appid.to_string(), kf_account.to_string()));
            Ok(pairs)
        };
        Ok(WorkerLinks { bindings: pairs(SELECT_BINDINGS)?, invitations: pairs(SELECT_INVITATIONS)?, seq })
    })
    .await
}

const SELECT_DUE: &str = "select key from due where owner = $1 and kind = $2";
const INSERT: &str =
    "insert into worker (name, password, created_at) values ($1, $2, $3) on conflict (name) do nothing";
const SELECT_ALL: &str = "select name, created_at from worker order by created_at";
const SELECT: &str = "select name from worker where name = $1";
const UPDATE_PASSWORD: &str = "update worker set password = $2 where name = $1";
const INSERT_SIGNUP: &str = "insert into signup (sha256, name, expires_at, made_at) values ($1, $2, $3, $4)";
const SELECT_SIGNUP: &str = "select name from signup where sha256 = $1 and expires_at > $2";
const DELETE_SIGNUP: &str = "delete from signup where sha256 = $1";
const DELETE_OLD_SIGNUPS: &str = "delete from signup where expires_at <= $1";
const INSERT_INVITATION: &str = "insert into invitation (worker, appid, kf_account) values ($1, $2, $3)
    on conflict (worker, appid, kf_account) do nothing";
const DELETE_INVITATION: &str = "delete from invitation where worker = $1 and appid = $2 and kf_account = $3";
const SELECT_INVITATIONS: &str = "select appid, kf_account from invitation where worker = $1";
const INSERT_BINDING: &str = "insert into binding (worker, appid, kf_account) values ($1, $2, $3)
    on conflict (worker, appid, kf_account) do nothing";
const DELETE_BINDING: &str = "delete from binding where worker = $1 and appid = $2 and kf_account = $3";
const SELECT_BINDINGS: &str = "select appid, kf_account from binding where worker = $1";
const COUNT_BINDINGS: &str = "select count(*) from binding where worker = $1";
