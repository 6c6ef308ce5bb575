//! Logins: a browser's cookie shows which worker uses it.

use crate::people::ended_login::{self, EndReason};
use crate::people::hashing::Verified;
use crate::{Desk, Result, absent, sha256};
use model::{Fact, HOUR, Time, WechatId};
use protocol::Errcode;
use serde::Serialize;
use store::Row;
use store::bind;

/// How long a login lasts, in milliseconds.
const LOGIN_LIFE: i64 = 7 * 24 * HOUR;
/// How often the last use of a login is stored, in milliseconds.
const USED_EVERY: i64 = HOUR;

/// Where a login began, for its worker to recognise.
#[derive(Clone, Debug, Default)]
pub struct LoginOrigin {
    /// The browser, in a few words.
    pub browser: String,
    /// The address.
    pub address: String,
}

/// A login in the worker's list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Login"))]
pub struct LoginEntry {
    /// The id of the login. It gives no access.
    pub id: String,
    /// The browser, in a few words. Empty if unknown.
    pub browser: String,
    /// The address where the login began.
    pub address: String,
    /// When the login began.
    pub created_at: Time,
    /// When the login was last used, to the hour.
    pub used_at: Time,
    /// Whether the request came with this login.
    pub current: bool,
}

/// Which logins to end.
#[derive(Clone, Debug)]
pub enum LoginsToEnd {
    /// The login with this id.
    One(String),
    /// All logins except that of this cookie.
    Others(String),
    /// All logins.
    All,
}

/// Starts a login for a worker whose password was right. Returns the secret for the cookie. If the password was changed
/// meanwhile, no login starts, because a change of the password ends all logins.
///
/// # Errors
/// `WrongPassword`.
pub async fn start(desk: &Desk, verified: &Verified, origin: LoginOrigin) -> Result<String> {
    let cookie = desk.rng.secret();
    let (hash, password, id) = (sha256(&cookie), verified.hash.clone(), desk.rng.hex::<8>());
    desk.write_silent(&verified.name, move |tx, worker| {
        let (now, LoginOrigin { browser, address }) = (tx.now(), &origin);
        tx.run(DELETE_OLD_LOGINS, bind![worker, now])?;
        let values = bind![&hash, worker, &id, browser, address, now, now + LOGIN_LIFE, &password];
        if tx.run(INSERT_LOGIN, values)? == 1 { Ok(()) } else { Err(Errcode::WrongPassword.into()) }
    })
    .await?;
    Ok(cookie)
}

/// Ends one login, and informs the worker's other tabs through the feed.
///
/// # Errors
/// Internal only.
pub async fn log_out(desk: &Desk, name: &WechatId, cookie: &str) -> Result<()> {
    let hash = sha256(cookie);
    desk.write(name, move |tx, _| {
        tx.run(DELETE_LOGIN, bind![&hash])?;
        tx.record(Fact::Worker);
        Ok(())
    })
    .await
}

/// A worker's logins, the latest first. `cookie` is the cookie of the request.
///
/// # Errors
/// Internal only.
pub async fn list(desk: &Desk, name: &WechatId, cookie: Option<&str>) -> Result<Vec<LoginEntry>> {
    let (worker, own) = (name.clone(), cookie.map(sha256).unwrap_or_default());
    desk.store
        .read("", move |tx| {
            let now = tx.now();
            let listed = |row: &Row| LoginEntry {
                id: row.text(1),
                browser: row.text(2),
                address: row.text(3),
                created_at: row.int(4),
                used_at: row.int(5),
                current: row.text(0) == own,
            };
            Ok(tx.all(SELECT_LOGINS, bind![&worker, now])?.iter().map(listed).collect())
        })
        .await
}

/// Ends logins of a worker and their streams. Returns the number of ended logins. Their browsers get the reason.
///
/// # Errors
/// `NotFound` if there is no such login.
pub async fn end(desk: &Desk, name: &WechatId, which: LoginsToEnd, reason: EndReason) -> Result<u64> {
    let ended = desk.write(name, move |tx, name| {
        let ended = match &which {
            LoginsToEnd::One(id) => ended_login::end_one(tx, name, id, reason)?,
            LoginsToEnd::Others(cookie) => ended_login::end_others(tx, name, &sha256(cookie), reason)?,
            LoginsToEnd::All => ended_login::end_others(tx, name, "", reason)?,
        };
        if ended == 0 && matches!(which, LoginsToEnd::One(_)) {
            return Err(Errcode::NotFound.into());
        }
        tx.record(Fact::Worker);
        Ok(ended)
    });
    ended.await.map_err(absent)
}

/// The worker whose login has this cookie, and when the login ends. Stores the use of the login once an hour.
///
/// # Errors
/// `LoginNeeded`.
pub async fn identify(desk: &Desk, cookie: &str) -> Result<(WechatId, Time)> {
    let hash = sha256(cookie);
    let (wanted, now) = (hash.clone(), desk.now());
    let found = desk.store.read("", move |tx| tx.one(SELECT_LOGIN, bind![&wanted, now])).await?;
    let login = found.ok_or(Errcode::LoginNeeded)?;
    if now - login.int(2) >= USED_EVERY {
        desk.store.write_silent("", move |tx| tx.run(USE_LOGIN, bind![&hash, now]).map(|_| ())).await?;
    }
    Ok((WechatId::stored(login.text(0)), login.int(1)))
}

/// The `seq` of the worker's feed, if the login whose cookie has this hash exists. A login that ends changes the feed,
/// so the login exists while the feed stays at this `seq`.
pub(crate) async fn last_change_of(desk: &Desk, worker: &WechatId, sha256: &str) -> Result<Option<i64>> {
    let sha256 = sha256.to_owned();
    desk.read(worker, move |tx, worker| {
        let now = tx.now();
        let login = tx.one(SELECT_LOGIN, bind![&sha256, now])?.filter(|row| row.text(0) == worker.as_str());
        Ok(login.and(tx.head()?).map(|head| head.seq))
    })
    .await
}

const INSERT_LOGIN: &str =
    "insert into login (sha256, worker, id, browser, address, created_at, used_at, expires_at)
    select $1, name, $3, $4, $5, $6, $6, $7 from worker where name = $2 and password = $8";
const SELECT_LOGIN: &str =
    "select l.worker, l.expires_at, l.used_at from login l join worker w on w.name = l.worker
    where l.sha256 = $1 and l.expires_at > $2";
const USE_LOGIN: &str = "update login set used_at = $2 where sha256 = $1";
const SELECT_LOGINS: &str = "select sha256, id, browser, address, created_at, used_at from login
    where worker = $1 and expires_at > $2 order by created_at desc limit 100";
const DELETE_LOGIN: &str = "delete from login where sha256 = $1";
const DELETE_OLD_LOGINS: &str = "delete from login where worker = $1 and expires_at <= $2";
