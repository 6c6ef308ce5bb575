//! Why a login ended, for the browser that still has its cookie.

use crate::{Desk, Result, sha256};
use model::TextEnum;
use model::WechatId;
use store::{Tx, bind};

/// Why a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename_all = "lowercase"))]
pub enum EndReason {
    /// The worker ended it from another browser.
    Device,
    /// The worker changed the password in another browser.
    Password,
    /// An operator reset the password.
    Reset,
    /// An operator ended it.
    Operator,
    /// It expired.
    Expired,
}

impl TextEnum for EndReason {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("device", EndReason::Device),
        ("password", EndReason::Password),
        ("reset", EndReason::Reset),
        ("operator", EndReason::Operator),
        ("expired", EndReason::Expired),
    ];
}

/// Ends the login of a worker with this id. Returns the number of ended logins.
pub(super) fn end_one(tx: &mut Tx<'_>, worker: &WechatId, id: &str, reason: EndReason) -> Result<u64> {
    sweep(tx, worker)?;
    tx.run(NOTE_ONE, bind![worker, id, reason.as_text()])?;
    tx.run(END_ONE, bind![worker, id])
}

/// Ends a worker's logins except the one whose cookie has this hash; all logins if the hash is empty. Returns the
/// number of ended logins.
pub(super) fn end_others(tx: &mut Tx<'_>, worker: &WechatId, sha256: &str, reason: EndReason) -> Result<u64> {
    sweep(tx, worker)?;
    tx.run(NOTE_OTHERS, bind![worker, sha256, reason.as_text()])?;
    tx.run(END_OTHERS, bind![worker, sha256])
}

/// Deletes expired rows of a worker. The remaining rows are at most as many as the logins of one login's lifetime.
fn sweep(tx: &mut Tx<'_>, worker: &WechatId) -> Result<()> {
    let now = tx.now();
    tx.run(DELETE_OLD, bind![worker, now]).map(|_| ())
}

/// Why the login of a cookie ended. `None` for an unknown cookie, and for a login that its own browser ended.
///
/// # Errors
/// Internal only.
pub async fn reason(desk: &Desk, cookie: &str) -> Result<Option<EndReason>> {
    let sha256 = sha256(cookie);
    desk.store
        .read("", move |tx| {
            let now = tx.now();
            if let Some(row) = tx.one(SELECT, bind![&sha256, now])? {
                return Ok(EndReason::from_text(&row.text(0)));
            }
            Ok(tx.one(SELECT_EXPIRED, bind![&sha256, now])?.map(|_| EndReason::Expired))
        })
        .await
}

const NOTE_ONE: &str = "insert into ended_login (sha256, worker, reason, expires_at)
    select sha256, worker, $3, expires_at from login where worker = $1 and id = $2";
const NOTE_OTHERS: &str = "insert into ended_login (sha256, worker, reason, expires_at)
    select sha256, worker, $3, expires_at from login where worker = $1 and sha256 <> $2";
const END_ONE: &str = "delete from login where worker = $1 and id = $2";
const END_OTHERS: &str = "delete from login where worker = $1 and sha256 <> $2";
const DELETE_OLD: &str = "delete from ended_login where worker = $1 and expires_at <= $2";
const SELECT: &str = "select reason from ended_login where sha256 = $1 and expires_at > $2";
const SELECT_EXPIRED: &str = "select id from login where sha256 = $1 and expires_at <= $2";
