//! The network between the desk and developers' servers: callbackCheck and getCallbackIp.

use super::route::{merged, on};
use crate::callback;
use crate::desk::account;
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{CALLBACK_CHECK, GET_CALLBACK_IP};
use protocol::network::{CallbackCheck, CallbackIp};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([on(app, &CALLBACK_CHECK, check), on(app, &GET_CALLBACK_IP, ip)])
}

/// `/cgi-bin/callback/check`.
pub async fn check(State(app): State<App>, caller: Caller, Body(asked): Body<CallbackCheck>) -> Answer {
    let (action, appid) = (asked.action()?, &caller.access().owner);
    let settings = account::callback::find(&app.desk, appid).await?;
    Reply::json(&callback::check(&app, appid, settings, action).await?)
}

/// `/cgi-bin/getcallbackip`.
pub async fn ip(State(app): State<App>, _: Caller) -> Answer {
    Reply::json(&CallbackIp { ip_list: app.settings.callback_addresses() })
}
