//! The command that removes accounts and workers.

use super::outcome::Outcome;
use super::worker::worker_name;
use crate::desk::Desk;
use crate::desk::removal::{account, worker};
use crate::error::Error;
use model::Appid;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The account or worker to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, by its appid.
    Account(String),
    /// A worker, by name.
    Worker(String),
}

impl Subject {
    /// The text that an operator types to confirm.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Subject::Account(name) | Subject::Worker(name)) = self;
        name
    }
}

/// Removes an account or a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveCommand {
    /// The account or worker.
    pub subject: Subject,
    /// Whether to remove it; otherwise the command shows what would be removed.
    pub confirmed: bool,
}

impl RemoveCommand {
    /// The command that shows what would be removed.
    #[must_use]
    pub fn preview(subject: Subject) -> Self {
        RemoveCommand { subject, confirmed: false }
    }

    pub(super) async fn execute(self, desk: &Desk) -> Result<Outcome, Error> {
        Ok(Ok(match (self.subject, self.confirmed) {
            (Subject::Account(appid), false) => json!(account::count(desk, &Appid::parse(&appid)?).await?),
            (Subject::Account(appid), true) => {
                account::remove(desk, &Appid::parse(&appid)?).await?;
                json!({"account": appid, "removed": "its rows and files go while a server runs"})
            }
            (Subject::Worker(name), false) => json!(worker::count(desk, &worker_name(&name)?).await?),
            (Subject::Worker(name), true) => {
                worker::remove(desk, &worker_name(&name)?).await?;
                json!({"worker": name, "removed": "the name can be used again after a minute in which a server runs"})
            }
        }))
    }
}
