//! Presence: an agent is online while a stream of her workbench is open on a living node, and away
//! when she says so.

use super::{Desk, agent, due};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use model::agent::Presence;
use model::due::{Due, PRESENCE_GRACE};
use model::{Appid, Fact, KfAccount, Time, WechatId};
use protocol::Errcode;

/// This node has a stream of the agent open, at the workbench of `worker`, who must be she. Two steps,
/// each safe to repeat: the stream is noted, then she is there. A node that others have taken for dead
/// notes nothing: it was stopped for a while, and begins anew at its next beat.
///
/// # Errors
/// 65401 when she is gone, or another is she; -1 when this node counts as dead.
pub async fn opened(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<(), Error> {
    let (person, id, agent, node) = (worker.clone(), appid.clone(), kf_account.clone(), desk.node.clone());
    let noted = desk.store.keep(appid.as_str(), move |tx| {
        confirm(tx, &id, &agent, &person)?;
        tx.run(INSERT_STREAM, bind![&id, &agent, &*node])?;
        tx.one(SELECT_STREAM, bind![&id, &agent, &*node])?.map(|_| ()).ok_or(Errcode::SystemError.into())
    });
    noted.await?;
    let (worker, appid, kf_account) = (worker.clone(), appid.clone(), kf_account.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            if confirm(tx, &appid, &kf_account, &worker)?.presence == Presence::Offline {
                let now = tx.now();
                tx.run(CONNECT, bind![&appid, &kf_account, now])?;
                let presence = agent::get(tx, &appid, kf_account.as_str())?.presence;
                tx.record(Fact::Presence { kf_account: kf_account.clone(), presence });
            }
            Ok(())
        })
        .await
}

fn confirm(
    tx: &mut Tx<'_>,
    appid: &Appid,
    kf_account: &KfAccount,
    worker: &WechatId,
) -> Result<agent::Agent, Error> {
    let agent = agent::get(tx, appid, kf_account.as_str())?;
    if agent.seat.worker == worker.as_str() { Ok(agent) } else { Err(Errcode::InvalidAgent.into()) }
}

/// This node has no stream of the agent any more. In a moment somebody looks whether any has.
///
/// # Errors
/// Internal only.
pub async fn ended(desk: &Desk, appid: &Appid, kf_account: &KfAccount) -> Result<(), Error> {
    let (appid, kf_account, node) = (appid.clone(), kf_account.clone(), desk.node.clone());
    desk.store.keep(&appid.to_string(), move |tx| end(tx, &appid, &kf_account, &node, PRESENCE_GRACE)).await
}

/// Somebody looks whether she is still there after `grace` milliseconds.
fn end(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount, node: &str, grace: Time) -> Result<(), Error> {
    let now = tx.now();
    tx.run(DELETE_STREAM, bind![appid, kf_account, node])?;
    due::set(tx, appid.as_str(), Due::Presence, kf_account.as_str(), now + grace)
}

/// A node has ended, and its streams with it: a step for each account.
pub(super) async fn end_all(desk: &Desk, node: &str, grace: Time) -> Result<(), Error> {
    let id = node.to_owned();
    let rows = desk.store.read("", move |tx| tx.all(SELECT_NODE, bind![&id])).await?;
    for appid in rows.iter().map(|row| Appid::stored(row.text(0))) {
        let (owner, node) = (appid.to_string(), node.to_owned());
        let ended = desk.store.keep(&owner, move |tx| {
            for row in tx.all(SELECT_STREAMS, bind![&appid, &node])? {
                end(tx, &appid, &KfAccount::stored(row.text(0)), &node, grace)?;
            }
            Ok(())
        });
        ended.await?;
    }
    Ok(())
}

/// Time has come to look whether an agent is still there. Two steps: whether there is anything to do
/// is settled together with its row, so that a stream that ends meanwhile is looked at again.
///
/// # Errors
/// 65401 when she is gone.
pub(super) async fn look(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<(), Error> {
    let (id, agent) = (appid.clone(), kf_account.to_owned());
    let settle = desk.store.keep(appid.as_str(), move |tx| {
        let left = has_left(tx, &id, &agent)?;
        if !left {
            due::clear(tx, id.as_str(), Due::Presence, &agent)?;
        }
        Ok(left)
    });
    if !settle.await? {
        return Ok(());
    }
    let (appid, kf_account) = (appid.clone(), KfAccount::stored(kf_account.to_owned()));
    desk.store
        .write(&appid.to_string(), move |tx| {
            if has_left(tx, &appid, kf_account.as_str())? {
                due::clear(tx, appid.as_str(), Due::Presence, kf_account.as_str())?;
                tx.run(DISCONNECT, bind![&appid, &kf_account])?;
                tx.record(Fact::Presence { kf_account: kf_account.clone(), presence: Presence::Offline });
            }
            Ok(())
        })
        .await
}

fn has_left(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<bool, Error> {
    let agent = agent::get(tx, appid, kf_account)?;
    let streams = tx.one(COUNT_STREAMS, bind![appid, kf_account])?.map_or(0, |row| row.int(0));
    Ok(streams == 0 && agent.presence != Presence::Offline)
}

/// The worker says that she is away, or back.
///
/// # Errors
/// `Forbidden` when she is not this agent.
pub async fn set_away(desk: &Desk, worker: &WechatId, appid: &Appid, away: bool) -> Result<(), Error> {
    let (worker, appid) = (worker.clone(), appid.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let agent = of_worker(tx, &appid, &worker)?;
            let now = tx.now();
            tx.run(UPDATE_AWAY, bind![&appid, &agent.kf_account, away, now])?;
            let presence = agent::get(tx, &appid, agent.kf_account.as_str())?.presence;
            tx.record(Fact::Presence { kf_account: agent.kf_account, presence });
            Ok(())
        })
        .await
}

/// Whether a worker sees every session of an account now; who is no agent of it does not.
///
/// # Errors
/// Internal only.
pub async fn is_supervisor(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<bool, Error> {
    let (worker, appid) = (worker.clone(), appid.clone());
    desk.store
        .read(&appid.to_string(), move |tx| match of_worker(tx, &appid, &worker) {
            Ok(agent) => Ok(agent.supervisor),
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        })
        .await
}

/// The agent a worker is in an account.
pub(super) fn of_worker(tx: &mut Tx<'_>, appid: &Appid, worker: &WechatId) -> Result<agent::Agent, Error> {
    agent::of_worker(tx, appid, worker)?.ok_or(Error::Refused(Errcode::Forbidden))
}

const INSERT_STREAM: &str = "insert into stream (appid, kf_account, node)
    select $1, $2, id from node where id = $3 on conflict (appid, kf_account, node) do nothing";
const SELECT_STREAM: &str = "select node from stream where appid = $1 and kf_account = $2 and node = $3";
const DELETE_STREAM: &str = "delete from stream where appid = $1 and kf_account = $2 and node = $3";
const SELECT_NODE: &str = "select distinct appid from stream where node = $1";
const SELECT_STREAMS: &str = "select kf_account from stream where appid = $1 and node = $2";
const COUNT_STREAMS: &str = "select count(*) from stream where appid = $1 and kf_account = $2";
const CONNECT: &str = "update agent set connected = 1, free_since = $3 where appid = $1 and kf_account = $2";
const DISCONNECT: &str = "update agent set connected = 0 where appid = $1 and kf_account = $2";
const UPDATE_AWAY: &str = "update agent set away = $3, free_since = $4 where appid = $1 and kf_account = $2";
