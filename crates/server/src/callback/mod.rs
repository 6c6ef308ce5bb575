//! Message push: calls the developers' servers of accounts.
//!
//! A task for each account with a developer's server reads the account's change feed and delivers what is to be pushed
//! (`delivery.rs`). One node delivers for an account at a time. `sender.rs` calls, through connections that
//! `dialer.rs` opens to allowed addresses only.

mod delivery;
mod dialer;
mod sender;

pub use sender::{CallFault, Sender, Verification, nonce};

use crate::desk::account::callback;
use crate::error::{Error, OutageLog};
use crate::state::App;
use delivery::Delivery;
use model::Appid;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often accounts whose settings have been saved or removed are looked for.
const POLL: Duration = Duration::from_secs(1);

/// Delivers the pushes of all accounts until the application stops. Addresses in pushes begin with `base`. The sender
/// is made for the first account, because reading the authorities that the machine trusts takes time and memory.
pub async fn run(app: App, base: String) {
    let outages = OutageLog::new("looking for accounts with a developer's server");
    let mut tasks: HashMap<Appid, JoinHandle<()>> = HashMap::new();
    let mut sender = None;
    while app.pause(POLL).await {
        tasks.retain(|_, task| !task.is_finished());
        // The log has the failure.
        let Ok(accounts) = outages.record(callback::all(&app.desk).await) else { continue };
        if sender.is_none() && !accounts.is_empty() {
            let made = Sender::new(&app.settings.callback_network).map_err(Error::from);
            sender = outages.record(made).ok();
        }
        let Some(sender) = &sender else { continue };
        for appid in accounts {
            let start = || {
                tokio::spawn(Delivery::new(app.clone(), sender.clone(), base.clone(), appid.clone()).run())
            };
            tasks.entry(appid.clone()).or_insert_with(start);
        }
    }
    for task in tasks.into_values() {
        // A panic is in the log already.
        let _ = task.await;
    }
}
