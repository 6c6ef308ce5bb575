//! Records: getmsglist and getrecord.

use crate::desk::record;
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use protocol::msgrecord::{GetMsgList, GetRecord};

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
