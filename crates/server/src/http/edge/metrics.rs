//! `/metrics`, for Prometheus, at an address of its own; and how requests are counted.

use crate::http::edge::answer;
use crate::http::edge::note::Call;
use crate::meter::{Exposition, Requests};
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
use std::sync::{Arc, PoisonError};

/// A handler whose answers are counted.
pub struct Counted<H> {
    handler: H,
    // In one piece, for it is cloned with each request.
    counter: Arc<Counter>,
}

struct Counter {
    requests: Arc<Requests>,
    app: App,
    /// The endpoint of Weixin's that the handler serves; none for the pages' calls.
    endpoint: Option<&'static Endpoint>,
}

impl<H: Clone> Clone for Counted<H> {
    fn clone(&self) -> Self {
        Counted { handler: self.handler.clone(), counter: self.counter.clone() }
    }
}

/// Counts what a handler of the pages' calls answers, under `name`, and renders its refusals.
pub fn counted<H>(app: &App, name: &'static str, handler: H) -> Counted<H> {
    counter(app, name, None, handler)
}

/// The same of a handler of an endpoint of Weixin's, whose extractors find the endpoint in the request.
pub fn counted_endpoint<H>(app: &App, endpoint: &'static Endpoint, handler: H) -> Counted<H> {
    counter(app, endpoint.name, Some(endpoint), handler)
}

fn counter<H>(app: &App, name: &'static str, endpoint: Option<&'static Endpoint>, handler: H) -> Counted<H> {
    let requests = requests_to(app, name);
    Counted { handler, counter: Arc::new(Counter { requests, app: app.clone(), endpoint }) }
}

/// A new counter of requests, which `/metrics` shows under `name`.
pub(in crate::http) fn requests_to(app: &App, name: &'static str) -> Arc<Requests> {
    let requests = Arc::new(Requests::to(name));
    app.requests.lock().unwrap_or_else(PoisonError::into_inner).push(requests.clone());
    requests
}

impl<T: 'static, H: Handler<T, App>> Handler<T, App> for Counted<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, mut request: Request, app: App) -> Self::Future {
        let Counted { handler, counter } = self;
        Box::pin(async move {
            if let Some(endpoint) = counter.endpoint {
                request.extensions_mut().insert(endpoint);
            }
            let call = Call::begins(&mut request, &counter.app);
            let mut response = handler.call(request, app).await;
            let Some(refusal) = answer::carried(&mut response) else {
                counter.requests.answered(Errcode::Ok);
                return response;
            };
            let rendered = call.refused(&refusal, &counter.app);
            counter.requests.answered(rendered.code);
            rendered.response
        })
    }
}

/// What is served to whoever watches: `/metrics` and nothing else.
pub fn router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).fallback(nothing).with_state(app)
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "there is only /metrics here\n").into_response()
}

async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text(&app)).into_response()
}

#[allow(clippy::cast_precision_loss, reason = "exact up to 2⁵³")]
fn text(app: &App) -> String {
    let mut text = Exposition::default();
    let version = concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    text.metric("kefu_build_info", "gauge", "The program's version.", &[(version, 1.0)]);
    let started = app.started_at as f64 / model::SECOND as f64;
    text.metric("kefu_start_time_seconds", "gauge", "When it was started, Unix time.", &[("", started)]);
    let all = app.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    text.requests(all.iter().map(|requests| &**requests));
    text.stores(app.desk.store.meters());
    let open =
        [("{of=\"desk\"}", app.desk_streams.get() as f64), ("{of=\"chat\"}", app.chat_streams.get() as f64)];
    text.metric("kefu_streams", "gauge", "Streams that are open here.", &open);
    let agents = app.streams.agents() as f64;
    text.metric("kefu_agents", "gauge", "Agents with a stream open here.", &[("", agents)]);
    let (readers, lag) = app.feeds.lag();
    text.metric("kefu_feed_readers", "gauge", "Owners whose feed is read here.", &[("", readers as f64)]);
    let help = "Changes the reader that is furthest behind has still to read, as far as this node has heard.";
    text.metric("kefu_feed_lag_changes", "gauge", help, &[("", lag as f64)]);
    text.into_text()
}
