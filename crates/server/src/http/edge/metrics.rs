//! `/metrics` for Prometheus, on a listener of its own, and the wrapper that counts requests.

use crate::http::edge::answer;
use crate::http::edge::refusal_log::CallRecord;
use crate::metrics::RequestCounter;
use crate::state::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use protocol::{Endpoint, Errcode};
use std::pin::Pin;
use std::sync::Arc;

/// The Content-Type of the text format of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A handler whose answers are counted.
pub struct Counted<H> {
    handler: H,
    // One `Arc`, because it is cloned for each request.
    route: Arc<Route>,
}

struct Route {
    requests: RequestCounter,
    app: App,
    /// The endpoint of Weixin's that the handler serves; `None` for calls of the pages.
    endpoint: Option<&'static Endpoint>,
}

impl<H: Clone> Clone for Counted<H> {
    fn clone(&self) -> Self {
        Counted { handler: self.handler.clone(), route: self.route.clone() }
    }
}

/// Wraps a handler of a page's call: counts its answers under `name` and renders its refusals.
pub fn counted<H>(app: &App, name: &'static str, handler: H) -> Counted<H> {
    route(app, name, None, handler)
}

/// Wraps a handler of an endpoint of Weixin's in the same way. Its extractors find the endpoint in the request.
pub fn counted_endpoint<H>(app: &App, endpoint: &'static Endpoint, handler: H) -> Counted<H> {
    route(app, endpoint.name, Some(endpoint), handler)
}

fn route<H>(app: &App, name: &'static str, endpoint: Option<&'static Endpoint>, handler: H) -> Counted<H> {
    let requests = app.metrics.requests(name);
    Counted { handler, route: Arc::new(Route { requests, app: app.clone(), endpoint }) }
}

impl<T: 'static, H: Handler<T, App>> Handler<T, App> for Counted<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, mut request: Request, app: App) -> Self::Future {
        let Counted { handler, route } = self;
        Box::pin(async move {
            if let Some(endpoint) = route.endpoint {
                request.extensions_mut().insert(endpoint);
            }
            let call = CallRecord::begin(&mut request, &route.app);
            let mut response = handler.call(request, app).await;
            let Some(refusal) = answer::carried(&mut response) else {
                route.requests.count(Errcode::Ok);
                return response;
            };
            let rendered = call.render_refusal(&refusal, &route.app);
            route.requests.count(rendered.code);
            rendered.response
        })
    }
}

/// The router of the metrics' listener: `/metrics` and nothing else.
pub fn router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).fallback(nothing).with_state(app)
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "there is only /metrics here\n").into_response()
}

async fn metrics(State(app): State<App>) -> Response {
    match app.metrics.text(app.streams.agents(), app.feeds.lag()) {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
