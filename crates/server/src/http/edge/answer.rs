//! What handlers return: JSON, or a refusal, which is rendered in the format of the path.

use crate::desk::ended_login::EndReason;
use crate::error::Error;
use crate::state::App;
use crate::throttle::Wait;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::InvalidHeaderValue;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use model::TextEnum;
use protocol::Errcode;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// Content-Type of Weixin's own answers (sic: `encoding`, not `charset`).
const JSON: HeaderValue = HeaderValue::from_static("application/json; encoding=utf-8");

/// How long a page waits before it repeats a call that met a busy desk.
const BUSY_WAIT: Wait = Wait(2 * model::SECOND);

/// What a handler returns: an answer, or a refusal by `?`.
pub type Answer<T = Reply> = Result<T, Refusal>;

/// JSON in one line, ready to send.
pub struct Reply(Bytes);

impl Reply {
    /// `{"errcode":0,"errmsg":"ok"}`.
    #[must_use]
    pub fn done() -> Self {
        Reply(Bytes::from_static(br#"{"errcode":0,"errmsg":"ok"}"#))
    }

    /// Uses bytes that were made before.
    #[must_use]
    pub fn ready(bytes: Bytes) -> Self {
        Reply(bytes)
    }

    /// Serialises a value as JSON.
    ///
    /// # Errors
    /// Internal only.
    pub fn json(value: &impl Serialize) -> Answer {
        Ok(Reply(serde_json::to_vec(value).map_err(Error::from)?.into()))
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    }
}

/// Why a request is refused. Handlers and extractors return it by `?`. The wrapper that counts requests
/// ([`crate::http::edge::metrics::counted`]) renders it by [`Refusal::for_weixin`] or [`Refusal::for_page`].
#[derive(Debug)]
pub struct Refusal {
    error: Error,
    closes: bool,
    wait: Option<Wait>,
    /// Why the caller's login ended.
    ended: Option<EndReason>,
}

impl Refusal {
    /// A refusal after which the connection is closed.
    pub fn closing(error: impl Into<Error>) -> Self {
        Refusal { closes: true, ..Refusal::from(error.into()) }
    }

    /// A refusal with the time after which the call can succeed.
    #[must_use]
    pub fn later(code: Errcode, wait: Wait) -> Self {
        Refusal { wait: Some(wait), ..Refusal::from(code) }
    }

    /// The refusal of a caller whose login has ended, with the reason if it is known.
    #[must_use]
    pub fn logged_out(ended: Option<EndReason>) -> Self {
        Refusal { ended, ..Refusal::from(Errcode::LoginNeeded) }
    }

    /// Logs the refusal, and returns its code or `None` for an internal cause.
    fn code(&self, rid: &str) -> Option<Errcode> {
        match &self.error {
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

    /// Renders the answer on Weixin's paths, to a caller at `address` if that is known. Logs an internal cause with the
    /// request's id.
    #[must_use]
    pub fn for_weixin(&self, app: &App, address: Option<IpAddr>) -> Rendered {
        let rid = rid(app);
        let code = self.code(&rid).filter(|code| !code.is_own()).unwrap_or(Errcode::SystemError);
        let envelope = match (code, address) {
            (Errcode::InvalidIp, Some(address)) => envelope(code, &invalid_ip(address), &rid, ""),
            _ => envelope(code, code.text(), &rid, ""),
        };
        let mut response = Reply::ready(envelope.clone()).into_response();
        if self.closes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Rendered { response, code, rid, envelope }
    }

    /// Renders the answer on all other paths, in the same way.
    #[must_use]
    pub fn for_page(&self, app: &App) -> Rendered {
        let rid = rid(app);
        let code = self.code(&rid).map_or(Errcode::Internal, own_code);
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let ended =
            self.ended.map(|reason| format!(r#","ended":"{}""#, reason.as_text())).unwrap_or_default();
        let envelope = envelope(code, code.text(), &rid, &ended);
        let mut response = (status, Reply::ready(envelope.clone())).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let busy = (code == Errcode::Busy).then_some(BUSY_WAIT);
        if let Some(Wait(ms)) = self.wait.or(busy) {
            headers.insert(RETRY_AFTER, HeaderValue::from((ms + model::SECOND - 1) / model::SECOND));
        }
        Rendered { response, code, rid, envelope }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { error, closes: false, wait: None, ended: None }
    }
}

impl From<Errcode> for Refusal {
    fn from(code: Errcode) -> Self {
        Refusal::from(Error::from(code))
    }
}

impl From<InvalidHeaderValue> for Refusal {
    fn from(error: InvalidHeaderValue) -> Self {
        Refusal::from(Error::Internal(error.into()))
    }
}

impl From<Wait> for Refusal {
    /// Refuses a person who tries too often.
    fn from(wait: Wait) -> Self {
        Refusal::later(Errcode::TooMany, wait)
    }
}

/// A refusal ready to be sent.
pub struct Rendered {
    /// The whole answer.
    pub response: Response,
    /// Code of the answer.
    pub code: Errcode,
    /// Id of the request, as in the answer.
    pub rid: String,
    /// Body of the answer.
    pub envelope: Bytes,
}

/// A refusal on its way from a handler to the wrapper that renders it.
#[derive(Clone)]
struct Unrendered(Arc<Refusal>);

impl IntoResponse for Refusal {
    /// Only carries the refusal: the wrapper renders what the client gets.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Unrendered(Arc::new(self)));
        response
    }
}

/// Takes the refusal out of a handler's response, if it carries one.
pub fn carried(response: &mut Response) -> Option<Arc<Refusal>> {
    response.extensions_mut().remove::<Unrendered>().map(|Unrendered(refusal)| refusal)
}

/// Makes the id of a request in Weixin's format: the first group is the time in seconds.
fn rid(app: &App) -> String {
    let seconds = app.desk.now() / model::SECOND;
    format!("{seconds:08x}-{}-{}", app.desk.rng.hex::<4>(), app.desk.rng.hex::<4>())
}

/// The JSON of a refusal. `more` is appended to its members, and begins with a comma.
fn envelope(code: Errcode, text: &str, rid: &str, more: &str) -> Bytes {
    // Texts are plain ASCII without quotes or backslashes; a test of the table holds that.
    format!(r#"{{"errcode":{},"errmsg":"{text} rid: {rid}"{more}}}"#, code.number()).into()
}

/// The text of 40164 with the address, in Weixin's format.
fn invalid_ip(address: IpAddr) -> String {
    let address = address.to_canonical();
    let long = match address {
        IpAddr::V4(short) => short.to_ipv6_mapped(),
        IpAddr::V6(long) => long,
    };
    format!("invalid ip {address} ipv6 {long}, not in whitelist")
}

/// Our own code for a rule that Weixin numbers for its callers.
fn own_code(code: Errcode) -> Errcode {
    match code {
        own if own.is_own() => own,
        Errcode::EmptyPostData | Errcode::DataFormat => Errcode::BadRequest,
        Errcode::ContentSize | Errcode::MediaSize => Errcode::TooLarge,
        Errcode::SystemError => Errcode::Busy,
        Errcode::InvalidAppid | Errcode::InvalidAgent | Errcode::InvalidOpenid => Errcode::NotFound,
        _ => Errcode::Conflict,
    }
}
