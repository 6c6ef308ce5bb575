//! Calls of the debugging page for the settings of an account's developer's server.

use crate::callback::{CallbackChange, Saved, Sender, save, verify_staged};
use crate::desk::account::administrator;
use crate::desk::account::callback::{self, CallbackVersions};
use crate::error::Error;
use crate::http::edge::guard::{Login, PageBody};
use crate::http::edge::query::Params;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::extract::State;
use model::callback::CallbackSettings;
use model::{Appid, TextEnum};
use protocol::Errcode;
use protocol::callback::EncodingAesKey;
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Deserialize)]
pub struct CallbackQuery {
    appid: String,
}

/// What to do with the settings.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackAction {
    /// Change them, and ask the server for the echostr.
    Save,
    /// Ask the server of the staged settings again.
    Verify,
    /// Drop the staged settings.
    Discard,
    /// Step back to the settings before.
    Back,
    /// Remove the developer's server.
    Remove,
}

/// A call that changes the settings.
#[derive(Deserialize)]
pub struct CallbackBody {
    appid: String,
    action: CallbackAction,
    /// What `save` changes.
    #[serde(flatten)]
    change: CallbackChange,
}

/// The settings of an account's developer's server.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct DebugCallback {
    /// The settings that pushes use; `null` without a developer's server.
    current: Option<ShownCallback>,
    /// Settings that wait for their server to answer the verification.
    staged: Option<ShownCallback>,
    /// The settings before.
    previous: Option<ShownCallback>,
    /// Why the staged settings, or those that were to be saved, are not in use; empty if nothing is wrong.
    fault: String,
}

/// Settings as the account's administrator needs them.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ShownCallback {
    /// The address of the developer's server.
    url: String,
    /// The token.
    token: String,
    /// `plain`, `compatible` or `safe`.
    mode: &'static str,
    /// `xml` or `json`.
    format: &'static str,
    /// The EncodingAESKey; empty if there is none.
    aes_key: String,
}

impl ShownCallback {
    fn of(settings: CallbackSettings) -> Self {
        let aes_key = settings.key.as_ref().map_or("", EncodingAesKey::as_str).to_owned();
        let (mode, format) = (settings.mode.as_text(), settings.format.as_text());
        ShownCallback { url: settings.url.to_string(), token: settings.token, mode, format, aes_key }
    }
}

impl DebugCallback {
    fn of(CallbackVersions { current, staged, previous }: CallbackVersions) -> Self {
        let (staged, fault) = staged.map_or((None, String::new()), |(staged, fault)| (Some(staged), fault));
        let [current, staged, previous] =
            [current, staged, previous].map(|settings| settings.map(ShownCallback::of));
        DebugCallback { current, staged, previous, fault }
    }
}

/// `GET /desk/api/debug/callback`.
pub async fn show(State(app): State<App>, login: Login, Params(asked): Params<CallbackQuery>) -> Answer {
    let appid = administered(&app, &login, &asked.appid).await?;
    Reply::json(&DebugCallback::of(callback::versions(&app.desk, &appid).await?))
}

/// `POST /desk/api/debug/callback`.
pub async fn change(State(app): State<App>, login: Login, PageBody(asked): PageBody<CallbackBody>) -> Answer {
    app.throttles.issue(&login.worker)?;
    let appid = administered(&app, &login, &asked.appid).await?;
    let desk = &app.desk;
    let fault = match asked.action {
        CallbackAction::Save => fault(save(desk, &sender(&app)?, &appid, asked.change).await?),
        CallbackAction::Verify => {
            verify_staged(desk, &sender(&app)?, &appid).await?.map_or_else(String::new, fault)
        }
        CallbackAction::Discard => {
            callback::unstage(desk, &appid).await?;
            String::new()
        }
        CallbackAction::Back => {
            callback::step_back(desk, &appid).await?;
            String::new()
        }
        CallbackAction::Remove => {
            callback::remove(desk, &appid).await?;
            String::new()
        }
    };
    let shown = DebugCallback::of(callback::versions(desk, &appid).await?);
    Reply::json(&DebugCallback { fault: if fault.is_empty() { shown.fault } else { fault }, ..shown })
}

/// What the administrator learns of a save.
fn fault(saved: Saved) -> String {
    match saved {
        Saved::Switched(_) => String::new(),
        Saved::Invalid(fault) => fault.to_string(),
        Saved::Unverified(fault) => fault.for_administrator(),
        Saved::Replaced => "other settings were saved meanwhile".to_owned(),
    }
}

/// Saving is rare, so each call has a sender of its own, and no open connections remain.
fn sender(app: &App) -> Result<Sender, Error> {
    Ok(Sender::new(&app.settings.callback_network)?)
}

/// The account, if the worker administers it.
async fn administered(app: &App, login: &Login, appid: &str) -> Result<Appid, Refusal> {
    let appid = Appid::parse(appid).map_err(|_| Errcode::Forbidden)?;
    administrator::must_administer(&app.desk, &appid, &login.worker).await?;
    Ok(appid)
}
