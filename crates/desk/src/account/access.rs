//! Access of a token: who holds the token, which account it belongs to, and which calls it allows.

use crate::account::ip_allowlist::{self, IpAllowlist};
use crate::people::{login, worker};
use crate::quota::{self, Ledger, QuotaLimits};
use crate::{Desk, Result, account, sha256};
use model::account::token::TokenKind;
use model::{Appid, TextEnum, Time, WechatId};
use protocol::limits::TOKEN_MAX;
use protocol::{AccountKind, CalledBy, Endpoint, Errcode};
use std::net::IpAddr;
use std::sync::Arc;
use store::bind;
use store::{Head, Row, Tx};

/// Who calls with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenHolder {
    /// The account itself.
    Account,
    /// A component that acts for the account, with the permission sets that the account grants it. `None` after the
    /// account has revoked the grant.
    ActingComponent(Option<Vec<u16>>),
    /// A component that acts for itself. Endpoints of an account do not accept it.
    Component,
}

/// What a token gives access to.
#[derive(Clone, Debug)]
pub struct Access {
    /// The account that the token belongs to, or the component.
    pub owner: Appid,
    /// Who calls with the token.
    pub holder: TokenHolder,
    /// The account's kind.
    pub kind: AccountKind,
    /// Whether the account is certified.
    pub certified: bool,
    /// Whether its customer-service feature is on.
    pub feature: bool,
    /// When the token expires.
    pub expires_at: Time,
    /// When the token ends because a newer token of the same kind was issued.
    pub live_until: Time,
    /// The addresses that calls with this token may come from.
    pub ip_allowlist: IpAllowlist,
    /// How often the account may call each endpoint.
    pub limits: QuotaLimits,
    /// This node's counters of the account's calls.
    pub ledger: Arc<Ledger>,
    /// The login that issued a debug token. The token ends when the login ends.
    pub login: Option<DebugLogin>,
}

/// The login that issued a debug token.
#[derive(Clone, Debug)]
pub struct DebugLogin {
    /// The owner of the worker's feed.
    pub owner: String,
    /// The `seq` of the worker's feed when the login was found. While the feed is at this `seq`, the login still
    /// exists.
    pub seq: i64,
}

impl Access {
    /// Checks that the token has not ended.
    ///
    /// # Errors
    /// 42001 if the token has expired, 40001 if a newer token has replaced it.
    pub fn check_life(&self, now: Time) -> Result<(), Errcode> {
        if now >= self.expires_at {
            return Err(Errcode::AccessTokenExpired);
        }
        if now >= self.live_until {
            return Err(Errcode::InvalidCredential);
        }
        Ok(())
    }

    /// Checks that calls may come from `address`. A component that acts for an account may call from any address.
    ///
    /// # Errors
    /// 40164, or 61004 for a component's own token.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Errcode> {
        match self.holder {
            TokenHolder::Account if !self.ip_allowlist.allows(address) => Err(Errcode::InvalidIp),
            TokenHolder::Component if !self.ip_allowlist.allows(address) => Err(Errcode::UnregisteredIp),
            _ => Ok(()),
        }
    }

    /// Checks that the token may call `endpoint`.
    ///
    /// # Errors
    /// 61015, 61003, 48001, 61007, in this order.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), Errcode> {
        let sets = match &self.holder {
            TokenHolder::Component if endpoint.called_by == CalledBy::Any => return Ok(()),
            TokenHolder::Component => return Err(Errcode::MustUseAccountToken),
            TokenHolder::ActingComponent(None) => return Err(Errcode::NotAuthorizedByAccount),
            TokenHolder::ActingComponent(Some(sets)) => Some(sets),
            TokenHolder::Account => None,
        };
        endpoint.check_account(self.kind, self.certified)?;
        sets.map_or(Ok(()), |sets| endpoint.check_sets(sets))
    }

    /// Whether the holder of the token may call `endpoint`: with the token, or with the secret if the holder is the
    /// account.
    pub(crate) fn may_call(&self, endpoint: &Endpoint) -> bool {
        match endpoint.called_by {
            CalledBy::Secret => self.holder == TokenHolder::Account,
            _ => self.check(endpoint).is_ok(),
        }
    }

    /// Counts a call of `endpoint`, which the token may call.
    ///
    /// # Errors
    /// 45009 if the day's quota is used up, 45011 if the minute's is.
    pub fn count(&self, desk: &Desk, endpoint: &Endpoint, now: Time) -> Result<(), Errcode> {
        let is_component = matches!(self.holder, TokenHolder::ActingComponent(_));
        quota::count(desk, &self.limits, &self.ledger, endpoint, is_component, now)
    }
}

