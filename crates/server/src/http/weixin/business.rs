//! Sub-merchants: registerbusiness, updatebusiness, getbusiness and listbusiness.

use crate::desk::business;
use crate::http::edge::caller::{Body, Caller};
use crate::http::edge::guard::Base;
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use protocol::business::{Get, Got, List, Listed, Register, Registered, Update};

/// `/cgi-bin/business/register`.
pub async fn register(State(app): State<App>, caller: Caller, Body(asked): Body<Register>) -> Answer {
    let id = business::register(&app.desk, caller.account()?, asked).await?;
    Reply::json(&Registered::of(id))
}

/// `/cgi-bin/business/update`.
pub async fn update(State(app): State<App>, caller: Caller, Body(asked): Body<Update>) -> Answer {
    business::update(&app.desk, caller.account()?, asked.changes()).await?;
    Ok(Reply::done())
}

/// `/cgi-bin/business/get`.
pub async fn get(State(app): State<App>, caller: Caller, base: Base, Body(asked): Body<Get>) -> Answer {
    let found = business::get(&app.desk, caller.account()?, asked.named()?, &base.0).await?;
    Reply::json(&Got::of(found))
}

/// `/cgi-bin/business/list`.
pub async fn list(State(app): State<App>, caller: Caller, base: Base, Body(asked): Body<List>) -> Answer {
    let page = business::list(&app.desk, caller.account()?, asked.page()?, &base.0).await?;
    Reply::json(&Listed::of(page))
}
