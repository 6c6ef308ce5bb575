//! What the endpoints about quotas do: tell what is left, and forget what was counted.

use super::{refreshed, row};
use crate::account::token::Access;
use crate::account::{component, ip_allowlist};
use crate::{Desk, account, to_the_end};
use model::Appid;
use protocol::quota::{ApiQuota, ClearComponentQuotaByAppSecret, ClearQuotaByAppSecret};
use protocol::{Endpoint, Errcode, endpoint};
use std::net::IpAddr;
use store::error::Error;

/// clearQuota: forgets the day's calls of the token's account, or platform.
///
/// # Errors
/// 40013 when it names another, 48006.
pub async fn clear_all(desk: &Desk, access: &Access, appid: &str) -> Result<(), Error> {
    if Appid::parse(appid)? != access.owner {
        return Err(Errcode::InvalidAppid.into());
    }
    clear(desk, &access.owner, None).await
}

/// clearQuotaByAppSecret: the same for whoever presents the account's secret.
///
/// # Errors
/// 41002, 41004, 40013, 40125, 40164, 48006.
pub async fn clear_by_secret(
    desk: &Desk,
    credential: ClearQuotaByAppSecret,
    from: IpAddr,
) -> Result<(), Error> {
    let appid = given(credential.appid).ok_or(Errcode::AppidMissing)?;
    let secret = given(credential.appsecret).ok_or(Errcode::AppsecretMissing)?;
    let appid = Appid::parse(&appid)?;
    let checked = desk.read(&appid, move |tx, appid| {
        account::check_secret(tx, appid, &secret)?;
        let is_allowed = ip_allowlist::get(tx, appid)?.allows(from);
        if is_allowed { Ok(()) } else { Err(Errcode::InvalidIp.into()) }
    });
    checked.await?;
    clear(desk, &appid, None).await
}

/// clearComponentQuotaByAppSecret: the same for a platform that presents its own secret, of itself or of an account
/// that has granted it something.
///
/// # Errors
/// 41018, 41002, 41004, 40013, 40125, 61004, 61003, 48006.
pub async fn clear_as_platform(
    desk: &Desk,
    credential: ClearComponentQuotaByAppSecret,
    from: IpAddr,
) -> Result<(), Error> {
    let platform = given(credential.component_appid).ok_or(Errcode::ComponentAppidMissing)?;
    let appid = given(credential.appid).ok_or(Errcode::AppidMissing)?;
    let secret = given(credential.appsecret).ok_or(Errcode::AppsecretMissing)?;
    let (platform, appid) = (Appid::parse(&platform)?, Appid::parse(&appid)?);
    let checked = desk.read(&platform, move |tx, platform| {
        component::check_secret(tx, platform, &secret)?;
        let is_allowed = ip_allowlist::get(tx, platform)?.allows(from);
        if is_allowed { Ok(()) } else { Err(Errcode::UnregisteredIp.into()) }
    });
    checked.await?;
    if platform != appid {
        let granted = desk.read(&appid, move |tx, appid| {
            account::get(tx, appid)?;
            component::sets(tx, appid, platform.as_str())
        });
        granted.await?.ok_or(Errcode::NotAuthorizedByAccount)?;
    }
    clear(desk, &appid, None).await
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// getApiQuota: what is left of an endpoint's calls.
///
/// # Errors
/// 76021, 76022.
pub async fn get(desk: &Desk, access: &Access, path: &str) -> Result<ApiQuota, Error> {
    let row = named(access, path)?;
    let quota = access.limits.of(row).ok_or(Errcode::CgiPathForbidden)?;
    let ledger = refreshed(desk, &access.owner).await?;
    Ok(ApiQuota::of(quota, ledger.used(row, desk.now())))
}

/// clearApiQuota: forgets the day's calls of one endpoint.
///
/// # Errors
/// 76021, 76022, 48006.
pub async fn clear_one(desk: &Desk, access: &Access, path: &str) -> Result<(), Error> {
    let row = named(access, path)?;
    clear(desk, &access.owner, Some(row)).await
}

/// The endpoint at a path, if whoever asks may call it and it is counted.
fn named(access: &Access, path: &str) -> Result<&'static Endpoint, Errcode> {
    let row = endpoint::at(path).ok_or(Errcode::CgiPathNotFound)?;
    if access.may_call(row) && row.quota.is_some() { Ok(row) } else { Err(Errcode::CgiPathForbidden) }
}

/// Forgets the day's calls of all endpoints, or of one, if there is a time left in the month for that: in the store,
/// then in this node's memory. Both steps are done even if the caller drops this.
async fn clear(desk: &Desk, owner: &Appid, one: Option<&'static Endpoint>) -> Result<(), Error> {
    let (desk, owner) = (desk.clone(), owner.clone());
    to_the_end(async move {
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
