//! The customer page's calls.

use super::guard::{Front, Sent, Visitor, customer_cookie};
use super::{Finish, PageAnswer, PageRefusal, Reply};
use crate::desk::message::Draft;
use crate::desk::{customer, message, snapshot};
use crate::error::Error;
use crate::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
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

/// `GET /chat/api/{appid}/snapshot`.
pub async fn snapshot(State(app): State<App>, visitor: Visitor) -> PageAnswer {
    let run = async { Reply::json(&snapshot::chat(&app.desk, &visitor.appid, visitor.openid).await?) };
    run.await.refuse_page(&app)
}

/// `POST /chat/api/{appid}/message`: the first makes the visitor a customer.
pub async fn message(
    State(app): State<App>,
    front: Front,
    visitor: Visitor,
    Sent(given): Sent<Message>,
) -> Result<Response, PageRefusal> {
    let run = async {
        let appid = visitor.appid;
        let draft = Draft::new(given.text, given.client_id)?;
        let (openid, cookie) = match visitor.openid {
            Some(openid) => (openid, None),
            None => {
                let (openid, secret) = customer::create(&app.desk, &appid).await?;
                (openid, Some(customer_cookie(front, &appid, &secret)))
            }
        };
        let message = message::receive(&app.desk, &appid, &openid, draft).await?;
        // Before this message, so that the stream brings what came of it.
        let since = format!("{appid}:{}", message.id - 1);
        let reply = Reply::json(&json!({"message": message, "since": since}))?;
        Ok::<_, Error>((cookie, reply))
    };
    let (cookie, reply) = run.await.refuse_page(&app)?;
    Ok((
        cookie.map(|cookie| [(SET_COOKIE, cookie)]).into_iter().flatten().collect::<http::HeaderMap>(),
        reply,
    )
        .into_response())
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
