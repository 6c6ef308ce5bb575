//! The router: Weixin's endpoints, the pages and their calls.

use crate::http::debug::{pull, pushes};
use crate::http::metrics::counted;
use crate::http::{
    busy, chat, client_address, debug, desk, guard, healthz, listen, media, nothing, once_more, openapi,
    page, picture, private, queue, readyz, stream, weixin, wrong_method,
};
use crate::listen::ConnectionLimit;
use crate::state::App;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};

/// Routes all paths of the server.
pub fn router(app: App) -> Router {
    let known = from_fn_with_state(app.clone(), guard::known_host);
    let people = Router::new().merge(pages(&app)).merge(desk(&app)).merge(chat(&app)).layer(known);
    // Programs fetch files, too, under any host name.
    let files = Router::new()
        .route("/headimg/{sha256}", get(counted(&app, "headimg", media::headimg)))
        .route("/media/{appid}/{ticket}", get(counted(&app, "media", media::video)));
    let health = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    let unknown = counted(&app, "unknown", nothing);
    let endpoints = weixin::routes(&app);
    let again = endpoints.clone().fallback(unknown).with_state(app.clone());
    let weixin = Router::new()
        .merge(endpoints)
        .merge(files)
        .method_not_allowed_fallback(wrong_method)
        .fallback(move |request: Request| once_more(again.clone(), request));
    let weixin = match app.settings.is_demo {
        true => weixin.layer(from_fn_with_state(app.clone(), guard::demo_host)),
        false => weixin,
    };
    let all = weixin.merge(people).merge(health).method_not_allowed_fallback(wrong_method);
    let all = match app.settings.is_public_tls() || app.settings.tls.tls_cert.is_some() {
        true => all.layer(from_fn_with_state(app.clone(), guard::strict_transport)),
        false => all,
    };
    all.with_state(app)
}

/// The connection limit of the application, according to its settings.
pub fn connection_limit(app: &App) -> ConnectionLimit {
    let proxies = app.clone();
    ConnectionLimit::new(usize::try_from(app.settings.connections_max).unwrap_or(usize::MAX))
        .exempting(move |address| client_address::is_trusted(&proxies, address))
        .with_busy_answer(busy(app))
}

/// The pages and their assets.
fn pages(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(page::start))
        .route("/desk", get(page::to_workbench))
        .route("/desk/", get(page::workbench))
        .route("/desk/assets/{*name}", get(page::asset))
        .route("/chat/{appid}", get(page::chat))
        .route("/openapi.json", get(openapi::document))
        .route("/debug", get(page::debug))
        .merge(pulls(app))
}

/// Pushes for programs.
fn pulls(app: &App) -> Router<App> {
    Router::new()
        .route("/debug/api/pushes", get(counted(app, "debug/pushes", pull::list)))
        .route("/debug/api/pushes/show", get(counted(app, "debug/pushes", pull::show)))
        .layer(map_response(private))
}

