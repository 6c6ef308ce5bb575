//! The customer page's calls.

use super::guard::{Front, Sent, Visitor};
use super::{Finish, PageAnswer, PageRefusal, Reply};
use crate::desk::message::Draft;
use crate::desk::{message, snapshot};
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
    let run =
        async { Reply::json(&snapshot::chat(&app.desk, &visitor.appid, visitor.openid.clone()).await?) };
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