/// Returns the owner that a token names in its text.
///
/// # Errors
/// 40014 if the text cannot be a token, 40001 if it names no owner.
pub fn owner(token: &str) -> Result<Appid, Errcode> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if token.len() > TOKEN_MAX || !token.bytes().all(sound) {
        return Err(Errcode::InvalidAccessToken);
    }
    let owner = token.split('_').nth(1).unwrap_or("");
    Appid::parse(owner).map_err(|_| Errcode::InvalidCredential)
}

/// Looks up a token: its access, and the head of its owner's feed in the same snapshot. A debug token takes two reads,
/// one of the account and one of the worker.
///
/// # Errors
/// 40001 if the token does not exist or its login has ended. For a removed account also 61003 and 42001.
pub async fn look_up(desk: &Desk, token: &str) -> Result<(Access, Head)> {
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
    desk.store.learn_head(owner.as_str(), head);
    if let Some((worker, sha256)) = login {
        let seq = match login::last_change_of(desk, &worker, &sha256).await? {
            Some(seq) => seq,
            // The token has expired. No feed is at -1, so this access is never reused and every call looks the token up
            // again.
            None if desk.now() >= access.expires_at => -1,
            None => return Err(Errcode::InvalidCredential.into()),
        };
        access.login = Some(DebugLogin { owner: worker::owner(worker.as_str()), seq });
    }
    Ok((access, head))
}

/// The error for a token of a removed account. The account no longer grants components anything.
fn of_removed(row: &Row, now: Time) -> Errcode {
    match TokenKind::from_text(&row.text(0)) {
        Some(TokenKind::Authorizer) if now < row.int(2) => Errcode::NotAuthorizedByAccount,
        Some(TokenKind::Authorizer) => Errcode::AccessTokenExpired,
        _ => Errcode::InvalidCredential,
    }
}

fn access(tx: &mut Tx<'_>, owner: &Appid, row: &Row, ledger: Arc<Ledger>) -> Result<Access> {
    let (kind, component) = (TokenKind::from_text(&row.text(0)), row.text(1));
    let (expires_at, live_until) = (row.int(2), row.int(3));
    let holder = match kind {
        Some(TokenKind::Own | TokenKind::Stable | TokenKind::Debug) => TokenHolder::Account,
        Some(TokenKind::Authorizer) => {
            TokenHolder::ActingComponent(crate::account::component::sets(tx, owner, &component)?)
        }
        Some(TokenKind::Component) | None => TokenHolder::Component,
    };
    let (kind, certified, feature) = match holder {
        TokenHolder::Component => (AccountKind::Other, false, false),
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

#[cfg(test)]
mod tests {
    use super::look_up;
    use crate::rules::Rules;
    use crate::token::{TokenKind, issue_for_operator};
    use crate::{Desk, account};
    use model::account::{Compat, Principal, QueueRules, Reception};
    use model::{Account, Appid};
    use protocol::AccountKind;
    use store::Store;
    use store::clock::{Clock, Rng};
    use store::place::Place;

    #[tokio::test]
    async fn the_head_that_comes_with_a_token_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = async || {
            let store = Store::open(&Place::Folder(folder.path().to_owned()), Clock::system()).await.unwrap();
            Desk::new(store, Rng::seeded(1), Rules::default())
        };
        let account = Account {
            appid: Appid::parse("wx0123456789abcdef").unwrap(),
            name: "Shop".into(),
            kind: AccountKind::Service,
            principal: Principal::Enterprise,
            certified: true,
            feature: true,
            alias: "shop".into(),
            original_id: "gh_0123456789ab".into(),
            reception: Reception::Automatic,
            capacity: 10,
            queue: QueueRules::default(),
            compat: Compat::default(),
        };
        let desk = open().await;
        account::create(&desk, &account, "secret").await.unwrap().unwrap();
        let token = issue_for_operator(&desk, &account.appid, TokenKind::Own).await.unwrap().access_token;
        drop(desk);
        let desk = open().await;
        let (_, head) = look_up(&desk, &token).await.unwrap();
        let before = desk.store.verbs();
        assert_eq!(desk.store.head(account.appid.as_str()).await.unwrap(), Some(head));
        assert_eq!(desk.store.verbs(), before);
    }
}
