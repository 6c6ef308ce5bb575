//! Accounts and workers that operators remove.

use super::outcome::Outcome;
use super::worker::worker_name;
use crate::desk::Desk;
use crate::desk::removal::{account, worker};
use crate::error::Error;
use model::Appid;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, by its appid.
    Account(String),
    /// A worker, by name.
    Worker(String),
}

impl Subject {
    /// What an operator types to confirm.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Subject::Account(name) | Subject::Worker(name)) = self;
        name
    }
}

/// One order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveCommand {
    /// What.
    pub subject: Subject,
    /// Whether it goes; what would go is said otherwise.
    pub confirmed: bool,
}

impl RemoveCommand {
    /// What says what would go.
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
