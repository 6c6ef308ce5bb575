//! What operators let workers be.

use super::Outcome;
use crate::desk::{Desk, administrator, invitation, login, worker};
use crate::error::Error;
use model::{Appid, KfAccount, WechatId};
use protocol::Errcode;
use serde_json::json;

/// The name of a worker, as an operator writes it.
pub(super) fn worker_name(name: &str) -> Result<WechatId, Errcode> {
    WechatId::parse(name).map_err(|_| Errcode::NameMalformed)
}

/// Where a worker is logged in.
pub(super) async fn logins(desk: &Desk, name: &str) -> Result<Outcome, Error> {
    let name = worker_name(name)?;
    if !worker::exists(desk, &name).await? {
        return Err(Errcode::NotFound.into());
    }
    Ok(Ok(json!(login::list(desk, &name, None).await?)))
}

/// She administers an account, or no longer.
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

/// She is an agent, without being asked.
pub(super) async fn bind_agent(
    desk: &Desk,
    appid: &str,
    kf_account: &str,
    worker: &str,
) -> Result<Outcome, Error> {
    let (appid, name) = (Appid::parse(appid)?, worker_name(worker)?);
    let agent = KfAccount::parse(kf_account)?;
    if !worker::exists(desk, &name).await? {
        return Err(Errcode::NotFound.into());
    }
    invitation::bind_unasked(desk, &name, &appid, &agent).await?;
    Ok(Ok(json!({"account": appid, "agent": agent, "worker": name})))
}
