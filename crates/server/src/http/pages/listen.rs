//! Calls of `kefu listen`: the stream on which an account's pushes go to a developer's machine, and its answers.

use crate::desk::account::{self, callback, listen_key};
use crate::desk::callback::{ended, lease, pushes};
use crate::error::Error;
use crate::forward::{EndedPush, ForwardedAnswer, Forwarding, Greeting, Line};
use crate::http::edge::caller::collect;
use crate::http::edge::query::Params;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{once, unfold};
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use model::Appid;
use protocol::Errcode;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;

/// Interval of the lines that keep an idle stream alive, at which key and settings are looked at again.
const BEAT: Duration = Duration::from_secs(5);

/// The account of the key in the header `Authorization: Bearer KEY`.
pub struct KeyHolder {
    appid: Appid,
    key: String,
}

impl FromRequestParts<App> for KeyHolder {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        match listen_key::account_of(&app.desk, &key).await? {
            Some(appid) => Ok(KeyHolder { appid, key }),
            None => Err(Errcode::LoginNeeded.into()),
        }
    }
}

/// Where the machine was.
#[derive(Deserialize)]
pub struct ListenQuery {
    /// The change up to which the machine has seen everything; absent at the first time.
    since: Option<i64>,
}

/// Which push an answer is for.
#[derive(Deserialize)]
pub struct AnswerQuery {
    connection: u64,
    id: u64,
    /// The status of the program's answer; 0 if the program was not reached.
    status: u16,
}

/// `GET /desk/api/listen`. While the stream is open, the account's pushes go there.
pub async fn stream(
    State(app): State<App>,
    holder: KeyHolder,
    Params(asked): Params<ListenQuery>,
) -> Answer<Response> {
    let KeyHolder { appid, key } = holder;
    let desk = &app.desk;
    callback::show(desk, &appid).await?.ok_or(Errcode::NotFound)?;
    let name = account::show(desk, &appid).await?.name;
    // The node that the machine is connected to delivers.
    lease::seize(desk, &appid).await?;
    let forwarding = app.forwarders.connect(&appid);
    let cursor = pushes::cursor(desk, &appid).await?.unwrap_or(0);
    let (ended, more) = ended::after(desk, &appid, asked.since.unwrap_or(cursor)).await?;
    let ended =
        ended.into_iter().map(|it| EndedPush { push: it.push, what: it.what, outcome: it.outcome }).collect();
    let connection = forwarding.id;
    let greeting = Greeting { appid: appid.to_string(), name, connection, cursor, ended, more };
    let greeting = written(&Line::Greeting(greeting))?;
    let stream = ListenStream { app: app.clone(), appid, key, forwarding, cursor };
    let lines = unfold(Some(stream), |stream| async move {
        let mut stream = stream?;
        match stream.next().await {
            Next::Line(line) => Some((line, Some(stream))),
            Next::Last(line) => Some((line, None)),
            Next::End => None,
        }
    });
    let lines = once(std::future::ready(greeting)).chain(lines).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    // A reverse proxy must not buffer lines.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// `POST /desk/api/listen/answer`: the body is that of the program's answer.
pub async fn answer(
    State(app): State<App>,
    holder: KeyHolder,
    Params(asked): Params<AnswerQuery>,
    request: Request,
) -> Answer {
    let answer = ForwardedAnswer { status: asked.status, body: collect(request).await? };
    if app.forwarders.answer(&holder.appid, asked.connection, asked.id, answer) {
        Ok(Reply::done())
    } else {
        Err(Errcode::NotFound.into())
    }
}

/// An open stream.
struct ListenStream {
    app: App,
    appid: Appid,
    key: String,
    forwarding: Forwarding,
    cursor: i64,
}

enum Next {
    Line(Bytes),
    Last(Bytes),
    End,
}

impl ListenStream {
    async fn next(&mut self) -> Next {
        let stop = self.app.stop.clone();
        let replaced = self.forwarding.replaced.clone();
        let line = tokio::select! {
            biased;
            () = stop.cancelled() => return Next::End,
            () = replaced.cancelled() => return written(&Line::Replaced).map_or(Next::End, Next::Last),
            push = self.forwarding.queue.recv() => match push {
                Some(push) => written(&Line::Push(push)),
                None => return Next::End,
            },
            () = tokio::time::sleep(BEAT) => match self.beat().await {
                Ok(Some(line)) => Ok(line),
                Ok(None) => return written(&Line::Over).map_or(Next::End, Next::Last),
                // The store is away; the stream needs it only for this.
                Err(_) => Ok(Bytes::from_static(b"\n")),
            },
        };
        line.map_or(Next::End, Next::Line)
    }

    /// The line of a beat; `None` if the stream is over.
    async fn beat(&mut self) -> Result<Option<Bytes>, Error> {
        let desk = &self.app.desk;
        if listen_key::account_of(desk, &self.key).await?.is_none() {
            return Ok(None);
        }
        let Some(cursor) = pushes::cursor(desk, &self.appid).await? else { return Ok(None) };
        if cursor == self.cursor {
            return Ok(Some(Bytes::from_static(b"\n")));
        }
        self.cursor = cursor;
        Ok(Some(written(&Line::Cursor(cursor))?))
    }
}

fn written(line: &Line) -> Result<Bytes, Error> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text.into())
}
