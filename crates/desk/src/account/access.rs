//! What a token gives access to.

use crate::account::ip_allowlist::{self, IpAllowlist};
use crate::people::{login, worker};
use crate::quota::{self, Ledger, QuotaLimits};
use crate::{Desk, account, sha256};
use model::account::token::TokenKind;
use model::{Appid, TextEnum, Time, WechatId};
use protocol::limits::TOKEN_MAX;
use protocol::{AccountKind, CalledBy, Endpoint, Errcode};
use std::net::IpAddr;
use std::sync::Arc;
use store::bind;
use store::error::Error;
use store::{Head, Row, Tx};

/// Who calls with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenHolder {
    /// The account itself.
    Own,
    /// A component, with the permission sets the account grants it; `None` when it took them back.
    Component(Option<Vec<u16>>),
    /// A component for itself, which no endpoint of an account takes.
    Platform,
}

/// What a token gives access to.
#[derive(Clone, Debug)]
pub struct Access {
    /// The account, or the component.
    pub owner: Appid,
    /// Who calls.
    pub holder: TokenHolder,
    /// The account's kind.
    pub kind: AccountKind,
    /// Whether its owner is certified.
    pub certified: bool,
    /// Whether its customer-service feature is on.
    pub feature: bool,
    /// The end of the token's life.
    pub expires_at: Time,
    /// The end of what a newer token has left it.
    pub live_until: Time,
    /// Where its calls may come from.
    pub ip_allowlist: IpAllowlist,
    /// How often the account may call what.
    pub limits: QuotaLimits,
    /// What this node counts of that.
    pub ledger: Arc<Ledger>,
    /// The login that a debug token ends with.
    pub login: Option<DebugLogin>,
}

/// The worker whose login a debug token was made by.
#[derive(Clone, Debug)]
pub struct DebugLogin {
    /// The owner of the worker's feed.
    pub owner: String,
    /// The worker's last change when the login was found: while it is the last, the login is there.
    pub seq: i64,
}

impl Access {
    /// Whether the token lives.
    ///
    /// # Errors
    /// 42001, 40001.
    pub fn check_life(&self, now: Time) -> Result<(), Errcode> {
        if now >= self.expires_at {
            return Err(Errcode::AccessTokenExpired);
        }
        if now >= self.live_until {
            return Err(Errcode::InvalidCredential);
        }
        Ok(())
    }

    /// Whether its call may come from an address. Nobody's list says where platforms act for accounts from.
    ///
    /// # Errors
    /// 40164, of a platform's own token 61004.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Errcode> {
        match self.holder {
            TokenHolder::Own if !self.ip_allowlist.allows(address) => Err(Errcode::InvalidIp),
            TokenHolder::Platform if !self.ip_allowlist.allows(address) => Err(Errcode::UnregisteredIp),
            _ => Ok(()),
        }
    }

    /// Whether the token may call `endpoint`.
    ///
    /// # Errors
    /// 61015, 61003, 48001, 61007, in this order.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), Errcode> {
        let sets = match &self.holder {
            TokenHolder::Platform if endpoint.called_by == CalledBy::Any => return Ok(()),
            TokenHolder::Platform => return Err(Errcode::MustUseAccountToken),
            TokenHolder::Component(None) => return Err(Errcode::NotAuthorizedByAccount),
            TokenHolder::Component(Some(sets)) => Some(sets),
            TokenHolder::Own => None,
        };
        endpoint.check_account(self.kind, self.certified)?;
        sets.map_or(Ok(()), |sets| endpoint.check_sets(sets))
    }

    /// Whether whoever has this token may call `endpoint`, with it or, being the account herself, with her secret.
    pub(crate) fn may_call(&self, endpoint: &Endpoint) -> bool {
        match endpoint.called_by {
            CalledBy::Secret => self.holder == TokenHolder::Own,
            _ => self.check(endpoint).is_ok(),
        }
    }

    /// Counts a call of `endpoint`, which the token may call.
    ///
    /// # Errors
    /// 45009, 45011.
    pub fn count(&self, desk: &Desk, endpoint: &Endpoint, now: Time) -> Result<(), Errcode> {
        let Some(quota) = self.limits.of(endpoint) else { return Ok(()) };
        let is_platform = matches!(self.holder, TokenHolder::Component(_));
        quota::count(desk, &self.ledger, endpoint, quota, is_platform, now)
    }
}

