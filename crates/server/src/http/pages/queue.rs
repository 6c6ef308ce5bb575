//! Calls of the workbench about the queue: who waits and why, who was missed, the agent's own switch and limit, and the
//! groups of agents.

use crate::desk::group::{ChangedBy, GroupChange, GroupRef};
use crate::desk::{agent, group, release, why};
use crate::http::edge::guard::{Login, PageBody};
use crate::http::edge::query::Params;
use crate::http::pages::answers::{GroupChanged, Groups, MissedCustomers};
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

/// A new group.
#[derive(Deserialize)]
pub struct NewGroupBody {
    appid: String,
    name: String,
    #[serde(default)]
    menu_id: String,
}

/// A group, and what changes of it; absent members stay.
#[derive(Deserialize)]
pub struct GroupBody {
    appid: String,
    group: i64,
    name: Option<String>,
    menu_id: Option<String>,
}

/// A group and an agent.
#[derive(Deserialize)]
pub struct MemberBody {
    appid: String,
    group: i64,
    kf_account: String,
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

/// `GET /desk/api/groups`: the groups of the account.
pub async fn groups(State(app): State<App>, login: Login, Params(of): Params<AccountQuery>) -> Answer {
    let groups = group::list(&app.desk, &login.worker, &appid(&of.appid)?).await?;
    Reply::json(&Groups { groups })
}

/// `POST /desk/api/group/add`: a supervisor makes a group.
pub async fn add_group(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<NewGroupBody>,
) -> Answer {
    let change = GroupChange::Add { name: given.name, menu_id: given.menu_id };
    change_group(&app, login, &given.appid, change).await
}

/// `POST /desk/api/group/rename`: a supervisor changes the name or the menu choice of a group.
pub async fn rename_group(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<GroupBody>,
) -> Answer {
    let group = GroupRef::Id(given.group);
    let change = GroupChange::Rename { group, name: given.name, menu_id: given.menu_id };
    change_group(&app, login, &given.appid, change).await
}

/// `POST /desk/api/group/delete`: a supervisor deletes a group.
pub async fn delete_group(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<GroupBody>,
) -> Answer {
    let change = GroupChange::Delete { group: GroupRef::Id(given.group) };
    change_group(&app, login, &given.appid, change).await
}

/// `POST /desk/api/group/join`: a supervisor makes an agent a member.
pub async fn join_group(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<MemberBody>,
) -> Answer {
    let change = GroupChange::Join { group: GroupRef::Id(given.group), kf_account: given.kf_account };
    change_group(&app, login, &given.appid, change).await
}

/// `POST /desk/api/group/leave`: a supervisor ends a membership.
pub async fn leave_group(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<MemberBody>,
) -> Answer {
    let change = GroupChange::Leave { group: GroupRef::Id(given.group), kf_account: given.kf_account };
    change_group(&app, login, &given.appid, change).await
}

async fn change_group(app: &App, login: Login, of: &str, change: GroupChange) -> Answer {
    let by = ChangedBy::Worker(login.worker);
    Reply::json(&GroupChanged { group: group::change(&app.desk, &appid(of)?, by, change).await? })
}
