//! Sub-merchants: registerbusiness, updatebusiness, getbusiness and listbusiness.

use super::route::{merged, on};
use crate::desk::business;
use crate::http::edge::caller::{Body, Caller};
use crate::http::edge::guard::Base;
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::business::{
    BusinessAnswer, BusinessList, BusinessRegistered, GetBusiness, ListBusiness, RegisterBusiness,
    UpdateBusiness,
};
use protocol::endpoint::{GET_BUSINESS, LIST_BUSINESS, REGISTER_BUSINESS, UPDATE_BUSINESS};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([
        on(app, &REGISTER_BUSINESS, register),
        on(app, &UPDATE_BUSINESS, update),
        on(app, &GET_BUSINESS, get),
        on(app, &LIST_BUSINESS, list),
    ])
}

/// `/cgi-bin/business/register`.
pub async fn register(State(app): State<App>, caller: Caller, Body(asked): Body<RegisterBusiness>) -> Answer {
    let id = business::register(&app.desk, caller.account()?, asked).await?;
    Reply::json(&BusinessRegistered::of(id))
}

/// `/cgi-bin/business/update`.
pub async fn update(State(app): State<App>, caller: Caller, Body(asked): Body<UpdateBusiness>) -> Answer {
    business::update(&app.desk, caller.account()?, asked.changes()).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/business/get`.
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    base: Base,
    Body(asked): Body<GetBusiness>,
) -> Answer {
    let found = business::get(&app.desk, caller.account()?, asked.named()?, &base.0).await?;
    Reply::json(&BusinessAnswer::of(found))
}

/// `/cgi-bin/business/list`.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    base: Base,
    Body(asked): Body<ListBusiness>,
) -> Answer {
    let page = business::list(&app.desk, caller.account()?, asked.page()?, &base.0).await?;
    Reply::json(&BusinessList::of(page))
}
