//! Logins: a worker's browser shows who she is.

use super::{Desk, sha256, worker};
use crate::bind;
use crate::error::Error;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use model::{Fact, HOUR, Time, WechatId};
use protocol::Errcode;
use tokio::sync::Semaphore;

/// How long a login lasts.
const LOGIN_LIFE: i64 = 7 * 24 * HOUR;
/// Passwords that are hashed at a time: each takes 19 MiB and a core.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Logs a worker in; answers the cookie's secret.
///
/// # Errors
/// `WrongPassword`.
pub async fn log_in(desk: &Desk, name: &str, password: &str) -> Result<(WechatId, String), Error> {
    let name = WechatId::parse(name).map_err(|_| Errcode::WrongPassword)?;
    let worker = name.clone();
    let stored = desk
        .store
        .read("", move |tx| Ok(tx.one(SELECT_PASSWORD, bind![&worker])?.map(|row| row.text(0))))
        .await?;
    if !verify(stored, password).await? {
        return Err(Errcode::WrongPassword.into());
    }
    let cookie = start_login(desk, &name).await?;
    Ok((name, cookie))
}

/// Starts a login for a worker who has shown who she is.
///
/// # Errors
/// Internal only.
pub async fn start_login(desk: &Desk, name: &WechatId) -> Result<String, Error> {
    let cookie = desk.chance.secret();
    let (hash, worker) = (sha256(&cookie), name.clone());
    desk.store
        .keep(&worker::owner(name.as_str()), move |tx| {
            let now = tx.now();
            tx.run(DELETE_OLD_LOGINS, bind![&worker, now])?;
            tx.run(INSERT_LOGIN, bind![&hash, &worker, now, now + LOGIN_LIFE]).map(|_| ())
        })
        .await?;
    Ok(cookie)
}

/// Ends one login, and tells her other tabs.
///
/// # Errors
/// Internal only.
pub async fn log_out(desk: &Desk, name: &WechatId, cookie: &str) -> Result<(), Error> {
    let hash = sha256(cookie);
    desk.store
        .write(&worker::owner(name.as_str()), move |tx| {
            tx.run(DELETE_LOGIN, bind![&hash])?;
            tx.record(Fact::Worker);
            Ok(())
        })
        .await
}

/// Whose login a cookie is, and when it ends.
///
/// # Errors
/// `LoginNeeded`.
pub async fn who(desk: &Desk, cookie: &str) -> Result<(WechatId, Time), Error> {
    let hash = sha256(cookie);
    desk.store
        .read("", move |tx| {
            let now = tx.now();
            let row = tx.one(SELECT_LOGIN, bind![&hash, now])?.ok_or(Errcode::LoginNeeded)?;
            Ok((WechatId::stored(row.text(0)), row.int(1)))
        })
        .await
}

pub(super) async fn hash(password: &str) -> Result<String, Error> {
    let password = password.to_owned();
    hashing(move || {
        Ok(Argon2::default()
            .hash_password(password.as_bytes())
            .map_err(|e| anyhow::anyhow!("hashing: {e}"))?
            .to_string())
    })
    .await
}

/// Takes as long for a name nobody has.
async fn verify(stored: Option<String>, password: &str) -> Result<bool, Error> {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$4RdNUGCKJw2PWnRdoTJkcS0PYwHvK4w0pZBBhMYRkGk";
    let password = password.to_owned();
    hashing(move || {
        let hash = stored.as_deref().unwrap_or(NOBODY);
        let hash = PasswordHash::new(hash).map_err(|e| anyhow::anyhow!("a stored hash: {e}"))?;
        let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        Ok(right && stored.is_some())
    })
    .await
}

async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let turn = HASHING.acquire().await.map_err(|e| anyhow::anyhow!(e))?;
    // The turn is the work's, which goes on when whoever asked goes away.
    let work = move || {
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await?
}

const SELECT_PASSWORD: &str = "select password from worker where name = $1";
const INSERT_LOGIN: &str =
    "insert into login (sha256, worker, created_at, expires_at) values ($1, $2, $3, $4)";
const SELECT_LOGIN: &str = "select worker, expires_at from login where sha256 = $1 and expires_at > $2";
const DELETE_LOGIN: &str = "delete from login where sha256 = $1";
const DELETE_OLD_LOGINS: &str = "delete from login where worker = $1 and expires_at <= $2";
