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
    /// Remove the developer's server: customers' messages go to the desk again.
    #[arg(long, conflicts_with_all = ["url", "token", "mode", "format", "aes_key"])]
    remove: bool,
    /// While the server fails so much that it is left alone for a minute, customers who write wait at the desk.
    #[arg(long, value_name = "BOOL", conflicts_with_all = ["url", "token", "mode", "format", "aes_key", "remove"])]
    desk_while_shielded: Option<bool>,
}

impl CallbackArgs {
    pub(in crate::cli) fn command(&self, appid: &str) -> Command {
        let CallbackArgs { url, token, mode, format, aes_key, remove, desk_while_shielded } = self.clone();
        let is_shown = [&url, &token, &mode, &format, &aes_key].iter().all(|given| given.is_none());
        let appid = appid.to_owned();
        if let Some(on) = desk_while_shielded {
            return Command::Callback(CallbackCommand::DeskWhileShielded { appid, on });
        }
        Command::Callback(match (remove, is_shown) {
            (true, _) => CallbackCommand::Remove(appid),
            (_, true) => CallbackCommand::Show(appid),
            _ => CallbackCommand::Set { appid, change: CallbackChange { url, token, mode, format, aes_key } },
        })
    }
}
