//! Passwords: verify, change.

use crate::people::ended_login::{self, EndReason};
use crate::people::hashing::{Requester, Verified, check};
use crate::people::network::household;
use crate::{Desk, Result, sha256};
use model::{Fact, WechatId};
use protocol::Errcode;
use std::net::IpAddr;
use store::bind;

/// Verifies a worker's password. A stranger in the network of one of the worker's logins is treated as known.
///
/// # Errors
/// `WrongPassword`. `Busy` if too many passwords wait.
pub async fn verify(desk: &Desk, name: &str, password: &str, requester: Requester) -> Result<Verified> {
    let name = WechatId::parse(name).map_err(|_| Errcode::WrongPassword)?;
    let asked = name.clone();
    let (stored, addresses) = desk
        .store
        .read("", move |tx| {
            let now = tx.now();
            let stored = tx.one(SELECT, bind![&asked])?.map(|row| row.text(0));
            let rows = tx.all(SELECT_ADDRESSES, bind![&asked, now])?;
            Ok((stored, rows.iter().map(|row| row.text(0)).collect::<Vec<_>>()))
        })
        .await?;
    let requester = match requester {
        Requester::Stranger(from) if has_login_near(&addresses, from) => Requester::Known,
        requester => requester,
    };
    let hash = desk.passwords.verify(requester, stored, password).await?.ok_or(Errcode::WrongPassword)?;
    Ok(Verified { name, hash })
}

/// Whether one of the addresses is in the same household network as `from`.
fn has_login_near(addresses: &[String], from: IpAddr) -> bool {
    let known = addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok());
    known.map(household).any(|network| network == household(from))
}

/// Changes a worker's password. The login of this cookie stays, all others end.
///
/// # Errors
/// `PasswordShort`. `WrongPassword` if the old password is wrong or was changed meanwhile. `LoginNeeded` if the login
/// ended meanwhile.
pub async fn change(desk: &Desk, name: &WechatId, cookie: &str, old: &str, new: &str) -> Result<()> {
    check(new)?;
    let Verified { name, hash: before } = verify(desk, name.as_str(), old, Requester::Known).await?;
    let (after, login) = (desk.passwords.hash(Requester::Known, new).await?, sha256(cookie));
    desk.write(&name, move |tx, name| {
        if tx.run(UPDATE, bind![name, &before, &after])? == 0 {
            return Err(Errcode::WrongPassword.into());
        }
        tx.one(SELECT_LOGIN, bind![&login, name])?.ok_or(Errcode::LoginNeeded)?;
        ended_login::end_others(tx, name, &login, EndReason::Password)?;
        tx.record(Fact::Worker);
        Ok(())
    })
    .await
}

const SELECT: &str = "select password from worker where name = $1";
const SELECT_ADDRESSES: &str =
    "select address from login where worker = $1 and expires_at > $2 order by created_at desc limit 100";
const UPDATE: &str = "update worker set password = $3 where name = $1 and password = $2";
const SELECT_LOGIN: &str = "select id from login where sha256 = $1 and worker = $2";
