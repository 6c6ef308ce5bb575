//! Why customers wait and agents get none, and who was missed.

use crate::people::agent;
use crate::people::presence::{of_worker, supervisor};
use crate::session::queue;
use crate::{Desk, Result, account, session};
use model::session::leave::MissedReason;
use model::session::queue::{Candidate, Place};
use model::session::why::{AgentReason, WaitReason, why_not, why_waits};
use model::session::{SessionState, routing};
use model::{Account, Appid, Fact, Openid, TextEnum, Time, WechatId};
use protocol::Errcode;
use serde::Serialize;
use store::{Row, Tx, bind};

/// The most customers on the list of those who were missed.
const MISSED_SHOWN: i64 = 200;

/// Why a customer waits.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct WhyWaiting {
    /// The customer.
    openid: String,
    /// When the customer wrote the first word that has no answer.
    since: Time,
    /// How many customers of the same queue are before this one.
    before: i64,
    /// The group whose agents serve the customer; 0: all agents do.
    group: i64,
    /// The reason.
    reason: WaitReason,
    /// The agents of the account, each with the reason why the agent does not get the customer.
    agents: Vec<WhyAgent>,
}

/// Why an agent does not get a customer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct WhyAgent {
    /// The agent.
    kf_account: String,
    /// The reason.
    reason: AgentReason,
    /// The number of open sessions.
    open: i64,
    /// The most open sessions to which assignment brings the agent.
    limit: i64,
}

impl WhyAgent {
    fn of(agent: &Candidate, place: &Place) -> Self {
        WhyAgent {
            kf_account: agent.kf_account.to_string(),
            reason: why_not(agent, place),
            open: agent.open,
            limit: agent.limit,
        }
    }
}

/// Why an agent gets no customers.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct WhyIdle {
    /// The agent, with the reason.
    agent: WhyAgent,
    /// The number of customers who wait.
    waiting: i64,
    /// How many of them wait for the agents of groups to which the agent does not belong.
    for_others: i64,
    /// Whether the account's developer's server gets what customers write, until it hands them over.
    has_developer: bool,
}

/// Where a customer stands.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ChatPlace {
    /// How many customers are before this one. Absent unless the customer waits.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<i64>,
    /// Since when the customer has waited; 0 if the customer does not wait.
    since: Time,
}

/// A customer whom no agent answered.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Missed {
    /// The session's number.
    session: i64,
    /// The customer.
    openid: String,
    /// When the customer wrote the first word that has no answer.
    since: Time,
    /// When the session ended.
    at: Time,
    /// Why.
    reason: MissedReason,
}

/// Why a customer waits; any agent of the account may ask.
///
/// # Errors
/// `Forbidden`, `NotFound` if the session does not wait.
pub async fn waiting(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<WhyWaiting> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        of_worker(tx, appid, &worker)?;
        let session = session::by_id(tx, appid, id)?;
        if session.state != SessionState::Waiting {
            return Err(Errcode::NotFound.into());
        }
        let account = account::get(tx, appid)?;
        let place = session.place(String::new());
        let agents = agent::all_candidates(tx, appid, &account)?;
        let is_starting = queue::is_paused(tx, appid)?;
        let reason = why_waits(&place, &agents, account.feature, is_starting);
        let agents = agents.iter().map(|agent| WhyAgent::of(agent, &place));
        let (openid, since, group) = (session.openid.to_string(), session.since, session.group);
        let before = queue::before(tx, appid, &session)?;
        Ok(WhyWaiting { openid, since, before, group, reason, agents: agents.collect() })
    })
    .await
}

/// Why the agent that the worker is gets no customers.
///
/// # Errors
/// `Forbidden`.
pub async fn idle(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<WhyIdle> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        let own = of_worker(tx, appid, &worker)?;
        let account = account::get(tx, appid)?;
        let agent = own_reason(tx, appid, &account, &own)?;
        let for_others = tx.number(COUNT_FOR_OTHERS, bind![appid, &own.kf_account])?;
        let has_developer = account::callback::server(tx, appid)? != routing::DeveloperServer::Absent;
        Ok(WhyIdle { agent, waiting: session::count_waiting(tx, appid)?, for_others, has_developer })
    })
    .await
}

fn own_reason(tx: &mut Tx<'_>, appid: &Appid, account: &Account, own: &agent::Agent) -> Result<WhyAgent> {
    let agents = agent::all_candidates(tx, appid, account)?;
    let agent = agents.iter().find(|agent| agent.kf_account == own.kf_account).ok_or(Errcode::Forbidden)?;
    Ok(WhyAgent::of(agent, &Place::default()))
}

/// Where a customer stands.
///
/// # Errors
/// Internal only.
pub async fn place(desk: &Desk, appid: &Appid, openid: &Openid) -> Result<ChatPlace> {
    let openid = openid.clone();
    desk.read(appid, move |tx, appid| {
        let session = session::current(tx, appid, openid.as_str())?;
        match session.filter(|session| session.state == SessionState::Waiting) {
            Some(session) => {
                let before = Some(queue::before(tx, appid, &session)?);
                Ok(ChatPlace { before, since: session.since })
            }
            None => Ok(ChatPlace { before: None, since: 0 }),
        }
    })
    .await
}

/// The customers whom no agent answered, the latest first, for a supervisor.
///
/// # Errors
/// `Forbidden` if the agent is no supervisor.
pub async fn missed(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<Vec<Missed>> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        supervisor(tx, appid, &worker)?;
        let missed = |row: &Row| Missed {
            session: row.int(0),
            openid: row.text(1),
            since: row.int(2),
            at: row.int(3),
            reason: MissedReason::from_text(&row.text(4)).unwrap_or(MissedReason::Window),
        };
        Ok(tx.all(SELECT_MISSED, bind![appid, MISSED_SHOWN])?.iter().map(missed).collect())
    })
    .await
}

/// Takes a customer from the list of those who were missed. One who is not on it is no error.
///
/// # Errors
/// `Forbidden` if the agent is no supervisor.
pub async fn dismiss(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<()> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        supervisor(tx, appid, &worker)?;
        if tx.run(DELETE_MISSED, bind![appid, id])? == 1 {
            tx.record(Fact::Missed { session: id });
        }
        Ok(())
    })
    .await
}

const COUNT_FOR_OTHERS: &str =
    "select count(*) from session where appid = $1 and state = 'waiting' and group_id <> 0
    and group_id not in (select group_id from group_member where appid = $1 and kf_account = $2)";
const SELECT_MISSED: &str = "select session, openid, since, at, reason from missed
    where appid = $1 order by session desc limit $2";
const DELETE_MISSED: &str = "delete from missed where appid = $1 and session = $2";
