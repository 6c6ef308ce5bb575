//! Records refused calls, which `rid/get` shows to the account's developers.

use crate::desk::refusal_log::LoggedRefusal;
use crate::http::edge::answer::{Refusal, Rendered};
use crate::http::edge::client_address;
use crate::http::edge::query::Query;
use crate::state::App;
use axum::extract::Request;
use bytes::Bytes;
use http::{Method, Uri};
use protocol::endpoint;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// Maximum bytes of a query that are kept.
const QUERY_MAX: usize = 1024;
/// Maximum bytes of a body that are kept.
const BODY_MAX: usize = 4096;
/// Characters of a token that are kept, as in the sample of Weixin's page.
const TOKEN_SHOWN: usize = 6;
/// Replaces what is not kept.
const HIDDEN: &str = "xxxx";
/// Parts of names whose values are secrets.
const SECRETS: [&str; 3] = ["secret", "token", "password"];

/// The body of a call, once it was read.
#[derive(Clone, Default)]
pub(in crate::http) struct ReadBody(Arc<OnceLock<Bytes>>);

impl ReadBody {
    /// Stores the body.
    pub(in crate::http) fn set(&self, body: &Bytes) {
        let _ = self.0.set(body.clone());
    }
}

/// What is known of a running call.
pub(in crate::http) struct CallRecord {
    uri: Uri,
    address: IpAddr,
    begun: Instant,
    body_read: Option<ReadBody>,
}

impl CallRecord {
    /// Begins the record. What only a refusal needs is computed then.
    pub(in crate::http) fn begin(request: &mut Request, app: &App) -> Self {
        let body_read = (request.method() != Method::GET).then(ReadBody::default);
        if let Some(body_read) = &body_read {
            request.extensions_mut().insert(body_read.clone());
        }
        let address = client_address::address(request.headers(), request.extensions(), app);
        CallRecord { uri: request.uri().clone(), address, begun: Instant::now(), body_read }
    }

    /// Renders the call's refusal, and logs one of Weixin's for the account whose token the caller presented.
    pub(in crate::http) fn render_refusal(self, refusal: &Refusal, app: &App) -> Rendered {
        if !endpoint::is_weixin(self.uri.path()) {
            return refusal.for_page(app);
        }
        let rendered = refusal.for_weixin(app, Some(self.address));
        self.log_refusal(&rendered, app);
        rendered
    }

    fn log_refusal(self, rendered: &Rendered, app: &App) {
        let query = self.uri.query().unwrap_or("");
        let token = Query::of(query).get("access_token");
        let Some(owner) = token.and_then(|token| app.whose(&token)) else { return };
        let body = self.body_read.and_then(|body_read| body_read.0.get().cloned()).unwrap_or_default();
        app.desk.refusal_log.add(LoggedRefusal {
            owner,
            rid: rendered.rid.clone(),
            at: app.desk.now(),
            cost_ms: i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            query: cut(&shown_query(query), QUERY_MAX),
            body: cut(&shown_body(&body), BODY_MAX),
            answer: String::from_utf8_lossy(&rendered.envelope).into_owned(),
            address: self.address.to_canonical().to_string(),
        });
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|part| name.contains(part))
}

/// A query without its secrets; of a token only the beginning is kept.
fn shown_query(query: &str) -> String {
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if name == "access_token" => {
            let begin: String = value.chars().take(TOKEN_SHOWN).collect();
            format!("{name}={begin}{HIDDEN}")
        }
        Some((name, _)) if is_secret(name) => format!("{name}={HIDDEN}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(shown).collect::<Vec<_>>().join("&")
}

/// A body as it was sent, unless it contains secrets.
fn shown_body(body: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(body) else { return String::new() };
    let lower = text.to_ascii_lowercase();
    if !SECRETS.iter().any(|part| lower.contains(part)) {
        return text.to_owned();
    }
    match serde_json::from_str(text) {
        Ok(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        // Secrets cannot be told apart from the rest.
        Err(_) => String::new(),
    }
}

fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) {
                    *value = HIDDEN.into();
                } else {
                    hide(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

/// The beginning of a text, without characters that the database cannot hold.
fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::{cut, shown_body, shown_query};

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let query = "access_token=50_Im7kLmN&openid=o1&appsecret=abc&secret=&flag";
        assert_eq!(shown_query(query), "access_token=50_Im7xxxx&openid=o1&appsecret=xxxx&secret=xxxx&flag");
        assert_eq!(shown_body(br#"{ "a": 1 }"#), r#"{ "a": 1 }"#, "as it was sent");
        let body = br#"{"a":{"AppSecret":"x"},"b":[{"access_token":["y"]}],"c":"d"}"#;
        assert_eq!(shown_body(body), r#"{"a":{"AppSecret":"xxxx"},"b":[{"access_token":"xxxx"}],"c":"d"}"#);
        assert_eq!(shown_body(br#"{"secret":"x"#), "", "what cannot be read may hide anything");
        assert_eq!(shown_body(b"\xff\xfe"), "");
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(cut("客服", 4), "客");
        assert_eq!(cut("a\0b", 9), "a\u{fffd}b");
    }
}
