//! Agents who went offline: how long their customers wait for them to come back.

use crate::people::worker::links;
use crate::people::{agent, login};
use crate::{Desk, Result, account, due, session};
use model::agent::Presence;
use model::due::{Due, PRESENCE_GRACE};
use model::session::leave::Cause;
use model::{Appid, KfAccount, SECOND, WechatId};
use protocol::Errcode;
use store::bind;
use store::error::Error;

/// How long after a sign-out the agent's streams are closed for certain, milliseconds.
const SIGN_OUT: i64 = PRESENCE_GRACE + 2 * SECOND;

/// Ends the login of a worker who signs out: the customers of the worker's agents do not wait for them. Nothing
/// happens to an agent whose workbench is still open in another browser. A step for each account, then one for the
/// login; each is safe to repeat.
///
/// # Errors
/// Internal only.
pub async fn sign_out(desk: &Desk, worker: &WechatId, cookie: &str) -> Result<()> {
    for (appid, kf_account) in links(desk, worker).await?.bindings {
        match mark_signed_out(desk, &appid, kf_account).await {
            // The account is gone.
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    login::log_out(desk, worker, cookie).await
}

async fn mark_signed_out(desk: &Desk, appid: &Appid, kf_account: KfAccount) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        let at = tx.now() + SIGN_OUT;
        tx.run(SIGN_OUT_AGENT, bind![appid, &kf_account])?;
        due::set(tx, appid.as_str(), Due::Grace, kf_account.as_str(), at)
    })
    .await
}

/// Releases the sessions of an agent who has not come back. A row that is early is scheduled again. Two steps.
///
/// # Errors
/// `NotFound` if the agent is there, or gone.
pub(crate) async fn recheck(desk: &Desk, appid: &Appid, key: &str) -> Result<()> {
    let name = key.to_owned();
    let early = desk.write_silent(appid, move |tx, appid| {
        let agent = agent::find(tx, appid, &name)?.ok_or(Errcode::NotFound)?;
        if agent.presence != Presence::Offline {
            tx.run(STAY, bind![appid, &name])?;
            due::clear(tx, appid.as_str(), Due::Grace, &name)?;
            return Ok(true);
        }
        let row = tx.one(SELECT_LEFT, bind![appid, &name])?.ok_or(Errcode::NotFound)?;
        let end = row.int(0) + account::get(tx, appid)?.queue.grace_s * SECOND;
        let is_early = !row.flag(1) && end > tx.now();
        if is_early {
            due::set(tx, appid.as_str(), Due::Grace, &name, end)?;
        } else if session::count_open(tx, appid, &name)? == 0 {
            due::clear(tx, appid.as_str(), Due::Grace, &name)?;
            return Ok(true);
        }
        Ok(is_early)
    });
    if early.await? {
        return Ok(());
    }
    let name = key.to_owned();
    desk.write(appid, move |tx, appid| {
        // The agent may have come back between the two steps.
        if let Some(agent) = agent::find(tx, appid, &name)?
            && agent.presence == Presence::Offline
        {
            session::release::release_all(tx, appid, &agent.kf_account, Cause::Offline)?;
        }
        due::clear(tx, appid.as_str(), Due::Grace, &name)
    })
    .await
}

const SIGN_OUT_AGENT: &str = "update agent set signed_out = 1 where appid = $1 and kf_account = $2";
const STAY: &str = "update agent set signed_out = 0 where appid = $1 and kf_account = $2";
const SELECT_LEFT: &str = "select left_at, signed_out from agent where appid = $1 and kf_account = $2";
