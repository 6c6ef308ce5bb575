//! Bytes of files: how many an account has, and how many a customer sent in a day. Counted in the transaction that
//! stores them.

use crate::{Desk, Result};
use model::account::quota::day;
use model::{Appid, Openid, Time};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// How many bytes of files there may be. 0 is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StorageLimits {
    of_day: i64,
    of_account: i64,
}

impl StorageLimits {
    /// The limits that operators have set.
    pub(crate) fn of(desk: &Desk) -> Self {
        let bytes = |mib: u32| i64::from(mib) << 20;
        StorageLimits {
            of_day: bytes(desk.rules.customer_files_mib_per_day),
            of_account: bytes(desk.rules.account_files_mib),
        }
    }

    /// Checks the bytes that an account has.
    fn check_account(&self, bytes: i64) -> Result<(), Errcode> {
        let is_over = self.of_account > 0 && bytes > self.of_account;
        if is_over { Err(Errcode::FilesOfAccount) } else { Ok(()) }
    }

    /// Checks the bytes that a customer sent today.
    fn check_day(&self, bytes: i64) -> Result<(), Errcode> {
        let is_over = self.of_day > 0 && bytes > self.of_day;
        if is_over { Err(Errcode::FilesOfDay) } else { Ok(()) }
    }
}

/// Checks before an upload whether the account, and the customer if known, may send `bytes` more. The bytes are counted
/// later, by [`add`] and [`add_of_customer`]. A message that is stored already passes, because it is only answered
/// again.
///
/// # Errors
/// `FilesOfDay`, `FilesOfAccount`.
pub async fn check(
    desk: &Desk,
    appid: &Appid,
    openid: Option<&str>,
    client_id: &str,
    bytes: u64,
) -> Result<()> {
    let client_id = client_id.to_owned();
    let (limits, coming) = (StorageLimits::of(desk), i64::try_from(bytes)?);
    let openid = openid.map(str::to_owned);
    let checked = desk.read(appid, move |tx, appid| {
        let today = i64::from(day(tx.now()));
        if let Some(openid) = &openid {
            if tx.one(SELECT_SENT, bind![appid, openid, &client_id])?.is_some() {
                return Ok(());
            }
            let row = tx.one(SELECT, bind![appid, openid])?.filter(|row| row.int(0) == today);
            limits.check_day(row.map_or(0, |row| row.int(1)) + coming)?;
        }
        let row = tx.one(SELECT, bind![appid, ""])?;
        // The account may have the same bytes already, so the uploaded bytes are not added here.
        Ok(limits.check_account(row.map_or(0, |row| row.int(1)))?)
    });
    log_full(desk, checked.await)
}

/// Logs once that an account is full, and once that there is room again. Returns the outcome.
pub(crate) fn log_full<T>(desk: &Desk, outcome: Result<T>) -> Result<T> {
    match &outcome {
        Err(Error::Refused(Errcode::FilesOfAccount)) => {
            let cause =
                anyhow::anyhow!("an account has reached its limit of bytes of files (--account-files-mib)");
            let _ = desk.storage_outages.record(Err::<(), Error>(cause.into()));
        }
        Ok(_) => desk.storage_outages.record(Ok(()))?,
        Err(_) => {}
    }
    outcome
}

/// Counts one more use of a content by an account.
///
/// # Errors
/// `FilesOfAccount`.
pub(crate) fn add(tx: &mut Tx<'_>, appid: &Appid, sha256: &str, limits: &StorageLimits) -> Result<()> {
    let Some(size) = tx.one(SELECT_SIZE, bind![sha256])?.map(|row| row.int(0)) else { return Ok(()) };
    let uses = tx.one(ADD_USE, bind![appid, sha256, size])?.map_or(1, |row| row.int(0));
    if uses == 1 {
        let bytes = add_bytes(tx, appid, "", 0, size)?;
        limits.check_account(bytes)?;
    }
    Ok(())
}

/// Counts one use less of a content by an account.
pub(crate) fn remove(tx: &mut Tx<'_>, appid: &Appid, sha256: &str) -> Result<()> {
    let Some(row) = tx.one(REMOVE_USE, bind![appid, sha256])? else { return Ok(()) };
    if row.int(0) <= 0 {
        tx.run(DELETE, bind![appid, sha256])?;
        add_bytes(tx, appid, "", 0, -row.int(1))?;
    }
    Ok(())
}

/// Adds the bytes that a customer sends to those of the day.
///
/// # Errors
/// `FilesOfDay`.
pub(crate) fn add_of_customer(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    size: i64,
    limits: &StorageLimits,
) -> Result<()> {
    let now: Time = tx.now();
    let bytes = add_bytes(tx, appid, openid.as_str(), i64::from(day(now)), size)?;
    Ok(limits.check_day(bytes)?)
}

fn add_bytes(tx: &mut Tx<'_>, appid: &Appid, openid: &str, day: i64, size: i64) -> Result<i64> {
    let row = tx.one(ADD_BYTES, bind![appid, openid, day, size])?;
    Ok(row.map_or(size, |row| row.int(0)))
}

const SELECT: &str = "select day, bytes from stored_bytes where appid = $1 and openid = $2";
const SELECT_SENT: &str = "select id from message where appid = $1 and openid = $2 and client_id = $3";
const SELECT_SIZE: &str = "select size from content where sha256 = $1";
const ADD_USE: &str = "insert into account_file (appid, sha256, uses, size) values ($1, $2, 1, $3)
    on conflict (appid, sha256) do update set uses = account_file.uses + 1 returning uses";
const REMOVE_USE: &str = "update account_file set uses = uses - 1 where appid = $1 and sha256 = $2
    returning uses, size";
const DELETE: &str = "delete from account_file where appid = $1 and sha256 = $2";
const ADD_BYTES: &str = "insert into stored_bytes (appid, openid, day, bytes) values ($1, $2, $3, $4)
    on conflict (appid, openid) do update set day = excluded.day, bytes = excluded.bytes
    + case when stored_bytes.day = excluded.day then stored_bytes.bytes else 0 end returning bytes";
