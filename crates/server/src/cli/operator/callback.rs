//! Flags for the developer's server of an account.

use crate::admin::Command;
use crate::admin::callback::{CallbackChange, CallbackCommand};
use clap::Args;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CallbackArgs {
    /// The address of the developer's server: http:// or https://.
    #[arg(long)]
    url: Option<String>,
    /// The token that signatures are made with: 3 to 32 letters and digits; made when absent.
    #[arg(long)]
    token: Option<String>,
    /// Whether pushes are encrypted; plain by default.
    #[arg(long, value_parser = ["plain", "compatible", "safe"])]
    mode: Option<String>,
    /// The format of pushes; xml by default.
    #[arg(long, value_parser = ["xml", "json"])]
    format: Option<String>,
    /// The EncodingAESKey: 43 letters and digits. Answers may still use the key before.
    #[arg(long, value_name = "KEY")]
    aes_key: Option<String>,
    /// Ask the server of staged settings again, and switch to them if it answers.
    #[arg(long, conflicts_with_all = CHANGES)]
    verify: bool,
    /// Drop staged settings.
    #[arg(long, conflicts_with_all = CHANGES, conflicts_with = "verify")]
    discard: bool,
    /// Step back to the settings before; they are not verified again.
    #[arg(long, conflicts_with_all = CHANGES, conflicts_with_all = ["verify", "discard"])]
    back: bool,
    /// Remove the developer's server: customers' messages go to the desk again.
    #[arg(long, conflicts_with_all = CHANGES, conflicts_with_all = ["verify", "discard", "back"])]
    remove: bool,
    /// While the server fails so much that it is left alone for a minute, customers who write wait at the desk.
    #[arg(long, value_name = "BOOL", conflicts_with_all = ["url", "token", "mode", "format", "aes_key", "remove"])]
    desk_while_shielded: Option<bool>,
}

/// The flags that change settings.
const CHANGES: [&str; 5] = ["url", "token", "mode", "format", "aes_key"];

impl CallbackArgs {
    pub(in crate::cli) fn command(&self, appid: &str) -> Command {
        let CallbackArgs { url, token, mode, format, aes_key, desk_while_shielded, .. } = self.clone();
        let is_shown = [&url, &token, &mode, &format, &aes_key].iter().all(|given| given.is_none());
        let appid = appid.to_owned();
        if let Some(on) = desk_while_shielded {
            return Command::Callback(CallbackCommand::DeskWhileShielded { appid, on });
        }
        Command::Callback(match self {
            CallbackArgs { remove: true, .. } => CallbackCommand::Remove(appid),
            CallbackArgs { back: true, .. } => CallbackCommand::Back(appid),
            CallbackArgs { discard: true, .. } => CallbackCommand::Discard(appid),
            CallbackArgs { verify: true, .. } => CallbackCommand::Verify(appid),
            _ if is_shown => CallbackCommand::Show(appid),
            _ => CallbackCommand::Set { appid, change: CallbackChange { url, token, mode, format, aes_key } },
        })
    }
}
