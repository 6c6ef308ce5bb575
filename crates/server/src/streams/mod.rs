//! The open workbench streams of this node, and their rows in the store. The first stream of an agent brings the agent
//! online; the row is deleted a moment after the last stream has closed.
//!
//! Memory is the truth and the store follows. A row that could not be written differs from memory, and
//! [`Streams::write_differences`] writes it again, twice a second. [`Streams::recheck`] finds rows that the store lost
//! or has too many, at every beat. The row of a new stream is written at once, because the page waits for it.

pub mod limit;
pub mod visit;

use crate::clock::Clock;
use crate::desk::{Desk, presence};
use crate::error::Error;
use dashmap::DashMap;
use model::due::PRESENCE_GRACE;
use model::{Appid, KfAccount, WechatId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, Semaphore, watch};
use tokio::task::JoinSet;

/// How long to wait before a failed write is repeated; doubled after each further failure.
const RETRY: Duration = Duration::from_millis(500);
/// How often the wait doubles: up to four seconds, which is within a beat.
const DOUBLINGS: u32 = 3;
/// Accounts whose agents are written at the same time. Each account is one verb, so an account that hangs takes one
/// permit.
const ACCOUNTS: usize = 64;
/// How long an agent stays online after the last stream closed.
pub const GRACE: Duration = Duration::from_millis(PRESENCE_GRACE.unsigned_abs());

type AgentKey = (Appid, KfAccount);

/// An agent with streams at this node, or with a row in the store.
#[derive(Default)]
struct AgentStreams {
    open: Mutex<OpenStreams>,
    /// Held while the row is written, so that the writes of one agent keep their order.
    stored: Arc<tokio::sync::Mutex<StoredRow>>,
}

#[derive(Default)]
struct OpenStreams {
    count: usize,
    /// Uptime of the clock when the last stream closed.
    closed_at: Option<Duration>,
}

/// The row of an agent's streams in the store, as far as this node knows it.
#[derive(Default)]
struct StoredRow {
    /// Whether the row exists; `None` when unknown.
    row: Option<bool>,
    /// The worker whose workbench has the streams.
    worker: Option<WechatId>,
    failures: u32,
    /// Uptime of the clock before which a failed write is not repeated.
    retry_at: Duration,
}

/// A row to write.
struct PendingWrite {
    kf_account: KfAccount,
    stored: OwnedMutexGuard<StoredRow>,
}

/// The rows to write of an account.
#[derive(Default)]
struct PendingWrites {
    opened: Vec<PendingWrite>,
    ended: Vec<PendingWrite>,
}

impl AgentStreams {
    fn open(&self) -> MutexGuard<'_, OpenStreams> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the store should hold a row. `None` while the last stream has only just closed: either is right.
    fn is_there(&self, now: Duration) -> Option<bool> {
        let open = self.open();
        let in_grace = open.closed_at.is_some_and(|at| now < at + GRACE);
        if open.count > 0 { Some(true) } else { (!in_grace).then_some(false) }
    }
}

impl StoredRow {
    fn succeed(&mut self, row: bool) {
        (self.row, self.failures, self.retry_at) = (Some(row), 0, Duration::ZERO);
    }

    /// Records a failure, and returns whether it is the first.
    fn fail(&mut self, now: Duration) -> bool {
        self.row = None;
        self.retry_at = now + RETRY * 2_u32.pow(self.failures.min(DOUBLINGS));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }
}

/// The open streams of agents at this node. Clones share them.
#[derive(Clone)]
pub struct Streams {
    desk: Desk,
    agents: Arc<DashMap<AgentKey, Arc<AgentStreams>>>,
    ends: Arc<watch::Sender<u64>>,
    writing: Arc<Semaphore>,
}

