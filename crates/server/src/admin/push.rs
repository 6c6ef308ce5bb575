//! Commands for the pushes of an account: what was pushed, once more, paused and resumed.

use super::context::CommandContext;
use super::outcome::Outcome;
use crate::callback::inspect::{Inspector, Replayed};
use crate::desk::Desk;
use crate::desk::account::callback;
use crate::desk::callback::PushId;
use crate::desk::callback::inspect::{self, PushFilter, PushesFrom};
use crate::error::Error;
use model::{Appid, SECOND, Time};
use protocol::Errcode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most pushes that one command replays.
const REPLAYS: usize = 1000;

/// A command for the pushes of an account.
#[derive(Debug, Serialize, Deserialize)]
pub struct PushCommand {
    /// The account.
    pub appid: String,
    /// What to do.
    pub action: PushAction,
}

/// What to do with pushes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushAction {
    /// Lists pushes that are done.
    List {
        /// The push after which to begin, oldest first; the latest pushes, newest first, when absent.
        since: Option<String>,
        /// How they ended; empty for all.
        outcome: String,
        /// The customer; empty for all.
        openid: String,
        /// The `MsgType` or event; empty for all.
        what: String,
    },
    /// Shows a push with all that is known of it.
    Show(String),
    /// Sends pushes again.
    Replay {
        /// The pushes, in this order.
        ids: Vec<String>,
        /// Those that failed in the last seconds, oldest first.
        failed_within_s: Option<i64>,
        /// Of those only the ones after this push.
        after: Option<String>,
        /// Whether answers go to the customers.
        acts: bool,
    },
    /// Lets pushes wait, or resumes them.
    Pause(bool),
}

impl PushCommand {
    /// Executes the command.
    pub(super) async fn execute(self, desk: &Desk, context: &CommandContext) -> Result<Outcome, Error> {
        let appid = Appid::parse(&self.appid)?;
        match self.action.execute(desk, context, &appid).await {
            Err(Error::Refused(Errcode::NotFound)) => Ok(Err(
                "there is no such push, or the account has no developer's server: `kefu push list` and \
                 `kefu account callback` show them"
                    .to_owned(),
            )),
            other => other.map(Ok),
        }
    }
}

impl PushAction {
    async fn execute(self, desk: &Desk, context: &CommandContext, appid: &Appid) -> Result<Value, Error> {
        let inspector = Inspector::new(desk, &context.base, &context.callback_networks);
        match self {
            PushAction::List { since, outcome, openid, what } => {
                let since = since.map(|id| id.parse()).transpose()?;
                let from = since.map_or(PushesFrom::Before(None), PushesFrom::After);
                let filter = PushFilter { outcome, openid, what };
                Ok(json!(inspect::list(desk, appid, from, filter).await?))
            }
            PushAction::Show(id) => Ok(json!(inspector.show(appid, id.parse()?).await?)),
            PushAction::Replay { ids, failed_within_s, after, acts } => {
                let mut chosen = ids.iter().map(|id| id.parse()).collect::<Result<Vec<PushId>, _>>()?;
                if let Some(seconds) = failed_within_s {
                    let since: Time = desk.now().saturating_sub(seconds.saturating_mul(SECOND));
                    let after = after.map(|id| id.parse()).transpose()?;
                    chosen.extend(inspect::failed_since(desk, appid, since, after, REPLAYS).await?);
                }
                Ok(json!(replay_all(&inspector, appid, chosen, acts).await?))
            }
            PushAction::Pause(paused) => {
                callback::pause(desk, appid, paused).await?;
                Ok(json!({"appid": appid, "paused": paused}))
            }
        }
    }
}

/// Replays pushes one after the other. A push whose change is gone meanwhile is left out.
async fn replay_all(
    inspector: &Inspector<'_>,
    appid: &Appid,
    ids: Vec<PushId>,
    acts: bool,
) -> Result<Vec<Replayed>, Error> {
    let (mut replayed, is_one) = (Vec::new(), ids.len() == 1);
    for id in ids {
        match inspector.replay(appid, id, acts).await {
            Ok(one) => replayed.push(one),
            Err(Error::Refused(Errcode::NotFound)) if !is_one => {}
            Err(error) => return Err(error),
        }
    }
    Ok(replayed)
}
