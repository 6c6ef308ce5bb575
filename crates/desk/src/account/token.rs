//! Tokens: issue, repeat, expire, revoke.
//!
//! Two tokens of a kind are valid at once: a new token leaves the previous one five minutes, and ends older ones.
//! <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>

use crate::account::required;
use crate::quota::{self, Ledger, QuotaLimits};
use crate::{Desk, Result, account, is_same, sha256};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use model::account::quota::{begin, day};
use model::{Appid, Fact, SECOND, TextEnum};
use protocol::limits::{FORCE_REFRESH_GAP_S, FORCE_REFRESH_PER_DAY, TOKEN_LIFE_S, TOKEN_OVERLAP_S};
use protocol::token::{AccessToken, GetAccessToken, GetStableAccessToken};
use protocol::{Errcode, endpoint};
use sha2::Sha256;
use std::net::IpAddr;
use std::sync::Arc;
use store::bind;
use store::{Row, Tx};

pub use crate::account::access::{Access, TokenHolder, look_up, owner};
pub use model::account::token::TokenKind;

/// Returns the appid and the secret of a call of `token` or `stable_token`.
///
/// # Errors
/// 40002 → 41002 → 41004 → 40013.
fn presented(credential: GetAccessToken) -> Result<(Appid, String), Errcode> {
    if credential.grant_type.as_deref() != Some("client_credential") {
        return Err(Errcode::InvalidGrantType);
    }
    let appid = required(credential.appid, Errcode::AppidMissing)?;
    let secret = required(credential.secret, Errcode::AppsecretMissing)?;
    Ok((Appid::parse(&appid)?, secret))
}

/// Checks the account's secret and the caller's address, and runs `run_read` in the same snapshot. The call is counted
/// afterwards, so that a stranger without the secret cannot use up the account's quota.
///
/// # Errors
/// 40013, 40125, 40164, and those of `run_read`.
async fn admit<T: Send + 'static>(
    desk: &Desk,
    appid: &Appid,
    secret: &str,
    from: IpAddr,
    run_read: impl Fn(&mut Tx<'_>, &Appid, &str) -> Result<T> + Send + 'static,
) -> Result<(T, QuotaLimits, Arc<Ledger>)> {
    let (secret, quotas) = (secret.to_owned(), desk.quotas.clone());
    desk.read(appid, move |tx, appid| {
        account::authenticate(tx, appid, &secret, from)?;
        Ok((
            run_read(tx, appid, &secret)?,
            quota::limits_of(tx, appid.as_str())?,
            quotas.open(tx, appid.as_str())?,
        ))
    })
    .await
}

/// getAccessToken: issues a new token.
///
/// # Errors
/// 40002, 41002, 41004, 40013, 40125, 40164, 45009, 45011.
pub async fn issue(desk: &Desk, credential: GetAccessToken, from: IpAddr) -> Result<AccessToken> {
    let (appid, secret) = presented(credential)?;
    let ((), limits, ledger) = admit(desk, &appid, &secret, from, |_, _, _| Ok(())).await?;
    quota::count(desk, &limits, &ledger, &endpoint::GET_ACCESS_TOKEN, false, desk.now())?;
    let token = generate(desk, TokenKind::Own, &appid);
    desk.write(&appid, move |tx, appid| {
        account::check_secret(tx, appid, &secret)?;
        insert(tx, appid, &NewToken::of(TokenKind::Own, &token))?;
        Ok(AccessToken { access_token: token.clone(), expires_in: TOKEN_LIFE_S })
    })
    .await
}

