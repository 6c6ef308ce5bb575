//! Components (third-party platforms), and the permission sets that accounts grant them.

use crate::{Desk, Result, account, due, is_same, sha256};
use model::account::token::TokenKind;
use model::{Appid, Fact, TextEnum};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// Creates a component. Returns `false` if the appid is taken.
///
/// # Errors
/// Internal only.
pub async fn create(desk: &Desk, component: &Appid, name: &str, secret: &str) -> Result<bool> {
    let (name, secret) = (name.to_owned(), sha256(secret));
    desk.write_silent(component, move |tx, component| {
        if !due::begin_feed(tx, component.as_str())? {
            return Ok(false);
        }
        let now = tx.now();
        tx.run(INSERT, bind![component, &name, &secret, now])?;
        Ok(true)
    })
    .await
}

/// Grants a component permission sets of an account, in place of the sets granted before. Tokens of an earlier, revoked
/// grant are deleted, so they do not become valid again.
///
/// # Errors
/// 40013 if the account or the component does not exist.
pub async fn grant(desk: &Desk, component: &Appid, appid: &Appid, sets: &[u16]) -> Result<()> {
    let sets = sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    desk.read(component, get).await?;
    let component = component.clone();
    desk.write(appid, move |tx, appid| {
        account::get(tx, appid)?;
        tx.run(DELETE_REVOKED, bind![appid, TokenKind::Authorizer.as_text(), &component])?;
        tx.run(UPSERT_GRANT, bind![appid, &component, &sets])?;
        tx.record(Fact::Access);
        Ok(())
    })
    .await
}

/// Revokes an account's grant to a component.
///
/// # Errors
/// 61003 if there is no grant.
pub async fn revoke(desk: &Desk, component: &Appid, appid: &Appid) -> Result<()> {
    let component = component.clone();
    desk.write(appid, move |tx, appid| {
        if tx.run(REVOKE_GRANT, bind![appid, &component])? == 0 {
            return Err(Errcode::NotAuthorizedByAccount.into());
        }
        tx.record(Fact::Access);
        Ok(())
    })
    .await
}

/// Checks that the component exists.
///
/// # Errors
/// 40013.
pub(crate) fn get(tx: &mut Tx<'_>, component: &Appid) -> Result<()> {
    tx.one(SELECT, bind![component])?.map(|_| ()).ok_or(Error::Refused(Errcode::InvalidAppid))
}

/// Checks a component's secret.
///
/// # Errors
/// 40013 if the component does not exist, 40125 if the secret is wrong.
pub(crate) fn check_secret(tx: &mut Tx<'_>, component: &Appid, secret: &str) -> Result<()> {
    let row = tx.one(SELECT_SECRET, bind![component])?.ok_or(Errcode::InvalidAppid)?;
    if is_same(&sha256(secret), &row.text(0)) { Ok(()) } else { Err(Errcode::InvalidAppsecret.into()) }
}

/// The permission sets that an account grants a component. `None` if there is no grant or it was revoked.
pub(crate) fn sets(tx: &mut Tx<'_>, appid: &Appid, component: &str) -> Result<Option<Vec<u16>>> {
    let row = tx.one(SELECT_GRANT, bind![appid, component])?;
    Ok(row.map(|row| row.text(0).split(',').filter_map(|set| set.parse().ok()).collect()))
}

const INSERT: &str = "insert into component (appid, name, secret_sha256, created_at) values ($1, $2, $3, $4)";
const SELECT: &str = "select name from component where appid = $1";
const SELECT_SECRET: &str = "select secret_sha256 from component where appid = $1";
const UPSERT_GRANT: &str =
    "insert into component_grant (appid, component, sets, revoked) values ($1, $2, $3, 0)
    on conflict (appid, component) do update set sets = excluded.sets, revoked = 0";
const DELETE_REVOKED: &str = "delete from token where owner = $1 and kind = $2 and component = $3
    and exists (select 1 from component_grant g where g.appid = $1 and g.component = $3 and g.revoked = 1)";
const REVOKE_GRANT: &str =
    "update component_grant set revoked = 1 where appid = $1 and component = $2 and revoked = 0";
const SELECT_GRANT: &str =
    "select sets from component_grant where appid = $1 and component = $2 and revoked = 0";
