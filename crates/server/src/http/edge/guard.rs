//! Who may use the pages' calls: cookies, origins, and bodies that only our own pages can send.

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
/// Its life in the browser, seconds: a day longer than the login's, so that the browser can be told that it expired.
const LOGIN_AGE: u32 = 8 * 24 * 3600;
/// Characters of a secret that this server made.
const SECRET_LEN: usize = 43;
/// 180 days, for this host and none below it.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=15552000");
/// What a browser says of where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Ok(client) = ClientInfo::from_request_parts(parts, app).await;
        let cookie = cookie(&parts.headers, &cookie_name(client, LOGIN)).filter(|it| it.len() == SECRET_LEN);
        let cookie = cookie.ok_or(Errcode::LoginNeeded)?;
        match login::identify(&app.desk, &cookie).await {
            Ok((worker, expires_at)) => Ok(Login { worker, cookie, expires_at }),
            // Who holds the cookie of a login that ended is told why.
            Err(Error::Refused(Errcode::LoginNeeded)) => {
                Err(Refusal::logged_out(ended_login::reason(&app.desk, &cookie).await?))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The browser that asks, in a few words.
pub struct Browser(pub String);

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let said = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Browser(described(said.unwrap_or_default())))
    }
}

/// A browser's name and its system, of what it says of itself; nothing else that it says is kept.
fn described(said: &str) -> String {
    // Whoever is built on another says the other's name, too: the first that fits is the one.
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

/// What links to this server begin with, without a final slash: the public URL, else as whoever asks has it, if that is
/// a name of ours, else where it listens.
pub struct Base(pub String);

impl FromRequestParts<App> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        if let Some(url) = &app.settings.public_url {
            return Ok(Base(url.trim_end_matches('/').to_owned()));
        }
        let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        // Whoever came by Weixin's name would look there for what only the desk's own address has.
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

/// Pages and their calls are there under names of ours only, so that nobody's page becomes theirs by
/// letting its own name resolve to this server: the public URL's, and what needs no name service. Where the desk stands in
/// for Weixin's host there are none.
pub async fn known_host(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Peer>().is_some_and(|peer| peer.listener_kind == ListenerKind::Weixin) {
        Refusal::from(Errcode::NotFound).for_page(&app).response
    } else if host(&request).is_some_and(|host| is_ours(&host, app.settings.public_url.as_deref())) {
        next.run(request).await
    } else {
        Refusal::from(Errcode::UnknownHost).for_page(&app).response
    }
}

/// The secret of a demo is public, so Weixin's paths of a demo answer under names that no other page can have: an address,
/// localhost, and the host of --as. A name that somebody lets resolve to this machine is none of Weixin's either.
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

/// Tells browsers to come by TLS only from now on, under a name that is this desk's: not under localhost and not under an
/// address, which other programs of the machine share, and not where the desk stands in for Weixin's host.
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

/// The host a request is for.
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

/// The JSON body of an unsafe call: it must come from a page of ours.
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

/// A browser says where a request comes from, in one of two ways; whoever says nothing is refused.
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

/// The value of a cookie, of whichever header holds it first.
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

/// A cookie under a name, in clear for one path. Where browsers speak TLS the name is one that only this host can set,
/// by TLS and for all of it.
#[must_use]
pub fn set_cookie(client: ClientInfo, name: &str, value: &str, path: &str, age: u32) -> HeaderValue {
    let name = cookie_name(client, name);
    let (path, secure) = if client.is_tls { ("/", "; Secure") } else { (path, "") };
    let text = format!("{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    // Names are checked and secrets are base64: there is nothing in it that a header cannot hold.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What a cookie is called at a browser (RFC 6265bis, 4.1.3.2).
#[must_use]
pub fn cookie_name(client: ClientInfo, name: &str) -> String {
    if client.is_tls { format!("__Host-{name}") } else { name.to_owned() }
}

/// The header that starts a login.
#[must_use]
pub fn login_cookie(client: ClientInfo, secret: &str) -> HeaderValue {
    set_cookie(client, LOGIN, secret, "/desk", LOGIN_AGE)
}

/// The header that ends one.
#[must_use]
pub fn no_login_cookie(client: ClientInfo) -> HeaderValue {
    set_cookie(client, LOGIN, "", "/desk", 0)
}
