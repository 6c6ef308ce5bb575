//! Cookies of customers: which customer a cookie belongs to, and how a new cookie replaces it.
//!
//! Someone else may have planted the cookie of a browser that has not written yet, and so may know it. Such a cookie
//! gives access to nothing: the first message replaces it with a new secret.

use crate::people::customer;
use crate::{Desk, Result, absent, sha256};
use model::{Appid, HOUR, KfAccount, Openid, SECOND, TextEnum, Time};
use protocol::{AccountKind, Errcode};
use store::Tx;
use store::bind;

/// How long a page may repeat its message with a replaced cookie.
const REPEAT: Time = 24 * HOUR;
/// How long another page of the same browser may present a replaced cookie without a refusal. One and a half times as
/// long as a page waits for an answer.
const OVERLAP: Time = 30 * SECOND;

/// A cookie as a browser presents it.
#[derive(Clone, Debug)]
pub struct PresentedCookie {
    /// The secret in the cookie.
    pub secret: String,
    /// Whether any host of the domain could have set the cookie. Over TLS a cookie with a better name exists.
    pub weak: bool,
}

/// What the store knows of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieState {
    /// No customer has written with the cookie.
    No,
    /// The cookie belongs to a customer.
    Of(Customer),
    /// Another cookie has replaced this one.
    Replaced {
        /// The id of the message that may be repeated with this cookie.
        client_id: String,
        /// Whether the replacement is so recent that another page may not know of it.
        lately: bool,
    },
}

/// The customer of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The customer's openid.
    pub openid: Openid,
    /// The kind of the account.
    pub kind: AccountKind,
    /// The agent who serves the customer now.
    pub agent: Option<KfAccount>,
}

/// The browser that writes: the cookie it presents, and the cookie that may replace it.
#[derive(Clone, Debug)]
pub struct Writer {
    shown: Option<PresentedCookie>,
    is_tls: bool,
    secret: String,
    openid: String,
}

/// The result of a customer's action.
pub struct WithCookie<T> {
    /// The answer.
    pub answer: T,
    /// The secret of the new cookie, if one replaces the presented cookie.
    pub cookie: Option<String>,
}

/// A row of `visitor`.
struct StoredCookie {
    openid: String,
    kind: AccountKind,
    agent: String,
    origin: String,
    client_id: String,
    replaced_at: Time,
    replaces: String,
}

/// The customer who writes, and whether the cookie is replaced.
#[derive(Clone)]
struct Admitted {
    openid: Openid,
    /// The hash of the cookie that ends when the new cookie is first presented; may be empty. `None` if there is no new
    /// cookie.
    renewed: Option<String>,
}

impl Writer {
    /// A browser that presents this cookie, over TLS or not.
    #[must_use]
    pub fn new(desk: &Desk, shown: Option<PresentedCookie>, is_tls: bool) -> Self {
        let openid = customer::new_openid(desk);
        Writer { shown, is_tls, secret: desk.rng.secret(), openid }
    }

    /// Runs a customer's action, and replaces the cookie if necessary. `client_id` is the id that the page gave the
    /// action. `action` returns the answer, and whether the action is new. With `creates` set, a browser without a
    /// customer gets a new one.
    ///
    /// # Errors
    /// Those of `action`. `CookieReplaced`. `LoginNeeded` if there is no customer and none is created. `NotFound` if
    /// there is no such account.
    pub(crate) async fn act<T: Send + 'static>(
        self,
        desk: &Desk,
        appid: &Appid,
        client_id: &str,
        creates: bool,
        mut action: impl FnMut(&mut Tx<'_>, &Appid, &Openid) -> Result<(T, bool)> + Send + 'static,
    ) -> Result<WithCookie<T>> {
        let (writer, id) = (self.clone(), client_id.to_owned());
        let written = desk.write(appid, move |tx, appid| {
            let admitted = writer.admit(tx, appid, &id, creates)?;
            let (answer, is_new) = action(tx, appid, &admitted.openid)?;
            Ok((answer, is_new, admitted))
        });
        let (answer, is_new, admitted) = written.await.map_err(absent)?;
        let cookie = admitted.renewed.is_some().then(|| self.secret.clone());
        if cookie.is_some() && !is_new {
            // An action that is not new records no fact, so the transaction was rolled back together with the new
            // cookie.
            desk.write_silent(appid, move |tx, appid| self.renew(tx, appid, &admitted)).await?;
        }
        Ok(WithCookie { answer, cookie })
    }

    fn admit(&self, tx: &mut Tx<'_>, appid: &Appid, id: &str, creates: bool) -> Result<Admitted> {
        let now = tx.now();
        let hash = self.shown.as_ref().map(|shown| sha256(&shown.secret));
        let stored = match (&hash, &self.shown) {
            (Some(hash), Some(shown)) => find(tx, appid, hash, shown.weak)?,
            _ => None,
        };
        let known = stored.as_ref().map_or(CookieState::No, |stored| stored.known(now));
        let admitted = match known {
            CookieState::Of(Customer { openid, .. }) => {
                let outgrown = stored.is_some_and(|stored| self.has_outgrown(&stored.origin));
                Admitted { openid, renewed: hash.filter(|_| outgrown) }
            }
            CookieState::Replaced { client_id, .. } if client_id == id && !id.is_empty() => {
                let openid = stored.map(|stored| stored.openid).unwrap_or_default();
                Admitted { openid: Openid::stored(openid), renewed: Some(String::new()) }
            }
            CookieState::Replaced { lately: true, .. } => return Err(Errcode::CookieReplaced.into()),
            _ if !creates => return Err(Errcode::LoginNeeded.into()),
            _ => {
                let openid = Openid::stored(self.openid.clone());
                customer::create_if_absent(tx, appid, &openid)?;
                tx.run(DELETE_OLD, bind![appid, now - REPEAT])?;
                if let Some(hash) = &hash {
                    tx.run(REPLACE, bind![appid, hash, &openid, id, now])?;
                }
                Admitted { openid, renewed: Some(String::new()) }
            }
        };
        self.renew(tx, appid, &admitted)?;
        Ok(admitted)
    }