/// The owner a token names inside, when it has a token's shape.
///
/// # Errors
/// 40014 when no token can look like this, 40001 when it names nobody.
pub fn owner(token: &str) -> Result<Appid, Errcode> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if token.len() > TOKEN_MAX || !token.bytes().all(sound) {
        return Err(Errcode::InvalidAccessToken);
    }
    let owner = token.split('_').nth(1).unwrap_or("");
    Appid::parse(owner).map_err(|_| Errcode::InvalidCredential)
}

/// Looks a token up: what it gives access to, and where the owner stood then. Two steps for a debug token, of the
/// account and of the worker, each true at its own number.
///
/// # Errors
/// 40001 when there is no such token, or the login it was made by has ended; of a removed account 61003, 42001.
pub async fn look_up(desk: &Desk, token: &str) -> Result<(Access, Head), Error> {
    let (owner, hash) = (owner(token)?, sha256(token));
    let quotas = desk.quotas.clone();
    let found = desk.read(&owner, move |tx, owner| {
        let row = tx.one(SELECT, bind![owner, &hash])?.ok_or(Errcode::InvalidCredential)?;
        let Some(head) = tx.head()? else { return Err(of_removed(&row, tx.now()).into()) };
        let ledger = quotas.open(tx, owner.as_str())?;
        let login = (TokenKind::from_text(&row.text(0)) == Some(TokenKind::Debug))
            .then(|| (WechatId::stored(row.text(1)), row.text(4)));
        Ok((access(tx, owner, &row, ledger)?, head, login))
    });
    let (mut access, head, login) = found.await?;
    if let Some((worker, sha256)) = login {
        let seq = match login::last_change_of(desk, &worker, &sha256).await? {
            Some(seq) => seq,
            // It says that its time is over, and is looked up anew each time: no change has this number.
            None if desk.now() >= access.expires_at => -1,
            None => return Err(Errcode::InvalidCredential.into()),
        };
        access.login = Some(DebugLogin { owner: worker::owner(worker.as_str()), seq });
    }
    Ok((access, head))
}

/// What a token of an account that was removed is refused with: the account grants platforms nothing any more.
fn of_removed(row: &Row, now: Time) -> Errcode {
    match TokenKind::from_text(&row.text(0)) {
        Some(TokenKind::Authorizer) if now < row.int(2) => Errcode::NotAuthorizedByAccount,
        Some(TokenKind::Authorizer) => Errcode::AccessTokenExpired,
        _ => Errcode::InvalidCredential,
    }
}

fn access(tx: &mut Tx<'_>, owner: &Appid, row: &Row, ledger: Arc<Ledger>) -> Result<Access, Error> {
    let (kind, component) = (TokenKind::from_text(&row.text(0)), row.text(1));
    let (expires_at, live_until) = (row.int(2), row.int(3));
    let holder = match kind {
        Some(TokenKind::Own | TokenKind::Stable | TokenKind::Debug) => TokenHolder::Own,
        Some(TokenKind::Authorizer) => {
            TokenHolder::Component(crate::account::component::sets(tx, owner, &component)?)
        }
        Some(TokenKind::Component) | None => TokenHolder::Platform,
    };
    let (kind, certified, feature) = match holder {
        TokenHolder::Platform => (AccountKind::Other, false, false),
        _ => {
            let account = account::get(tx, owner)?;
            (account.kind, account.certified, account.feature)
        }
    };
    let (limits, ip_allowlist) = (quota::limits_of(tx, owner.as_str())?, ip_allowlist::get(tx, owner)?);
    let owner = owner.clone();
    Ok(Access {
        owner,
        holder,
        kind,
        certified,
        feature,
        expires_at,
        live_until,
        ip_allowlist,
        limits,
        ledger,
        login: None,
    })
}

const SELECT: &str =
    "select kind, component, expires_at, live_until, login from token where owner = $1 and sha256 = $2";
