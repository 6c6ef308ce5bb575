//! Administrators: workers to whom an operator has entrusted an account. To be one of its agents is not enough.

use super::token::{self, TokenKind};
use super::{Desk, account, worker};
use crate::bind;
use crate::error::Error;
use model::account::Words;
use model::{Account, Appid, Fact, WechatId};
use protocol::Errcode;
use protocol::limits::TOKEN_LIFE_S;
use protocol::token::AccessToken;

/// Makes a worker an administrator of an account; she may be one already.
///
/// # Errors
/// `NotFound` when there is no such worker, 40013.
pub async fn grant(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<(), Error> {
    if !worker::exists(desk, name).await? {
        return Err(Errcode::NotFound.into());
    }
    account::show(desk, appid).await?;
    let (appid, name) = (appid.clone(), name.clone());
    desk.store
        .keep(&worker::owner(name.as_str()), move |tx| {
            let now = tx.now();
            tx.run(INSERT, bind![&name, &appid, now]).map(|_| ())
        })
        .await
}

/// Takes it back, and ends the tokens she has for the account. First the right, then what came of it: a stop between
/// the two is mended by repeating.
///
/// # Errors
/// 40013.
pub async fn revoke(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<(), Error> {
    account::show(desk, appid).await?;
    let (id, person) = (appid.clone(), name.clone());
    desk.store
        .keep(&worker::owner(name.as_str()), move |tx| tx.run(DELETE, bind![&person, &id]).map(|_| ()))
        .await?;
    let (id, person) = (appid.clone(), name.clone());
    desk.store
        .write(appid.as_str(), move |tx| {
            tx.run(DELETE_TOKENS, bind![&id, TokenKind::Debug.word(), &person])?;
            tx.record(Fact::Access);
            Ok(())
        })
        .await
}

/// The accounts a worker administers, by name.
///
/// # Errors
/// Internal only.
pub async fn accounts(desk: &Desk, name: &WechatId) -> Result<Vec<Account>, Error> {
    let (person, owner) = (name.clone(), worker::owner(name.as_str()));
    let appids = desk.store.read(&owner, move |tx| {
        let rows = tx.all(SELECT_ACCOUNTS, bind![&person])?;
        Ok(rows.iter().map(|row| Appid::stored(row.text(0))).collect::<Vec<_>>())
    });
    let mut accounts = Vec::new();
    for appid in appids.await? {
        accounts.push(account::show(desk, &appid).await?);
    }
    accounts.sort_by(|a, b| (&a.name, a.appid.as_str()).cmp(&(&b.name, b.appid.as_str())));
    Ok(accounts)
}

/// Who administers an account, by name.
///
/// # Errors
/// Internal only.
pub async fn of(desk: &Desk, appid: &Appid) -> Result<Vec<String>, Error> {
    let id = appid.clone();
    desk.store
        .read(appid.as_str(), move |tx| {
            let mut names: Vec<_> =
                tx.all(SELECT_WORKERS, bind![&id])?.iter().map(|row| row.text(0)).collect();
            names.sort();
            Ok(names)
        })
        .await
}

/// A token of the account for its administrator, of a kind of its own: it ends none that the account's programs use.
///
/// # Errors
/// `Forbidden` when she does not administer the account.
pub async fn issue_token(desk: &Desk, appid: &Appid, name: &WechatId) -> Result<AccessToken, Error> {
    let (id, person, owner) = (appid.clone(), name.clone(), worker::owner(name.as_str()));
    let granted = desk.store.read(&owner, move |tx| tx.one(SELECT, bind![&person, &id]));
    granted.await?.ok_or(Errcode::Forbidden)?;
    let (token, id, person) = (token::fresh(desk, TokenKind::Debug, appid), appid.clone(), name.clone());
    desk.store
        .write(appid.as_str(), move |tx| {
            token::insert(tx, &id, TokenKind::Debug, person.as_str(), &token, "", TOKEN_LIFE_S)?;
            Ok(AccessToken { access_token: token.clone(), expires_in: TOKEN_LIFE_S })
        })
        .await
}

const INSERT: &str = "insert into administrator (worker, appid, granted_at) values ($1, $2, $3) on conflict (worker, appid) do nothing";
const DELETE: &str = "delete from administrator where worker = $1 and appid = $2";
const SELECT: &str = "select appid from administrator where worker = $1 and appid = $2";
const SELECT_ACCOUNTS: &str = "select appid from administrator where worker = $1";
const SELECT_WORKERS: &str = "select worker from administrator where appid = $1";
const DELETE_TOKENS: &str = "delete from token where owner = $1 and kind = $2 and component = $3";
