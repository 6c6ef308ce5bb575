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
/// Internal only: the last row's that failed.
pub async fn run_once(app: &App) -> Result<(), Error> {
    loop {
        let rows = due::next(&app.desk).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut outcome = Ok(());
        for row in rows {
            outcome = due::fire(&app.desk, &row).await.and(outcome);
        }
        outcome?;
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
        match self.beat(app).await {
            Ok(()) => self.renewed = Some(Instant::now()),
            Err(error) => tracing::error!(?error, "this node's lease could not be renewed"),
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
                node::bury(&app.desk, &other).await?;
            }
        }
        Ok(())
    }
}
