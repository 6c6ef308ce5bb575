//! Calls of the customer page.

use crate::desk::draft::Draft;
use crate::desk::{menu_choice, message, snapshot, why, window};
use crate::http::edge::guard::PageBody;
use crate::http::edge::query::Params;
use crate::http::pages::answers::Messages;
use crate::http::pages::chat_caller::ChatCaller;
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use protocol::Errcode;
use serde::Deserialize;

/// A message.
#[derive(Deserialize)]
pub struct ChatMessageBody {
    client_id: String,
    text: String,
}

/// A choice of a menu.
#[derive(Deserialize)]
pub struct TapBody {
    client_id: String,
    message: i64,
    id: String,
}

/// A page of history.
#[derive(Deserialize)]
pub struct ChatHistoryQuery {
    #[serde(default)]
    before: i64,
}

/// `GET /chat/api/{appid}/snapshot`. A new browser gets its cookie here, so that repeating its first message does not
/// create two customers.
pub async fn snapshot(State(app): State<App>, caller: ChatCaller) -> Answer<Response> {
    let chat = snapshot::chat(&app.desk, &caller.appid, caller.openid.clone()).await?;
    let openid = caller.openid.as_ref();
    window::enter(&app.desk, &caller.appid, openid, chat.kind, chat.seen_at).await?;
    Ok((caller.first_cookie(&app), Reply::json(&chat)?).into_response())
}

/// `POST /chat/api/{appid}/message`: the first message creates the customer.
pub async fn message(
    State(app): State<App>,
    caller: ChatCaller,
    PageBody(given): PageBody<ChatMessageBody>,
) -> Answer<Response> {
    caller.may_write(&app, &given.client_id)?;
    let draft = Draft::new(given.text, given.client_id)?;
    let sent = message::receive(&app.desk, &caller.appid, caller.writer(&app), draft).await?;
    caller.answer_message(&app, &sent)
}

/// `POST /chat/api/{appid}/menu_choice`: a choice from a menu that the customer was sent.
pub async fn choose_from_menu(
    State(app): State<App>,
    caller: ChatCaller,
    PageBody(TapBody { client_id, message, id }): PageBody<TapBody>,
) -> Answer<Response> {
    caller.must_be_known()?;
    caller.may_write(&app, &client_id)?;
    let choice = menu_choice::MenuChoice { message, id, client_id };
    caller.answer_message(
        &app,
        &menu_choice::choose(&app.desk, &caller.appid, caller.writer(&app), choice).await?,
    )
}

/// `GET /chat/api/{appid}/place`: how many customers are before this one.
pub async fn place(State(app): State<App>, caller: ChatCaller) -> Answer {
    let openid = caller.openid.ok_or(Errcode::LoginNeeded)?;
    Reply::json(&why::place(&app.desk, &caller.appid, &openid).await?)
}

/// `GET /chat/api/{appid}/messages`.
pub async fn messages(
    State(app): State<App>,
    caller: ChatCaller,
    Params(page): Params<ChatHistoryQuery>,
) -> Answer {
    let openid = caller.openid.ok_or(Errcode::LoginNeeded)?;
    let messages = message::own_history(&app.desk, &caller.appid, &openid, page.before).await?;
    Reply::json(&Messages { messages })
}
