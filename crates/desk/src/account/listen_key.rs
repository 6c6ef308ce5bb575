//! Keys with which a developer's machine gets an account's pushes (`kefu listen`). A key is the appid and a secret, and
//! the store keeps the secret's hash. It opens nothing else.

use crate::{Desk, Result, account, sha256};
use model::Appid;
use store::bind;

/// The most keys of an account.
pub const KEYS_MAX: i64 = 20;

/// Makes a key; `None` if the account has [`KEYS_MAX`].
///
/// # Errors
/// 40013.
pub async fn make(desk: &Desk, appid: &Appid) -> Result<Option<String>> {
    let secret = desk.rng.hex::<16>();
    let hash = sha256(&secret);
    let made = desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        if tx.number(COUNT, bind![appid])? >= KEYS_MAX {
            return Ok(false);
        }
        let now = tx.now();
        tx.run(INSERT, bind![appid, &hash, now])?;
        Ok(true)
    });
    Ok(made.await?.then(|| format!("{appid}.{secret}")))
}

/// Deletes all keys of an account. Returns how many there were.
///
/// # Errors
/// 40013.
pub async fn revoke_all(desk: &Desk, appid: &Appid) -> Result<u64> {
    desk.write_silent(appid, |tx, appid| {
        account::get(tx, appid)?;
        tx.run(DELETE, bind![appid])
    })
    .await
}

/// The account of a key; `None` if there is no such key. Only hashes are compared.
///
/// # Errors
/// Internal only.
pub async fn account_of(desk: &Desk, key: &str) -> Result<Option<Appid>> {
    let Some((appid, secret)) = key.split_once('.') else { return Ok(None) };
    let (Ok(appid), hash) = (Appid::parse(appid), sha256(secret)) else { return Ok(None) };
    let is_known = desk.read(&appid, move |tx, appid| Ok(tx.one(SELECT, bind![appid, &hash])?.is_some()));
    Ok(is_known.await?.then_some(appid))
}

const COUNT: &str = "select count(*) from listen_key where appid = $1";
const INSERT: &str = "insert into listen_key (appid, hash, made_at) values ($1, $2, $3)
    on conflict (appid, hash) do nothing";
const DELETE: &str = "delete from listen_key where appid = $1";
const SELECT: &str = "select made_at from listen_key where appid = $1 and hash = $2";
