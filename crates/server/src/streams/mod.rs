//! The workbench streams open on this node, and what the store holds of them: the first of an agent brings the agent
//! online; the row goes a moment after the last has closed.
//!
//! Memory says who is there, and the store follows. Whatever was not written, for whatever reason, differs from memory,
//! and is written again by [`Streams::settle`], twice a second; whatever the store lost or has too much is found by
//! [`Streams::compare`], at every beat. A stream that opens is written at once, for the page waits for it.

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

/// How long to wait before what failed once is tried again; twice as long after each further failure.
const RETRY: Duration = Duration::from_millis(500);
/// How often that doubles: four seconds, within a beat.
const DOUBLINGS: u32 = 3;
/// Accounts whose agents are written at once. Of each account it is one verb, so that an account that hangs takes one
/// place.
const ACCOUNTS: usize = 64;
/// How long an agent stays online after the last stream closed.
pub const GRACE: Duration = Duration::from_millis(PRESENCE_GRACE.unsigned_abs());

type Seat = (Appid, KfAccount);

/// An agent with streams here, or whom the store takes for one.
#[derive(Default)]
struct Agent {
    open: Mutex<OpenStreams>,
    /// Held by whoever writes, so that one agent's comings and goings are written in their order.
    noted: Arc<tokio::sync::Mutex<Noted>>,
}

#[derive(Default)]
struct OpenStreams {
    count: usize,
    /// The clock's uptime when the last one closed.
    closed_at: Option<Duration>,
}

/// What the store holds of an agent's streams here.
#[derive(Default)]
struct Noted {
    /// Whether it holds a row; `None` when that is not known.
    row: Option<bool>,
    /// At whose workbench the streams are.
    worker: Option<WechatId>,
    failures: u32,
    /// The clock's uptime before which what failed is not tried again.
    retry_at: Duration,
}

/// What is to be written of an agent.
struct Step {
    kf_account: KfAccount,
    noted: OwnedMutexGuard<Noted>,
}

/// What is to be written of an account.
#[derive(Default)]
struct Steps {
    opened: Vec<Step>,
    ended: Vec<Step>,
}

impl Agent {
    fn open(&self) -> MutexGuard<'_, OpenStreams> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the store is to hold a row; either is right while the last stream has only just closed.
    fn is_there(&self, now: Duration) -> Option<bool> {
        let open = self.open();
        let in_grace = open.closed_at.is_some_and(|at| now < at + GRACE);
        if open.count > 0 { Some(true) } else { (!in_grace).then_some(false) }
    }
}

impl Noted {
    fn succeed(&mut self, row: bool) {
        (self.row, self.failures, self.retry_at) = (Some(row), 0, Duration::ZERO);
    }

    /// Says whether it is the first failure.
    fn fail(&mut self, now: Duration) -> bool {
        self.row = None;
        self.retry_at = now + RETRY * 2_u32.pow(self.failures.min(DOUBLINGS));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }
}

/// The streams of agents that are open here. Clones share them.
#[derive(Clone)]
pub struct Streams {
    desk: Desk,
    agents: Arc<DashMap<Seat, Arc<Agent>>>,
    ends: Arc<watch::Sender<u64>>,
    writing: Arc<Semaphore>,
}