/// Calls of the workbench.
fn desk(app: &App) -> Router<App> {
    Router::new()
        .route("/desk/api/login", post(counted(app, "desk/login", desk::login)))
        .route("/desk/api/logins", get(counted(app, "desk/logins", desk::logins)))
        .route("/desk/api/login/end", post(counted(app, "desk/login/end", desk::end_login)))
        .route("/desk/api/password", post(counted(app, "desk/password", desk::change_password)))
        .route("/desk/api/logout", post(counted(app, "desk/logout", desk::logout)))
        .route("/desk/api/signup", post(counted(app, "desk/signup", desk::signup)))
        .route("/desk/api/snapshot", get(counted(app, "desk/snapshot", desk::snapshot)))
        .route("/desk/api/stream", get(counted(app, "desk/stream", stream::desk)))
        .route("/desk/api/invitation", post(counted(app, "desk/invitation", desk::invitation)))
        .route("/desk/api/presence", post(counted(app, "desk/presence", desk::presence)))
        .route("/desk/api/session/accept", post(counted(app, "desk/session/accept", desk::accept)))
        .route("/desk/api/session/close", post(counted(app, "desk/session/close", desk::close)))
        .route("/desk/api/session/transfer", post(counted(app, "desk/session/transfer", desk::transfer)))
        .route("/desk/api/session/hand_back", post(counted(app, "desk/session/hand_back", queue::hand_back)))
        .route("/desk/api/session/answered", post(counted(app, "desk/session/answered", queue::answered)))
        .route("/desk/api/intake", post(counted(app, "desk/intake", queue::intake)))
        .route("/desk/api/missed", get(counted(app, "desk/missed", queue::missed)))
        .route("/desk/api/missed/dismiss", post(counted(app, "desk/missed/dismiss", queue::dismiss)))
        .route("/desk/api/why/waiting", get(counted(app, "desk/why/waiting", queue::why_waiting)))
        .route("/desk/api/why/idle", get(counted(app, "desk/why/idle", queue::why_idle)))
        .route("/desk/api/sessions", get(counted(app, "desk/sessions", desk::sessions)))
        .route("/desk/api/colleagues", get(counted(app, "desk/colleagues", desk::colleagues)))
        .route("/desk/api/message", post(counted(app, "desk/message", desk::message)))
        .route("/desk/api/draft", post(counted(app, "desk/draft", desk::draft)))
        .route("/desk/api/read", post(counted(app, "desk/read", desk::read)))
        .route("/desk/api/image", post(counted(app, "desk/image", picture::reply)))
        .route("/desk/api/file", get(counted(app, "desk/file", picture::of_worker)))
        .route("/desk/api/messages", get(counted(app, "desk/messages", desk::messages)))
        .route("/desk/api/debug", get(counted(app, "desk/debug", debug::accounts)))
        .route("/desk/api/debug/token", post(counted(app, "desk/debug/token", debug::token)))
        .route("/desk/api/debug/callback", get(counted(app, "desk/debug/callback", debug::callback::show)))
        .route("/desk/api/debug/callback", post(counted(app, "desk/debug/callback", debug::callback::change)))
        .route("/desk/api/debug/callback/alarms", get(counted(app, "desk/debug/alarms", debug::alarms)))
        .route("/desk/api/listen", get(counted(app, "desk/listen", listen::stream)))
        .route("/desk/api/listen/answer", post(counted(app, "desk/listen/answer", listen::answer)))
        .merge(groups(app))
        .merge(debug_pushes(app))
        .layer(map_response(private))
}

/// Calls of the workbench about groups of agents.
fn groups(app: &App) -> Router<App> {
    Router::new()
        .route("/desk/api/groups", get(counted(app, "desk/groups", queue::groups)))
        .route("/desk/api/group/add", post(counted(app, "desk/group/add", queue::add_group)))
        .route("/desk/api/group/rename", post(counted(app, "desk/group/rename", queue::rename_group)))
        .route("/desk/api/group/delete", post(counted(app, "desk/group/delete", queue::delete_group)))
        .route("/desk/api/group/join", post(counted(app, "desk/group/join", queue::join_group)))
        .route("/desk/api/group/leave", post(counted(app, "desk/group/leave", queue::leave_group)))
}

/// Calls of the debugging page for pushes.
fn debug_pushes(app: &App) -> Router<App> {
    let named = "desk/debug/pushes";
    Router::new()
        .route("/desk/api/debug/pushes", get(counted(app, named, pushes::list)))
        .route("/desk/api/debug/pushes/show", get(counted(app, named, pushes::show)))
        .route("/desk/api/debug/pushes/kinds", get(counted(app, named, pushes::kinds)))
        .route("/desk/api/debug/pushes/replay", post(counted(app, named, pushes::replay)))
        .route("/desk/api/debug/pushes/pause", post(counted(app, named, pushes::pause)))
        .route("/desk/api/debug/pushes/resume", post(counted(app, named, pushes::resume)))
        .route("/desk/api/debug/pushes/simulate", post(counted(app, named, pushes::simulate)))
}

/// Calls of the customer page.
fn chat(app: &App) -> Router<App> {
    Router::new()
        .route("/chat/api/{appid}/snapshot", get(counted(app, "chat/snapshot", chat::snapshot)))
        .route("/chat/api/{appid}/stream", get(counted(app, "chat/stream", stream::chat)))
        .route("/chat/api/{appid}/message", post(counted(app, "chat/message", chat::message)))
        .route("/chat/api/{appid}/image", post(counted(app, "chat/image", picture::send)))
        .route("/chat/api/{appid}/file", get(counted(app, "chat/file", picture::of_customer)))
        .route(
            "/chat/api/{appid}/menu_choice",
            post(counted(app, "chat/menu_choice", chat::choose_from_menu)),
        )
        .route("/chat/api/{appid}/place", get(counted(app, "chat/place", chat::place)))
        .route("/chat/api/{appid}/messages", get(counted(app, "chat/messages", chat::messages)))
        .layer(map_response(private))
}