impl Streams {
    /// Creates the set of streams, without any.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let (ends, writing) = (Arc::new(watch::Sender::new(0)), Arc::new(Semaphore::new(ACCOUNTS)));
        Streams { desk, agents: Arc::default(), ends, writing }
    }

    /// Registers an agent's stream at the workbench of `worker` until the result is dropped.
    ///
    /// # Errors
    /// 65401 when the agent does not exist, or the worker is not bound to it; -1 when the row could not be written.
    pub async fn enter(
        &self,
        worker: &WechatId,
        appid: Appid,
        kf_account: KfAccount,
    ) -> Result<OpenStream, Error> {
        let key = (appid, kf_account);
        let agent = self.agents.entry(key.clone()).or_default().clone();
        let is_first = {
            let mut open = agent.open();
            open.count += 1;
            open.count == 1
        };
        let open = OpenStream { agent: agent.clone(), clock: self.desk.clock().clone() };
        let mut stored = agent.stored.lock().await;
        if is_first || stored.row != Some(true) || stored.worker.as_ref() != Some(worker) {
            // Unknown until the write is answered: the caller may hang up meanwhile.
            stored.row = None;
            presence::add_stream(&self.desk, worker, &key.0, &key.1).await?;
            stored.worker = Some(worker.clone());
            stored.succeed(true);
        }
        Ok(open)
    }

    /// Writes the rows that differ from memory: one task for each account.
    #[must_use]
    pub fn write_differences(&self) -> JoinSet<()> {
        let now = self.now();
        let mut accounts: HashMap<Appid, PendingWrites> = HashMap::new();
        self.agents.retain(|key, agent| {
            let Some(is_there) = agent.is_there(now) else { return true };
            let Ok(stored) = agent.stored.clone().try_lock_owned() else { return true };
            if stored.row == Some(is_there) {
                // A stream may be about to register.
                return is_there || Arc::strong_count(agent) > 1;
            }
            if stored.retry_at <= now {
                let steps = accounts.entry(key.0.clone()).or_default();
                let steps = if is_there { &mut steps.opened } else { &mut steps.ended };
                steps.push(PendingWrite { kf_account: key.1.clone(), stored });
            }
            true
        });
        let mut tasks = JoinSet::new();
        for (appid, steps) in accounts {
            tasks.spawn(self.clone().write(appid, steps));
        }
        tasks
    }

    async fn write(self, appid: Appid, steps: PendingWrites) {
        // The semaphore is never closed.
        let Ok(_place) = self.writing.acquire().await else { return };
        if !steps.ended.is_empty() {
            let agents = steps.ended.iter().map(|step| step.kf_account.clone()).collect();
            let outcome = presence::remove_streams(&self.desk, &appid, &self.desk.node, agents).await;
            self.conclude(&appid, steps.ended, false, outcome);
        }
        for step in steps.opened {
            // Without a worker, the stream that is opening now writes the row itself.
            let Some(worker) = step.stored.worker.clone() else { continue };
            let outcome = presence::add_stream(&self.desk, &worker, &appid, &step.kf_account).await;
            self.conclude(&appid, vec![step], true, outcome);
        }
    }

    fn conclude(&self, appid: &Appid, mut steps: Vec<PendingWrite>, row: bool, outcome: Result<(), Error>) {
        let Err(error) = outcome else {
            steps.iter_mut().for_each(|step| step.stored.succeed(row));
            return;
        };
        let (now, mut first) = (self.now(), None);
        for step in &mut steps {
            if step.stored.fail(now) {
                first = Some(&step.kf_account);
            }
        }
        // The store has logged the cause of a refusal, and a deleted agent is no failure.
        if let (Error::Internal(error), Some(kf_account)) = (error, first) {
            let error = format!("{error:#}");
            tracing::error!(%appid, %kf_account, error, "presence could not be written, and is tried again");
        }
    }

    /// Compares the rows in the store with memory, and marks differences for [`Streams::write_differences`]. Reads a
    /// row for each agent with streams at this node, and writes nothing.
    ///
    /// # Errors
    /// Internal only.
    pub async fn recheck(&self) -> Result<(), Error> {
        let rows = presence::streams_of(&self.desk, &self.desk.node).await?;
        // What says that the agent is offline is half of what there should be.
        let rows: HashMap<AgentKey, Option<bool>> = rows
            .into_iter()
            .map(|row| ((row.appid, row.kf_account), row.connected.then_some(true)))
            .collect();
        for key in rows.keys().filter(|key| !self.agents.contains_key(*key)) {
            self.agents.entry(key.clone()).or_default();
        }
        for agent in self.agents.iter() {
            // A row that is being written is compared at the next beat.
            let Ok(mut stored) = agent.stored.try_lock() else { continue };
            if stored.row != rows.get(agent.key()).copied().unwrap_or(Some(false)) {
                stored.row = None;
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.desk.clock().uptime()
    }

    /// Ends every stream of this node.
    pub fn end_all(&self) {
        self.ends.send_modify(|times| *times += 1);
    }

    /// Completes when [`Streams::end_all`] is called after this.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ends = self.ends.subscribe();
        async move {
            // An error means that the application is gone, which also ends the stream.
            let _ = ends.changed().await;
        }
    }

    /// Number of agents with open streams at this node.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.agents.iter().filter(|agent| agent.open().count > 0).count()
    }
}

/// An open stream of an agent.
pub struct OpenStream {
    agent: Arc<AgentStreams>,
    clock: Clock,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.agent.open();
        open.count -= 1;
        open.closed_at = Some(self.clock.uptime());
    }
}
