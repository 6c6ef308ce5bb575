//! Messages to customers: sendCustomMessage and typing.

use super::route::{merged, on};
use crate::desk::{api_message, typing};
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use http::Uri;
use model::session::window;
use protocol::endpoint::BUSINESS_SEND;
use protocol::endpoint::{SEND_CUSTOM_MESSAGE, SHOW_BUSINESS_TYPING, SHOW_TYPING};
use protocol::message::{SendCustomMessage, SetTyping};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([
        on(app, &SEND_CUSTOM_MESSAGE, send),
        on(app, &SHOW_TYPING, typing),
        on(app, &SHOW_BUSINESS_TYPING, business_typing),
    ])
}

/// `/cgi-bin/message/custom/send`, and the path of older pages that asks for a sub-merchant.
pub async fn send(
    State(app): State<App>,
    uri: Uri,
    caller: Caller,
    Body(given): Body<SendCustomMessage>,
) -> Answer {
    if uri.path() == BUSINESS_SEND {
        given.must_name_business()?;
    }
    let message = given.message(caller.kind())?;
    api_message::send(&app.desk, caller.account()?, message).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/message/custom/typing`.
pub async fn typing(State(app): State<App>, caller: Caller, Body(given): Body<SetTyping>) -> Answer {
    typing::show(&app.desk, caller.account()?, &given.touser, given.command()?).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/message/custom/business/typing`, which Mini Programs and Mini Games call.
pub async fn business_typing(State(app): State<App>, caller: Caller, Body(given): Body<SetTyping>) -> Answer {
    window::must_be_mini(caller.kind())?;
    typing::show(&app.desk, caller.account()?, &given.touser, given.command()?).await?;
    Ok(Reply::done())
}
