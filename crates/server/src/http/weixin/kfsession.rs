//! Sessions: createkfsession, closesession, getkfsession, getkfsessionlist, getwaitcase.

use super::route::{merged, on};
use crate::desk::cached_answers::AnswerKey;
use crate::desk::session;
use crate::http::edge::caller::{Body, Caller};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::Errcode;
use protocol::endpoint::{
    CLOSE_KF_SESSION, CREATE_KF_SESSION, GET_KF_SESSION, GET_KF_SESSION_LIST, GET_WAIT_CASE,
};
use protocol::kfsession::{AgentAndCustomer, GetKfSession, GetKfSessionList};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([
        on(app, &CREATE_KF_SESSION, create),
        on(app, &CLOSE_KF_SESSION, close),
        on(app, &GET_KF_SESSION, getsession),
        on(app, &GET_KF_SESSION_LIST, getsessionlist),
        on(app, &GET_WAIT_CASE, getwaitcase),
    ])
}

/// `/customservice/kfsession/create`.
pub async fn create(State(app): State<App>, caller: Caller, Body(pair): Body<AgentAndCustomer>) -> Answer {
    session::create(&app.desk, caller.account()?, pair.kf_account, pair.openid).await?;
    Ok(Reply::done())
}

/// `/customservice/kfsession/close`.
pub async fn close(State(app): State<App>, caller: Caller, Body(pair): Body<AgentAndCustomer>) -> Answer {
    session::close(&app.desk, caller.account()?, pair.kf_account, pair.openid).await?;
    Ok(Reply::done())
}

/// `/customservice/kfsession/getsession`.
pub async fn getsession(State(app): State<App>, caller: Caller) -> Answer {
    let appid = caller.account()?;
    let GetKfSession { openid } = caller.query.read();
    let openid = openid.ok_or(Errcode::InvalidOpenid)?;
    Reply::json(&session::of_customer(&app.desk, appid, &openid).await?)
}

/// `/customservice/kfsession/getsessionlist`.
pub async fn getsessionlist(State(app): State<App>, caller: Caller) -> Answer {
    let appid = caller.account()?;
    let GetKfSessionList { kf_account } = caller.query.read();
    let kf_account = kf_account.ok_or(Errcode::InvalidAgent)?;
    Ok(Reply::ready(app.answer(appid, caller.head(), &AnswerKey::Sessions(kf_account)).await?))
}

/// `/customservice/kfsession/getwaitcase`.
pub async fn getwaitcase(State(app): State<App>, caller: Caller) -> Answer {
    Reply::json(&session::waiting(&app.desk, caller.account()?).await?)
}
