//! Guards the calls of the pages: cookies, origins, hosts, and bodies that only our own pages can send.

use crate::desk::{ended_login, login};
use crate::error::Error;
use crate::http::Refusal;
use crate::http::edge::caller::collect;
use crate::http::edge::client_address::ClientInfo;
use crate::listen::{ListenerKind, Peer};
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, STRICT_TRANSPORT_SECURITY, USER_AGENT};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use model::{Time, WechatId};
use protocol::{Errcode, strict};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::IpAddr;

/// The cookie of a worker's login.
const LOGIN: &str = "kefu_login";
/// Lifetime of the cookie in the browser, in seconds: a day longer than the login's, so that the browser can learn that
/// it expired.
const LOGIN_AGE: u32 = 8 * 24 * 3600;
/// Length of a secret that this server made, in characters.
const SECRET_LEN: usize = 43;
/// 180 days, for this host without its subdomains.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=15552000");
/// Header in which a browser says which site a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A worker's login.
pub struct Login {
    /// Name of the worker.
    pub worker: WechatId,
    /// Secret of the cookie.
    pub cookie: String,
    /// When the login expires.
    pub expires_at: Time,
}

impl FromRequestParts<App> for Login {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Ok(client) = ClientInfo::from_request_parts(parts, app).await;
        let cookie = cookie(&parts.headers, &cookie_name(client, LOGIN)).filter(|it| it.len() == SECRET_LEN);
        let cookie = cookie.ok_or(Errcode::LoginNeeded)?;
        match login::identify(&app.desk, &cookie).await {
            Ok((worker, expires_at)) => Ok(Login { worker, cookie, expires_at }),
            // The holder of an ended login's cookie learns why it ended.
            Err(Error::Refused(Errcode::LoginNeeded)) => {
                Err(Refusal::logged_out(ended_login::reason(&app.desk, &cookie).await?))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Name of the browser, in a few words.
pub struct Browser(pub String);

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let said = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Browser(described(said.unwrap_or_default())))
    }
}

/// A browser's name and system, from its User-Agent; nothing else of it is kept.
fn described(said: &str) -> String {
    // A browser that is built on another names the other, too: the first match wins.
    const BROWSERS: [(&str, &str); 8] = [
        ("MicroMessenger/", "WeChat"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| said.contains(mark)).map(|(_, name)| *name)
    };
    let parts: Vec<_> = find(&BROWSERS).into_iter().chain(find(&SYSTEMS)).collect();
    parts.join(", ")
}

/// The beginning of links to this server, without a final slash: the public URL, else the host of the request if it is
/// ours, else the listener's address.
pub struct Base(pub String);

impl FromRequestParts<App> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        if let Some(url) = &app.settings.public_url {
            return Ok(Base(url.trim_end_matches('/').to_owned()));
        }
        let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        // Under Weixin's host there is nothing of what only the desk's own address serves.
        if let Some(listening) =
            app.settings.listening.filter(|_| !host.parse().is_ok_and(|host| is_ours(&host, None)))
        {
            return Ok(Base(app.settings.base(listening)));
        }
        let host = host.to_owned();
        let Ok(client) = ClientInfo::from_request_parts(parts, app).await;
        Ok(Base(format!("{}://{host}", if client.is_tls { "https" } else { "http" })))
    }
}

/// Serves pages and their calls only under our own hosts, so that no foreign page can become one of ours by resolving
/// its name to this server. Ours are the public URL's host, localhost, and addresses. The listeners that stand in for
/// Weixin's host serve no pages.
pub async fn known_host(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Peer>().is_some_and(|peer| peer.listener_kind == ListenerKind::Weixin) {
        Refusal::from(Errcode::NotFound).for_page(&app).response
    } else if host(&request).is_some_and(|host| is_ours(&host, app.settings.public_url.as_deref())) {
        next.run(request).await
    } else {
        Refusal::from(Errcode::UnknownHost).for_page(&app).response
    }
}

/// Serves Weixin's paths of a demo, whose secret is public, only under hosts that no foreign page can have: an address,
/// localhost, and the host of --as.
pub async fn demo_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let stands_in = |host: &Authority| {
        let name = app.settings.tls.as_host.as_deref();
        name.is_some_and(|name| host.host().trim_end_matches('.').eq_ignore_ascii_case(name))
    };
    match host(&request) {
        Some(host) if is_ours(&host, None) || stands_in(&host) => next.run(request).await,
        _ => Refusal::from(Errcode::DemoHost).for_page(&app).response,
    }
}

/// Tells browsers to use TLS only from now on, under a name that belongs to this desk: not under localhost or an
/// address, which other programs of the machine share, and not under Weixin's host.
pub async fn strict_transport(State(app): State<App>, request: Request, next: Next) -> Response {
    let listener_kind =
        request.extensions().get::<Peer>().map_or(ListenerKind::Plain, |peer| peer.listener_kind);
    let is_tls = listener_kind == ListenerKind::Tls
        || listener_kind == ListenerKind::Plain && app.settings.is_public_tls();
    let is_name = host(&request).is_some_and(|host| !is_ours(&host, None));
    let mut response = next.run(request).await;
    if is_tls && is_name {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

/// The host of a request.
fn host(request: &Request) -> Option<Authority> {
    let header = || request.headers().get(HOST)?.to_str().ok()?.parse().ok();
    request.uri().authority().cloned().or_else(header)
}

fn is_ours(asked: &Authority, public_url: Option<&str>) -> bool {
    let name = asked.host().trim_end_matches('.').to_ascii_lowercase();
    let public = public_url.and_then(|url| url.parse::<Uri>().ok());
    let is_public = public.as_ref().and_then(Uri::host).is_some_and(|host| host.eq_ignore_ascii_case(&name));
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    is_public || name == "localhost" || name.ends_with(".localhost") || literal.parse::<IpAddr>().is_ok()
}

/// The JSON body of a call that changes something: one of our own pages must send it.
pub struct PageBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for PageBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        check_origin(request.headers(), app)?;
        check_type(request.headers())?;
        let body = collect(request).await?;
        Ok(PageBody(strict::object(&body)?))
    }
}

/// Checks that one of our own pages sends the request. A browser names the origin in one of two headers; a request
/// without both is refused.
///
/// # Errors
/// `Forbidden`.
pub fn check_origin(headers: &HeaderMap, app: &App) -> Result<(), Errcode> {
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

/// The value of a cookie, from the first header that has it.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
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

/// A `Set-Cookie` value. Over TLS the name is one that only this host can set, for all paths; otherwise the cookie is
/// for one path.
#[must_use]
pub fn set_cookie(client: ClientInfo, name: &str, value: &str, path: &str, age: u32) -> HeaderValue {
    let name = cookie_name(client, name);
    let (path, secure) = if client.is_tls { ("/", "; Secure") } else { (path, "") };
    let text = format!("{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    // Names are checked and secrets are base64, so the text is always a valid header.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The name of a cookie in the browser (RFC 6265bis, 4.1.3.2).
#[must_use]
pub fn cookie_name(client: ClientInfo, name: &str) -> String {
    if client.is_tls { format!("__Host-{name}") } else { name.to_owned() }
}

/// The header that sets the login cookie.
#[must_use]
pub fn login_cookie(client: ClientInfo, secret: &str) -> HeaderValue {
    set_cookie(client, LOGIN, secret, "/desk", LOGIN_AGE)
}

/// The header that deletes it.
#[must_use]
pub fn no_login_cookie(client: ClientInfo) -> HeaderValue {
    set_cookie(client, LOGIN, "", "/desk", 0)
}
