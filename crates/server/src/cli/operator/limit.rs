//! What operators limit.

use crate::admin::{Limit, Order};
use crate::desk::quota::LimitChange;
use clap::Args;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct QuotaChange {
    /// The endpoint, by its path or its name, like /cgi-bin/message/custom/send; all that have no limits of their own
    /// when absent.
    #[arg(long)]
    endpoint: Option<String>,
    /// Calls in a day, which begins at midnight in Beijing; 0: no limit.
    #[arg(long, value_name = "CALLS")]
    daily: Option<u32>,
    /// Calls in a minute, on each node; 0: no limit.
    #[arg(long, value_name = "CALLS")]
    per_minute: Option<u32>,
    /// Let the limits count again that everybody has.
    #[arg(long, conflicts_with_all = ["daily", "per_minute"])]
    standard: bool,
}

impl QuotaChange {
    pub(in crate::cli) fn order(&self, appid: &str) -> Order {
        let QuotaChange { endpoint, daily, per_minute, standard } = self.clone();
        let change = LimitChange { endpoint, daily, per_minute, standard };
        Order::Limit(Limit::Quota { appid: appid.to_owned(), change })
    }
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct AddressChange {
    /// An address or a network to add, like 192.0.2.1 or 192.0.2.0/24; may be given again.
    #[arg(long, value_name = "IP")]
    add: Vec<String>,
    /// One to remove; when the last is gone, calls may come from everywhere.
    #[arg(long, value_name = "IP")]
    remove: Vec<String>,
}

impl AddressChange {
    pub(in crate::cli) fn order(&self, appid: &str) -> Order {
        let AddressChange { add, remove } = self.clone();
        Order::Limit(Limit::Addresses { appid: appid.to_owned(), add, remove })
    }
}
