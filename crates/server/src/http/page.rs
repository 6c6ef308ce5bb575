//! The pages and their parts.

use super::{PageRefusal, nothing};
use crate::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use model::Appid;
use pages::Page;
use protocol::Errcode;

/// Scripts and styles are our own files; Svelte sets single properties on elements. Pictures are also what somebody is
/// about to send, and those of articles, which stand where the program that sent them says. No page of ours stands in
/// another's frame, where clicks can be stolen.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     img-src 'self' data: blob: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// What of the start page is for a demo only stands between these.
const DEMO: [&str; 2] = ["<!--demo-->", "<!--/demo-->"];

/// `GET /`: what is here.
pub async fn start(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(mut page) = pages::page("start.html") else { return missing(&app) };
    if !app.settings.is_demo {
        page.bytes = without_demo(&String::from_utf8_lossy(&page.bytes)).into_bytes().into();
        page.etag = page.etag.replacen('"', "\"s", 1);
    }
    send(page, &headers)
}

fn without_demo(html: &str) -> String {
    let [begin, end] = DEMO;
    let cut = html.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    cut.map_or_else(|| html.to_owned(), |(before, after)| format!("{before}{after}"))
}

/// `GET /desk/`.
pub async fn workbench(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(&app, "workbench.html", &headers)
}

/// `GET /desk`, without the slash its parts need.
pub async fn to_workbench() -> Redirect {
    Redirect::permanent("/desk/")
}

/// `GET /debug`.
pub async fn debug(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(&app, "debug.html", &headers)
}

/// `GET /chat/{appid}`. The page itself says when there is no such account.
pub async fn chat(State(app): State<App>, Path(appid): Path<String>, headers: HeaderMap) -> Response {
    if Appid::parse(&appid).is_ok() {
        return serve(&app, "chat.html", &headers);
    }
    let mut response = serve(&app, "chat.html", &HeaderMap::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// `GET /desk/assets/…`: named by their content, so they never change.
pub async fn asset(
    State(app): State<App>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = format!("assets/{name}");
    if pages::page(&path).is_none() {
        return nothing(State(app), uri).await;
    }
    let mut response = serve(&app, &path, &headers);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

fn serve(app: &App, path: &str, asked: &HeaderMap) -> Response {
    pages::page(path).map_or_else(|| missing(app), |page| send(page, asked))
}

fn missing(app: &App) -> Response {
    PageRefusal::new(app, Errcode::NotFound).into_response()
}

fn send(page: Page, asked: &HeaderMap) -> Response {
    let known = asked.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == page.etag.as_bytes());
    let body = if known { Body::empty() } else { Body::from(page.bytes.into_owned()) };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    if let Ok(etag) = HeaderValue::try_from(page.etag) {
        headers.insert(ETAG, etag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, CSP);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
