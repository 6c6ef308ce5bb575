//! Removal of a worker. The name can be used again after the last round, and its new worker inherits nothing.

use super::{LAST, unfinished};
use crate::account::administrator;
use crate::people::{agent, worker};
use crate::session::release;
use crate::{Desk, Result, absent, due};
use model::agent::Presence;
use model::due::Due;
use model::session::leave::Cause;
use model::{Appid, Fact, KfAccount, MINUTE, Time, WechatId};
use protocol::Errcode;
use serde::Serialize;
use store::bind;
use store::error::Error;

/// The most agents, and the most administered accounts, that a round takes from a worker.
const ROUND: i64 = 100;
/// How long after the removal the last round runs. Longer than a binding that was running at the removal can take.
const LAST_AFTER: Time = MINUTE;

/// What a removal deletes, for the operator's confirmation.
#[derive(Debug, Serialize)]
pub struct WorkerContents {
    /// Logins.
    pub logins: i64,
    /// Agents that the worker is.
    pub agents: i64,
    /// Invitations to be an agent.
    pub invitations: i64,
    /// Accounts that the worker administers.
    pub administers: i64,
    /// Sign-up links for the name.
    pub links: i64,
}

/// Counts what a removal would delete.
///
/// # Errors
/// `NotFound`.
pub async fn count(desk: &Desk, name: &WechatId) -> Result<WorkerContents> {
    if !worker::exists(desk, name).await? {
        return Err(Errcode::NotFound.into());
    }
    let name = name.clone();
    desk.store
        .read("", move |tx| {
            let mut count = |sql| tx.number(sql, bind![&name]);
            Ok(WorkerContents {
                logins: count(COUNT_LOGINS)?,
                agents: count(COUNT_BINDINGS)?,
                invitations: count(COUNT_INVITATIONS)?,
                administers: count(COUNT_ADMINISTERED)?,
                links: count(COUNT_LINKS)?,
            })
        })
        .await
}

/// Removes a worker. The first step ends the password, logins, debug tokens and sign-up links. The second frees the
/// agents; a `due` row repeats it if it fails.
///
/// # Errors
/// `NotFound`.
pub async fn remove(desk: &Desk, name: &WechatId) -> Result<()> {
    end_access(desk, name).await?;
    if let Err(error) = run_round(desk, name.as_str(), "").await {
        tracing::warn!(%error, "the agents of a removed worker are not free yet; the removal is tried again");
    }
    Ok(())
}

async fn end_access(desk: &Desk, name: &WechatId) -> Result<()> {
    let ended = desk.write(name, |tx, name| {
        let now = tx.now();
        if tx.run(DELETE, bind![name])? == 0 {
            return Err(Errcode::NotFound.into());
        }
        tx.run(DELETE_LOGINS, bind![name])?;
        tx.run(DELETE_ENDED_LOGINS, bind![name])?;
        tx.run(DELETE_LINKS, bind![name])?;
        due::set(tx, &worker::owner(name.as_str()), Due::Worker, "", now)?;
        tx.record(Fact::Worker);
        Ok(())
    });
    ended.await.map_err(absent)
}

/// Removes a bounded part of what a removed worker was. The `due` row stays until nothing is left; a last round follows
/// later.
pub(crate) async fn run_round(desk: &Desk, name: &str, key: &str) -> Result<()> {
    let (name, is_last) = (WechatId::stored(name.to_owned()), key == LAST);
    let agents = leave_agents(desk, &name, is_last).await.map_err(unfinished)?;
    let accounts = leave_accounts(desk, &name).await.map_err(unfinished)?;
    if agents == ROUND || accounts == ROUND {
        return Ok(());
    }
    let key = key.to_owned();
    desk.write_silent(&name, move |tx, name| {
        let (now, owner) = (tx.now(), worker::owner(name.as_str()));
        // Also deletes logins that began at the moment of the removal, and what they left.
        for sql in [DELETE_LOGINS, DELETE_ENDED_LOGINS, DELETE_DRAFTS, DELETE_MARKS] {
            tx.run(sql, bind![name])?;
        }
        due::clear(tx, &owner, Due::Worker, &key)?;
        if is_last { Ok(()) } else { due::set(tx, &owner, Due::Worker, LAST, now + LAST_AFTER) }
    })
    .await
}

