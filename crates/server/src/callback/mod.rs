//! Message push: calls the developers' servers of accounts.
//!
//! A task for each account with a developer's server reads the account's change feed and delivers what is to be pushed
//! (`delivery.rs`, each try by `attempt.rs`). One node delivers for an account at a time. What its deliveries share is
//! in `target.rs`: the settings, and whether the server is left alone. `places.rs` bounds calls, fairly between hosts.
//! `sender.rs` calls, through connections that `dialer.rs` opens to allowed addresses only. `inspect.rs` shows pushes
//! and sends them again. `check.rs` serves callbackCheck.
//! `saving.rs` stages new settings, and switches to them once `verification.rs` has verified them.

pub mod attempt;
mod check;
mod delivery;
mod dialer;
mod forwarding;
pub mod inspect;
mod places;
mod saving;
mod sender;
mod target;
mod verification;

pub use check::check;
pub use places::CallBounds;
pub use saving::{CallbackChange, Saved, save, verify_staged};
pub use sender::{Answered, CallFault, Sender, nonce};
pub use verification::VerificationFault;

use crate::desk::account::callback;
use crate::error::{Error, OutageLog};
use crate::state::App;
use delivery::Delivery;
use model::{Appid, MINUTE, Time};
use places::Places;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use target::Target;
use tokio::task::JoinHandle;

/// How often settings that were saved are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How often all accounts are read, in polls: a clock that was set back may have hidden settings.
const ALL: u64 = 600;
/// How much clocks of nodes may differ for settings to be found at once.
const APART: Time = MINUTE;

/// Delivers the pushes of all accounts until the application stops. Addresses in pushes begin with `base`. The sender
/// is made for the first account, because reading the authorities that the machine trusts takes time and memory.
pub async fn run(app: App, base: String) {
    run_within(app, base, CallBounds::default()).await;
}

/// As [`run`], with bounds for calls that are under way.
pub async fn run_within(app: App, base: String, bounds: CallBounds) {
    let outages = OutageLog::new("looking for accounts with a developer's server");
    let places = Arc::new(Places::new(bounds));
    let mut tasks: HashMap<Appid, JoinHandle<()>> = HashMap::new();
    let (mut sender, mut polled_at, mut polls) = (None, 0, 0_u64);
    while app.pause(POLL).await {
        // Nearly always there is nothing new, and only the end of an index is read.
        let now = app.desk.now();
        let since = if polls.is_multiple_of(ALL) { 0 } else { now.min(polled_at) - APART };
        // The log has the failure.
        let Ok(accounts) = outages.record(callback::set_since(&app.desk, since).await) else { continue };
        if accounts.is_empty() {
            (polled_at, polls) = (now, polls + 1);
            continue;
        }
        if sender.is_none() {
            let made = Sender::new(&app.settings.callback_network).map_err(Error::from);
            let forwarding = |sender: Sender| sender.forwarding_to(app.forwarders.clone());
            sender = outages.record(made).ok().map(forwarding);
        }
        let Some(sender) = &sender else { continue };
        (polled_at, polls) = (now, polls + 1);
        tasks.retain(|_, task| !task.is_finished());
        for appid in accounts {
            let start = || {
                let target = Target::new(app.clone(), sender.clone(), places.clone(), appid.clone());
                tokio::spawn(Delivery::new(target, base.clone()).run())
            };
            tasks.entry(appid.clone()).or_insert_with(start);
        }
    }
    for task in tasks.into_values() {
        // A panic is in the log already.
        let _ = task.await;
    }
}
