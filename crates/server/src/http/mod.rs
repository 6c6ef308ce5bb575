//! The edge: what arrives is parsed, one verb is called, what it says is answered.

mod asset;
pub mod business;
pub mod caller;
pub mod chat;
pub mod client_address;
pub mod debug;
pub mod desk;
pub mod file;
pub mod guard;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod metrics;
pub mod msgrecord;
pub mod multipart;
mod note;
pub mod openapi;
pub mod page;
pub mod picture;
pub mod quota;
pub mod stream;
pub mod token;
pub mod upload;
pub mod visitor;
pub mod work;

use crate::desk::ended_login::Reason;
use crate::error::Error;
use crate::meter::Requests;
use crate::state::App;
use crate::throttle::Wait;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode, Uri};
use model::account::Words;
use protocol::{Errcode, endpoint};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use tower::ServiceExt;

/// What Weixin's own answers carry (sic: `encoding`, not `charset`).
const JSON: HeaderValue = HeaderValue::from_static("application/json; encoding=utf-8");

/// How long a page waits before it asks a busy desk again.
const BUSY_WAIT: Wait = Wait(2 * model::SECOND);

/// An answer of one of Weixin's endpoints, or its refusal: HTTP 200 either way.
pub type Answer = Result<Reply, Refusal>;
/// An answer of the workbench's or the customer page's calls, or its refusal.
pub type PageAnswer = Result<Reply, PageRefusal>;

/// JSON in one line, ready to be sent.
pub struct Reply(Bytes);

impl Reply {
    /// `{"errcode":0,"errmsg":"ok"}`.
    #[must_use]
    pub fn done() -> Self {
        Reply(Bytes::from_static(br#"{"errcode":0,"errmsg":"ok"}"#))
    }

    /// Bytes that were made before.
    #[must_use]
    pub fn ready(bytes: Bytes) -> Self {
        Reply(bytes)
    }

    /// A value as JSON.
    ///
    /// # Errors
    /// Internal only.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        Ok(Reply(serde_json::to_vec(value)?.into()))
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    }
}

/// A refusal on Weixin's paths.
#[derive(Debug)]
pub struct Refusal {
    error: Error,
    rid: String,
    hang_up: bool,
    from: Option<IpAddr>,
}

/// The request's id, as Weixin makes it: the first group is the time in seconds.
fn rid(app: &App) -> String {
    format!(
        "{:08x}-{}-{}",
        app.desk.now() / model::SECOND,
        app.desk.chance.hex::<4>(),
        app.desk.chance.hex::<4>()
    )
}

impl Refusal {
    /// Names a refusal, so that caller and log speak of the same.
    pub fn new(app: &App, error: impl Into<Error>) -> Self {
        Refusal { error: error.into(), rid: rid(app), hang_up: false, from: None }
    }

    /// The same of a call that came from an address, which a refusal for that names.
    #[must_use]
    pub fn from(self, address: IpAddr) -> Self {
        Refusal { from: Some(address), ..self }
    }

