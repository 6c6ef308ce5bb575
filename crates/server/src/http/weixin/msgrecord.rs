//! Records: getmsglist and getrecord.

use super::route::{merged, on};
use crate::desk::record;
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{GET_MSG_LIST, GET_RECORD};
use protocol::msgrecord::{GetMsgList, GetRecord};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([on(app, &GET_MSG_LIST, getmsglist), on(app, &GET_RECORD, getrecord)])
}

/// `/customservice/msgrecord/getmsglist`.
pub async fn getmsglist(State(app): State<App>, caller: Caller, Body(asked): Body<GetMsgList>) -> Answer {
    let appid = caller.account()?;
    Reply::json(&record::by_number(&app.desk, appid, asked.ask()?).await?)
}

/// `/customservice/msgrecord/getrecord`.
pub async fn getrecord(State(app): State<App>, caller: Caller, Body(asked): Body<GetRecord>) -> Answer {
    let appid = caller.account()?;
    Reply::json(&record::by_page(&app.desk, appid, asked.ask()?).await?)
}