/// getStableAccessToken: returns the current stable token. Issues a new one if the current one ends within five
/// minutes, or if the caller forces a refresh. A refresh is granted 20 times a day and at most every 30 seconds; a
/// refresh beyond that returns the current token.
///
/// # Errors
/// 40002, 41002, 41004, 40013, 40125, 40164, 45009, 45011.
pub async fn stable(desk: &Desk, asked: GetStableAccessToken, from: IpAddr) -> Result<AccessToken> {
    let GetStableAccessToken { grant_type, appid, secret, force_refresh: force } = asked;
    let (appid, secret) = presented(GetAccessToken { grant_type, appid, secret })?;
    let salt = desk.rng.hex::<16>();
    let repeated = move |tx: &mut Tx<'_>, appid: &Appid, secret: &str| {
        if force { Ok(None) } else { repeat(tx, appid, secret) }
    };
    let (repeated, limits, ledger) = admit(desk, &appid, &secret, from, repeated).await?;
    quota::count(desk, &limits, &ledger, &endpoint::GET_STABLE_ACCESS_TOKEN, false, desk.now())?;
    if let Some(token) = repeated {
        return Ok(token);
    }
    desk.write(&appid, move |tx, appid| {
        account::check_secret(tx, appid, &secret)?;
        let granted = force && take_forced_refresh(tx, appid)?;
        if !granted && let Some(token) = repeat(tx, appid, &secret)? {
            return Ok(token);
        }
        let generation = newest(tx, appid)?.map_or(0, |row| row.int(0)) + 1;
        let token = derive(&secret, appid, generation, &salt);
        insert(tx, appid, &NewToken { salt: &salt, ..NewToken::of(TokenKind::Stable, &token) })?;
        if granted {
            tx.run(DELETE_OTHERS, bind![appid, TokenKind::Stable.as_text(), &sha256(&token)])?;
        }
        Ok(AccessToken { access_token: token, expires_in: TOKEN_LIFE_S })
    })
    .await
}

/// Takes one of the day's forced refreshes. Returns `false` if none is left.
fn take_forced_refresh(tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
    let (now, day) = (tx.now(), begin(day(tx.now())));
    let row = tx.one(SELECT_QUOTA, bind![appid])?;
    let (used, last) = row.map_or((0, 0), |row| (if row.int(0) == day { row.int(1) } else { 0 }, row.int(2)));
    if used >= FORCE_REFRESH_PER_DAY || (last > 0 && (now - last).abs() < FORCE_REFRESH_GAP_S * SECOND) {
        return Ok(false);
    }
    tx.run(UPSERT_QUOTA, bind![appid, day, used + 1, now])?;
    Ok(true)
}

/// Returns the current stable token, derived again from the presented secret, and its remaining seconds. `None` if it
/// ends within five minutes or the secret has changed.
fn repeat(tx: &mut Tx<'_>, appid: &Appid, secret: &str) -> Result<Option<AccessToken>> {
    let now = tx.now();
    let Some(row) = newest(tx, appid)? else { return Ok(None) };
    // The clock of the node that issued the token may be slightly ahead.
    let left_s = ((row.int(2) - now) / SECOND).min(TOKEN_LIFE_S);
    let token = derive(secret, appid, row.int(0), &row.text(1));
    let same = is_same(&sha256(&token), &row.text(3));
    Ok((left_s > TOKEN_OVERLAP_S && same).then_some(AccessToken { access_token: token, expires_in: left_s }))
}

fn newest(tx: &mut Tx<'_>, appid: &Appid) -> Result<Option<Row>> {
    tx.one(SELECT_NEWEST, bind![appid, TokenKind::Stable.as_text(), ""])
}

/// Derives a stable token from the secret. Only its hash is stored, so it is derived again to be repeated.
fn derive(secret: &str, appid: &Appid, generation: i64, salt: &str) -> String {
    #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("stable {appid} {generation} {salt}").as_bytes());
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{}_{appid}_{text}", TokenKind::Stable.prefix())
}

/// Generates a random token.
pub(crate) fn generate(desk: &Desk, kind: TokenKind, owner: &Appid) -> String {
    format!("{}_{owner}_{}", kind.prefix(), desk.rng.secret())
}

/// Issues a component's token to act for an account.
///
/// # Errors
/// 61003 if the account grants the component nothing, 40013 if the account does not exist.
pub async fn issue_authorizer(desk: &Desk, component: &Appid, appid: &Appid) -> Result<AccessToken> {
    let (token, component) = (generate(desk, TokenKind::Authorizer, appid), component.to_string());
    desk.write(appid, move |tx, appid| {
        crate::account::component::sets(tx, appid, &component)?.ok_or(Errcode::NotAuthorizedByAccount)?;
        insert(
            tx,
            appid,
            &NewToken { component: &component, ..NewToken::of(TokenKind::Authorizer, &token) },
        )?;
        Ok(AccessToken { access_token: token.clone(), expires_in: TOKEN_LIFE_S })
    })
    .await
}

