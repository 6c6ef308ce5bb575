//! The loops of time: one runs what is due, one keeps this node's lease and watches the others', one keeps presence
//! true, one tells the store what was counted in memory.

use crate::desk::cluster::Nodes;
use crate::desk::jobs::Queue;
use crate::desk::{cluster, jobs, presence, quota, refusal_log};
use crate::error::{Error, OutageLog};
use crate::state::App;
use crate::streams::GRACE;
use anyhow::bail;
use model::clock::apart;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often to look for what is due, and at the other nodes' counters.
const POLL: Duration = Duration::from_millis(500);
/// How often a node raises its counter, and compares its streams with the store.
const BEAT: Duration = Duration::from_secs(5);
/// How long a counter may stand still before its node counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// How long the store may take for a beat.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the store is told what was counted in memory.
const FLUSH: Duration = Duration::from_secs(1);

/// Waits for so long; `false` when the application stops.
async fn pause(app: &App, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        () = app.stop.cancelled() => false,
    }
}

/// Tells the store what was counted in memory until the application stops. What is counted while it stops is told
/// by [`flush_all_counts`].
pub async fn flush_counts(app: App) {
    // One each: where one has nothing to tell, its success says nothing of the other.
    let calls = OutageLog::new("telling the store how many calls there were");
    let refusals = OutageLog::new("telling the store which calls were refused");
    while pause(&app, FLUSH).await {
        // Its failure stands in the log.
        let _ = calls.record(quota::sync(&app.desk).await);
        let _ = refusals.record(refusal_log::flush(&app.desk).await);
    }
}

/// Tells the store all that was counted.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn flush_all_counts(app: &App) -> Result<(), Error> {
    quota::sync(&app.desk).await?;
    refusal_log::flush(&app.desk).await
}

/// Runs what is due until the application stops, but for what touches files.
pub async fn run(app: App) {
    let outages = OutageLog::new("running what is due");
    while pause(&app, POLL).await {
        // Its failure stands in the log.
        let _ = outages.record(run_desk(&app).await);
    }
}

/// Runs what is due and touches files until the application stops: a bucket that does not answer keeps nothing else
/// waiting.
pub async fn run_files(app: App) {
    let outages = OutageLog::new("running what is due for files");
    while pause(&app, POLL).await {
        // Its failure stands in the log.
        let _ = outages.record(run_rows(&app, Queue::Files).await);
    }
}

/// Runs everything that is due now.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn run_once(app: &App) -> Result<(), Error> {
    run_desk(app).await?;
    run_rows(app, Queue::Files).await
}

async fn run_desk(app: &App) -> Result<(), Error> {
    if app.watch.check(&app.desk).await? {
        app.forget();
    }
    run_rows(app, Queue::Desk).await
}

/// Runs rows that are due now. One that fails does not keep others waiting.
async fn run_rows(app: &App, queue: Queue) -> Result<(), Error> {
    loop {
        let rows = jobs::next(&app.desk, queue).await?;
        if rows.is_empty() || app.stop.is_cancelled() {
            return Ok(());
        }
        for row in rows.iter().take_while(|_| !app.stop.is_cancelled()) {
            if let Err(error) = jobs::run_due(&app.desk, row).await {
                // The cause of a refusal stands in the log already.
                if let Error::Internal(_) = error {
                    tracing::error!(%error, "what is due could not be done; it is tried again in a minute");
                }
                jobs::postpone(&app.desk, row).await?;
            }
        }
    }
}

/// Keeps the store's rows of this node's streams like the streams are, until the application stops.
pub async fn keep_presence(app: App) {
    let outages = OutageLog::new("comparing streams with the store");
    let uptime = || app.desk.clock().uptime();
    let mut compared = uptime();
    while pause(&app, POLL).await {
        if uptime() - compared >= BEAT {
            let begun = uptime();
            // Its failure stands in the log, and the next look tries again.
            if outages.record(in_time(app.streams.recheck()).await).is_ok() {
                compared = begun;
            }
        }
        // Beside this loop, which must go on.
        app.streams.write_differences().detach_all();
    }
}

/// The outcome, or an error when the store does not answer.
async fn in_time<T>(outcome: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let silence = |_| Err(anyhow::anyhow!("the store does not answer").into());
    tokio::time::timeout(STORE_TIMEOUT, outcome).await.unwrap_or_else(silence)
}

/// This node's lease, and the nodes it watches. All is measured by this node's own monotonic clock.
pub struct Lease {
    /// Each node's counter, and since when it stands still.
    seen: HashMap<String, (i64, Duration)>,
    /// Those whose clocks differ from this one's, as the log says.
    apart: HashSet<String>,
    /// Nodes that have ended, and when their streams do.
    ending: HashMap<String, Ending>,
    renewed: Duration,
    /// The store holds other data than this node began with.
    is_over: bool,
    outages: OutageLog,
}

