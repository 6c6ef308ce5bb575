//! Calls of the workbench about the queue: who waits and why, who was missed, and the agent's own switch and limit.

use crate::desk::{agent, release, why};
use crate::http::edge::guard::{Login, PageBody};
use crate::http::edge::query::Params;
use crate::http::pages::answers::MissedCustomers;
use crate::http::pages::desk::{AccountQuery, SessionBody, appid};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use model::account::{Intake, Reception};
use serde::Deserialize;

/// An agent's own switch and limit; absent ones are the account's.
#[derive(Deserialize)]
pub struct IntakeBody {
    appid: String,
    reception: Option<Reception>,
    capacity: Option<i64>,
}

/// A session of an account.
#[derive(Deserialize)]
pub struct SessionQuery {
    appid: String,
    session: i64,
}

/// `POST /desk/api/session/hand_back`: the customer goes back to the queue, to the place of before.
pub async fn hand_back(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<SessionBody>,
) -> Answer {
    release::hand_back(&app.desk, &login.worker, &appid(&given.appid)?, given.session).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/session/answered`: the customer's last words need no answer.
pub async fn answered(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<SessionBody>,
) -> Answer {
    release::needs_no_reply(&app.desk, &login.worker, &appid(&given.appid)?, given.session).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/intake`: the agent's own switch and limit for customers who are assigned.
pub async fn intake(State(app): State<App>, login: Login, PageBody(given): PageBody<IntakeBody>) -> Answer {
    let intake = Intake { reception: given.reception, capacity: given.capacity };
    agent::set_intake(&app.desk, &login.worker, &appid(&given.appid)?, intake).await?;
    Ok(Reply::done())
}

/// `GET /desk/api/missed`: customers whom no agent answered, for a supervisor.
pub async fn missed(State(app): State<App>, login: Login, Params(of): Params<AccountQuery>) -> Answer {
    let missed = why::missed(&app.desk, &login.worker, &appid(&of.appid)?).await?;
    Reply::json(&MissedCustomers { missed })
}

/// `POST /desk/api/missed/dismiss`: a supervisor has seen to a customer who was missed.
pub async fn dismiss(State(app): State<App>, login: Login, PageBody(given): PageBody<SessionBody>) -> Answer {
    why::dismiss(&app.desk, &login.worker, &appid(&given.appid)?, given.session).await?;
    Ok(Reply::done())
}

/// `GET /desk/api/why/waiting`: why a customer waits.
pub async fn why_waiting(State(app): State<App>, login: Login, Params(of): Params<SessionQuery>) -> Answer {
    Reply::json(&why::waiting(&app.desk, &login.worker, &appid(&of.appid)?, of.session).await?)
}

/// `GET /desk/api/why/idle`: why the agent gets no customers.
pub async fn why_idle(State(app): State<App>, login: Login, Params(of): Params<AccountQuery>) -> Answer {
    Reply::json(&why::idle(&app.desk, &login.worker, &appid(&of.appid)?).await?)
}
