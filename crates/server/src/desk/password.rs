//! Passwords: hashed, verified, changed by their worker.

use super::{Desk, sha256, worker};
use crate::bind;
use crate::error::Error;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use model::{Fact, WechatId};
use protocol::Errcode;
use tokio::sync::Semaphore;

/// Passwords that are hashed at a time: each takes 19 MiB and a core.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A worker whose password was right, and the hash that said so. It is worth as much as that hash is still stored.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The worker.
    pub name: WechatId,
    pub(super) hash: String,
}

/// Compares a worker's password with what is stored.
///
/// # Errors
/// `WrongPassword`.
pub async fn verify(desk: &Desk, name: &str, password: &str) -> Result<Verified, Error> {
    let name = WechatId::parse(name).map_err(|_| Errcode::WrongPassword)?;
    let asked = name.clone();
    let stored =
        desk.store.read("", move |tx| Ok(tx.one(SELECT, bind![&asked])?.map(|row| row.text(0)))).await?;
    let hash = is_right(stored, password).await?.ok_or(Errcode::WrongPassword)?;
    Ok(Verified { name, hash })
}

/// Refuses what is no password.
///
/// # Errors
/// `PasswordShort`.
pub fn check(password: &str) -> Result<(), Errcode> {
    if (8..=256).contains(&password.chars().count()) { Ok(()) } else { Err(Errcode::PasswordShort) }
}

/// A worker changes the own password. The login that asks stays, all others end.
///
/// # Errors
/// `PasswordShort`; `WrongPassword` when the old one is wrong or was changed meanwhile; `LoginNeeded` when the login
/// ended meanwhile.
pub async fn change(desk: &Desk, name: &WechatId, cookie: &str, old: &str, new: &str) -> Result<(), Error> {
    check(new)?;
    let Verified { name, hash: before } = verify(desk, name.as_str(), old).await?;
    let (after, login) = (hash(new).await?, sha256(cookie));
    desk.store
        .write(&worker::owner(name.as_str()), move |tx| {
            if tx.run(UPDATE, bind![&name, &before, &after])? == 0 {
                return Err(Errcode::WrongPassword.into());
            }
            tx.one(SELECT_LOGIN, bind![&login, &name])?.ok_or(Errcode::LoginNeeded)?;
            tx.run(DELETE_LOGINS, bind![&name, &login])?;
            tx.record(Fact::Worker);
            Ok(())
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

/// The stored hash when the password fits it. Takes as long for a name nobody has.
async fn is_right(stored: Option<String>, password: &str) -> Result<Option<String>, Error> {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$4RdNUGCKJw2PWnRdoTJkcS0PYwHvK4w0pZBBhMYRkGk";
    let password = password.to_owned();
    hashing(move || {
        let hash = stored.as_deref().unwrap_or(NOBODY);
        let hash = PasswordHash::new(hash).map_err(|e| anyhow::anyhow!("a stored hash: {e}"))?;
        let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        Ok(stored.filter(|_| right))
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

const SELECT: &str = "select password from worker where name = $1";
const UPDATE: &str = "update worker set password = $3 where name = $1 and password = $2";
const SELECT_LOGIN: &str = "select id from login where sha256 = $1 and worker = $2";
const DELETE_LOGINS: &str = "delete from login where worker = $1 and sha256 <> $2";
