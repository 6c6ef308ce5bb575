//! The caller of the customer page's calls: the customer of the cookie, and the cookie's replacement.

use crate::desk::cookie::{self, CookieState, Customer, PresentedCookie, WithCookie, Writer};
use crate::desk::cursor::Cursor;
use crate::desk::message::MessageView;
use crate::http::edge::client_address::ClientInfo;
use crate::http::edge::guard::{cookie, cookie_name, set_cookie};
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use http::request::Parts;
use model::{Appid, Openid};
use protocol::Errcode;
use serde::Serialize;
use std::net::IpAddr;

/// Lifetime of a customer's cookie in the browser, in seconds.
const AGE: u32 = 365 * 24 * 3600;

/// A message that a customer wrote.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Sent"))]
pub struct MessageSent<'a> {
    /// As every page shows it.
    message: &'a MessageView,
    /// Where the page's stream begins, if none is open.
    since: String,
}

/// The caller of the customer page: a customer, or a person who has not written before.
pub struct ChatCaller {
    /// The account in the address.
    pub appid: Appid,
    /// The customer, if the caller has written before.
    pub openid: Option<Openid>,
    client: ClientInfo,
    known: CookieState,
    shown: Option<PresentedCookie>,
}

impl ChatCaller {
    /// The header that gives a new browser its first cookie, which is no login yet.
    #[must_use]
    pub fn first_cookie(&self, app: &App) -> HeaderMap {
        if self.shown.is_some() { HeaderMap::new() } else { self.given(&app.desk.rng.secret()) }
    }

    /// Counts a message with this id for the caller's address. A browser that keeps no cookies would be a new customer
    /// with each message and see no answer; it is refused.
    ///
    /// # Errors
    /// `CookieNeeded`, `TooMany`, `CookieReplaced`.
    pub fn may_write(&self, app: &App, client_id: &str) -> Result<(), Refusal> {
        if self.shown.is_none() {
            return Err(Errcode::CookieNeeded.into());
        }
        let is_new = match &self.known {
            CookieState::No => true,
            CookieState::Of(..) => false,
            CookieState::Replaced { client_id: repeats, .. } if repeats == client_id => false,
            // The verb would refuse it too, but only after the bytes of an image.
            CookieState::Replaced { lately: true, .. } => {
                return Err(Errcode::CookieReplaced.into());
            }
            CookieState::Replaced { .. } => true,
        };
        Ok(app.throttles.write(self.client.address, is_new)?)
    }

    /// The customer of the cookie.
    ///
    /// # Errors
    /// `LoginNeeded` for a caller who has never written.
    pub fn customer(&self) -> Result<Customer, Errcode> {
        if let CookieState::Of(customer) = &self.known {
            Ok(customer.clone())
        } else {
            Err(Errcode::LoginNeeded)
        }
    }

    /// Address of the caller's browser.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.client.address
    }

    /// Refuses a caller who has never written.
    ///
    /// # Errors
    /// `LoginNeeded`.
    pub fn must_be_known(&self) -> Result<(), Errcode> {
        if self.known == CookieState::No { Err(Errcode::LoginNeeded) } else { Ok(()) }
    }

    /// The caller, as the verbs that write need it.
    #[must_use]
    pub fn writer(&self, app: &App) -> Writer {
        Writer::new(&app.desk, self.shown.clone(), self.client.is_tls)
    }

    /// The answer to a message, with the new cookie if there is one.
    ///
    /// # Errors
    /// Internal only.
    pub fn answer_message(&self, app: &App, done: &WithCookie<MessageView>) -> Answer<Response> {
        let message = &done.answer;
        // Before this message, so that the stream brings its consequences.
        let since = Cursor::of(app.desk.store.epoch()).with(self.appid.as_str(), message.id - 1).text();
        let headers = done.cookie.as_deref().map(|secret| self.given(secret)).unwrap_or_default();
        Ok((headers, Reply::json(&MessageSent { message, since })?).into_response())
    }

    fn given(&self, secret: &str) -> HeaderMap {
        let path = format!("/chat/api/{}", self.appid);
        let header = set_cookie(self.client, &plain_name(&self.appid), secret, &path, AGE);
        HeaderMap::from_iter([(SET_COOKIE, header)])
    }
}

fn plain_name(appid: &Appid) -> String {
    format!("kefu_{appid}")
}

/// The cookie of an account's customer page. Over TLS, a cookie from before TLS counts as a weak one.
fn shown(client: ClientInfo, headers: &HeaderMap, appid: &Appid) -> Option<PresentedCookie> {
    let plain = plain_name(appid);
    // A value that this server did not make is no cookie.
    let under = |name: &str| cookie(headers, name).filter(|cookie| cookie.len() == 43);
    let best = under(&cookie_name(client, &plain)).map(|secret| PresentedCookie { secret, weak: false });
    best.or_else(|| {
        client.is_tls.then(|| under(&plain)).flatten().map(|secret| PresentedCookie { secret, weak: true })
    })
}

impl FromRequestParts<App> for ChatCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Ok(client) = ClientInfo::from_request_parts(parts, app).await;
        let params = RawPathParams::from_request_parts(parts, app).await;
        let params = params.map_err(|_| Errcode::NotFound)?;
        let (_, appid) = params.iter().find(|(name, _)| *name == "appid").ok_or(Errcode::NotFound)?;
        let appid = Appid::parse(appid).map_err(|_| Errcode::NotFound)?;
        let mut shown = shown(client, &parts.headers, &appid);
        let known = match &shown {
            Some(cookie) => cookie::identify(&app.desk, &appid, cookie).await?,
            None => CookieState::No,
        };
        // A weak cookie counts only if it is known.
        shown = shown.filter(|shown| !shown.weak || known != CookieState::No);
        let openid = if let CookieState::Of(it) = &known { Some(it.openid.clone()) } else { None };
        Ok(ChatCaller { appid, openid, client, known, shown })
    }
}
