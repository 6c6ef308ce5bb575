//! The parameters in the query of a request.

use crate::http::Refusal;
use crate::state::App;
use axum::extract::FromRequestParts;
use http::request::Parts;
use protocol::Errcode;
use protocol::parameter::FromTexts;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The query of a request. Of a repeated parameter the first counts. A NUL, which PostgreSQL's text cannot hold, is
/// replaced like invalid UTF-8: no name contains either.
pub struct Query(String);

impl Query {
    /// Wraps a query as it is in the address.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Query(text.to_owned())
    }

    /// The parameters of a request.
    #[must_use]
    pub fn of_request(parts: &Parts) -> Self {
        Query::of(parts.uri.query().unwrap_or(""))
    }

    /// The parameters of a wire type.
    #[must_use]
    pub fn read<T: FromTexts>(&self) -> T {
        T::from_texts(|name| self.get(name))
    }

    /// The value of a parameter; `None` for one that is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.find(name).map(Cow::into_owned)
    }

    /// The value of a parameter, without a copy where there is nothing to decode.
    pub(in crate::http) fn find(&self, name: &str) -> Option<Cow<'_, str>> {
        let value: Option<Cow<'_, str>> = if self.0.contains('%') || self.0.contains('+') {
            let mut pairs = form_urlencoded::parse(self.0.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.replace('\0', "\u{fffd}").into())
        } else {
            // Usually a token: decoding it for nothing took a tenth of a warm request.
            let mut pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.into())
        };
        value.filter(|value| !value.is_empty())
    }
}

/// The parameters of a page's call.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Refusal;

    /// Refuses with `BadRequest` when a parameter is missing or does not fit its type.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let read = axum::extract::Query::from_request_parts(parts, app).await;
        let axum::extract::Query(params) = read.map_err(|_| Errcode::BadRequest)?;
        Ok(Params(params))
    }
}
