//! The router, one line an endpoint, and the wiring.

use crate::http::{
    chat, desk, guard, healthz, kfaccount, kfsession, nothing, page, private, readyz, stream, token,
    wrong_method,
};
use crate::state::App;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get, post};
use protocol::Endpoint;
use protocol::endpoint as weixin;
use tower_http::compression::CompressionLayer;

/// Everything that is answered.
pub fn router(app: App) -> Router {
    let pages = Router::new()
        .route("/desk", get(page::to_workbench))
        .route("/desk/", get(page::workbench))
        .route("/desk/assets/{*name}", get(page::asset))
        .route("/chat/{appid}", get(page::chat))
        .layer(CompressionLayer::new());
    let desk = Router::new()
        .route("/desk/api/login", post(desk::login))
        .route("/desk/api/logout", post(desk::logout))
        .route("/desk/api/signup", post(desk::signup))
        .route("/desk/api/snapshot", get(desk::snapshot))
        .route("/desk/api/stream", get(stream::desk))
        .route("/desk/api/invitation", post(desk::invitation))
        .route("/desk/api/presence", post(desk::presence))
        .route("/desk/api/session/accept", post(desk::accept))
        .route("/desk/api/session/close", post(desk::close))
        .route("/desk/api/message", post(desk::message))
        .route("/desk/api/messages", get(desk::messages))
        .layer(map_response(private));
    let chat = Router::new()
        .route("/chat/api/{appid}/snapshot", get(chat::snapshot))
        .route("/chat/api/{appid}/stream", get(stream::chat))
        .route("/chat/api/{appid}/message", post(chat::message))
        .route("/chat/api/{appid}/messages", get(chat::messages))
        .layer(map_response(private));
    let known = from_fn_with_state(app.clone(), guard::known_host);
    let people = Router::new().merge(pages).merge(desk).merge(chat).layer(known);
    let health = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    Router::new()
        .merge(on(&weixin::GET_ACCESS_TOKEN, token::token))
        .merge(on(&weixin::GET_STABLE_ACCESS_TOKEN, token::stable_token))
        .merge(on(&weixin::ADD_KF_ACCOUNT, kfaccount::add))
        .merge(on(&weixin::UPDATE_KF_ACCOUNT, kfaccount::update))
        .merge(on(&weixin::DEL_KF_ACCOUNT, kfaccount::del))
        .merge(on(&weixin::INVITE_KF_WORKER, kfaccount::inviteworker))
        .merge(on(&weixin::GET_KF_LIST, kfaccount::getkflist))
        .merge(on(&weixin::GET_ONLINE_KF_LIST, kfaccount::getonlinekflist))
        .merge(on(&weixin::CREATE_KF_SESSION, kfsession::create))
        .merge(on(&weixin::CLOSE_KF_SESSION, kfsession::close))
        .merge(on(&weixin::GET_KF_SESSION, kfsession::getsession))
        .merge(on(&weixin::GET_KF_SESSION_LIST, kfsession::getsessionlist))
        .merge(on(&weixin::GET_WAIT_CASE, kfsession::getwaitcase))
        .merge(people)
        .merge(health)
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing)
        .with_state(app)
}

/// An endpoint at its path and its aliases. It checks its methods itself, to refuse in Weixin's way.
fn on<T: 'static>(endpoint: &'static Endpoint, handler: impl Handler<T, App>) -> Router<App> {
    endpoint.paths().fold(Router::new(), |router, path| router.route(path, any(handler.clone())))
}
