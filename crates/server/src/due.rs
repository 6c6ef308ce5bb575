//! The loops that time drives: due rows, this node's lease and the watch over other nodes, presence, and the counts
//! that go from memory to the store.

use crate::desk::cluster::Nodes;
use crate::desk::jobs::Queue;
use crate::desk::{cluster, jobs, presence, queue, quota, refusal_log};
use crate::error::{Error, OutageLog};
use crate::state::App;
use crate::streams::GRACE;
use anyhow::bail;
use model::clock::apart;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often due rows and the other nodes' counters are read.
const POLL: Duration = Duration::from_millis(500);
/// How often a node raises its counter, and compares its streams with the store.
const BEAT: Duration = Duration::from_secs(5);
/// A node counts as dead when its counter has not changed for this long.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// How long a node that starts waits for a sign of the others, which look every [`POLL`], and how often it looks.
const SIGN_WITHIN: Duration = Duration::from_secs(2);
const SIGN_POLL: Duration = Duration::from_millis(50);
/// Time limit for the store within a beat.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often counts in memory are written to the store.
const FLUSH: Duration = Duration::from_secs(1);

/// Writes counts from memory to the store until the application stops. [`flush_all_counts`] writes the rest.
pub async fn flush_counts(app: App) {
    // One each: the success of an empty flush says nothing about the other.
    let calls = OutageLog::new("telling the store how many calls there were");
    let refusals = OutageLog::new("telling the store which calls were refused");
    while app.pause(FLUSH).await {
        // The log has the failure.
        let _ = calls.record(quota::sync(&app.desk).await);
        let _ = refusals.record(refusal_log::flush(&app.desk).await);
    }
}

/// Writes all counts to the store.
///
/// # Errors
/// Internal, and `SystemError`.
pub async fn flush_all_counts(app: &App) -> Result<(), Error> {
    quota::sync(&app.desk).await?;
    refusal_log::flush(&app.desk).await
}

/// Runs due rows that touch no files, until the application stops.
pub async fn run(app: App) {
    let outages = OutageLog::new("running what is due");
    while app.pause(POLL).await {
        // The log has the failure.
        let _ = outages.record(run_desk(&app).await);
    }
}

/// Runs due rows that touch files, until the application stops. A bucket that does not answer delays no other rows.
pub async fn run_files(app: App) {
    let outages = OutageLog::new("running what is due for files");
    while app.pause(POLL).await {
        // The log has the failure.
        let _ = outages.record(run_rows(&app, Queue::Files).await);
    }
}

/// Runs all rows that are due now.
///
/// # Errors
/// Internal, and `SystemError`.
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

/// Runs the rows of a group that are due now. A row that fails delays no others.
async fn run_rows(app: &App, queue: Queue) -> Result<(), Error> {
    loop {
        let rows = jobs::next(&app.desk, queue).await?;
        if rows.is_empty() || app.stop.is_cancelled() {
            return Ok(());
        }
        for row in rows.iter().take_while(|_| !app.stop.is_cancelled()) {
            if let Err(error) = jobs::run_due(&app.desk, row).await {
                // The log has the cause of a refusal already.
                if let Error::Internal(_) = error {
                    tracing::error!(%error, "what is due could not be done; it is tried again in a minute");
                }
                jobs::postpone(&app.desk, row).await?;
            }
        }
    }
}

/// Keeps the store's rows of this node's streams equal to memory, until the application stops.
pub async fn keep_presence(app: App) {
    let outages = OutageLog::new("comparing streams with the store");
    let uptime = || app.desk.clock().uptime();
    let mut compared = uptime();
    while app.pause(POLL).await {
        if uptime() - compared >= BEAT {
            let begun = uptime();
            // The log has the failure, and the next poll repeats it.
            if outages.record(in_time(app.streams.recheck()).await).is_ok() {
                compared = begun;
            }
        }
        // Detached, because this loop must go on.
        app.streams.write_differences().detach_all();
    }
}

/// Returns the outcome, or an error when the store does not answer in time.
async fn in_time<T>(outcome: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let silence = |_| Err(anyhow::anyhow!("the store does not answer").into());
    tokio::time::timeout(STORE_TIMEOUT, outcome).await.unwrap_or_else(silence)
}

