//! Who may use the pages' calls: cookies, origins, and bodies that only our own pages can send.

use super::PageRefusal;
use super::caller::collect;
use crate::desk::login;
use crate::error::Error;
use crate::listen::{Door, Peer};
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, USER_AGENT};
use http::request::Parts;
use http::uri::Authority;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};
use model::{Time, WechatId};
use protocol::{Errcode, strict};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

/// The cookie of a worker's login.
const LOGIN: &str = "kefu_login";
/// Its life in the browser, seconds; the store ends it too.
const LOGIN_AGE: u32 = 7 * 24 * 3600;
/// What a browser says of where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What a proxy says of whose request it hands on.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
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
        let Ok(front) = Front::from_request_parts(parts, app).await;
        let find = async {
            let cookie = cookie(&parts.headers, &cookie_name(front, LOGIN)).ok_or(Errcode::LoginNeeded)?;
            let (worker, expires_at) = login::who(&app.desk, &cookie).await?;
            Ok::<_, Error>(Login { worker, cookie, expires_at })
        };
        find.await.map_err(|error| PageRefusal::new(app, error))
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

/// How a page's request came here, as this server sees it or a proxy says that is trusted.
#[derive(Clone, Copy)]
pub struct Front {
    /// Whether its browser speaks TLS.
    pub is_tls: bool,
    /// Where the browser is.
    pub address: IpAddr,
}

impl Front {
    /// Where a login of this browser begins.
    #[must_use]
    pub fn origin(self, browser: String) -> login::Origin {
        login::Origin { browser, address: self.address.to_canonical().to_string() }
    }
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
        if let Some(listening) = app.settings.listening.filter(|_| !is_ours(host, None)) {
            return Ok(Base(app.settings.base(listening)));
        }
        let host = host.to_owned();
        let Ok(front) = Front::from_request_parts(parts, app).await;
        Ok(Base(format!("{}://{host}", if front.is_tls { "https" } else { "http" })))
    }
}

impl FromRequestParts<App> for Front {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let public = app.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let (address, door) = peer(&parts.extensions);
        if !is_trusted(app, &address) {
            return Ok(Front { is_tls: public || door == Door::Tls, address });
        }
        let is_tls = parts.headers.get(FORWARDED_PROTO).is_some_and(|proto| proto == "https");
        let address = forwarded_for(&parts.headers, |it| is_trusted(app, it)).unwrap_or(address);
        Ok(Front { is_tls: public || is_tls, address })
    }
}

fn peer(extensions: &Extensions) -> (IpAddr, Door) {
    let unknown = (Ipv4Addr::UNSPECIFIED.into(), Door::Plain);
    extensions.get().map_or(unknown, |Peer { address, door }| (*address, *door))
}

fn is_trusted(app: &App, address: &IpAddr) -> bool {
    app.settings.trusted_proxy.contains(&address.to_canonical())
}

/// Where a request comes from, as this server sees it or a proxy says that is trusted.
#[must_use]
pub fn address(headers: &HeaderMap, extensions: &Extensions, app: &App) -> IpAddr {
    let (peer, _) = peer(extensions);
    if !is_trusted(app, &peer) {
        return peer;
    }
    forwarded_for(headers, |address| is_trusted(app, address)).unwrap_or(peer)
}

/// The last address that a trusted proxy saw and that is none itself: what stands before it anybody can
/// have written. `None` when it is no address.
fn forwarded_for(headers: &HeaderMap, is_trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev().map(|line| line.to_str().unwrap_or(""));
    let mut addresses = lines.flat_map(|line| line.rsplit(',')).map(|entry| entry.trim().parse::<IpAddr>());
    addresses.find(|address| !address.as_ref().is_ok_and(&is_trusted))?.ok()
}

/// Pages and their calls are there under names of ours only, so that nobody's page becomes theirs by
/// letting its own name resolve to this server: the public URL's, and what needs no name service. Where the desk stands in
/// for Weixin's host there are none.
pub async fn known_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    let asked = request.uri().authority().map(Authority::as_str).or(header);
    if request.extensions().get::<Peer>().is_some_and(|peer| peer.door == Door::Weixin) {
        PageRefusal::new(&app, Errcode::NotFound).into_response()
    } else if asked.is_some_and(|host| is_ours(host, app.settings.public_url.as_deref())) {
        next.run(request).await
    } else {
        PageRefusal::new(&app, Errcode::UnknownHost).into_response()
    }
}

fn is_ours(asked: &str, public_url: Option<&str>) -> bool {
    let Ok(asked) = asked.parse::<Authority>() else { return false };
    let name = asked.host().trim_end_matches('.').to_ascii_lowercase();
    let public = public_url.and_then(|url| url.parse::<Uri>().ok());
    let is_public = public.as_ref().and_then(Uri::host).is_some_and(|host| host.eq_ignore_ascii_case(&name));
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    is_public || name == "localhost" || name.ends_with(".localhost") || literal.parse::<IpAddr>().is_ok()
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
pub fn set_cookie(front: Front, name: &str, value: &str, path: &str, age: u32) -> HeaderValue {
    let name = cookie_name(front, name);
    let (path, secure) = if front.is_tls { ("/", "; Secure") } else { (path, "") };
    let text = format!("{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    // Names are checked and secrets are base64: there is nothing in it that a header cannot hold.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What a cookie is called at a browser (RFC 6265bis, 4.1.3.2).
#[must_use]
pub fn cookie_name(front: Front, name: &str) -> String {
    if front.is_tls { format!("__Host-{name}") } else { name.to_owned() }
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
