//! `kefu demo --callback`: makes a program on this machine the demo's developer's server, as `kefu account callback`
//! does for any account.

use super::print::line;
use crate::callback::{CallbackChange, Saved, Sender, save};
use crate::demo::APPID;
use crate::desk::Desk;
use crate::error::Error;
use model::{Appid, Network};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a program that is not up yet is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait until it is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// Saves the settings once the program answers the verification, and prints what came of it. `again` says how to ask
/// the program later.
pub(super) async fn connect(desk: Desk, networks: Vec<Network>, change: CallbackChange, again: String) {
    let said = match saved(&desk, &networks, change).await {
        Ok(Saved::Switched(settings)) => format!("{} answers: it is told what customers write", settings.url),
        Ok(Saved::Unverified(fault)) => format!("{fault}\nStart or mend the program. Then {again}"),
        Ok(Saved::Invalid(fault)) => format!("nothing is pushed: {fault}"),
        Ok(Saved::Replaced) => "other settings were saved meanwhile".to_owned(),
        Err(error) => format!("nothing is pushed: {:#}", error.cause()),
    };
    line(format_args!("Message push  {said}\n"));
}

async fn saved(desk: &Desk, networks: &[Network], change: CallbackChange) -> Result<Saved, Error> {
    let (sender, appid, end) = (Sender::new(networks)?, Appid::parse(APPID)?, Instant::now() + PATIENCE);
    loop {
        match save(desk, &sender, &appid, change.clone()).await? {
            Saved::Unverified(fault) if fault.is_absent() && Instant::now() < end => sleep(PAUSE).await,
            saved => return Ok(saved),
        }
    }
}
