//! Commands for the developer's server of an account.

use super::context::CommandContext;
use super::outcome::Outcome;
use crate::callback::{CallFault, Sender, Verification, nonce};
use crate::desk::Desk;
use crate::desk::account::callback;
use crate::error::Error;
use model::callback::{CallbackFault, CallbackSettings};
use model::{Appid, SECOND, TextEnum};
use protocol::callback::{EncodingAesKey, Format, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

/// A change of the settings. What is absent stays, or gets its default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CallbackChange {
    /// The address of the developer's server.
    pub url: Option<String>,
    /// The token.
    pub token: Option<String>,
    /// `plain`, `compatible` or `safe`.
    pub mode: Option<String>,
    /// `xml` or `json`.
    pub format: Option<String>,
    /// The EncodingAESKey.
    pub aes_key: Option<String>,
}

pub(super) async fn execute(
    desk: &Desk,
    context: &CommandContext,
    command: CallbackCommand,
) -> Result<Outcome, Error> {
    match command {
        CallbackCommand::Show(appid) => {
            let settings = callback::show(desk, &Appid::parse(&appid)?).await?;
            Ok(Ok(settings.map_or(json!({"appid": appid, "url": ""}), |settings| shown(&appid, &settings))))
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
        CallbackCommand::Set { appid, change } => {
            let appid = Appid::parse(&appid)?;
            let before = callback::show(desk, &appid).await?;
            let settings = match change.applied(desk, before) {
                Ok(settings) => settings,
                Err(fault) => return Ok(Err(fault.to_string())),
            };
            if let Err(sentence) = verify(desk, context, &settings).await? {
                return Ok(Err(sentence));
            }
            callback::set(desk, &appid, settings.clone()).await?;
            Ok(Ok(shown(appid.as_str(), &settings)))
        }
    }
}

impl CallbackChange {
    /// The settings after the change. A token is made if there is none.
    fn applied(
        self,
        desk: &Desk,
        before: Option<CallbackSettings>,
    ) -> Result<CallbackSettings, CallbackFault> {
        let mut settings = before.unwrap_or_else(|| CallbackSettings {
            url: String::new(),
            token: desk.rng.hex::<16>(),
            mode: Mode::Plain,
            format: Format::Xml,
            key: None,
            previous_key: None,
        });
        settings.url = self.url.unwrap_or(settings.url);
        settings.token = self.token.unwrap_or(settings.token);
        settings.mode = self.mode.and_then(|mode| Mode::from_text(&mode)).unwrap_or(settings.mode);
        settings.format = self.format.and_then(|it| Format::from_text(&it)).unwrap_or(settings.format);
        if let Some(key) = self.aes_key {
            let key = EncodingAesKey::parse(&key).map_err(CallbackFault::Key)?;
            if settings.key.as_ref() != Some(&key) {
                settings.previous_key = settings.key.replace(key);
            }
        }
        settings.check()?;
        Ok(settings)
    }
}

/// Asks the developer's server for the echostr. Says in a sentence what is wrong.
async fn verify(
    desk: &Desk,
    context: &CommandContext,
    settings: &CallbackSettings,
) -> Result<Outcome, Error> {
    let sender = Sender::new(&context.callback_networks)?;
    let (nonce, echo) = (nonce(&desk.rng), desk.rng.hex::<10>());
    Ok(match sender.verify(settings, desk.now() / SECOND, &nonce, &echo).await {
        Verification::Passed => Ok(Value::Null),
        Verification::Call(CallFault::Blocked) => Err(format!(
            "{} is in a network that may not be called: start the server with --callback-network and its network",
            settings.url
        )),
        Verification::Call(fault) => {
            Err(format!("{} was not verified, nothing is saved: {fault}", settings.url))
        }
        Verification::Answer(error, begins) => Err(format!(
            "{} was not verified, nothing is saved: {error}; its answer begins {begins:?}",
            settings.url
        )),
    })
}

fn shown(appid: &str, settings: &CallbackSettings) -> Value {
    let mut shown = json!({
        "appid": appid, "url": settings.url, "token": settings.token, "mode": settings.mode.as_text(),
        "format": settings.format.as_text(),
    });
    if let (Some(key), Some(members)) = (&settings.key, shown.as_object_mut()) {
        members.insert("aes_key".into(), key.as_str().into());
    }
    shown
}
