//! Presence: an agent is online while a stream of the workbench is open on a living node, or away if the worker says
//! so.
//!
//! A row of `stream` says that a node has a stream of the agent. The node writes the row, and deletes it a few seconds
//! after the last stream has closed, by its own monotonic clock. Clocks of two machines are never compared.

use crate::people::agent;
use crate::{Desk, Result, account, due};
use model::agent::Presence;
use model::due::Due;
use model::{Appid, Fact, KfAccount, SECOND, WechatId};
use protocol::Errcode;
use std::collections::HashMap;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// Records that this node has a stream of the agent, opened by `worker`. Two steps, each safe to repeat: the row of
/// `stream`, then the agent's presence if the row still exists. A node that others have declared dead adds no row; it
/// starts again at its next beat.
///
/// # Errors
/// 65401 if there is no such agent or the worker is not this agent. -1 if this node counts as dead.
pub async fn add_stream(desk: &Desk, worker: &WechatId, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    let (person, agent, node) = (worker.clone(), kf_account.clone(), desk.node.clone());
    let added = desk.write_silent(appid, move |tx, appid| {
        let presence = confirm(tx, appid, &agent, &person)?.presence;
        tx.run(INSERT_STREAM, bind![appid, &agent, &*node])?;
        must_have_stream(tx, appid, &agent, &node)?;
        Ok(presence)
    });
    if added.await? != Presence::Offline {
        return Ok(());
    }
    let (person, agent, node) = (worker.clone(), kf_account.clone(), desk.node.clone());
    let connected = desk.write(appid, move |tx, appid| {
        let presence = confirm(tx, appid, &agent, &person)?.presence;
        must_have_stream(tx, appid, &agent, &node)?;
        if presence == Presence::Offline {
            let now = tx.now();
            tx.run(CONNECT, bind![appid, &agent, now])?;
            due::clear(tx, appid.as_str(), Due::Grace, agent.as_str())?;
            let presence = agent::get(tx, appid, agent.as_str())?.presence;
            tx.record(Fact::Presence { kf_account: agent.clone(), presence });
        }
        Ok(())
    });
    connected.await
}

/// Checks that the row of `stream` exists. The row is missing if the node has no counter, or if another node deleted
/// the row.
fn must_have_stream(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount, node: &str) -> Result<()> {
    let row = tx.one(SELECT_STREAM, bind![appid, kf_account, node])?;
    row.map(|_| ()).ok_or(Errcode::SystemError.into())
}

fn confirm(
    tx: &mut Tx<'_>,
    appid: &Appid,
    kf_account: &KfAccount,
    worker: &WechatId,
) -> Result<agent::Agent> {
    let agent = agent::get(tx, appid, kf_account.as_str())?;
    if agent.binding.worker == worker.as_str() { Ok(agent) } else { Err(Errcode::InvalidAgent.into()) }
}

/// Deletes a node's rows of `stream` for these agents. Agents without a stream on another node become offline. An
/// agent's last row and the agent's presence change in one transaction, so that a stop in between leaves no agent
/// online without a stream. Two steps, each safe to repeat.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn remove_streams(desk: &Desk, appid: &Appid, node: &str, agents: Vec<KfAccount>) -> Result<()> {
    let (name, all) = (node.to_owned(), agents.clone());
    let disconnected = desk.write(appid, move |tx, appid| {
        let mut disconnected = false;
        for kf_account in &all {
            tx.run(DELETE_STREAM, bind![appid, kf_account, &name])?;
            if has_left(tx, appid, kf_account)? {
                let now = tx.now();
                tx.run(DISCONNECT, bind![appid, kf_account, now])?;
                begin_grace(tx, appid, kf_account)?;
                let presence = Presence::Offline;
                tx.record(Fact::Presence { kf_account: kf_account.clone(), presence });
                disconnected = true;
            }
        }
        Ok(disconnected)
    });
    match disconnected.await {
        // The rows of a removed account are deleted with it.
        Ok(true) | Err(Error::Refused(Errcode::InvalidAppid)) => return Ok(()),
        // No agent became offline, so the verb recorded no fact and was rolled back. The rows are still there.
        Ok(false) => {}
        Err(error) => return Err(error),
    }
    let node = node.to_owned();
    let deleted = desk.write_silent(appid, move |tx, appid| {
        for kf_account in &agents {
            tx.run(DELETE_STREAM, bind![appid, kf_account, &node])?;
            // The agent's stream on another node ended between the two steps.
            if has_left(tx, appid, kf_account)? {
                return Err(Errcode::SystemError.into());
            }
        }
        Ok(())
    });
    deleted.await
}

/// How long the customers of an agent who went offline wait for the agent. A sign-out has set an earlier time.
fn begin_grace(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    let at = tx.now() + account::get(tx, appid)?.queue.grace_s * SECOND;
    due::begin(tx, appid.as_str(), Due::Grace, kf_account.as_str(), at)
}

