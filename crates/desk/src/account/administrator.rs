//! Administrators: workers to whom an operator has entrusted an account. Agents of the account are not administrators
//! by themselves.

use crate::account::token::{self, NewToken, TokenKind};
use crate::people::worker;
use crate::{Desk, Result, account, sha256};
use model::{Account, Appid, Fact, SECOND, TextEnum, Time, WechatId};
use protocol::Errcode;
use protocol::limits::TOKEN_LIFE_S;
use protocol::token::AccessToken;
use store::bind;
use store::error::Error;

/// Makes a worker an administrator of an account. Repeating it changes nothing. The row is written under the account's
/// lock, as are the tokens that administrators get.
///
/// # Errors
/// `NotFound` if the worker does not exist, 40013 if the account does not.
pub async fn grant(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<()> {
    if !worker::exists(desk, name).await? {
        return Err(Errcode::NotFound.into());
    }
    let name = name.clone();
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        account::get(tx, appid)?;
        tx.run(INSERT, bind![&name, appid, now]).map(|_| ())
    })
    .await
}

/// Makes a worker no longer an administrator, and deletes the debug tokens that the worker has for the account. A token
/// that is issued at the same time is either deleted here or refused in [`issue_token`].
///
/// # Errors
/// 40013.
pub async fn revoke(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<()> {
    let person = name.clone();
    desk.write(appid, move |tx, appid| {
        account::get(tx, appid)?;
        tx.run(DELETE, bind![&person, appid])?;
        tx.run(DELETE_TOKENS, bind![appid, TokenKind::Debug.as_text(), &person])?;
        tx.record(Fact::Access);
        Ok(())
    })
    .await
}

/// The accounts that a worker administers, sorted by name.
///
/// # Errors
/// Internal only.
pub async fn accounts(desk: &Desk, name: &WechatId) -> Result<Vec<Account>> {
    let appids = desk.read(name, |tx, name| {
        let rows = tx.all(SELECT_ACCOUNTS, bind![name])?;
        Ok(rows.iter().map(|row| Appid::stored(row.text(0))).collect::<Vec<_>>())
    });
    let mut accounts = Vec::new();
    for appid in appids.await? {
        match account::show(desk, &appid).await {
            Ok(account) => accounts.push(account),
            // The account was removed after the list was read.
            Err(Error::Refused(Errcode::InvalidAppid)) => {}
            Err(error) => return Err(error),
        }
    }
    accounts.sort_by(|a, b| (&a.name, a.appid.as_str()).cmp(&(&b.name, b.appid.as_str())));
    Ok(accounts)
}

/// Whether a worker administers an account.
///
/// # Errors
/// Internal only.
pub async fn is_administrator(desk: &Desk, name: &WechatId) -> Result<bool> {
    desk.read(name, |tx, name| Ok(tx.one(SELECT_ANY, bind![name])?.is_some())).await
}

/// Refuses a worker who does not administer the account.
///
/// # Errors
/// `Forbidden`.
pub async fn must_administer(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<()> {
    let person = name.clone();
    desk.read(appid, move |tx, appid| {
        Ok(tx.one(SELECT, bind![&person, appid])?.map(|_| ()).ok_or(Errcode::Forbidden)?)
    })
    .await
}

/// The names of an account's administrators, sorted.
///
/// # Errors
/// Internal only.
pub async fn of(desk: &Desk, appid: &Appid) -> Result<Vec<String>> {
    desk.read(appid, |tx, appid| {
        let mut names: Vec<_> = tx.all(SELECT_WORKERS, bind![appid])?.iter().map(|row| row.text(0)).collect();
        names.sort();
        Ok(names)
    })
    .await
}

/// Issues a debug token of the account to an administrator. It is of its own kind, so it does not end any token of the
/// account's programs. It ends together with the login that issued it, given by its cookie and its end.
///
/// # Errors
/// `Forbidden` if the worker does not administer the account.
pub async fn issue_token(
    desk: &Desk,
    appid: &Appid,
    name: &WechatId,
    cookie: &str,
    login_ends_at: Time,
) -> Result<AccessToken> {
    let (token, login) = (token::generate(desk, TokenKind::Debug, appid), sha256(cookie));
    let person = name.clone();
    let issued = desk.write(appid, move |tx, appid| {
        tx.one(SELECT, bind![&person, appid])?.ok_or(Errcode::Forbidden)?;
        let life_s = TOKEN_LIFE_S.min((login_ends_at - tx.now()) / SECOND);
        let new = NewToken::of(TokenKind::Debug, &token);
        token::insert(tx, appid, &NewToken { component: person.as_str(), login: &login, life_s, ..new })?;
        Ok(AccessToken { access_token: token.clone(), expires_in: life_s })
    });
    issued.await.map_err(|error| match error {
        Error::Refused(Errcode::InvalidAppid) => Errcode::Forbidden.into(),
        error => error,
    })
}

const INSERT: &str = "insert into administrator (worker, appid, granted_at) values ($1, $2, $3)
    on conflict (worker, appid) do nothing";
const DELETE: &str = "delete from administrator where worker = $1 and appid = $2";
const SELECT: &str = "select appid from administrator where worker = $1 and appid = $2";
const SELECT_ACCOUNTS: &str = "select appid from administrator where worker = $1";
const SELECT_ANY: &str = "select appid from administrator where worker = $1 limit 1";
const SELECT_WORKERS: &str = "select worker from administrator where appid = $1";
const DELETE_TOKENS: &str = "delete from token where owner = $1 and kind = $2 and component = $3";
