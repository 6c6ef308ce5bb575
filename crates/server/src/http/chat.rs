//! The customer page's calls.

use super::guard::{Front, Sent, Visitor};
use super::{Finish, PageAnswer, PageRefusal, Reply};
use crate::desk::draft::Draft;
use crate::desk::{message, snapshot, tap, window};
use crate::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use protocol::Errcode;
use serde::Deserialize;
use serde_json::json;

/// A message.
#[derive(Deserialize)]
pub struct Message {
    client_id: String,
    text: String,
}

/// A choice of a menu.
#[derive(Deserialize)]
pub struct Tap {
    client_id: String,
    message: i64,
    id: String,
}

/// A page of history.
#[derive(Deserialize)]
pub struct Page {
    #[serde(default)]
    before: i64,
}

/// `GET /chat/api/{appid}/snapshot`. A browser that comes for the first time gets its cookie here, so
/// that its first message can be sent again without making two customers of it.
pub async fn snapshot(
    State(app): State<App>,
    front: Front,
    visitor: Visitor,
) -> Result<Response, PageRefusal> {
    let run = async {
        let chat = snapshot::chat(&app.desk, &visitor.appid, visitor.openid.clone()).await?;
        window::entered(&app.desk, &visitor.appid, visitor.openid.as_ref(), chat.kind).await?;
        Reply::json(&chat)
    };
    let reply = run.await.refuse_page(&app)?;
    Ok((visitor.new_cookie(&app, front).1, reply).into_response())
}

/// `POST /chat/api/{appid}/message`: the first makes the visitor a customer.
pub async fn message(
    State(app): State<App>,
    front: Front,
    visitor: Visitor,
    Sent(given): Sent<Message>,
) -> Result<Response, PageRefusal> {
    let is_new = visitor.openid.is_none();
    app.throttles.write(front.address, is_new).map_err(|wait| PageRefusal::wait(&app, wait))?;
    let (cookie, headers) = visitor.new_cookie(&app, front);
    let run = async {
        let draft = Draft::new(given.text, given.client_id)?;
        let message = message::receive(&app.desk, &visitor.appid, &cookie, draft).await?;
        // Before this message, so that the stream brings what came of it.
        let since = format!("{}:{}", visitor.appid, message.id - 1);
        Reply::json(&json!({"message": message, "since": since}))
    };
    let reply = run.await.refuse_page(&app)?;
    Ok((headers, reply).into_response())
}

/// `POST /chat/api/{appid}/tap`: a choice of a menu that was sent to her.
pub async fn tap(
    State(app): State<App>,
    front: Front,
    visitor: Visitor,
    Sent(Tap { client_id, message, id }): Sent<Tap>,
) -> PageAnswer {
    let openid = visitor.openid.ok_or(Errcode::LoginNeeded).refuse_page(&app)?;
    app.throttles.write(front.address, false).map_err(|wait| PageRefusal::wait(&app, wait))?;
    let run = async {
        let choice = tap::Tap { message, id, client_id };
        Reply::json(&json!({"message": tap::choose(&app.desk, &visitor.appid, &openid, choice).await?}))
    };
    run.await.refuse_page(&app)
}

/// `GET /chat/api/{appid}/messages`.
pub async fn messages(
    State(app): State<App>,
    visitor: Visitor,
    query: Result<Query<Page>, QueryRejection>,
) -> PageAnswer {
    let run = async {
        let Query(page) = query.map_err(|_| Errcode::BadRequest)?;
        let openid = visitor.openid.ok_or(Errcode::LoginNeeded)?;
        let messages = message::own_history(&app.desk, &visitor.appid, &openid, page.before).await?;
        Reply::json(&json!({"messages": messages}))
    };
    run.await.refuse_page(&app)
}
