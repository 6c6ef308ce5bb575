//! Commands for the keys with which developers' machines get pushes.

use super::outcome::Outcome;
use crate::desk::Desk;
use crate::desk::account::listen_key::{self, KEYS_MAX};
use crate::error::Error;
use model::Appid;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A command for the keys of an account.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenKeyCommand {
    /// Makes a key.
    Make(String),
    /// Deletes all keys.
    Revoke(String),
}

impl ListenKeyCommand {
    pub(super) async fn execute(self, desk: &Desk) -> Result<Outcome, Error> {
        Ok(match self {
            ListenKeyCommand::Make(appid) => match listen_key::make(desk, &Appid::parse(&appid)?).await? {
                Some(key) => Ok(json!({"appid": appid, "listen_key": key})),
                None => Err(format!("an account has at most {KEYS_MAX} keys: --revoke deletes all")),
            },
            ListenKeyCommand::Revoke(appid) => {
                Ok(json!({"revoked": listen_key::revoke_all(desk, &Appid::parse(&appid)?).await?}))
            }
        })
    }
}
