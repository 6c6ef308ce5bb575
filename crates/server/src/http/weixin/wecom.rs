//! The binding to WeCom: getKfWorkBound, bindKfWork and unbindKfWork.

use super::route::{merged, on};
use crate::desk::wecom;
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{BIND_KF_WORK, GET_KF_WORK_BOUND, UNBIND_KF_WORK};
use protocol::wecom::BindKfWork;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([on(app, &GET_KF_WORK_BOUND, get), on(app, &BIND_KF_WORK, bind), on(app, &UNBIND_KF_WORK, unbind)])
}

/// `/customservice/work/get`.
pub async fn get(State(app): State<App>, caller: Caller) -> Answer {
    Reply::json(&wecom::get(&app.desk, caller.account()?).await?)
}

/// `/customservice/work/bind`.
pub async fn bind(State(app): State<App>, caller: Caller, Body(corp): Body<BindKfWork>) -> Answer {
    wecom::bind(&app.desk, caller.account()?, corp.corpid()?).await?;
    Ok(Reply::done())
}

/// `/customservice/work/unbind`.
pub async fn unbind(State(app): State<App>, caller: Caller, Body(corp): Body<BindKfWork>) -> Answer {
    wecom::unbind(&app.desk, caller.account()?, corp.corpid()?).await?;
    Ok(Reply::done())
}
