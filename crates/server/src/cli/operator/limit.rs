//! Flags for limits of accounts.

use crate::admin::{Command, LimitCommand};
use crate::desk::quota::LimitChange;
use clap::Args;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct QuotaArgs {
    /// The endpoint, by its path or its name, like /cgi-bin/message/custom/send; without it, all that have no limits of
    /// their own.
    #[arg(long)]
    endpoint: Option<String>,
    /// Calls in a day, which begins at midnight in Beijing; 0: no limit.
    #[arg(long, value_name = "CALLS")]
    daily: Option<u32>,
    /// Calls in a minute, on each node; 0: no limit.
    #[arg(long, value_name = "CALLS")]
    per_minute: Option<u32>,
    /// Return to the standard limits.
    #[arg(long, conflicts_with_all = ["daily", "per_minute"])]
    standard: bool,
}

impl QuotaArgs {
    pub(in crate::cli) fn command(&self, appid: &str) -> Command {
        let QuotaArgs { endpoint, daily, per_minute, standard } = self.clone();
        let change = LimitChange { endpoint, daily, per_minute, standard };
        Command::Limit(LimitCommand::Quota { appid: appid.to_owned(), change })
    }
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct AddressArgs {
    /// An address or a network to add, like 192.0.2.1 or 192.0.2.0/24; may be given again.
    #[arg(long, value_name = "IP")]
    add: Vec<String>,
    /// One to remove; when the last is gone, calls may come from everywhere.
    #[arg(long, value_name = "IP")]
    remove: Vec<String>,
}

impl AddressArgs {
    pub(in crate::cli) fn command(&self, appid: &str) -> Command {
        let AddressArgs { add, remove } = self.clone();
        Command::Limit(LimitCommand::Addresses { appid: appid.to_owned(), add, remove })
    }
}
