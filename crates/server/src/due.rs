//! The loops of time: one runs what is due, one keeps this node's lease and watches the others', one tells the
//! store what was counted in memory.

use crate::desk::due::Of;
use crate::desk::{due, node, quota, rid};
use crate::error::{Error, Spell};
use crate::state::App;
use anyhow::bail;
use model::SECOND;
use model::due::PRESENCE_GRACE;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often to look for what is due, and at the other nodes' counters.
const LOOK: Duration = Duration::from_millis(500);
/// How often a node raises its counter.
const BEAT: Duration = Duration::from_secs(5);
/// How long a counter may stand still before its node counts as dead.
const DEAD: Duration = Duration::from_secs(15);
/// How long the store may take for a beat.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the store is told what was counted in memory.
const SETTLE: Duration = Duration::from_secs(1);

/// Waits for so long; `false` when the application stops.
async fn pause(app: &App, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        () = app.stop.cancelled() => false,
    }
}

/// Tells the store what was counted in memory until the application stops. What is counted while it stops is told
/// by [`settle_all`].
pub async fn settle(app: App) {
    let spell = Spell::of("telling the store what was counted");
    while pause(&app, SETTLE).await {
        // Its failure stands in the log.
        let _ = spell.note(quota::settle(&app.desk).await);
        let _ = spell.note(rid::settle(&app.desk).await);
    }
}

/// Tells the store all that was counted.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn settle_all(app: &App) -> Result<(), Error> {
    while app.desk.quotas.is_waiting() {
        quota::settle(&app.desk).await?;
    }
    rid::settle(&app.desk).await
}

/// Runs what is due until the application stops, but for what touches files.
pub async fn run(app: App) {
    let spell = Spell::of("running what is due");
    while pause(&app, LOOK).await {
        // Its failure stands in the log.
        let _ = spell.note(run_desk(&app).await);
    }
}

/// Runs what is due and touches files until the application stops: a bucket that does not answer keeps nothing else
/// waiting.
pub async fn run_files(app: App) {
    let spell = Spell::of("running what is due for files");
    while pause(&app, LOOK).await {
        // Its failure stands in the log.
        let _ = spell.note(run_rows(&app, Of::Files).await);
    }
}

/// Runs everything that is due now.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn run_once(app: &App) -> Result<(), Error> {
    run_desk(app).await?;
    run_rows(app, Of::Files).await
}

async fn run_desk(app: &App) -> Result<(), Error> {
    let (now, latest) = (app.desk.now(), app.due_looked.load(Ordering::Relaxed));
    if now < latest - SECOND {
        tracing::warn!("the clock went back by {} s", (latest - now) / SECOND);
        // Presence must not wait until it has come that far again.
        due::hasten(&app.desk, latest + PRESENCE_GRACE).await?;
    }
    app.due_looked.store(now, Ordering::Relaxed);
    run_rows(app, Of::Desk).await
}

/// Runs rows that are due now. One that fails does not keep others waiting.
async fn run_rows(app: &App, of: Of) -> Result<(), Error> {
    loop {
        let rows = due::next(&app.desk, of).await?;
        if rows.is_empty() || app.stop.is_cancelled() {
            return Ok(());
        }
        for row in rows.iter().take_while(|_| !app.stop.is_cancelled()) {
            if let Err(error) = due::fire(&app.desk, row).await {
                // The cause of a refusal stands in the log already.
                if let Error::Internal(_) = error {
                    tracing::error!(%error, "what is due could not be done; it is tried again in a minute");
                }
                due::postpone(&app.desk, row).await?;
            }
        }
    }
}

/// The nodes this one has seen, and since when each counter stands still.
pub struct Lease {
    seen: HashMap<String, (i64, Instant)>,
    renewed: Instant,
    /// The store holds other data than this node began with.
    is_over: bool,
    spell: Spell,
}

/// Keeps the lease until the application stops. It stops the application when other data have taken the place of those
/// that this node began with: what the node holds in memory is of a store that is no more.
///
/// # Errors
/// When it stopped the application.
pub async fn keep_lease(app: App, mut lease: Lease) -> anyhow::Result<()> {
    while pause(&app, LOOK).await {
        lease.look(&app).await;
        if lease.is_over {
            app.stop.cancel();
            bail!(
                "a restored or another store has taken the place of this server's data: start the server again"
            );
        }
    }
    Ok(())
}

impl Lease {
    /// Takes up the lease. Alone with its store, every other node is one that stopped.
    ///
    /// # Errors
    /// Internal only.
    pub async fn begin(app: &App) -> Result<Self, Error> {
        let now = Instant::now();
        let spell = Spell::of("renewing this node's lease");
        let mut lease = Lease { seen: HashMap::new(), renewed: now, is_over: false, spell };
        node::beat(&app.desk).await?;
        if app.desk.store.is_shared() {
            lease.renew(app, true).await?;
            return Ok(lease);
        }
        let others = node::beats(&app.desk).await?.into_keys().chain(node::lost(&app.desk).await?);
        for other in others.filter(|other| **other != *app.desk.node) {
            node::bury(&app.desk, &other, PRESENCE_GRACE).await?;
        }
        Ok(lease)
    }

    async fn look(&mut self, app: &App) {
        let is_time = self.renewed.elapsed() >= BEAT;
        if is_time || app.desk.store.is_shared() {
            let looked = tokio::time::timeout(PATIENCE, self.renew(app, is_time));
            let looked =
                looked.await.unwrap_or_else(|_| Err(anyhow::anyhow!("the store does not answer").into()));
            // Its failure stands in the log.
            let _ = self.spell.note(looked);
        }
        // Others take this node for dead now: its streams must not outlive that.
        if self.renewed.elapsed() > DEAD {
            app.streams.end_all();
        }
    }

    async fn renew(&mut self, app: &App, is_time: bool) -> Result<(), Error> {
        // First of all: a node that is over gives no sign of life in a store that is not its own.
        self.is_over = app.desk.store.is_shared() && app.desk.store.is_replaced().await?;
        if self.is_over {
            return Ok(());
        }
        if is_time {
            let begun = Instant::now();
            if !node::beat(&app.desk).await? {
                tracing::warn!("others have taken this node for dead; its streams end here and begin anew");
                app.streams.end_all();
            }
            self.renewed = begun;
            for lost in node::lost(&app.desk).await?.into_iter().filter(|lost| **lost != *app.desk.node) {
                tokio::spawn(bury(app.clone(), lost));
            }
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
    // Its agents had their time to come back.
    if let Err(error) = node::bury(&app.desk, &other, 0).await {
        tracing::error!(%error, "what a dead node held could not be freed; trying again");
    }
}
