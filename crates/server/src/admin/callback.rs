//! Commands for the developer's server of an account, and for the keys with which developers' machines get pushes.

use super::context::CommandContext;
use super::outcome::Outcome;
use crate::callback::{Saved, Sender, save, verify_staged};
use crate::desk::Desk;
use crate::desk::account::callback::{self, CallbackVersions};
use crate::desk::account::listen_key::{self, KEYS_MAX};
use crate::error::Error;
use model::callback::CallbackSettings;
use model::{Appid, TextEnum};
use protocol::callback::EncodingAesKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::callback::CallbackChange;

/// A command for the developer's server of an account.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackCommand {
    /// Shows the settings.
    Show(String),
    /// Changes the settings, if the server answers the verification.
    Set {
        /// The account.
        appid: String,
        /// What changes.
        change: CallbackChange,
    },
    /// Asks the server of the staged settings again.
    Verify(String),
    /// Drops the staged settings.
    Discard(String),
    /// Steps back to the settings before.
    Back(String),
    /// Removes the settings: customers' messages go to the desk again.
    Remove(String),
    /// Sets whether customers wait at the desk while the server fails and is left alone.
    DeskWhileShielded {
        /// The account.
        appid: String,
        /// Whether they do.
        on: bool,
    },
}

pub(super) async fn execute(
    desk: &Desk,
    context: &CommandContext,
    command: CallbackCommand,
) -> Result<Outcome, Error> {
    let sender = || Sender::new(&context.callback_networks);
    match command {
        CallbackCommand::Show(appid) => {
            let versions = callback::versions(desk, &Appid::parse(&appid)?).await?;
            Ok(Ok(all_shown(&appid, &versions)))
        }
        CallbackCommand::DeskWhileShielded { appid, on } => {
            match callback::set_desk_while_shielded(desk, &Appid::parse(&appid)?, on).await? {
                true => Ok(Ok(json!({"appid": appid, "desk_while_shielded": on}))),
                false => Ok(Err(format!("{appid} has no developer's server: set one with --url"))),
            }
        }
        CallbackCommand::Remove(appid) => {
            callback::remove(desk, &Appid::parse(&appid)?).await?;
            Ok(Ok(json!({"appid": appid, "url": ""})))
        }
        CallbackCommand::Discard(appid) => {
            let id = Appid::parse(&appid)?;
            callback::unstage(desk, &id).await?;
            Ok(Ok(all_shown(&appid, &callback::versions(desk, &id).await?)))
        }
        CallbackCommand::Back(appid) => Ok(match callback::step_back(desk, &Appid::parse(&appid)?).await? {
            Some(settings) => Ok(shown(&appid, &settings)),
            None => Err("there are no settings to step back to".to_owned()),
        }),
        CallbackCommand::Verify(appid) => {
            Ok(match verify_staged(desk, &sender()?, &Appid::parse(&appid)?).await? {
                Some(saved) => outcome(&appid, saved),
                None => Err("no settings are staged".to_owned()),
            })
        }
        CallbackCommand::Set { appid, change } => {
            Ok(outcome(&appid, save(desk, &sender()?, &Appid::parse(&appid)?, change).await?))
        }
    }
}

fn outcome(appid: &str, saved: Saved) -> Outcome {
    match saved {
        Saved::Switched(settings) => Ok(shown(appid, &settings)),
        Saved::Invalid(fault) => Err(fault.to_string()),
        Saved::Replaced => {
            Err("other settings were staged meanwhile: look at them, and save again".to_owned())
        }
        Saved::Unverified(fault) => Err(format!(
            "{fault}. Nothing has changed yet; the settings are staged: --verify asks again, --discard drops them"
        )),
    }
}

fn all_shown(appid: &str, versions: &CallbackVersions) -> Value {
    let mut all = versions
        .current
        .as_ref()
        .map_or_else(|| json!({"appid": appid, "url": ""}), |settings| shown(appid, settings));
    if let Some(members) = all.as_object_mut() {
        if let Some((staged, fault)) = &versions.staged {
            let mut staged = shown(appid, staged);
            staged["fault"] = fault.as_str().into();
            members.insert("staged".into(), staged);
        }
        if let Some(previous) = &versions.previous {
            members.insert("previous".into(), shown(appid, previous));
        }
    }
    all
}

fn shown(appid: &str, settings: &CallbackSettings) -> Value {
    let mut shown = json!({
        "appid": appid, "url": settings.url.as_str(), "token": settings.token, "mode": settings.mode.as_text(),
        "format": settings.format.as_text(),
    });
    if let (Some(key), Some(members)) = (&settings.key, shown.as_object_mut()) {
        members.insert("aes_key".into(), EncodingAesKey::as_str(key).into());
    }
    shown
}

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
