//! Agents: addkfaccount, updatekfaccount, delkfaccount, invitekfworker and the two lists.

use super::route::{merged, on};
use crate::desk::cached_answers::AnswerKey;
use crate::desk::{agent, business, invitation, media, removal};
use crate::error::Error;
use crate::http::edge::caller::{Body, Caller, Maybe};
use crate::http::edge::guard::Base;
use crate::http::edge::upload::Upload;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use model::Appid;
use protocol::Errcode;
use protocol::business::{BusinessId, business_number};
use protocol::endpoint::{
    ADD_KF_ACCOUNT, CANCEL_KF_ADMIN, DEL_KF_ACCOUNT, GET_KF_LIST, GET_ONLINE_KF_LIST, INVITE_KF_WORKER,
    SET_KF_ADMIN, UPDATE_KF_ACCOUNT, UPLOAD_KF_HEADIMG,
};
use protocol::kfaccount::{
    AddKfAccount, DelKfAccount, GetKfList, InviteKfWorker, NewAgent, SetKfAdmin, UpdateKfAccount,
    UploadKfHeadimg,
};
use protocol::media::admit_headimg;
use protocol::parameter::FromTexts as _;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([
        on(app, &ADD_KF_ACCOUNT, add),
        on(app, &UPDATE_KF_ACCOUNT, update),
        on(app, &DEL_KF_ACCOUNT, del),
        on(app, &INVITE_KF_WORKER, inviteworker),
        on(app, &UPLOAD_KF_HEADIMG, uploadheadimg),
        on(app, &SET_KF_ADMIN, set_admin),
        on(app, &CANCEL_KF_ADMIN, cancel_admin),
        on(app, &GET_KF_LIST, getkflist),
        on(app, &GET_ONLINE_KF_LIST, getonlinekflist),
    ])
}

/// `/customservice/kfaccount/add`.
pub async fn add(State(app): State<App>, caller: Caller, Body(mut add): Body<AddKfAccount>) -> Answer {
    let business_id = business_number(add.business_id.take());
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

/// `/customservice/kfaccount/del`: the agent is in the query, else in the body.
pub async fn del(
    State(app): State<App>,
    caller: Caller,
    body: Result<Maybe<DelKfAccount>, Refusal>,
) -> Answer {
    let query: DelKfAccount = caller.query.read();
    let body = match body {
        // A call that names the agent in the query needs no body.
        Err(_) if query.kf_account.is_some() => DelKfAccount::default(),
        body => body?.0.unwrap_or_default(),
    };
    let DelKfAccount { kf_account, business_id } = query.or(body);
    let appid = account(&app, &caller, business_id).await?;
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
pub async fn uploadheadimg(State(app): State<App>, posted: Upload) -> Answer {
    let UploadKfHeadimg { kf_account } = posted.read();
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

/// Reads the agent from the query, else from the body.
async fn change_admin(
    app: &App,
    caller: Caller,
    body: Result<Maybe<SetKfAdmin>, Refusal>,
    supervisor: bool,
) -> Answer {
    let mut query: SetKfAdmin = caller.query.read();
    query.kf_account = query.kf_account.or(caller.query.get("kfaccount"));
    let body = match body {
        // A call that names the agent in the query needs no body.
        Err(_) if !query.is_empty() => SetKfAdmin::default(),
        body => body?.0.unwrap_or_default(),
    };
    let appid = account(app, &caller, query.business_id.take().or(body.business_id.clone())).await?;
    let agent = if query.is_empty() { body } else { query };
    agent::set_admin(&app.desk, appid, agent.named()?, supervisor).await?;
    Ok(Reply::done())
}

/// The account of the call. Refuses with 40097 if the account has no sub-merchant with this number.
async fn account<'a>(app: &App, caller: &'a Caller, id: Option<BusinessId>) -> Result<&'a Appid, Error> {
    let appid = caller.account()?;
    business::must_exist(&app.desk, appid, business_number(id)).await?;
    Ok(appid)
}

/// `/cgi-bin/customservice/getkflist`.
pub async fn getkflist(State(app): State<App>, caller: Caller, base: Base) -> Answer {
    let GetKfList { business_id } = caller.query.read();
    let appid = account(&app, &caller, business_id).await?;
    Reply::json(&agent::list(&app.desk, appid, &base.0).await?)
}

/// `/cgi-bin/customservice/getonlinekflist`.
pub async fn getonlinekflist(State(app): State<App>, caller: Caller) -> Answer {
    let GetKfList { business_id } = caller.query.read();
    let appid = account(&app, &caller, business_id).await?;
    Ok(Reply::ready(app.answer(appid, caller.head(), &AnswerKey::Online).await?))
}