    /// Whether an older version made the cookie, or the cookie was sent in clear before the page used TLS.
    fn has_outgrown(&self, origin: &str) -> bool {
        origin.is_empty() || (self.is_tls && origin == CLEAR)
    }

    fn renew(&self, tx: &mut Tx<'_>, appid: &Appid, admitted: &Admitted) -> Result<()> {
        let Admitted { openid, renewed: Some(replaces) } = admitted else { return Ok(()) };
        let origin = if self.is_tls { TLS } else { CLEAR };
        tx.run(INSERT, bind![appid, &sha256(&self.secret), openid, origin, replaces]).map(|_| ())
    }
}

impl StoredCookie {
    fn known(&self, now: Time) -> CookieState {
        let age = now - self.replaced_at;
        match self.replaced_at {
            0 => CookieState::Of(Customer {
                openid: Openid::stored(self.openid.clone()),
                kind: self.kind,
                agent: Some(self.agent.clone()).filter(|agent| !agent.is_empty()).map(KfAccount::stored),
            }),
            _ if age >= REPEAT => CookieState::No,
            _ => CookieState::Replaced { client_id: self.client_id.clone(), lately: age < OVERLAP },
        }
    }
}

/// Finds the customer of a cookie. The first time a new cookie is presented, the cookie that it replaces ends.
///
/// # Errors
/// `NotFound` if there is no such account.
pub async fn identify(desk: &Desk, appid: &Appid, shown: &PresentedCookie) -> Result<CookieState> {
    let (hash, weak) = (sha256(&shown.secret), shown.weak);
    let asked = hash.clone();
    let found = desk.read(appid, move |tx, appid| find(tx, appid, &asked, weak)).await?;
    let Some(stored) = found else { return Ok(CookieState::No) };
    let known = stored.known(desk.now());
    if !stored.replaces.is_empty() {
        let end = desk.write_silent(appid, move |tx, appid| {
            let now = tx.now();
            tx.run(END, bind![appid, &stored.replaces, now])?;
            tx.run(ARRIVED, bind![appid, &hash]).map(|_| ())
        });
        end.await?;
    }
    Ok(known)
}

/// Finds the row of a cookie. Another host can have set a cookie with a weak name, so such a cookie is not accepted for
/// a secret that was given over TLS.
fn find(tx: &mut Tx<'_>, appid: &Appid, hash: &str, weak: bool) -> Result<Option<StoredCookie>> {
    let row = tx.one(SELECT, bind![appid, hash])?.ok_or(Errcode::NotFound)?;
    let stored = StoredCookie {
        openid: row.text(0),
        origin: row.text(1),
        client_id: row.text(2),
        replaced_at: row.int(3),
        replaces: row.text(4),
        kind: AccountKind::from_text(&row.text(5)).unwrap_or(AccountKind::Other),
        agent: row.text(6),
    };
    Ok(Some(stored).filter(|stored| !stored.openid.is_empty() && (!weak || stored.origin != TLS)))
}

const CLEAR: &str = "clear";
const TLS: &str = "tls";

// One row if the account exists. Without a cookie of that hash its columns are empty.
const SELECT: &str = "select coalesce(v.openid, ''), coalesce(v.origin, ''), coalesce(v.client_id, ''),
    coalesce(v.replaced_at, 0), coalesce(v.replaces, ''), a.kind,
    coalesce((select s.kf_account from session s where s.appid = a.appid and s.openid = v.openid and s.state = 'open'
        order by s.id desc limit 1), '')
    from account a left join visitor v on v.appid = a.appid and v.sha256 = $2 where a.appid = $1";
const INSERT: &str = "insert into visitor (appid, sha256, openid, origin, client_id, replaced_at, replaces)
    values ($1, $2, $3, $4, '', 0, $5)";
const REPLACE: &str = "insert into visitor (appid, sha256, openid, origin, client_id, replaced_at, replaces)
    values ($1, $2, $3, '', $4, $5, '') on conflict (appid, sha256) do update set openid = excluded.openid,
    client_id = excluded.client_id, replaced_at = excluded.replaced_at";
const END: &str = "update visitor set replaced_at = $3 where appid = $1 and sha256 = $2 and replaced_at = 0";
const ARRIVED: &str = "update visitor set replaces = '' where appid = $1 and sha256 = $2";
// Ten at a time are enough, because each new customer leaves one row.
const DELETE_OLD: &str = "delete from visitor where appid = $1 and sha256 in (select sha256 from visitor
    where appid = $1 and replaced_at > 0 and replaced_at <= $2 order by replaced_at limit 10)";
