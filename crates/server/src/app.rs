//! The router, one line an endpoint, and the wiring.

use crate::http::metrics::{counted, counted_endpoint};
use crate::http::{
    business, busy, chat, client_address, debug, desk, guard, healthz, kfaccount, kfsession, media, message,
    msgrecord, nothing, once_more, openapi, page, picture, private, quota, readyz, stream, token, wecom,
    wrong_method,
};
use crate::listen::Room;
use crate::state::App;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get, post};
use protocol::Endpoint;
use protocol::endpoint as weixin;

/// Everything that is answered.
pub fn router(app: App) -> Router {
    let known = from_fn_with_state(app.clone(), guard::known_host);
    let people = Router::new().merge(pages()).merge(desk(&app)).merge(chat(&app)).layer(known);
    // Files are fetched by programs, too, under whatever name they know this server.
    let files = Router::new()
        .route("/headimg/{sha256}", get(counted(&app, "headimg", media::headimg)))
        .route("/media/{appid}/{ticket}", get(counted(&app, "media", media::video)));
    let health = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    let unknown = counted(&app, "unknown", nothing);
    let endpoints = endpoints(&app);
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

/// Room for the connections of the application, as its settings say.
pub fn room(app: &App) -> Room {
    let proxies = app.clone();
    Room::of(usize::try_from(app.settings.connections_max).unwrap_or(usize::MAX))
        .exempting(move |address| client_address::is_trusted(&proxies, address))
        .answering(busy(app))
}

/// Weixin's endpoints.
fn endpoints(app: &App) -> Router<App> {
    Router::new()
        .merge(on(app, &weixin::GET_ACCESS_TOKEN, token::token))
        .merge(on(app, &weixin::GET_STABLE_ACCESS_TOKEN, token::stable_token))
        .merge(on(app, &weixin::ADD_KF_ACCOUNT, kfaccount::add))
        .merge(on(app, &weixin::UPDATE_KF_ACCOUNT, kfaccount::update))
        .merge(on(app, &weixin::DEL_KF_ACCOUNT, kfaccount::del))
        .merge(on(app, &weixin::INVITE_KF_WORKER, kfaccount::inviteworker))
        .merge(on(app, &weixin::UPLOAD_KF_HEADIMG, kfaccount::uploadheadimg))
        .merge(on(app, &weixin::SET_KF_ADMIN, kfaccount::setadmin))
        .merge(on(app, &weixin::CANCEL_KF_ADMIN, kfaccount::canceladmin))
        .merge(on(app, &weixin::GET_KF_LIST, kfaccount::getkflist))
        .merge(on(app, &weixin::GET_ONLINE_KF_LIST, kfaccount::getonlinekflist))
        .merge(on(app, &weixin::CREATE_KF_SESSION, kfsession::create))
        .merge(on(app, &weixin::CLOSE_KF_SESSION, kfsession::close))
        .merge(on(app, &weixin::GET_KF_SESSION, kfsession::getsession))
        .merge(on(app, &weixin::GET_KF_SESSION_LIST, kfsession::getsessionlist))
        .merge(on(app, &weixin::GET_WAIT_CASE, kfsession::getwaitcase))
        .merge(on(app, &weixin::UPLOAD_TEMP_MEDIA, media::upload))
        .merge(on(app, &weixin::GET_MEDIA, media::get))
        .merge(on(app, &weixin::GET_MSG_LIST, msgrecord::getmsglist))
        .merge(on(app, &weixin::GET_RECORD, msgrecord::getrecord))
        .merge(on(app, &weixin::SEND_CUSTOM_MESSAGE, message::send))
        .merge(on(app, &weixin::SHOW_TYPING, message::typing))
        .merge(on(app, &weixin::SHOW_BUSINESS_TYPING, message::business_typing))
        .merge(on(app, &weixin::REGISTER_BUSINESS, business::register))
        .merge(on(app, &weixin::UPDATE_BUSINESS, business::update))
        .merge(on(app, &weixin::GET_BUSINESS, business::get))
        .merge(on(app, &weixin::LIST_BUSINESS, business::list))
        .merge(on(app, &weixin::GET_KF_WORK_BOUND, wecom::get))
        .merge(on(app, &weixin::BIND_KF_WORK, wecom::bind))
        .merge(on(app, &weixin::UNBIND_KF_WORK, wecom::unbind))
        .merge(on(app, &weixin::CLEAR_QUOTA, quota::clear))
        .merge(on(app, &weixin::CLEAR_QUOTA_BY_SECRET, quota::clear_by_secret))
        .merge(on(app, &weixin::CLEAR_COMPONENT_QUOTA, quota::clear_as_platform))
        .merge(on(app, &weixin::GET_API_QUOTA, quota::get))
        .merge(on(app, &weixin::CLEAR_API_QUOTA, quota::clear_one))
        .merge(on(app, &weixin::GET_RID_INFO, quota::rid))
}

/// The pages and what they are made of.
fn pages() -> Router<App> {
    Router::new()
        .route("/", get(page::start))
        .route("/desk", get(page::to_workbench))
        .route("/desk/", get(page::workbench))
        .route("/desk/assets/{*name}", get(page::asset))
        .route("/chat/{appid}", get(page::chat))
        .route("/openapi.json", get(openapi::document))
        .route("/debug", get(page::debug))
}

/// The workbench's calls.
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
        .layer(map_response(private))
}

/// The customer page's calls.
fn chat(app: &App) -> Router<App> {
    Router::new()
        .route("/chat/api/{appid}/snapshot", get(counted(app, "chat/snapshot", chat::snapshot)))
        .route("/chat/api/{appid}/stream", get(counted(app, "chat/stream", stream::chat)))
        .route("/chat/api/{appid}/message", post(counted(app, "chat/message", chat::message)))
        .route("/chat/api/{appid}/image", post(counted(app, "chat/image", picture::send)))
        .route("/chat/api/{appid}/file", get(counted(app, "chat/file", picture::of_customer)))
        .route("/chat/api/{appid}/tap", post(counted(app, "chat/tap", chat::tap)))
        .route("/chat/api/{appid}/messages", get(counted(app, "chat/messages", chat::messages)))
        .layer(map_response(private))
}

/// An endpoint at its path and its aliases. It checks its methods itself, to refuse in Weixin's way.
fn on<T: 'static>(app: &App, endpoint: &'static Endpoint, handler: impl Handler<T, App>) -> Router<App> {
    let handler = counted_endpoint(app, endpoint, handler);
    endpoint.paths().fold(Router::new(), |router, path| router.route(path, any(handler.clone())))
}
