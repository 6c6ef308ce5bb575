//! Customers: the people who write.

use crate::{Desk, account};
use model::{Appid, Openid};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// An openid nobody has.
#[must_use]
pub fn new_openid(desk: &Desk) -> String {
    format!("o{}", &desk.rng.secret()[..27])
}

/// A new customer, whom no browser knows.
///
/// # Errors
/// `InvalidAppid`.
pub async fn create(desk: &Desk, appid: &Appid) -> Result<Openid, Error> {
    let openid = Openid::stored(new_openid(desk));
    desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        create_if_absent(tx, appid, &openid)?;
        Ok(openid.clone())
    })
    .await
}

/// The same with an openid that may be a customer's already.
pub(crate) fn create_if_absent(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(INSERT_IF_ABSENT, bind![appid, openid, now]).map(|_| ())
}

/// The customer with this openid: any other is 40003, whatever its shape.
pub(crate) fn get(tx: &mut Tx<'_>, appid: &Appid, openid: &str) -> Result<Openid, Error> {
    let openid = Openid::parse(openid)?;
    tx.one(SELECT, bind![appid, &openid])?.map(|_| openid).ok_or(Error::Refused(Errcode::InvalidOpenid))
}

const INSERT_IF_ABSENT: &str = "insert into customer (appid, openid, created_at) values ($1, $2, $3)
    on conflict (appid, openid) do nothing";
const SELECT: &str = "select created_at from customer where appid = $1 and openid = $2";