/// Frees the worker's agents and withdraws invitations. The last round keeps invitations, which are for a new worker of
/// this name. Returns the number of agents.
async fn leave_agents(desk: &Desk, name: &WechatId, is_last: bool) -> Result<i64> {
    let (id, sql) = (name.clone(), if is_last { SELECT_BOUND } else { SELECT_SEATS });
    let rows = desk.store.read("", move |tx| tx.all(sql, bind![&id, ROUND])).await?;
    for row in &rows {
        let (appid, kf_account) = (Appid::stored(row.text(0)), KfAccount::stored(row.text(1)));
        match free_agent(desk, &appid, &kf_account, name).await {
            // A removed account has no agents.
            Ok(()) | Err(Error::Refused(Errcode::InvalidAppid)) => {}
            Err(error) => return Err(error),
        }
        worker::reconcile(desk, name.as_str(), &appid, &kf_account).await?;
    }
    Ok(i64::try_from(rows.len())?)
}

/// Frees an agent from its worker, and releases its sessions as at the agent's deletion.
async fn free_agent(desk: &Desk, appid: &Appid, kf_account: &KfAccount, name: &WechatId) -> Result<()> {
    let (kf_account, name) = (kf_account.clone(), name.clone());
    desk.write(appid, move |tx, appid| {
        let Some(agent) = agent::find(tx, appid, kf_account.as_str())? else { return Ok(()) };
        if agent.binding.worker != name.as_str() && agent.binding.invite_wx != name.as_str() {
            return Ok(());
        }
        release::release_all(tx, appid, &kf_account, Cause::AgentGone)?;
        tx.run(FREE, bind![appid, &kf_account])?;
        super::agent::forget(tx, appid, &kf_account)?;
        if agent.presence != Presence::Offline {
            tx.record(Fact::Presence { kf_account: kf_account.clone(), presence: Presence::Offline });
        }
        tx.record(Fact::Agent { kf_account: kf_account.clone() });
        Ok(())
    })
    .await
}

/// Revokes the worker's administration of accounts. Returns the number of accounts.
async fn leave_accounts(desk: &Desk, name: &WechatId) -> Result<i64> {
    let id = name.clone();
    let rows = desk.store.read("", move |tx| tx.all(SELECT_ADMINISTERED, bind![&id, ROUND])).await?;
    for appid in rows.iter().map(|row| Appid::stored(row.text(0))) {
        match administrator::revoke(desk, &appid, name).await {
            // The rows of a removed account are deleted with it.
            Ok(()) | Err(Error::Refused(Errcode::InvalidAppid)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(i64::try_from(rows.len())?)
}

const DELETE: &str = "delete from worker where name = $1";
const DELETE_LOGINS: &str = "delete from login where worker = $1";
const DELETE_ENDED_LOGINS: &str = "delete from ended_login where worker = $1";
const DELETE_DRAFTS: &str = "delete from draft where worker = $1";
const DELETE_MARKS: &str = "delete from read_mark where worker = $1";
const DELETE_LINKS: &str = "delete from signup where name = $1 and name <> ''";
const SELECT_SEATS: &str = "select appid, kf_account from agent where worker = $1 and worker <> ''
    union select appid, kf_account from agent where invite_wx = $1 and invite_wx <> ''
    union select appid, kf_account from binding where worker = $1
    union select appid, kf_account from invitation where worker = $1 limit $2";
const SELECT_BOUND: &str = "select appid, kf_account from agent where worker = $1 and worker <> ''
    union select appid, kf_account from binding where worker = $1 limit $2";
const FREE: &str = "update agent set worker = '', kf_openid = '', invite_wx = '', invite_status = '',
    invite_expires_at = 0, connected = 0, away = 0, supervisor = 0 where appid = $1 and kf_account = $2";
const SELECT_ADMINISTERED: &str = "select a.appid from administrator a join account c on c.appid = a.appid
    where a.worker = $1 limit $2";
const COUNT_LOGINS: &str = "select count(*) from login where worker = $1";
const COUNT_BINDINGS: &str = "select count(*) from binding where worker = $1";
const COUNT_INVITATIONS: &str = "select count(*) from invitation where worker = $1";
const COUNT_ADMINISTERED: &str = "select count(*) from administrator where worker = $1";
const COUNT_LINKS: &str = "select count(*) from signup where name = $1 and name <> ''";
