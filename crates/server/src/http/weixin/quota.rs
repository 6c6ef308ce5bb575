//! Quotas and request ids: clearQuota in its three forms, getApiQuota, clearApiQuota, getRidInfo.

use super::route::{merged, on};
use crate::desk::{quota, refusal_log};
use crate::http::edge::caller::{Anyone, Body, Caller, Maybe};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{
    CLEAR_API_QUOTA, CLEAR_COMPONENT_QUOTA, CLEAR_QUOTA, CLEAR_QUOTA_BY_SECRET, GET_API_QUOTA, GET_RID_INFO,
};
use protocol::parameter::FromTexts as _;
use protocol::quota::{CgiPath, ClearComponentQuotaByAppSecret, ClearQuota, ClearQuotaByAppSecret};
use protocol::rid::GetRidInfo;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([
        on(app, &CLEAR_QUOTA, clear),
        on(app, &CLEAR_QUOTA_BY_SECRET, clear_by_secret),
        on(app, &CLEAR_COMPONENT_QUOTA, clear_as_component),
        on(app, &GET_API_QUOTA, get),
        on(app, &CLEAR_API_QUOTA, clear_one),
        on(app, &GET_RID_INFO, rid),
    ])
}

/// `/cgi-bin/clear_quota`.
pub async fn clear(State(app): State<App>, caller: Caller, Body(clear): Body<ClearQuota>) -> Answer {
    quota::clear_all(&app.desk, caller.access(), &clear.appid).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/clear_quota/v2`: each parameter is in the query or in the body.
pub async fn clear_by_secret(
    State(app): State<App>,
    Anyone { query, address }: Anyone,
    Maybe(body): Maybe<ClearQuotaByAppSecret>,
) -> Answer {
    let asked: ClearQuotaByAppSecret = query.read();
    quota::clear_by_secret(&app.desk, asked.or(body.unwrap_or_default()), address).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/component/clear_quota/v2`, in the same way.
pub async fn clear_as_component(
    State(app): State<App>,
    Anyone { query, address }: Anyone,
    Maybe(body): Maybe<ClearComponentQuotaByAppSecret>,
) -> Answer {
    let asked: ClearComponentQuotaByAppSecret = query.read();
    quota::clear_as_component(&app.desk, asked.or(body.unwrap_or_default()), address).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/openapi/quota/get`.
pub async fn get(State(app): State<App>, caller: Caller, Body(asked): Body<CgiPath>) -> Answer {
    let quota = quota::get(&app.desk, caller.access(), &asked.cgi_path).await?;
    Reply::json(&quota)
}

/// `/cgi-bin/openapi/quota/clear`.
pub async fn clear_one(State(app): State<App>, caller: Caller, Body(asked): Body<CgiPath>) -> Answer {
    quota::clear_one(&app.desk, caller.access(), &asked.cgi_path).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/openapi/rid/get`.
pub async fn rid(State(app): State<App>, caller: Caller, Body(asked): Body<GetRidInfo>) -> Answer {
    Reply::json(&refusal_log::get(&app.desk, &caller.access().owner, &asked.rid).await?)
}