struct Ending {
    at: Duration,
    task: Option<JoinHandle<()>>,
}

impl Ending {
    fn at(at: Duration) -> Self {
        Ending { at, task: None }
    }

    fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }
}

/// Keeps the lease until the application stops. It stops the application when other data have taken the place of those
/// that this node began with: what the node holds in memory is of a store that is no more.
///
/// # Errors
/// When it stopped the application.
pub async fn keep_lease(app: App, mut lease: Lease) -> anyhow::Result<()> {
    while pause(&app, POLL).await {
        lease.renew(&app).await;
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
    /// Takes up the lease. Alone with its store, every other node is one that stopped: agents have the grace to come
    /// back.
    ///
    /// # Errors
    /// Internal only.
    pub async fn begin(app: &App) -> Result<Self, Error> {
        let renewed = app.desk.clock().uptime();
        cluster::beat(&app.desk).await?;
        if !app.desk.store.is_shared() {
            cluster::fence_others(&app.desk).await?;
        }
        let outages = OutageLog::new("renewing this node's lease");
        Ok(Lease {
            seen: HashMap::new(),
            apart: HashSet::new(),
            ending: HashMap::new(),
            renewed,
            is_over: false,
            outages,
        })
    }

    /// Looks at the nodes once.
    pub async fn renew(&mut self, app: &App) {
        let now = app.desk.clock().uptime();
        let looked = in_time(self.try_renew(app, now)).await;
        // Its failure stands in the log.
        let _ = self.outages.record(looked);
        // Others take this node for dead now: its streams must not outlive that.
        if app.desk.clock().uptime() - self.renewed > DEAD_AFTER {
            app.streams.end_all();
        }
    }

    async fn try_renew(&mut self, app: &App, now: Duration) -> Result<(), Error> {
        // First of all: a node that is over gives no sign of life in a store that is not its own.
        self.is_over = app.desk.store.is_shared() && app.desk.store.is_replaced().await?;
        if self.is_over {
            return Ok(());
        }
        if now - self.renewed >= BEAT {
            if !cluster::beat(&app.desk).await? {
                tracing::warn!("others have taken this node for dead; its streams end here and begin anew");
                app.streams.end_all();
            }
            self.renewed = now;
        }
        let Nodes { mut beats, mut lost } = cluster::all(&app.desk).await?;
        beats.remove(&*app.desk.node);
        lost.remove(&*app.desk.node);
        self.ending.retain(|node, ending| lost.contains(node) || ending.is_running());
        for node in lost {
            self.ending.entry(node).or_insert(Ending::at(now + GRACE));
        }
        self.seen.retain(|other, _| beats.contains_key(other));
        self.apart.retain(|other| beats.contains_key(other));
        for (other, (beat, clock)) in beats {
            let seen = self.seen.entry(other.clone()).or_insert((beat, now));
            if seen.0 != beat {
                *seen = (beat, now);
                // It was written a moment ago.
                self.compare(&other, apart(clock, app.desk.now()));
            } else if now - seen.1 > DEAD_AFTER {
                tracing::warn!(node = other, "a node is dead");
                cluster::fence(&app.desk, &other).await?;
                // Its agents had their time to come back.
                self.ending.insert(other, Ending::at(now));
            }
        }
        self.end_streams(app, now);
        Ok(())
    }

    /// Ends streams of nodes that have ended, beside this loop, which must go on. What failed begins anew at the next
    /// look.
    fn end_streams(&mut self, app: &App, now: Duration) {
        for (node, ending) in self.ending.iter_mut().filter(|(_, it)| it.at <= now && !it.is_running()) {
            ending.task = Some(tokio::spawn(end_streams(app.clone(), node.clone())));
        }
    }

    /// Logs once that another node's clock differs.
    fn compare(&mut self, other: &str, apart: Option<i64>) {
        match apart {
            Some(ms) if self.apart.insert(other.to_owned()) => {
                tracing::warn!(
                    node = other,
                    "a node's clock and this one's are {} ms apart: let both follow the same time server",
                    ms.abs()
                );
            }
            Some(_) => {}
            None => drop(self.apart.remove(other)),
        }
    }
}

async fn end_streams(app: App, node: String) {
    // The cause of a refusal stands in the log already.
    if let Err(Error::Internal(error)) = presence::remove_all_streams(&app.desk, &node).await {
        let error = format!("{error:#}");
        tracing::error!(node, error, "streams of a node that ended are still noted; trying again");
    }
}
