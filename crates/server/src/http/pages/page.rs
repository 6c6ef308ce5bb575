//! The pages and their assets.

use crate::http::Refusal;
use crate::http::edge::asset::Asset;
use crate::state::App;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, IF_NONE_MATCH, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::Appid;
use pages::Page;
use protocol::Errcode;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Scripts and styles are our own files; Svelte sets single style properties on elements. Images are also those that
/// are about to be sent, and those of articles, which are at any address. No site may frame a page, because it could
/// steal clicks.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     img-src 'self' data: blob: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The part of the start page between these is for demos only.
const DEMO: [&str; 2] = ["<!--demo-->", "<!--/demo-->"];

/// All files of the pages, by path.
static ASSETS: LazyLock<HashMap<Cow<'static, str>, Asset>> =
    LazyLock::new(|| pages::all().map(|(path, page)| (path, asset_of(page))).collect());

/// The start page without the demo's part.
static START: LazyLock<Option<Asset>> = LazyLock::new(|| {
    let page = pages::page("start.html")?;
    let bytes = without_demo(&String::from_utf8_lossy(&page.bytes)).into_bytes().into();
    Some(asset_of(Page { bytes, hash: format!("{}-start", page.hash), ..page }))
});

fn asset_of(page: Page) -> Asset {
    let bytes = match page.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Asset::new(page.content_type, bytes, page.hash)
}

/// `GET /`: links to what the server offers.
pub async fn start(State(app): State<App>, headers: HeaderMap) -> Response {
    let start = if app.settings.is_demo { ASSETS.get("start.html") } else { START.as_ref() };
    answer(&app, start, &headers)
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

/// `GET /desk`, without the slash that relative links need.
pub async fn to_workbench() -> Redirect {
    Redirect::permanent("/desk/")
}

/// `GET /debug`.
pub async fn debug(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(&app, "debug.html", &headers)
}

/// `GET /chat/{appid}`. The page itself reports an unknown account.
pub async fn chat(State(app): State<App>, Path(appid): Path<String>, mut headers: HeaderMap) -> Response {
    if Appid::parse(&appid).is_ok() {
        return serve(&app, "chat.html", &headers);
    }
    headers.remove(IF_NONE_MATCH);
    let mut response = serve(&app, "chat.html", &headers);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// `GET /desk/assets/…`: named by their content, so they never change.
pub async fn asset(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{name}");
    if !ASSETS.contains_key(path.as_str()) {
        return Refusal::from(Errcode::NotFound).for_page(&app).response;
    }
    let mut response = serve(&app, &path, &headers);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

fn serve(app: &App, path: &str, asked: &HeaderMap) -> Response {
    answer(app, ASSETS.get(path), asked)
}

fn answer(app: &App, asset: Option<&Asset>, asked: &HeaderMap) -> Response {
    let Some(asset) = asset else {
        return Refusal::from(Errcode::NotFound).for_page(app).response;
    };
    let mut response = asset.answer(asked);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, CSP);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
