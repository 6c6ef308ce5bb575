//! Saving the settings of a developer's server: new ones are staged, verified, and switched to. The command line, the
//! demo and the debugging page save in this way.

use crate::callback::sender::Sender;
use crate::callback::verification::{VerificationFault, verify};
use crate::desk::Desk;
use crate::desk::account::callback;
use crate::error::Error;
use model::callback::{CallbackFault, CallbackSettings, CallbackUrl};
use model::{Appid, TextEnum};
use protocol::Errcode;
use protocol::callback::{EncodingAesKey, Format, Mode};
use serde::{Deserialize, Serialize};

/// A change of the settings. What is absent stays as it is staged, else as it is, or gets its default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CallbackChange {
    /// The address of the developer's server.
    pub url: Option<String>,
    /// The token; made if there is none.
    pub token: Option<String>,
    /// `plain`, `compatible` or `safe`.
    pub mode: Option<String>,
    /// `xml` or `json`.
    pub format: Option<String>,
    /// The EncodingAESKey.
    pub aes_key: Option<String>,
}

/// What became of saving.
#[derive(Debug)]
pub enum Saved {
    /// Pushes use these settings from now on.
    Switched(CallbackSettings),
    /// The settings are not sound. Nothing is staged.
    Invalid(CallbackFault),
    /// The server was not verified. The settings stay staged, and pushes use those before.
    Unverified(VerificationFault),
    /// Others have staged other settings meanwhile.
    Replaced,
}

/// Stages changed settings, asks their server for the echostr, and switches to them. Three transactions; after a stop
/// between them the settings stay staged.
///
/// # Errors
/// 40013.
pub async fn save(
    desk: &Desk,
    sender: &Sender,
    appid: &Appid,
    change: CallbackChange,
) -> Result<Saved, Error> {
    let versions = callback::versions(desk, appid).await?;
    let staged = versions.staged.map(|(settings, _)| settings);
    let settings = match change.applied(desk, staged, versions.current) {
        Ok(settings) => settings,
        Err(fault) => return Ok(Saved::Invalid(fault)),
    };
    callback::stage(desk, appid, settings.clone()).await?;
    switch(desk, sender, appid, settings).await
}

/// Asks the server of the staged settings again; `None` if none are staged.
///
/// # Errors
/// 40013.
pub async fn verify_staged(desk: &Desk, sender: &Sender, appid: &Appid) -> Result<Option<Saved>, Error> {
    match callback::versions(desk, appid).await?.staged {
        Some((settings, _)) => switch(desk, sender, appid, settings).await.map(Some),
        None => Ok(None),
    }
}

async fn switch(
    desk: &Desk,
    sender: &Sender,
    appid: &Appid,
    settings: CallbackSettings,
) -> Result<Saved, Error> {
    // `kefu listen` shows its developer what the program answers.
    if !settings.url.is_listen_only()
        && let Err(fault) = verify(desk, sender, &settings).await
    {
        callback::note_fault(desk, appid, settings, fault.for_administrator()).await?;
        return Ok(Saved::Unverified(fault));
    }
    match callback::switch(desk, appid, settings.clone()).await {
        Ok(()) => Ok(Saved::Switched(settings)),
        Err(Error::Refused(Errcode::Conflict)) => Ok(Saved::Replaced),
        Err(error) => Err(error),
    }
}

impl CallbackChange {
    /// The settings after the change.
    fn applied(
        self,
        desk: &Desk,
        staged: Option<CallbackSettings>,
        current: Option<CallbackSettings>,
    ) -> Result<CallbackSettings, CallbackFault> {
        let mut settings = staged.or_else(|| current.clone()).unwrap_or_else(|| CallbackSettings {
            url: String::new().into(),
            token: desk.rng.hex::<16>(),
            mode: Mode::Plain,
            format: Format::Xml,
            key: None,
            previous_key: None,
        });
        settings.url = self.url.map_or(settings.url, CallbackUrl::from);
        settings.token = self.token.unwrap_or(settings.token);
        settings.mode = self.mode.and_then(|mode| Mode::from_text(&mode)).unwrap_or(settings.mode);
        settings.format = self.format.and_then(|it| Format::from_text(&it)).unwrap_or(settings.format);
        if let Some(key) = self.aes_key {
            settings.key = Some(EncodingAesKey::parse(&key).map_err(CallbackFault::Key)?);
        }
        // Answers to pushes of the current settings may still use their key.
        settings.previous_key = current.and_then(|current| match current.key == settings.key {
            true => current.previous_key,
            false => current.key.or(current.previous_key),
        });
        settings.check()?;
        Ok(settings)
    }
}
