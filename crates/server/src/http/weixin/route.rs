//! How an endpoint comes into the router.

use crate::http::metrics::counted_endpoint;
use crate::state::App;
use axum::Router;
use axum::handler::Handler;
use axum::routing::any;
use protocol::Endpoint;

/// All of several routes.
pub(super) fn merged(routes: impl IntoIterator<Item = Router<App>>) -> Router<App> {
    routes.into_iter().fold(Router::new(), Router::merge)
}

/// An endpoint at its path and its aliases. Its extractor checks the method, so that a refusal has Weixin's form.
pub(super) fn on<T: 'static>(
    app: &App,
    endpoint: &'static Endpoint,
    handler: impl Handler<T, App>,
) -> Router<App> {
    let handler = counted_endpoint(app, endpoint, handler);
    endpoint.paths().fold(Router::new(), |router, path| router.route(path, any(handler.clone())))
}
