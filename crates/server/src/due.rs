//! The two loops of time: one runs what is due, the other keeps this node's lease and watches the
//! others'.

use crate::desk::{due, node};
use crate::error::Error;
use crate::state::App;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often to look for what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How often a node raises its counter.
const BEAT: Duration = Duration::from_secs(5);
/// How long a counter may stand still before its node counts as dead.
const DEAD: Duration = Duration::from_secs(15);

/// Runs what is due until the application stops.
pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = app.stop.cancelled() => return,
        }
        if let Err(error) = run_once(&app).await {
            tracing::error!(?error, "what is due could not be run; trying again");
        }
    }
}

/// Runs everything that is due now. A row that fails does not keep others waiting.
///
/// # Errors
/// Internal only.
pub async fn run_once(app: &App) -> Result<(), Error> {
    loop {
        let rows = due::next(&app.desk).await?;
        if rows.is_empty() || app.stop.is_cancelled() {
            return Ok(());
        }
        for row in rows.iter().take_while(|_| !app.stop.is_cancelled()) {
            if let Err(error) = due::fire(&app.desk, row).await {
                tracing::error!(?error, "what is due could not be done; it is tried again in a minute");
                due::postpone(&app.desk, row).await?;
            }
        }
    }
}

/// The nodes this one has seen, and since when each counter stands still.
#[derive(Default)]
pub struct Lease {
    seen: HashMap<String, (i64, Instant)>,
    renewed: Option<Instant>,
}

/// Keeps the lease until the application stops, then gives it up.
pub async fn keep_lease(app: App, mut lease: Lease) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(BEAT) => lease.renew(&app).await,
            () = app.stop.cancelled() => break,
        }
    }
}

impl Lease {
    /// Takes up the lease. Alone with its store, every other node is one that stopped.
    ///
    /// # Errors
    /// Internal only.
    pub async fn begin(app: &App) -> Result<Self, Error> {
        node::beat(&app.desk).await?;
        let beats = node::beats(&app.desk).await?;
        let mut lease = Lease { renewed: Some(Instant::now()), ..Lease::default() };
        for (other, beat) in beats.into_iter().filter(|(other, _)| **other != *app.desk.node) {
            if app.desk.store.is_shared() {
                lease.seen.insert(other, (beat, Instant::now()));
            } else {
                node::bury(&app.desk, &other).await?;
            }
        }
        Ok(lease)
    }

    async fn renew(&mut self, app: &App) {
        match tokio::time::timeout(BEAT, self.beat(app)).await {
            Ok(Ok(())) => self.renewed = Some(Instant::now()),
            Ok(Err(error)) => tracing::error!(?error, "this node's lease could not be renewed"),
            Err(_) => tracing::error!("this node's lease could not be renewed: the store does not answer"),
        }
        // Others take this node for dead now: its streams must not outlive that.
        if self.renewed.is_some_and(|renewed| renewed.elapsed() > DEAD) {
            tracing::error!("the lease has run out; streams end here and begin elsewhere");
            app.streams.end_all();
        }
    }

    async fn beat(&mut self, app: &App) -> Result<(), Error> {
        if !node::beat(&app.desk).await? {
            app.streams.end_all();
        }
        let beats = node::beats(&app.desk).await?;
        self.seen.retain(|other, _| beats.contains_key(other));
        for (other, beat) in beats.into_iter().filter(|(other, _)| **other != *app.desk.node) {
            let seen = self.seen.entry(other.clone()).or_insert((beat, Instant::now()));
            if seen.0 != beat {
                *seen = (beat, Instant::now());
            } else if seen.1.elapsed() > DEAD {
                tracing::warn!(node = other, "a node is dead");
                // Beside this loop, which must go on; not again until this had its time.
                seen.1 = Instant::now();
                tokio::spawn(bury(app.clone(), other));
            }
        }
        Ok(())
    }
}

async fn bury(app: App, other: String) {
    if let Err(error) = node::bury(&app.desk, &other).await {
        tracing::error!(?error, "what a dead node held could not be freed; trying again");
    }
}
