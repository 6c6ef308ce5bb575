//! Customers: the people who write.

use crate::{Desk, Result, account};
use model::{Appid, Openid, SECOND};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// A random openid.
#[must_use]
pub fn new_openid(desk: &Desk) -> String {
    format!("o{}", &desk.rng.secret()[..27])
}

/// Creates a customer without a cookie.
///
/// # Errors
/// 40013.
pub async fn create(desk: &Desk, appid: &Appid) -> Result<Openid> {
    let openid = Openid::stored(new_openid(desk));
    desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        create_if_absent(tx, appid, &openid)?;
        Ok(openid.clone())
    })
    .await
}

/// Creates a customer with this openid, unless there is one.
pub(crate) fn create_if_absent(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    let now = tx.now();
    tx.run(INSERT_IF_ABSENT, bind![appid, openid, now]).map(|_| ())
}

/// The customer with this openid.
///
/// # Errors
/// 40003 if there is none, also if the openid is malformed.
pub(crate) fn get(tx: &mut Tx<'_>, appid: &Appid, openid: &str) -> Result<Openid> {
    let openid = Openid::parse(openid)?;
    tx.one(SELECT, bind![appid, &openid])?.map(|_| openid).ok_or(Error::Refused(Errcode::InvalidOpenid))
}

/// The second of the customer's next event: now, or later if an event has this second already. Clients recognise a
/// repeated event by customer and second. 0 if there is no such customer.
pub(crate) fn next_event(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<i64> {
    let now = tx.now() / SECOND;
    Ok(tx.one(NEXT_EVENT, bind![appid, openid, now])?.map_or(0, |row| row.int(0)))
}

const NEXT_EVENT: &str =
    "update customer set event_at = case when event_at < $3 then $3 else event_at + 1 end
    where appid = $1 and openid = $2 returning event_at";
const INSERT_IF_ABSENT: &str = "insert into customer (appid, openid, created_at) values ($1, $2, $3)
    on conflict (appid, openid) do nothing";
const SELECT: &str = "select created_at from customer where appid = $1 and openid = $2";