/// Issues a token of an account or a component to the operator, without a secret.
///
/// # Errors
/// 40013.
pub async fn issue_for_operator(desk: &Desk, owner: &Appid, kind: TokenKind) -> Result<AccessToken> {
    let token = generate(desk, kind, owner);
    desk.write(owner, move |tx, owner| {
        match kind {
            TokenKind::Component => crate::account::component::get(tx, owner)?,
            _ => account::get(tx, owner).map(|_| ())?,
        }
        insert(tx, owner, &NewToken::of(kind, &token))?;
        Ok(AccessToken { access_token: token.clone(), expires_in: TOKEN_LIFE_S })
    })
    .await
}

/// Expires all tokens of an owner: calls with them are refused with 42001. Returns the number of tokens.
///
/// # Errors
/// 40013.
pub async fn expire(desk: &Desk, owner: &Appid) -> Result<u64> {
    end(desk, owner, EXPIRE_ALL).await
}

/// Deletes all tokens of an owner: calls with them are refused with 40001. Returns the number of tokens.
///
/// # Errors
/// 40013.
pub async fn revoke(desk: &Desk, owner: &Appid) -> Result<u64> {
    end(desk, owner, REVOKE_ALL).await
}

async fn end(desk: &Desk, owner: &Appid, sql: &'static str) -> Result<u64> {
    desk.write(owner, |tx, owner| {
        let ended = tx.run(sql, bind![owner])?;
        tx.record(Fact::Access);
        Ok(ended)
    })
    .await
}

/// A token to be stored.
pub(crate) struct NewToken<'a> {
    /// What the token is for.
    pub(crate) kind: TokenKind,
    /// The component that holds the token, or the worker who holds a debug token. Empty for the account's own tokens.
    pub(crate) component: &'a str,
    /// The login of a debug token, as the SHA-256 of its cookie. Empty for other tokens.
    pub(crate) login: &'a str,
    /// The token itself.
    pub(crate) token: &'a str,
    /// The salt that a stable token is derived from. Empty for other tokens.
    pub(crate) salt: &'a str,
    /// How long the token is valid, in seconds.
    pub(crate) life_s: i64,
}

impl<'a> NewToken<'a> {
    /// A token of the owner itself, valid for two hours.
    pub(crate) fn of(kind: TokenKind, token: &'a str) -> Self {
        NewToken { kind, component: "", login: "", token, salt: "", life_s: TOKEN_LIFE_S }
    }
}

/// Stores a token. The previous token of its kind stays valid for five minutes; older ones are deleted.
pub(crate) fn insert(tx: &mut Tx<'_>, owner: &Appid, new: &NewToken<'_>) -> Result<()> {
    let (now, kind, component) = (tx.now(), new.kind.as_text(), new.component);
    let previous = tx.number(SELECT_NEWEST, bind![owner, kind, component])?;
    tx.run(DELETE_OLD, bind![owner, kind, component, previous])?;
    tx.run(RETIRE, bind![owner, kind, component, now + TOKEN_OVERLAP_S * SECOND])?;
    let (sha256, expires_at) = (sha256(new.token), now + new.life_s * SECOND);
    tx.run(
        INSERT,
        bind![owner, &sha256, kind, component, new.login, previous + 1, new.salt, now, expires_at],
    )?;
    tx.record(Fact::Access);
    Ok(())
}

const SELECT_NEWEST: &str = "select generation, salt, expires_at, sha256 from token
    where owner = $1 and kind = $2 and component = $3 order by generation desc limit 1";
const INSERT: &str =
    "insert into token (owner, sha256, kind, component, login, generation, salt, issued_at, expires_at, live_until)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)";
const DELETE_OLD: &str =
    "delete from token where owner = $1 and kind = $2 and component = $3 and generation < $4";
const RETIRE: &str =
    "update token set live_until = $4 where owner = $1 and kind = $2 and component = $3 and live_until > $4";
const DELETE_OTHERS: &str = "delete from token where owner = $1 and kind = $2 and sha256 <> $3";
// Compares no time: a token whose times were set by a clock that was ahead expires too.
const EXPIRE_ALL: &str = "update token set expires_at = 0 where owner = $1 and expires_at > 0";
const REVOKE_ALL: &str = "delete from token where owner = $1";
const SELECT_QUOTA: &str =
    "select window_start, used, last_at from quota where owner = $1 and what = 'force_refresh'";
const UPSERT_QUOTA: &str = "insert into quota (owner, what, window_start, used, last_at)
    values ($1, 'force_refresh', $2, $3, $4) on conflict (owner, what) do update
    set window_start = excluded.window_start, used = excluded.used, last_at = excluded.last_at";
