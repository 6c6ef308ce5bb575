//! Agents: addkfaccount, updatekfaccount, delkfaccount, invitekfworker and the two lists.

use super::route::on;
use crate::desk::cached_answers::AnswerKey;
use crate::desk::{agent, business, invitation, media, removal};
use crate::error::Error;
use crate::http::edge::caller::{Body, Caller, Maybe};
use crate::http::edge::guard::Base;
use crate::http::edge::upload::Posted;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use model::Appid;
use protocol::Errcode;
use protocol::business::{BusinessId, named};
use protocol::endpoint::{
    ADD_KF_ACCOUNT, CANCEL_KF_ADMIN, DEL_KF_ACCOUNT, GET_KF_LIST, GET_ONLINE_KF_LIST, INVITE_KF_WORKER,
    SET_KF_ADMIN, UPDATE_KF_ACCOUNT, UPLOAD_KF_HEADIMG,
};
use protocol::kfaccount::{
    AddKfAccount, DelKfAccount, InviteKfWorker, NewAgent, SetKfAdmin, UpdateKfAccount,
};
use protocol::media::admit_headimg;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    Router::new()
        .merge(on(app, &ADD_KF_ACCOUNT, add))
        .merge(on(app, &UPDATE_KF_ACCOUNT, update))
        .merge(on(app, &DEL_KF_ACCOUNT, del))
        .merge(on(app, &INVITE_KF_WORKER, inviteworker))
        .merge(on(app, &UPLOAD_KF_HEADIMG, uploadheadimg))
        .merge(on(app, &SET_KF_ADMIN, set_admin))
        .merge(on(app, &CANCEL_KF_ADMIN, cancel_admin))
        .merge(on(app, &GET_KF_LIST, getkflist))
        .merge(on(app, &GET_ONLINE_KF_LIST, getonlinekflist))
}

/// `/customservice/kfaccount/add`.
pub async fn add(State(app): State<App>, caller: Caller, Body(mut add): Body<AddKfAccount>) -> Answer {
    let business_id = named(None, add.business_id.take());
    let form = add.form(caller.kind())?;
    let appid = caller.account()?;
    business::must_exist(&app.desk, appid, business_id).await?;
    match form {
        NewAgent::Agent { kf_account, nickname } => {
            agent::add(&app.desk, appid, kf_account, nickname).await?
        }
        NewAgent::Person(kf_wx) => invitation::add_and_invite(&app.desk, appid, &kf_wx).await?,
    }
    Ok(Reply::done())
}

/// `/customservice/kfaccount/update`.
pub async fn update(State(app): State<App>, caller: Caller, Body(update): Body<UpdateKfAccount>) -> Answer {
    agent::rename(&app.desk, caller.account()?, update.kf_account, update.nickname).await?;
    Ok(Reply::done())
}

/// `/customservice/kfaccount/del`: the agent stands in the query, else in the body.
pub async fn del(
    State(app): State<App>,
    caller: Caller,
    body: Result<Maybe<DelKfAccount>, Refusal>,
) -> Answer {
    let kf_account = caller.query.get("kf_account");
    let body = match body {
        // What stands in the query needs no body.
        Err(_) if kf_account.is_some() => DelKfAccount::default(),
        body => body?.0.unwrap_or_default(),
    };
    let kf_account = kf_account.or(body.kf_account);
    let appid = account(&app, &caller, body.business_id).await?;
    removal::agent::delete(&app.desk, appid, &kf_account.ok_or(Errcode::InvalidAgent)?).await?;
    Ok(Reply::done())
}

/// `/customservice/kfaccount/inviteworker`.
pub async fn inviteworker(
    State(app): State<App>,
    caller: Caller,
    Body(invite): Body<InviteKfWorker>,
) -> Answer {
    invitation::invite(&app.desk, caller.account()?, &invite.kf_account, &invite.invite_wx).await?;
    Ok(Reply::done())
}

/// `/customservice/kfaccount/uploadheadimg`.
pub async fn uploadheadimg(State(app): State<App>, posted: Posted) -> Answer {
    let kf_account = posted.get("kf_account");
    let file = posted.file.ok_or(Errcode::MediaDataMissing)?;
    let format = admit_headimg(&file.bytes.head, file.bytes.size)?;
    let (appid, kf_account) = (posted.caller.account()?, kf_account.ok_or(Errcode::InvalidAgent)?);
    media::set_headimg(&app.desk, appid, &kf_account, file.bytes.end(format).await?).await?;
    Ok(Reply::done())
}

/// `/customservice/kfaccount/setadmin`.
pub async fn set_admin(
    State(app): State<App>,
    caller: Caller,
    body: Result<Maybe<SetKfAdmin>, Refusal>,
) -> Answer {
    change_admin(&app, caller, body, true).await
}

/// `/customservice/kfaccount/canceladmin`.
pub async fn cancel_admin(
    State(app): State<App>,
    caller: Caller,
    body: Result<Maybe<SetKfAdmin>, Refusal>,
) -> Answer {
    change_admin(&app, caller, body, false).await
}

/// The agent stands in the query, else in the body.
async fn change_admin(
    app: &App,
    caller: Caller,
    body: Result<Maybe<SetKfAdmin>, Refusal>,
    supervisor: bool,
) -> Answer {
    let query = |name| caller.query.get(name);
    let kf_account = query("kf_account").or(query("kfaccount"));
    let asked = SetKfAdmin { kf_openid: query("kf_openid"), kf_account, business_id: None };
    let mut given = match body {
        // What stands in the query needs no body.
        Err(_) if !asked.is_empty() => SetKfAdmin::default(),
        body => body?.0.unwrap_or_default(),
    };
    if !asked.is_empty() {
        given = SetKfAdmin { business_id: given.business_id, ..asked };
    }
    let appid = account(app, &caller, given.business_id.take()).await?;
    agent::set_admin(&app.desk, appid, given.named()?, supervisor).await?;
    Ok(Reply::done())
}

/// The account whose agents are meant, once the sub-merchant that the query or the body names is known to exist.
async fn account<'a>(app: &App, caller: &'a Caller, body: Option<BusinessId>) -> Result<&'a Appid, Error> {
    let appid = caller.account()?;
    business::must_exist(&app.desk, appid, named(caller.query.get("business_id"), body)).await?;
    Ok(appid)
}

/// `/cgi-bin/customservice/getkflist`.
pub async fn getkflist(State(app): State<App>, caller: Caller, base: Base) -> Answer {
    let appid = account(&app, &caller, None).await?;
    Reply::json(&agent::list(&app.desk, appid, &base.0).await?)
}

/// `/cgi-bin/customservice/getonlinekflist`.
pub async fn getonlinekflist(State(app): State<App>, caller: Caller) -> Answer {
    let appid = account(&app, &caller, None).await?;
    Ok(Reply::ready(app.answer(appid, caller.head(), &AnswerKey::Online).await?))
}
