//! What moves sessions between agents at the workbench, and what a supervisor sees of them all.

use crate::people::agent;
use crate::people::presence::of_worker;
use crate::views::feed::{AgentView, agent_view};
use crate::views::session_view::{self, SessionView};
use crate::{Desk, session};
use model::agent::Presence;
use model::session::actor::{Actor, Move};
use model::{Appid, WechatId};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use serde::Serialize;
use store::Tx;
use store::bind;
use store::error::Error;

/// Sessions of one page.
pub const PAGE: i64 = 200;

/// An agent who is online, and could get a session.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Colleague {
    #[serde(flatten)]
    view: AgentView,
    /// How many sessions the agent has open.
    open: i64,
}

/// The agents of an account who are online, in order of `kf_id`, for any of its agents.
///
/// # Errors
/// `Forbidden`.
pub async fn colleagues(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<Vec<Colleague>, Error> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        of_worker(tx, appid, &worker)?;
        let mut online = Vec::new();
        for agent in agent::all(tx, appid)? {
            if agent.presence == Presence::Online {
                let open = session::count_open(tx, appid, agent.kf_account.as_str())?;
                online.push(Colleague { view: agent_view(&agent), open });
            }
        }
        Ok(online)
    })
    .await
}

/// A page of the sessions that other agents have open, in order of their numbers, after one of them.
///
/// # Errors
/// `Forbidden` for who is no supervisor.
pub async fn page(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    after: i64,
) -> Result<Vec<SessionView>, Error> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        if !agent.supervisor {
            return Err(Errcode::Forbidden.into());
        }
        others(tx, appid, &agent, after)
    })
    .await
}

/// The same in a transaction.
pub(crate) fn others(
    tx: &mut Tx<'_>,
    appid: &Appid,
    agent: &agent::Agent,
    after: i64,
) -> Result<Vec<SessionView>, Error> {
    session_view::of_others(tx, appid, &agent.kf_account, after, PAGE)
}

/// How many sessions other agents have open.
pub(crate) fn count_others(tx: &mut Tx<'_>, appid: &Appid, agent: &agent::Agent) -> Result<i64, Error> {
    tx.number(COUNT_OTHERS, bind![appid, &agent.kf_account])
}

/// Where a session is to go.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The session.
    pub id: i64,
    /// The agent who had it when the page showed it, empty for the waiting list.
    pub from: String,
    /// The agent who is to have it.
    pub to: String,
}

/// Moves a session to an agent who is online: an agent her own, a supervisor any, also to herself. One that is there
/// already is no error.
///
/// # Errors
/// `Forbidden`, `NotFound`, `SessionClosed`, `CustomerTaken`, `Conflict`, `ColleagueGone`.
pub async fn transfer(desk: &Desk, worker: &WechatId, appid: &Appid, asked: Transfer) -> Result<(), Error> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let by = Actor { kf_account: agent.kf_account.as_str(), supervisor: agent.supervisor };
        let session = session::by_id(tx, appid, asked.id)?;
        let how = match by.may_move(&session, &asked.from, &asked.to)? {
            Move::Already => return Ok(()),
            Move::Take => Opercode::Taken,
            Move::Transfer => Opercode::Transferred,
            Move::Grab => Opercode::Grabbed,
        };
        if asked.to != by.kf_account {
            must_be_there(tx, appid, &asked.to)?;
        }
        let now = tx.now();
        session::reassign(tx, appid, &session.open(&asked.to, now), how, &asked.from)
    })
    .await
}

fn must_be_there(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<(), Error> {
    match agent::find(tx, appid, kf_account)? {
        Some(agent) if agent.presence == Presence::Online => Ok(()),
        _ => Err(Errcode::ColleagueGone.into()),
    }
}

const COUNT_OTHERS: &str =
    "select count(*) from session where appid = $1 and state = 'open' and kf_account <> $2";
