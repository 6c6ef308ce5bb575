//! The WeCom enterprise that a Mini Program is bound to: bind, unbind, get. Only programs read it, so changes are not
//! in the feed.

use crate::{Desk, Result, account};
use model::account::wecom;
use model::{Appid, Corpid, SECOND, Time};
use protocol::wecom::KfWorkBound;
use store::Tx;
use store::bind;

/// getKfWorkBound.
///
/// # Errors
/// 10130030.
pub async fn get(desk: &Desk, appid: &Appid) -> Result<KfWorkBound> {
    desk.read(appid, |tx, appid| {
        let account = account::get(tx, appid)?;
        wecom::must_be_enterprise(account.principal)?;
        Ok(match bound(tx, appid)? {
            Some((corpid, at)) => KfWorkBound::to(corpid.to_string(), at / SECOND, account.name),
            None => KfWorkBound::nothing(),
        })
    })
    .await
}

/// bindKfWork.
///
/// # Errors
/// 10130030 → 10130600 → 10130603.
pub async fn bind(desk: &Desk, appid: &Appid, corpid: String) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        wecom::must_be_enterprise(account::get(tx, appid)?.principal)?;
        let corpid = Corpid::parse(&corpid)?;
        wecom::bind(bound(tx, appid)?.map(|(corpid, _)| corpid).as_ref())?;
        tx.run(INSERT, bind![appid, &corpid, now]).map(|_| ())
    })
    .await
}

/// unbindKfWork.
///
/// # Errors
/// 10130600 → 10130604 → 10130602.
pub async fn unbind(desk: &Desk, appid: &Appid, corpid: String) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        let corpid = Corpid::parse(&corpid)?;
        wecom::unbind(bound(tx, appid)?.map(|(corpid, _)| corpid).as_ref(), &corpid)?;
        tx.run(DELETE, bind![appid]).map(|_| ())
    })
    .await
}

/// The enterprise that an account is bound to, and when it was bound.
fn bound(tx: &mut Tx<'_>, appid: &Appid) -> Result<Option<(Corpid, Time)>> {
    Ok(tx.one(SELECT, bind![appid])?.map(|row| (Corpid::stored(row.text(0)), row.int(1))))
}

const SELECT: &str = "select corpid, bound_at from work where appid = $1";
const INSERT: &str = "insert into work (appid, corpid, bound_at) values ($1, $2, $3)";
const DELETE: &str = "delete from work where appid = $1";
