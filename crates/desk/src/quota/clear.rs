//! The endpoints about quotas: get what is left, and clear what was counted.

use super::{refreshed, row};
use crate::account::token::Access;
use crate::account::{component, ip_allowlist, required};
use crate::{Desk, Result, account, run_detached};
use model::Appid;
use protocol::quota::{ApiQuota, ClearComponentQuotaByAppSecret, ClearQuotaByAppSecret};
use protocol::{Endpoint, Errcode, endpoint};
use std::net::IpAddr;

/// clearQuota: clears the calls of the day of the account or component that holds the token.
///
/// # Errors
/// 40013 if `appid` is another one, 48006 if no clears are left in the month.
pub async fn clear_all(desk: &Desk, access: &Access, appid: &str) -> Result<()> {
    if Appid::parse(appid)? != access.owner {
        return Err(Errcode::InvalidAppid.into());
    }
    clear(desk, &access.owner, None).await
}

/// clearQuotaByAppSecret: clears the calls of the day of the account whose secret the call presents.
///
/// # Errors
/// 41002, 41004, 40013, 40125, 40164, 48006.
pub async fn clear_by_secret(desk: &Desk, credential: ClearQuotaByAppSecret, from: IpAddr) -> Result<()> {
    let appid = required(credential.appid, Errcode::AppidMissing)?;
    let secret = required(credential.appsecret, Errcode::AppsecretMissing)?;
    let appid = Appid::parse(&appid)?;
    desk.read(&appid, move |tx, appid| account::authenticate(tx, appid, &secret, from)).await?;
    clear(desk, &appid, None).await
}

/// clearComponentQuotaByAppSecret: a component presents its own secret, and clears its own calls of the day or those
/// of an account that grants it something.
///
/// # Errors
/// 41018, 41002, 41004, 40013, 40125, 61004, 61003, 48006.
pub async fn clear_as_component(
    desk: &Desk,
    credential: ClearComponentQuotaByAppSecret,
    from: IpAddr,
) -> Result<()> {
    let component_appid = required(credential.component_appid, Errcode::ComponentAppidMissing)?;
    let appid = required(credential.appid, Errcode::AppidMissing)?;
    let secret = required(credential.appsecret, Errcode::AppsecretMissing)?;
    let (component, appid) = (Appid::parse(&component_appid)?, Appid::parse(&appid)?);
    let checked = desk.read(&component, move |tx, component| {
        component::check_secret(tx, component, &secret)?;
        let is_allowed = ip_allowlist::get(tx, component)?.allows(from);
        if is_allowed { Ok(()) } else { Err(Errcode::UnregisteredIp.into()) }
    });
    checked.await?;
    if component != appid {
        let granted = desk.read(&appid, move |tx, appid| {
            account::get(tx, appid)?;
            component::sets(tx, appid, component.as_str())
        });
        granted.await?.ok_or(Errcode::NotAuthorizedByAccount)?;
    }
    clear(desk, &appid, None).await
}

/// getApiQuota: the limits of an endpoint, and how many calls are left today.
///
/// # Errors
/// 76021 if no endpoint has this path, 76022 if the token may not call it or it is not counted.
pub async fn get(desk: &Desk, access: &Access, path: &str) -> Result<ApiQuota> {
    let row = named(access, path)?;
    let quota = access.limits.of(row).ok_or(Errcode::CgiPathForbidden)?;
    let ledger = refreshed(desk, &access.owner).await?;
    Ok(ApiQuota::of(quota, ledger.used(row, desk.now())))
}

/// clearApiQuota: clears the calls of the day of one endpoint.
///
/// # Errors
/// 76021, 76022, 48006.
pub async fn clear_one(desk: &Desk, access: &Access, path: &str) -> Result<()> {
    let row = named(access, path)?;
    clear(desk, &access.owner, Some(row)).await
}

/// The endpoint at a path.
///
/// # Errors
/// 76021, 76022.
fn named(access: &Access, path: &str) -> Result<&'static Endpoint, Errcode> {
    let row = endpoint::at(path).ok_or(Errcode::CgiPathNotFound)?;
    if access.may_call(row) && row.quota.is_some() { Ok(row) } else { Err(Errcode::CgiPathForbidden) }
}

/// Clears the calls of the day of all endpoints or of one, in the store and then in the memory of this node. Runs
/// detached, so that both steps are done.
///
/// # Errors
/// 48006 if no clears are left in the month.
async fn clear(desk: &Desk, owner: &Appid, one: Option<&'static Endpoint>) -> Result<()> {
    let (desk, owner) = (desk.clone(), owner.clone());
    run_detached(async move {
        let _alone = desk.quotas.comparing.lock().await;
        row::clear(&desk, &owner, one.map(|row| row.path)).await?;
        for counter in desk.quotas.find(owner.as_str()).iter().flat_map(|ledger| ledger.made()) {
            if one.is_none_or(|row| row.path == counter.path) {
                counter.forget();
            }
        }
        Ok(())
    })
    .await
}