impl Streams {
    /// No streams.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let (ends, writing) = (Arc::new(watch::Sender::new(0)), Arc::new(Semaphore::new(ACCOUNTS)));
        Streams { desk, agents: Arc::default(), ends, writing }
    }

    /// An agent's stream at the workbench of `worker` is open for as long as the answer lives.
    ///
    /// # Errors
    /// 65401 when there is no such agent, or the worker is not the agent; -1 when it could not be noted.
    pub async fn enter(&self, worker: &WechatId, appid: Appid, kf_account: KfAccount) -> Result<Open, Error> {
        let seat = (appid, kf_account);
        let agent = self.agents.entry(seat.clone()).or_default().clone();
        let is_first = {
            let mut open = agent.open();
            open.count += 1;
            open.count == 1
        };
        let open = Open { agent: agent.clone(), clock: self.desk.clock().clone() };
        let mut noted = agent.noted.lock().await;
        if is_first || noted.row != Some(true) || noted.worker.as_ref() != Some(worker) {
            // Until it is answered, and when nobody waits for the answer any more, it may be so or not.
            noted.row = None;
            presence::add_stream(&self.desk, worker, &seat.0, &seat.1).await?;
            noted.worker = Some(worker.clone());
            noted.succeed(true);
        }
        Ok(open)
    }

    /// Writes what memory and the store disagree about: a task for each account.
    #[must_use]
    pub fn settle(&self) -> JoinSet<()> {
        let now = self.now();
        let mut accounts: HashMap<Appid, Steps> = HashMap::new();
        self.agents.retain(|seat, agent| {
            let Some(is_there) = agent.is_there(now) else { return true };
            let Ok(noted) = agent.noted.clone().try_lock_owned() else { return true };
            if noted.row == Some(is_there) {
                // Somebody may be about to enter.
                return is_there || Arc::strong_count(agent) > 1;
            }
            if noted.retry_at <= now {
                let steps = accounts.entry(seat.0.clone()).or_default();
                let steps = if is_there { &mut steps.opened } else { &mut steps.ended };
                steps.push(Step { kf_account: seat.1.clone(), noted });
            }
            true
        });
        let mut tasks = JoinSet::new();
        for (appid, steps) in accounts {
            tasks.spawn(self.clone().write(appid, steps));
        }
        tasks
    }

    async fn write(self, appid: Appid, steps: Steps) {
        // Nobody closes it.
        let Ok(_place) = self.writing.acquire().await else { return };
        if !steps.ended.is_empty() {
            let agents = steps.ended.iter().map(|step| step.kf_account.clone()).collect();
            let outcome = presence::remove_streams(&self.desk, &appid, &self.desk.node, agents).await;
            self.conclude(&appid, steps.ended, false, outcome);
        }
        for step in steps.opened {
            // Without a worker, whoever enters is about to write it.
            let Some(worker) = step.noted.worker.clone() else { continue };
            let outcome = presence::add_stream(&self.desk, &worker, &appid, &step.kf_account).await;
            self.conclude(&appid, vec![step], true, outcome);
        }
    }

    fn conclude(&self, appid: &Appid, mut steps: Vec<Step>, row: bool, outcome: Result<(), Error>) {
        let Err(error) = outcome else {
            steps.iter_mut().for_each(|step| step.noted.succeed(row));
            return;
        };
        let (now, mut first) = (self.now(), None);
        for step in &mut steps {
            if step.noted.fail(now) {
                first = Some(&step.kf_account);
            }
        }
        // The store has logged the cause of a refusal, and an agent who is gone is no failure.
        if let (Error::Internal(error), Some(kf_account)) = (error, first) {
            let error = format!("{error:#}");
            tracing::error!(%appid, %kf_account, error, "presence could not be written, and is tried again");
        }
    }

    /// Finds what the store has lost of this node's streams, and what it has too much, for [`Streams::settle`]. Reads
    /// a row for each agent with streams here, and writes nothing.
    ///
    /// # Errors
    /// Internal only.
    pub async fn compare(&self) -> Result<(), Error> {
        let rows = presence::streams_of(&self.desk, &self.desk.node).await?;
        // What says that the agent is offline is half of what there should be.
        let rows: HashMap<Seat, Option<bool>> = rows
            .into_iter()
            .map(|row| ((row.appid, row.kf_account), row.connected.then_some(true)))
            .collect();
        for seat in rows.keys().filter(|seat| !self.agents.contains_key(*seat)) {
            self.agents.entry(seat.clone()).or_default();
        }
        for agent in self.agents.iter() {
            // What is being written now is compared at the next beat.
            let Ok(mut noted) = agent.noted.try_lock() else { continue };
            if noted.row != rows.get(agent.key()).copied().unwrap_or(Some(false)) {
                noted.row = None;
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.desk.clock().uptime()
    }

    /// Ends every stream here.
    pub fn end_all(&self) {
        self.ends.send_modify(|times| *times += 1);
    }

    /// Ready when [`Streams::end_all`] was called after this.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ends = self.ends.subscribe();
        async move {
            // An error means that the application is gone, which ends streams too.
            let _ = ends.changed().await;
        }
    }

    /// How many agents have streams open here.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.agents.iter().filter(|agent| agent.open().count > 0).count()
    }
}

/// An open stream of an agent.
pub struct Open {
    agent: Arc<Agent>,
    clock: Clock,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.agent.open();
        open.count -= 1;
        open.closed_at = Some(self.clock.uptime());
    }
}
