//! The HTTP client for a bucket: HTTP/1.1, by TLS unless the endpoint is `http://`, and with timeouts for all steps.

use crate::trust::{self, Roots, Trust};
use futures_util::future::BoxFuture;
use http::header::{HeaderValue, USER_AGENT};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as Dialer;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use std::error::Error as _;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tower_http::timeout::TimeoutBody;

/// The longest time to connect.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest time to send a request and get the head of its answer, and then for each next piece of the body.
const ANSWER: Duration = Duration::from_secs(10);
/// How long idle connections are kept, and how many.
const IDLE: (Duration, usize) = (Duration::from_secs(20), 16);

/// Connections to a bucket.
#[derive(Debug)]
pub(super) struct Wire(Client<HttpsConnector<Dialer>, HttpRequestBody>);

/// Makes them once; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Wires(HttpClient);

impl Wires {
    /// A client without open connections, which trusts the authorities of this machine.
    ///
    /// # Errors
    /// If TLS is needed and this machine trusts no authority.
    pub(super) fn new(is_tls: bool) -> anyhow::Result<Self> {
        let mut dialer = Dialer::new();
        dialer.enforce_http(false);
        dialer.set_nodelay(true);
        dialer.set_connect_timeout(Some(CONNECT));
        let roots = if is_tls { Roots::system()? } else { Roots::none() };
        let tls = HttpsConnectorBuilder::new().with_tls_config(trust::client(Trust::Name(roots))?);
        let connector = tls.https_or_http().enable_http1().wrap_connector(dialer);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE.0)
            .pool_max_idle_per_host(IDLE.1)
            .build(connector);
        Ok(Wires(HttpClient::new(Wire(client))))
    }
}

impl HttpConnector for Wires {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

impl HttpService for Wire {
    fn call<'wire, 'call>(
        &'wire self,
        request: HttpRequest,
    ) -> BoxFuture<'call, Result<HttpResponse, HttpError>>
    where
        'wire: 'call,
    {
        Box::pin(self.ask(request))
    }
}

impl Wire {
    async fn ask(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let agent = HeaderValue::from_static(concat!("kefu/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let answer = tokio::time::timeout(ANSWER, self.0.request(request)).await;
        let answer = answer.map_err(|late: Elapsed| HttpError::new(HttpErrorKind::Timeout, late))?;
        let (parts, body) = answer.map_err(|error| HttpError::new(kind(&error), error))?.into_parts();
        let body = TimeoutBody::new(ANSWER, body);
        let body = body.map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error));
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}

/// The kind of an error, from which the caller knows whether the request may be sent again.
fn kind(error: &Error) -> HttpErrorKind {
    if error.is_connect() {
        return HttpErrorKind::Connect;
    }
    match error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>()) {
        // The bucket has closed an idle connection.
        Some(cause) if cause.is_closed() || cause.is_incomplete_message() => HttpErrorKind::Request,
        _ => HttpErrorKind::Interrupted,
    }
}
