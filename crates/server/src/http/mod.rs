//! HTTP: handlers parse a request, call one verb of the desk, and answer.

mod edge;
mod pages;
pub mod weixin;

pub use edge::{answer, caller, client_address, file, guard, metrics, multipart, query, upload};
pub use pages::{
    answers, chat, chat_caller, debug, desk, fact, listen, openapi, page, picture, queue, stream,
};
pub use weixin::media;

pub use edge::answer::{Answer, Refusal, Reply};

use crate::state::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use edge::answer::Rendered;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use protocol::{Errcode, endpoint};
use tower::ServiceExt;

/// Routes a request without a route once more to Weixin's endpoints, with runs of slashes in its path as one. Requests
/// with a route pay nothing for it.
pub async fn once_more(weixin: Router, mut request: Request) -> Response {
    if let Some(uri) = without_more_slashes(request.uri()) {
        *request.uri_mut() = uri;
    }
    match weixin.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The address with single slashes, if it is below Weixin's roots and has runs of slashes.
fn without_more_slashes(uri: &Uri) -> Option<Uri> {
    let path = endpoint::without_more_slashes(uri.path()).filter(|path| endpoint::is_weixin(path))?;
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path + &query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Refuses a request for an unknown path.
pub async fn nothing(uri: Uri) -> Refusal {
    match endpoint::is_weixin(uri.path()) {
        true => Errcode::InvalidUrl.into(),
        false => Errcode::NotFound.into(),
    }
}

/// The answer to a request that got no slot of the connection limit, and so reached no handler.
pub fn busy(app: &App) -> impl Fn(&Uri) -> Response + Send + Sync + 'static {
    let (app, requests) = (app.clone(), app.metrics.requests("busy"));
    move |uri| {
        let refusal = Refusal::from(Errcode::SystemError);
        let Rendered { response, code, .. } = match endpoint::is_weixin(uri.path()) {
            true => refusal.for_weixin(&app, None),
            false => refusal.for_page(&app),
        };
        requests.count(code);
        response
    }
}

/// Refuses a known path of the pages that was called with another method.
pub async fn wrong_method(State(app): State<App>) -> Response {
    Refusal::from(Errcode::BadRequest).for_page(&app).response
}

/// Marks answers of the pages' calls as private, so that no proxy or cache keeps them.
pub async fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers while the process runs.
pub async fn healthz() -> Reply {
    Reply::done()
}

/// Answers while the store answers.
pub async fn readyz(State(app): State<App>) -> Response {
    match crate::desk::cluster::all(&app.desk).await {
        Ok(_) => Reply::done().into_response(),
        Err(error) => Refusal::from(error).for_page(&app).response,
    }
}
