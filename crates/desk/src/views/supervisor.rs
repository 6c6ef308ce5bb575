//! What a supervisor sees of the sessions and agents of an account.

use crate::people::agent;
use crate::people::presence::{self, of_worker};
use crate::views::feed::{AgentView, agent_view};
use crate::views::session_view::{self, SessionView};
use crate::{Desk, Result, account};
use model::{Appid, WechatId};
use serde::Serialize;
use std::collections::HashMap;
use store::Tx;
use store::bind;

/// The most sessions on one page.
pub const PAGE: i64 = 200;

/// An agent as the other agents of the account see them. One who is online may get a session.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Colleague {
    #[serde(flatten)]
    view: AgentView,
    /// The number of the agent's open sessions.
    open: i64,
    /// The most open sessions to which assignment brings the agent.
    limit: i64,
}

/// The agents of an account, sorted by `kf_id`. Any agent of the account may read them.
///
/// # Errors
/// `Forbidden`.
pub async fn colleagues(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<Vec<Colleague>> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        of_worker(tx, appid, &worker)?;
        let account = account::get(tx, appid)?;
        let rows = tx.all(COUNT_OPEN, bind![appid])?;
        let open: HashMap<_, _> = rows.iter().map(|row| (row.text(0), row.int(1))).collect();
        let colleague = |agent: &agent::Agent| Colleague {
            view: agent_view(agent),
            open: open.get(agent.kf_account.as_str()).copied().unwrap_or(0),
            limit: account.intake(agent.intake).1,
        };
        Ok(agent::all(tx, appid)?.iter().map(colleague).collect())
    })
    .await
}

/// A page of the open sessions of other agents with numbers above `after`, sorted by number.
///
/// # Errors
/// `Forbidden` if the agent is no supervisor.
pub async fn page(desk: &Desk, worker: &WechatId, appid: &Appid, after: i64) -> Result<Vec<SessionView>> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        let agent = presence::supervisor(tx, appid, &worker)?;
        others(tx, appid, &agent, after)
    })
    .await
}

/// [`page`] within a transaction, for a supervisor.
pub(crate) fn others(
    tx: &mut Tx<'_>,
    appid: &Appid,
    agent: &agent::Agent,
    after: i64,
) -> Result<Vec<SessionView>> {
    session_view::of_others(tx, appid, &agent.kf_account, after, PAGE)
}

/// The number of open sessions of other agents.
pub(crate) fn count_others(tx: &mut Tx<'_>, appid: &Appid, agent: &agent::Agent) -> Result<i64> {
    tx.number(COUNT_OTHERS, bind![appid, &agent.kf_account])
}

const COUNT_OPEN: &str =
    "select kf_account, count(*) from session where appid = $1 and state = 'open' group by kf_account";
const COUNT_OTHERS: &str =
    "select count(*) from session where appid = $1 and state = 'open' and kf_account <> $2";