    /// A refusal after which the connection is closed.
    pub fn hang_up(app: &App, error: impl Into<Error>) -> Self {
        Refusal { hang_up: true, ..Refusal::new(app, error) }
    }
}

/// The code for the caller. What only the log may know is written there, once.
fn told(error: &Error, rid: &str) -> Option<Errcode> {
    match error {
        Error::Refused(code) => {
            tracing::debug!(rid, code = code.number(), "refused");
            Some(*code)
        }
        Error::Internal(cause) => {
            tracing::error!(rid, "{cause:#}");
            None
        }
    }
}

fn envelope(code: Errcode, rid: &str) -> Reply {
    with_text(code, code.text(), rid)
}

fn with_text(code: Errcode, text: &str, rid: &str) -> Reply {
    // Texts are plain ASCII without quotes or backslashes; a test of the table holds that.
    Reply(format!(r#"{{"errcode":{},"errmsg":"{text} rid: {rid}"}}"#, code.number()).into())
}

/// Tells who had a login why it ended.
fn logged_out(code: Errcode, reason: Reason, rid: &str) -> Reply {
    let (number, text, ended) = (code.number(), code.text(), reason.word());
    Reply(format!(r#"{{"errcode":{number},"errmsg":"{text} rid: {rid}","ended":"{ended}"}}"#).into())
}

/// The text of 40164 with the address, as Weixin writes it.
fn invalid_ip(address: IpAddr) -> String {
    let address = address.to_canonical();
    let long = match address {
        IpAddr::V4(short) => short.to_ipv6_mapped(),
        IpAddr::V6(long) => long,
    };
    format!("invalid ip {address} ipv6 {long}, not in whitelist")
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = told(&self.error, &self.rid).filter(|code| !code.is_own()).unwrap_or(Errcode::SystemError);
        let reply = match (code, self.from) {
            (Errcode::InvalidIp, Some(address)) => with_text(code, &invalid_ip(address), &self.rid),
            _ => envelope(code, &self.rid),
        };
        let told = note::Told { rid: self.rid, answer: reply.0.clone() };
        let mut response = reply.into_response();
        response.extensions_mut().insert(code);
        response.extensions_mut().insert(told);
        if self.hang_up {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A refusal of the workbench's or the customer page's calls.
#[derive(Debug)]
pub struct PageRefusal {
    error: Error,
    rid: String,
    wait: Option<Wait>,
    /// Why the caller's login ended.
    ended: Option<Reason>,
}

impl PageRefusal {
    /// Names a refusal, so that page and log speak of the same.
    pub fn new(app: &App, error: impl Into<Error>) -> Self {
        PageRefusal { error: error.into(), rid: rid(app), wait: None, ended: None }
    }

    /// The refusal of somebody who tries too often.
    pub fn wait(app: &App, wait: Wait) -> Self {
        PageRefusal::later(app, Errcode::TooMany, wait)
    }

    /// The refusal of who has no login, with the reason why the one there was has ended.
    pub fn logged_out(app: &App, ended: Option<Reason>) -> Self {
        PageRefusal { ended, ..PageRefusal::new(app, Errcode::LoginNeeded) }
    }

    /// A refusal that ends after a wait.
    pub fn later(app: &App, code: Errcode, wait: Wait) -> Self {
        PageRefusal { wait: Some(wait), ..PageRefusal::new(app, code) }
    }
}

/// What a page is told of a rule that Weixin has numbered for its own callers.
fn for_a_page(code: Errcode) -> Errcode {
    match code {
        own if own.is_own() => own,
        Errcode::EmptyPostData | Errcode::DataFormat => Errcode::BadRequest,
        Errcode::ContentSize | Errcode::MediaSize => Errcode::TooLarge,
        Errcode::SystemError => Errcode::Busy,
        Errcode::InvalidAppid | Errcode::InvalidAgent | Errcode::InvalidOpenid => Errcode::NotFound,
        _ => Errcode::Conflict,
    }
}

impl IntoResponse for PageRefusal {
    fn into_response(self) -> Response {
        let code = told(&self.error, &self.rid).map_or(Errcode::Internal, for_a_page);
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = match self.ended {
            Some(reason) => logged_out(code, reason, &self.rid),
            None => envelope(code, &self.rid),
        };
        let mut response = (status, reply).into_response();
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let busy = (code == Errcode::Busy).then_some(BUSY_WAIT);
        if let Some(Wait(ms)) = self.wait.or(busy) {
            headers.insert(RETRY_AFTER, HeaderValue::from((ms + model::SECOND - 1) / model::SECOND));
        }
        response
    }
}

/// Ends a handler: gives an error its request id.
trait Finish<T> {
    /// On Weixin's paths.
    fn refuse(self, app: &App) -> Result<T, Refusal>;
    /// The same, of a call that came from an address.
    fn refuse_from(self, app: &App, address: IpAddr) -> Result<T, Refusal>;
    /// On the pages' paths.
    fn refuse_page(self, app: &App) -> Result<T, PageRefusal>;
}

impl<T, E: Into<Error>> Finish<T> for Result<T, E> {
    fn refuse(self, app: &App) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::new(app, error))
    }

    fn refuse_from(self, app: &App, address: IpAddr) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::new(app, error).from(address))
    }

    fn refuse_page(self, app: &App) -> Result<T, PageRefusal> {
        self.map_err(|error| PageRefusal::new(app, error))
    }
}

/// A request that was routed nowhere goes to Weixin's endpoints once more, runs of slashes in its path taken as one. A
/// request that was routed pays nothing for it.
pub async fn once_more(weixin: Router, mut request: Request) -> Response {
    if let Some(uri) = without_more_slashes(request.uri()) {
        *request.uri_mut() = uri;
    }
    match weixin.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The address without runs of slashes, where it is below Weixin's roots and has some.
fn without_more_slashes(uri: &Uri) -> Option<Uri> {
    let path = endpoint::without_more_slashes(uri.path()).filter(|path| endpoint::is_weixin(path))?;
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path + &query).ok()?);
    Uri::from_parts(parts).ok()
}

/// What stands at no address.
pub async fn nothing(State(app): State<App>, uri: Uri) -> Response {
    if endpoint::is_weixin(uri.path()) {
        Refusal::new(&app, Errcode::InvalidUrl).into_response()
    } else {
        PageRefusal::new(&app, Errcode::NotFound).into_response()
    }
}

/// What a request is answered that found no place among the connections, and so met no handler.
pub fn busy(app: &App) -> impl Fn(&Uri) -> Response + Send + Sync + 'static {
    let (app, requests) = (app.clone(), Arc::new(Requests::to("busy")));
    app.requests.lock().unwrap_or_else(PoisonError::into_inner).push(requests.clone());
    move |uri| {
        let response = match protocol::endpoint::is_weixin(uri.path()) {
            true => Refusal::new(&app, Errcode::SystemError).into_response(),
            false => PageRefusal::new(&app, Errcode::Busy).into_response(),
        };
        requests.answered(response.extensions().get().copied().unwrap_or(Errcode::Busy));
        response
    }
}

/// A known address under the pages' roots, asked with another method.
pub async fn wrong_method(State(app): State<App>) -> PageRefusal {
    PageRefusal::new(&app, Errcode::BadRequest)
}

/// What people's pages are told is for them alone: nothing on the way keeps it.
pub async fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether the process runs.
pub async fn healthz() -> Reply {
    Reply::done()
}

/// Whether it can serve: whether the store answers.
pub async fn readyz(State(app): State<App>) -> PageAnswer {
    crate::desk::node::all(&app.desk).await.map(|_| Reply::done()).refuse_page(&app)
}
