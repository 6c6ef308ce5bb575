//! Commands for workers.

use super::outcome::Outcome;
use crate::desk::{Desk, administrator, invitation, worker};
use crate::error::Error;
use model::{Appid, KfAccount, WechatId};
use protocol::Errcode;
use serde_json::json;

/// Parses the name of a worker.
pub(super) fn worker_name(name: &str) -> Result<WechatId, Errcode> {
    WechatId::parse(name).map_err(|_| Errcode::NameMalformed)
}

/// Parses the name of a worker and checks that the worker exists.
pub(super) async fn known_worker(desk: &Desk, name: &str) -> Result<WechatId, Error> {
    let name = worker_name(name)?;
    if worker::exists(desk, &name).await? { Ok(name) } else { Err(Errcode::NotFound.into()) }
}

/// Makes a worker an administrator of an account, or revokes that.
pub(super) async fn administer(
    desk: &Desk,
    appid: &str,
    worker: &str,
    revoke: bool,
) -> Result<Outcome, Error> {
    let (appid, name) = (Appid::parse(appid)?, worker_name(worker)?);
    match revoke {
        true => administrator::revoke(desk, &appid, &name).await?,
        false => administrator::grant(desk, &appid, &name).await?,
    }
    Ok(Ok(json!({"account": appid, "administrators": administrator::of(desk, &appid).await?})))
}

/// Binds a worker to an agent without an invitation.
pub(super) async fn bind_agent(
    desk: &Desk,
    appid: &str,
    kf_account: &str,
    worker: &str,
) -> Result<Outcome, Error> {
    let (appid, agent) = (Appid::parse(appid)?, KfAccount::parse(kf_account)?);
    let name = known_worker(desk, worker).await?;
    invitation::bind_without_asking(desk, &name, &appid, &agent).await?;
    Ok(Ok(json!({"account": appid, "agent": agent, "worker": name})))
}
