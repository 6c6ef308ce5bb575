//! Commands for the groups of agents of an account.

use super::outcome::Outcome;
use crate::desk::Desk;
use crate::desk::group::{self, ChangedBy, GroupChange};
use crate::error::Error;
use model::Appid;
use protocol::Errcode;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A command for the groups of an account: shows them, after the change if there is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupCommand {
    /// The account.
    pub appid: String,
    /// What changes.
    pub change: Option<GroupChange>,
}

impl GroupCommand {
    pub(super) async fn execute(self, desk: &Desk) -> Result<Outcome, Error> {
        let appid = Appid::parse(&self.appid)?;
        if let Some(change) = self.change {
            match group::change(desk, &appid, ChangedBy::Operator, change).await {
                Err(Error::Refused(code)) => {
                    return sentence(code).map_or(Err(code.into()), |it| Ok(Err(it)));
                }
                changed => drop(changed?),
            }
        }
        Ok(Ok(json!(group::list_for_operator(desk, &appid).await?)))
    }
}

/// What an operator does about a refusal.
fn sentence(code: Errcode) -> Option<String> {
    match code {
        Errcode::GroupGone => Some("there is no such group: `kefu group list` shows them".into()),
        Errcode::InvalidAgent => {
            Some("there is no such agent: an id is prefix@suffix, like a1@myshop".into())
        }
        Errcode::GroupName | Errcode::GroupMenuId | Errcode::GroupTaken | Errcode::GroupsFull => {
            Some(code.text().to_owned())
        }
        _ => None,
    }
}
