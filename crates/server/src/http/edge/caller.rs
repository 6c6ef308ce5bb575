//! Extractors for calls of Weixin's endpoints: the caller and the body.

use crate::desk::token::Access;
use crate::error::Error;
use crate::http::Refusal;
use crate::http::edge::client_address::address;
use crate::http::edge::query::Query;
use crate::http::edge::refusal_log::ReadBody;
use crate::listen::BODY_TIME;
use crate::state::App;
use crate::store::Head;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::Appid;
use protocol::{AccountKind, Endpoint, Errcode, limits, strict};
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::sync::Arc;

/// The access of a token, and the head of its owner when it was looked up.
pub(in crate::http) type TokenAccess = (Arc<Access>, Head);

/// A caller with a valid token that may call the endpoint.
pub struct Caller {
    /// The parameters of the call.
    pub query: Query,
    access: Arc<Access>,
    head: Head,
    endpoint: &'static Endpoint,
}

impl Caller {
    /// The account of the call, if its customer-service feature is on or the endpoint does not need it.
    ///
    /// # Errors
    /// 65400, or 65401 from the endpoints whose pages do not list that.
    pub fn account(&self) -> Result<&Appid, Errcode> {
        match self.endpoint.feature_off {
            Some(refusal) if !self.access.feature => Err(refusal),
            _ => Ok(&self.access.owner),
        }
    }

    /// Admits a token to the endpoint. `from` computes the caller's address where it matters.
    ///
    /// # Errors
    /// Of the token; 40164, 61004, 48001, 61007, 45009, 45011.
    pub(in crate::http) async fn admit(
        app: &App,
        endpoint: &'static Endpoint,
        token: &str,
        from: impl FnOnce() -> IpAddr,
    ) -> Result<TokenAccess, Error> {
        let (access, head) = app.access(token).await?;
        let now = app.desk.now();
        access.check_life(now)?;
        if access.ip_allowlist.is_set() {
            access.check_address(from())?;
        }
        access.check(endpoint)?;
        access.count(&app.desk, endpoint, now)?;
        Ok((access, head))
    }

    /// Joins an admitted token and the parameters of its call.
    pub(in crate::http) fn of(
        query: Query,
        (access, head): TokenAccess,
        endpoint: &'static Endpoint,
    ) -> Self {
        Caller { query, access, head, endpoint }
    }

    /// The account's head when the token was looked up, which was after the call came.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The access of the token.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The kind of the account.
    #[must_use]
    pub fn kind(&self) -> AccountKind {
        self.access.kind
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    /// Checks method → token present → token valid → address → kind of account and certification → permission set →
    /// quota.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let endpoint = called(parts)?;
        let query = Query::of_request(parts);
        let token = query.find("access_token").ok_or(Errcode::AccessTokenMissing)?;
        let from = || address(&parts.headers, &parts.extensions, app);
        let admitted = Caller::admit(app, endpoint, &token, from).await?;
        Ok(Caller::of(query, admitted, endpoint))
    }
}

/// A caller without a token: only the method is checked.
pub struct Anyone {
    /// The parameters of the call.
    pub query: Query,
    /// Address of the caller.
    pub address: IpAddr,
}

impl FromRequestParts<App> for Anyone {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        called(parts)?;
        Ok(Anyone {
            query: Query::of_request(parts),
            address: address(&parts.headers, &parts.extensions, app),
        })
    }
}

/// The endpoint of the call, if it takes the method.
pub(in crate::http) fn called(parts: &Parts) -> Result<&'static Endpoint, Errcode> {
    let endpoint = *parts.extensions.get::<&'static Endpoint>().ok_or(Errcode::InvalidUrl)?;
    endpoint.check_method(parts.method.as_str())?;
    Ok(endpoint)
}

/// A JSON body, whatever its Content-Type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, Refusal> {
        let bytes = read(request).await?;
        Ok(Body(strict::object(&bytes)?))
    }
}

/// An optional JSON body.
pub struct Maybe<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<App> for Maybe<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, Refusal> {
        let bytes = read(request).await?;
        match strict::object(&bytes) {
            Ok(value) => Ok(Maybe(Some(value))),
            Err(Errcode::EmptyPostData) => Ok(Maybe(None)),
            Err(code) => Err(code.into()),
        }
    }
}

async fn read(request: Request) -> Result<Bytes, Refusal> {
    let body_read = request.extensions().get::<ReadBody>().cloned();
    let read = collect(request).await;
    if let (Some(body_read), Ok(body)) = (body_read, &read) {
        body_read.set(body);
    }
    read.map_err(|error| match error {
        Error::Refused(Errcode::ContentSize) => Refusal::from(error),
        _ => Refusal::closing(error),
    })
}

/// Reads the whole body, within its limits of size and time.
///
/// # Errors
/// `ContentSize`; `DataFormat` when it broke off or took too long.
pub async fn collect(request: Request) -> Result<Bytes, Error> {
    let body = Limited::new(request.into_body(), limits::BODY_MAX).collect();
    match tokio::time::timeout(BODY_TIME, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Errcode::ContentSize.into()),
        Ok(Err(_)) | Err(_) => Err(Errcode::DataFormat.into()),
    }
}
