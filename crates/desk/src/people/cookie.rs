//! Cookies of customers: whose one is, and when another takes its place.
//!
//! A visitor's cookie can have been planted by somebody who knows it. So it opens nothing: the first message
//! replaces it by a secret that was never anywhere else.

use crate::people::customer;
use crate::{Desk, absent, sha256};
use model::{Appid, HOUR, KfAccount, Openid, SECOND, TextEnum, Time};
use protocol::{AccountKind, Errcode};
use store::Tx;
use store::bind;
use store::error::Error;

/// How long a replaced cookie may repeat its message.
const REPEAT: Time = 24 * HOUR;
/// How long another page of the same browser may still show a replaced cookie: as long as a page waits for an answer,
/// and half as long again.
const OVERLAP: Time = 30 * SECOND;

/// A cookie as a browser shows it.
#[derive(Clone, Debug)]
pub struct PresentedCookie {
    /// Its secret.
    pub secret: String,
    /// Whether its name is one that any host of the domain can set, where there are better ones.
    pub weak: bool,
}

/// What is known of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieState {
    /// No customer has written with it.
    No,
    /// It is a customer's.
    Of(Customer),
    /// Another took its place.
    Replaced {
        /// The message that it may repeat.
        client_id: String,
        /// Whether a page may be on its way that has not heard.
        lately: bool,
    },
}

/// The customer of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who it is.
    pub openid: Openid,
    /// The kind of the account.
    pub kind: AccountKind,
    /// Who serves the customer now.
    pub agent: Option<KfAccount>,
}

/// The writer, by the cookie of the browser, and the cookie that takes its place.
#[derive(Clone, Debug)]
pub struct Writer {
    shown: Option<PresentedCookie>,
    is_tls: bool,
    secret: String,
    openid: String,
}

/// What came of a customer's deed.
pub struct WithCookie<T> {
    /// It.
    pub answer: T,
    /// The secret of the cookie that takes the shown one's place.
    pub cookie: Option<String>,
}

/// A cookie's row.
struct StoredCookie {
    openid: String,
    kind: AccountKind,
    agent: String,
    origin: String,
    client_id: String,
    replaced_at: Time,
    replaces: String,
}

/// The customer who writes, and what becomes of the cookie.
#[derive(Clone)]
struct Admitted {
    openid: Openid,
    /// The hash of the cookie that ends once the new one is shown; `None` where there is no new one.
    renewed: Option<String>,
}

impl Writer {
    /// The writer who shows this cookie, in clear or by TLS.
    #[must_use]
    pub fn new(desk: &Desk, shown: Option<PresentedCookie>, is_tls: bool) -> Self {
        let openid = customer::new_openid(desk);
        Writer { shown, is_tls, secret: desk.rng.secret(), openid }
    }

    /// Runs what a customer does, under the id by which the page knows it again. `deed` says what came of it, and
    /// whether it happened now or before. Who has not written becomes a customer with it, if `creates` says so.
    ///
    /// # Errors
    /// The deed's; `CookieReplaced`; `LoginNeeded` for who is none and becomes none; `NotFound` for no account.
    pub(crate) async fn act<T: Send + 'static>(
        self,
        desk: &Desk,
        appid: &Appid,
        client_id: &str,
        creates: bool,
        mut deed: impl FnMut(&mut Tx<'_>, &Appid, &Openid) -> Result<(T, bool), Error> + Send + 'static,
    ) -> Result<WithCookie<T>, Error> {
        let (writer, id) = (self.clone(), client_id.to_owned());
        let written = desk.write(appid, move |tx, appid| {
            let admitted = writer.admit(tx, appid, &id, creates)?;
            let (answer, is_new) = deed(tx, appid, &admitted.openid)?;
            Ok((answer, is_new, admitted))
        });
        let (answer, is_new, admitted) = written.await.map_err(absent)?;
        let cookie = admitted.renewed.is_some().then(|| self.secret.clone());
        if cookie.is_some() && !is_new {
            // What changed nothing was rolled back, and the cookie with it.
            desk.write_silent(appid, move |tx, appid| self.renew(tx, appid, &admitted)).await?;
        }
        Ok(WithCookie { answer, cookie })
    }

    fn admit(&self, tx: &mut Tx<'_>, appid: &Appid, id: &str, creates: bool) -> Result<Admitted, Error> {
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

    /// What was made by an older version, or came in clear before the page spoke TLS.
    fn has_outgrown(&self, origin: &str) -> bool {
        origin.is_empty() || (self.is_tls && origin == CLEAR)
    }

    fn renew(&self, tx: &mut Tx<'_>, appid: &Appid, admitted: &Admitted) -> Result<(), Error> {
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

/// The customer of a cookie. When it is shown for the first time, the cookie that it replaces ends.
///
/// # Errors
/// `NotFound` when there is no such account.
pub async fn identify(desk: &Desk, appid: &Appid, shown: &PresentedCookie) -> Result<CookieState, Error> {
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

/// A weak name can have been set by another host, so what was given under a better one is not known by it.
fn find(tx: &mut Tx<'_>, appid: &Appid, hash: &str, weak: bool) -> Result<Option<StoredCookie>, Error> {
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

// A row for each account; without a cookie of that hash its columns are empty.
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
// Some at a time: each new customer leaves one.
const DELETE_OLD: &str = "delete from visitor where appid = $1 and sha256 in (select sha256 from visitor
    where appid = $1 and replaced_at > 0 and replaced_at <= $2 order by replaced_at limit 10)";
