//! Removal of an agent.

use crate::people::agent::{self, Agent};
use crate::people::worker;
use crate::session::release;
use crate::{Desk, Result, content, due};
use model::due::Due;
use model::session::leave::Cause;
use model::{Appid, Fact, KfAccount};
use store::Tx;
use store::bind;

/// delkfaccount: releases the agent's sessions and deletes the agent. The lists of the worker and of the invited person
/// follow in steps of their own, which a `due` row repeats within a minute if they fail.
///
/// # Errors
/// 65401.
pub async fn delete(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<()> {
    let agent = remove(desk, appid, kf_account.to_owned()).await?;
    for person in [&agent.binding.worker, &agent.binding.invite_wx] {
        if let Err(error) = worker::reconcile(desk, person, appid, &agent.kf_account).await {
            tracing::warn!(%error, "a deleted agent is still in a worker's list; the removal is tried again");
        }
    }
    Ok(())
}

async fn remove(desk: &Desk, appid: &Appid, kf_account: String) -> Result<Agent> {
    desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, &kf_account)?;
        release::release_all(tx, appid, &agent.kf_account, Cause::AgentGone)?;
        tx.run(DELETE, bind![appid, &agent.kf_account])?;
        tx.run(DELETE_MEMBER, bind![appid, &agent.kf_account])?;
        due::clear(tx, appid.as_str(), Due::Grace, agent.kf_account.as_str())?;
        content::schedule_cleanup(tx, &agent.headimg)?;
        forget(tx, appid, &agent.kf_account)?;
        for person in [&agent.binding.worker, &agent.binding.invite_wx] {
            worker::schedule_recheck(tx, person, appid, &agent.kf_account)?;
        }
        tx.record(Fact::Agent { kf_account: agent.kf_account.clone() });
        Ok(agent)
    })
    .await
}

/// Deletes the streams and the scheduled invitation of an agent without a worker.
pub(super) fn forget(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    tx.run(DELETE_STREAMS, bind![appid, kf_account])?;
    due::clear(tx, appid.as_str(), Due::Invitation, kf_account.as_str())
}

const DELETE: &str = "delete from agent where appid = $1 and kf_account = $2";
const DELETE_MEMBER: &str = "delete from group_member where appid = $1 and kf_account = $2";
const DELETE_STREAMS: &str = "delete from stream where appid = $1 and kf_account = $2";
