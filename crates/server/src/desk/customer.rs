//! Customers: the people who write, known by a cookie.

use super::{Desk, account, sha256};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use model::{Appid, Openid};
use protocol::Errcode;

/// An openid nobody has.
#[must_use]
pub fn new_openid(desk: &Desk) -> String {
    format!("o{}", &desk.chance.secret()[..27])
}

/// The customer whose browser this is; `openid` becomes hers when she has not written before.
pub(super) fn admit(tx: &mut Tx<'_>, appid: &Appid, visitor: &str, openid: &str) -> Result<Openid, Error> {
    let now = tx.now();
    if tx.run(INSERT_VISITOR, bind![appid, visitor, openid])? == 1 {
        tx.run(INSERT, bind![appid, openid, now])?;
        return Ok(Openid::stored(openid.to_owned()));
    }
    let row = tx.one(SELECT_VISITOR, bind![appid, visitor])?;
    row.map(|row| Openid::stored(row.text(0))).ok_or(Error::Refused(Errcode::NotFound))
}

/// A new customer, whom no browser knows.
///
/// # Errors
/// `InvalidAppid`.
pub async fn create(desk: &Desk, appid: &Appid) -> Result<Openid, Error> {
    let (appid, openid) = (appid.clone(), Openid::stored(new_openid(desk)));
    desk.store
        .keep(&appid.to_string(), move |tx| {
            account::get(tx, &appid)?;
            create_unless(tx, &appid, &openid)?;
            Ok(openid.clone())
        })
        .await
}

/// The same with an openid that may be a customer's already.
pub(super) fn create_unless(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(INSERT_UNLESS, bind![appid, openid, now]).map(|_| ())
}

/// The customer with this openid: any other is 40003, whatever its shape.
pub(super) fn get(tx: &mut Tx<'_>, appid: &Appid, openid: &str) -> Result<Openid, Error> {
    let openid = Openid::parse(openid)?;
    tx.one(SELECT, bind![appid, &openid])?.map(|_| openid).ok_or(Error::Refused(Errcode::InvalidOpenid))
}

/// Whose cookie this is, if anybody's.
///
/// # Errors
/// `NotFound` when there is no such account.
pub async fn who(desk: &Desk, appid: &Appid, cookie: &str) -> Result<Option<Openid>, Error> {
    let (appid, hash) = (appid.clone(), sha256(cookie));
    desk.store
        .read(&appid.to_string(), move |tx| {
            let openid = tx.one(SELECT_WHO, bind![&appid, &hash])?.ok_or(Errcode::NotFound)?.text(0);
            Ok(Some(openid).filter(|openid| !openid.is_empty()).map(Openid::stored))
        })
        .await
}

const INSERT: &str = "insert into customer (appid, openid, created_at) values ($1, $2, $3)";
const INSERT_UNLESS: &str = "insert into customer (appid, openid, created_at) values ($1, $2, $3)
    on conflict (appid, openid) do nothing";
const SELECT: &str = "select created_at from customer where appid = $1 and openid = $2";
const INSERT_VISITOR: &str = "insert into visitor (appid, sha256, openid) values ($1, $2, $3)
    on conflict (appid, sha256) do nothing";
const SELECT_WHO: &str = "select coalesce(v.openid, '') from account a
    left join visitor v on v.appid = a.appid and v.sha256 = $2 where a.appid = $1";
const SELECT_VISITOR: &str = "select openid from visitor where appid = $1 and sha256 = $2";
