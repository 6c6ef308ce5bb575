//! Transfers: a session moves from the waiting list or from one agent to another.

use crate::people::agent;
use crate::people::presence::of_worker;
use crate::{Desk, Result, session};
use model::agent::Presence;
use model::session::actor::{Actor, Move};
use model::{Appid, WechatId};
use protocol::Errcode;
use protocol::msgrecord::Opercode;
use store::Tx;

/// A transfer of a session.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The session's number.
    pub id: i64,
    /// The agent who had the session when the page showed it. Empty for a waiting session.
    pub from: String,
    /// The agent who gets the session.
    pub to: String,
}

/// Moves a session to an agent who is online. Agents move their own sessions; supervisors move all, also to themselves.
/// A session that the agent has already is no error.
///
/// # Errors
/// `Forbidden`, `NotFound`, `SessionClosed`, `CustomerTaken`, `Conflict`, `ColleagueGone`.
pub async fn move_session(desk: &Desk, worker: &WechatId, appid: &Appid, asked: Transfer) -> Result<()> {
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

fn must_be_there(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<()> {
    match agent::find(tx, appid, kf_account)? {
        Some(agent) if agent.presence == Presence::Online => Ok(()),
        _ => Err(Errcode::ColleagueGone.into()),
    }
}
