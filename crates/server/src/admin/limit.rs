//! Commands for limits: how often accounts may call, and from which addresses.

use super::outcome::Outcome;
use crate::desk::{Desk, ip_allowlist, quota};
use crate::error::Error;
use model::Appid;
use protocol::Errcode;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A command for limits of an account or a component.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitCommand {
    /// Shows how often it may call each endpoint, after the change if there is one.
    Quota {
        /// The account or component.
        appid: String,
        /// What changes.
        change: quota::LimitChange,
    },
    /// Shows from which addresses its own calls may come, after the changes if there are any.
    Addresses {
        /// The account or component.
        appid: String,
        /// Networks to add.
        add: Vec<String>,
        /// Networks to remove.
        remove: Vec<String>,
    },
}

pub(super) async fn execute(desk: &Desk, command: LimitCommand) -> Result<Outcome, Error> {
    match command {
        LimitCommand::Quota { appid, change } => {
            let owner = Appid::parse(&appid)?;
            if !change.is_none() {
                quota::set(desk, &owner, change).await?;
            }
            Ok(Ok(json!(quota::list(desk, &owner).await?)))
        }
        LimitCommand::Addresses { appid, add, remove } => {
            match ip_allowlist::change(desk, &Appid::parse(&appid)?, &add, &remove).await {
                Err(Error::Refused(Errcode::BadRequest)) => Ok(Err(format!(
                    "that is no address or network, like 192.0.2.1 or 192.0.2.0/24, or there would be more than {}",
                    ip_allowlist::NETWORKS_MAX
                ))),
                list => {
                    let list = list?;
                    let allowed = if list.is_empty() { json!("everywhere") } else { json!(list) };
                    Ok(Ok(json!({"appid": appid, "allowed": allowed})))
                }
            }
        }
    }
}
