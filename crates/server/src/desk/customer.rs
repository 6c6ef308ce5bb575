//! Customers: the people who write, known by a cookie.

use super::{Desk, sha256};
use crate::bind;
use crate::error::Error;
use model::{Appid, Openid};
use protocol::Errcode;

/// An openid nobody has.
#[must_use]
pub fn new_openid(desk: &Desk) -> String {
    format!("o{}", &desk.chance.secret()[..27])
}

/// A new customer of an account, with the secret of her cookie.
///
/// # Errors
/// `NotFound` when there is no such account.
pub async fn create(desk: &Desk, appid: &Appid) -> Result<(Openid, String), Error> {
    let (openid, cookie) = (Openid::stored(new_openid(desk)), desk.chance.secret());
    let (id, customer, hash) = (appid.clone(), openid.clone(), sha256(&cookie));
    desk.store
        .keep(appid.as_str(), move |tx| {
            tx.head()?.ok_or(Errcode::NotFound)?;
            let now = tx.now();
            tx.run(INSERT, bind![&id, &customer, now])?;
            tx.run(INSERT_VISITOR, bind![&id, &hash, &customer]).map(|_| ())
        })
        .await?;
    Ok((openid, cookie))
}

/// Whose cookie this is, if anybody's.
///
/// # Errors
/// Internal only.
pub async fn who(desk: &Desk, appid: &Appid, cookie: &str) -> Result<Option<Openid>, Error> {
    let (appid, hash) = (appid.clone(), sha256(cookie));
    desk.store
        .read(&appid.to_string(), move |tx| {
            let row = tx.one(SELECT_VISITOR, bind![&appid, &hash])?;
            Ok(row.map(|row| Openid::stored(row.text(0))))
        })
        .await
}

const INSERT: &str = "insert into customer (appid, openid, created_at) values ($1, $2, $3)";
const INSERT_VISITOR: &str = "insert into visitor (appid, sha256, openid) values ($1, $2, $3)";
const SELECT_VISITOR: &str = "select openid from visitor where appid = $1 and sha256 = $2";