/// This node's lease and the nodes it watches. All durations are measured by this node's monotonic clock.
pub struct Lease {
    /// Each node's counter, and when it changed last.
    seen: HashMap<String, (i64, Duration)>,
    /// Nodes whose clocks differ from this one's; the log has said so.
    apart: HashSet<String>,
    /// Nodes that have ended, and when their streams end.
    ending: HashMap<String, Ending>,
    renewed: Duration,
    /// The store no longer holds the data that this node began with.
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

/// Keeps the lease until the application stops. Stops the application when a restored or another store has replaced the
/// data that this node began with, because the node's memory no longer matches.
///
/// # Errors
/// When it stopped the application.
pub async fn keep_lease(app: App, mut lease: Lease) -> anyhow::Result<()> {
    while app.pause(POLL).await {
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
    /// Takes up the lease. With a store of its own, every other node is one that stopped; its agents have the grace
    /// period to come back.
    ///
    /// # Errors
    /// Internal only.
    pub async fn begin(app: &App) -> Result<Self, Error> {
        let renewed = app.desk.clock().uptime();
        cluster::beat(&app.desk).await?;
        if !app.desk.store.is_shared() {
            cluster::fence_others(&app.desk).await?;
        }
        if !is_anybody_serving(app).await? {
            queue::pause_after_start(&app.desk).await?;
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

    /// Raises this node's counter.
    async fn raise(&mut self, app: &App, now: Duration) -> Result<(), Error> {
        if !cluster::beat(&app.desk).await? {
            tracing::warn!("others have taken this node for dead; its streams end here and begin anew");
            app.streams.end_all();
        }
        self.renewed = now;
        Ok(())
    }

    /// Renews the lease and checks the other nodes once.
    pub async fn renew(&mut self, app: &App) {
        let now = app.desk.clock().uptime();
        let looked = in_time(self.try_renew(app, now)).await;
        // The log has the failure.
        let _ = self.outages.record(looked);
        // Other nodes take this one for dead now, so its streams end.
        if app.desk.clock().uptime() - self.renewed > DEAD_AFTER {
            app.streams.end_all();
        }
    }

    async fn try_renew(&mut self, app: &App, now: Duration) -> Result<(), Error> {
        // First, because a node without its store must not write a sign of life into another.
        self.is_over = app.desk.store.is_shared() && app.desk.store.is_replaced().await?;
        if self.is_over {
            return Ok(());
        }
        if now - self.renewed >= BEAT {
            self.raise(app, now).await?;
        }
        let Nodes { mut beats, mut lost } = cluster::all(&app.desk).await?;
        beats.remove(&*app.desk.node);
        lost.remove(&*app.desk.node);
        self.ending.retain(|node, ending| lost.contains(node) || ending.is_running());
        for node in lost {
            self.ending.entry(node).or_insert(Ending::at(now + GRACE));
        }
        if beats.keys().any(|other| !self.seen.contains_key(other)) {
            // A new node waits for a sign that others serve.
            self.raise(app, now).await?;
        }
        self.seen.retain(|other, _| beats.contains_key(other));
        self.apart.retain(|other| beats.contains_key(other));
        for (other, (beat, clock)) in beats {
            let seen = self.seen.entry(other.clone()).or_insert((beat, now));
            if seen.0 != beat {
                *seen = (beat, now);
                // The other node wrote its clock a moment ago.
                self.compare(&other, apart(clock, app.desk.now()));
            } else if now - seen.1 > DEAD_AFTER {
                tracing::warn!(node = other, "a node is dead");
                cluster::fence(&app.desk, &other).await?;
                // Its agents have had their time to come back.
                self.ending.insert(other, Ending::at(now));
            }
        }
        self.end_streams(app, now);
        Ok(())
    }

    /// Ends the streams of nodes that have ended, in tasks, because this loop must go on. The next poll repeats what
    /// failed.
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

/// Whether another node serves, so that customers and agents have noticed no stop. Such a node raises its counter when
/// it sees that this one is new.
async fn is_anybody_serving(app: &App) -> Result<bool, Error> {
    let begun = others(app).await?;
    let end = tokio::time::Instant::now() + SIGN_WITHIN;
    while !begun.is_empty() && tokio::time::Instant::now() < end && app.pause(SIGN_POLL).await {
        let now = others(app).await?;
        if now.iter().any(|(node, beat)| begun.get(node).is_some_and(|before| before != beat)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The counters of the other nodes.
async fn others(app: &App) -> Result<HashMap<String, i64>, Error> {
    let beats = cluster::all(&app.desk).await?.beats;
    let of_other = |(node, (beat, _)): (String, (i64, _))| (node != *app.desk.node).then_some((node, beat));
    Ok(beats.into_iter().filter_map(of_other).collect())
}

async fn end_streams(app: App, node: String) {
    // The log has the cause of a refusal already.
    if let Err(Error::Internal(error)) = presence::remove_all_streams(&app.desk, &node).await {
        let error = format!("{error:#}");
        tracing::error!(node, error, "streams of a node that ended are still noted; trying again");
    }
}