fn has_left(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<bool> {
    Ok(tx.one(SELECT_LEFT, bind![appid, kf_account])?.is_some())
}

/// A row of `stream`.
#[derive(Debug)]
pub struct AgentStream {
    /// The agent's account.
    pub appid: Appid,
    /// The agent.
    pub kf_account: KfAccount,
    /// Whether the agent's row says online or away.
    pub connected: bool,
}

/// The rows of `stream` of a node.
///
/// # Errors
/// Internal only.
pub async fn streams_of(desk: &Desk, node: &str) -> Result<Vec<AgentStream>> {
    let node = node.to_owned();
    desk.store
        .read("", move |tx| {
            let stream = |row: &Row| AgentStream {
                appid: Appid::stored(row.text(0)),
                kf_account: KfAccount::stored(row.text(1)),
                connected: row.flag(2),
            };
            Ok(tx.all(SELECT_NODE, bind![&node])?.iter().map(stream).collect())
        })
        .await
}

/// Deletes all rows of `stream` of a node that has ended, two steps for each account. Continues after a failure.
///
/// # Errors
/// That of the last account that failed.
pub async fn remove_all_streams(desk: &Desk, node: &str) -> Result<()> {
    let mut accounts: HashMap<Appid, Vec<KfAccount>> = HashMap::new();
    for stream in streams_of(desk, node).await? {
        accounts.entry(stream.appid).or_default().push(stream.kf_account);
    }
    let mut outcome = Ok(());
    for (appid, agents) in accounts {
        outcome = remove_streams(desk, &appid, node, agents).await.and(outcome);
    }
    outcome
}

/// Sets an agent without a stream offline. For `due` rows that earlier versions have set.
///
/// # Errors
/// Those of [`remove_streams`].
pub(crate) async fn recheck(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<()> {
    remove_streams(desk, appid, "", vec![KfAccount::stored(kf_account.to_owned())]).await?;
    let key = kf_account.to_owned();
    desk.write_silent(appid, move |tx, appid| due::clear(tx, appid.as_str(), Due::Presence, &key)).await
}

/// Sets whether the agent is away.
///
/// # Errors
/// `Forbidden` if the worker is no agent of the account.
pub async fn set_away(desk: &Desk, worker: &WechatId, appid: &Appid, away: bool) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let now = tx.now();
        tx.run(UPDATE_AWAY, bind![appid, &agent.kf_account, away, now, ""])?;
        let presence = agent::get(tx, appid, agent.kf_account.as_str())?.presence;
        tx.record(Fact::Presence { kf_account: agent.kf_account, presence });
        Ok(())
    })
    .await
}

/// Whether a worker is a supervisor of an account.
///
/// # Errors
/// Internal only.
pub async fn is_supervisor(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<bool> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| match of_worker(tx, appid, &worker) {
        Ok(agent) => Ok(agent.supervisor),
        Err(Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    })
    .await
}

/// The agent that a worker is in an account.
///
/// # Errors
/// `Forbidden` if the worker is no agent of the account.
pub(crate) fn of_worker(tx: &mut Tx<'_>, appid: &Appid, worker: &WechatId) -> Result<agent::Agent> {
    agent::of_worker(tx, appid, worker)?.ok_or(Error::Refused(Errcode::Forbidden))
}

/// The agent that a worker is in an account, who must be a supervisor.
///
/// # Errors
/// `Forbidden`.
pub(crate) fn supervisor(tx: &mut Tx<'_>, appid: &Appid, worker: &WechatId) -> Result<agent::Agent> {
    let agent = of_worker(tx, appid, worker)?;
    if agent.supervisor { Ok(agent) } else { Err(Errcode::Forbidden.into()) }
}

const INSERT_STREAM: &str = "insert into stream (appid, kf_account, node)
    select $1, $2, id from node where id = $3 on conflict (appid, kf_account, node) do nothing";
const SELECT_STREAM: &str = "select node from stream where appid = $1 and kf_account = $2 and node = $3";
const DELETE_STREAM: &str = "delete from stream where appid = $1 and kf_account = $2 and node = $3";
const SELECT_NODE: &str = "select s.appid, s.kf_account, coalesce(a.connected, 0) from stream s
    left join agent a on a.appid = s.appid and a.kf_account = s.kf_account where s.node = $1";
const SELECT_LEFT: &str =
    "select connected from agent where appid = $1 and kf_account = $2 and connected = 1 and not exists
    (select node from stream where stream.appid = agent.appid and stream.kf_account = agent.kf_account)";
const CONNECT: &str = "update agent set connected = 1, free_since = $3, left_at = 0, signed_out = 0
    where appid = $1 and kf_account = $2";
const DISCONNECT: &str = "update agent set connected = 0, left_at = $3 where appid = $1 and kf_account = $2";
const UPDATE_AWAY: &str = "update agent set away = $3, free_since = $4, away_reason = $5
    where appid = $1 and kf_account = $2";
