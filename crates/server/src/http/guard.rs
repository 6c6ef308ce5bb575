//! Who may use the pages' calls: cookies, origins, and bodies that only our own pages can send.

use super::PageRefusal;
use super::caller::collect;
use crate::desk::{customer, login};
use crate::error::Error;
use crate::listen::Peer;
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::{Appid, Openid, Time, WechatId};
use protocol::{Errcode, strict};
use serde::de::DeserializeOwned;
use std::convert::Infallible;

/// The cookie of a worker's login.
const LOGIN: &str = "kefu_login";
/// Its life in the browser, seconds; the store ends it too.
const LOGIN_AGE: u32 = 7 * 24 * 3600;
/// The life of a customer's cookie in the browser, seconds.
const VISITOR_AGE: u32 = 365 * 24 * 3600;
/// What a browser says of where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What a proxy says of how its request came.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A worker who is logged in.
pub struct Login {
    /// She.
    pub worker: WechatId,
    /// Her cookie's secret.
    pub cookie: String,
    /// When it ends.
    pub expires_at: Time,
}

impl FromRequestParts<App> for Login {
    type Rejection = PageRefusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageRefusal> {
        let find = async {
            let cookie = cookie(&parts.headers, LOGIN).ok_or(Errcode::LoginNeeded)?;
            let (worker, expires_at) = login::who(&app.desk, &cookie).await?;
            Ok::<_, Error>(Login { worker, cookie, expires_at })
        };
        find.await.map_err(|error| PageRefusal::new(app, error))
    }
}

/// How a page's request came here: whether its browser speaks TLS, to this server or to a proxy that
/// is trusted to say so.
#[derive(Clone, Copy)]
pub struct Front {
    is_tls: bool,
}

impl FromRequestParts<App> for Front {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let public = app.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let peer = parts.extensions.get::<Peer>();
        let trusted = peer.is_some_and(|Peer(address)| app.settings.trusted_proxy.contains(address));
        let forwarded = parts.headers.get(FORWARDED_PROTO).is_some_and(|proto| proto == "https");
        Ok(Front { is_tls: public || (trusted && forwarded) })
    }
}

/// A visitor of an account's customer page, and the customer her cookie says she is.
pub struct Visitor {
    /// The account in the address.
    pub appid: Appid,
    /// The customer, if she has written before.
    pub openid: Option<Openid>,
    /// The cookie her browser has.
    cookie: Option<String>,
}

impl Visitor {
    /// Her cookie's secret, made now if she has none, and the header that gives it to her then.
    #[must_use]
    pub fn new_cookie(&self, app: &App, front: Front) -> (String, HeaderMap) {
        if let Some(cookie) = &self.cookie {
            return (cookie.clone(), HeaderMap::new());
        }
        let secret = app.desk.chance.secret();
        let path = format!("/chat/api/{}", self.appid);
        let header = set_cookie(front, &visitor_cookie(&self.appid), &secret, &path, VISITOR_AGE);
        (secret, HeaderMap::from_iter([(SET_COOKIE, header)]))
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = PageRefusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageRefusal> {
        let params = RawPathParams::from_request_parts(parts, app).await;
        let find = async {
            let params = params.map_err(|_| Errcode::NotFound)?;
            let (_, appid) = params.iter().find(|(name, _)| *name == "appid").ok_or(Errcode::NotFound)?;
            let appid = Appid::parse(appid).map_err(|_| Errcode::NotFound)?;
            // What this server did not make is no cookie of hers.
            let cookie = cookie(&parts.headers, &visitor_cookie(&appid)).filter(|cookie| cookie.len() == 43);
            let openid = match &cookie {
                Some(cookie) => customer::who(&app.desk, &appid, cookie).await?,
                None => None,
            };
            Ok::<_, Error>(Visitor { appid, openid, cookie })
        };
        find.await.map_err(|error| PageRefusal::new(app, error))
    }
}

/// The JSON body of an unsafe call: it must come from a page of ours.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = PageRefusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageRefusal> {
        let read = async {
            check_origin(request.headers(), app)?;
            check_type(request.headers())?;
            let body = collect(request).await?;
            Ok::<_, Error>(Sent(strict::object(&body)?))
        };
        read.await.map_err(|error| PageRefusal::new(app, error))
    }
}

/// A browser says where a request comes from, in one of two ways; whoever says nothing is refused.
fn check_origin(headers: &HeaderMap, app: &App) -> Result<(), Errcode> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (header(FETCH_SITE), header(ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            let public = app.settings.public_url.as_deref().map(|url| url.trim_end_matches('/'));
            (authority.is_some() && authority == header(HOST)) || Some(origin) == public
        }
        (None, None) => false,
    };
    if ours { Ok(()) } else { Err(Errcode::Forbidden) }
}

fn check_type(headers: &HeaderMap) -> Result<(), Errcode> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Errcode::BadRequest) }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn visitor_cookie(appid: &Appid) -> String {
    format!("kefu_{appid}")
}

fn set_cookie(front: Front, name: &str, value: &str, path: &str, age: u32) -> HeaderValue {
    let secure = if front.is_tls { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    // Names are checked and secrets are base64: there is nothing in it that a header cannot hold.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The header that starts a login.
#[must_use]
pub fn login_cookie(front: Front, secret: &str) -> HeaderValue {
    set_cookie(front, LOGIN, secret, "/desk", LOGIN_AGE)
}

/// The header that ends one.
#[must_use]
pub fn no_login_cookie(front: Front) -> HeaderValue {
    set_cookie(front, LOGIN, "", "/desk", 0)
}
