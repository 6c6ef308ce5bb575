//! PostgreSQL, the engine for several nodes. Each owner has a queue, so that a busy owner shares commits among its
//! verbs and occupies only one writer thread.

pub(crate) mod address;
pub(crate) mod client;

mod heads;
mod notify;
mod pipelined_connection;

use crate::clock::Clock;
use crate::engine::job::{Job, run_all};
use crate::engine::migrate;
use crate::engine::tx::Tx;
use crate::engine::watch::Shared;
use crate::error::{Error, OutageLog};
use crate::metrics::StoreMetrics;
use ::postgres::Client;
use address::Address;
use anyhow::Context;
use client::{PostgresConnection, Source};
use heads::{HeadQueue, HeadRead, read_heads};
use notify::{listen_loop, notify_loop};
use protocol::Errcode;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Most verbs in a queue; another one is refused.
const QUEUE: usize = 4096;
/// Most verbs of one owner in one commit.
const BATCH: usize = 32;
/// Settings of every connection, which override those of the database and the role. A connection that is cut during a
/// batch holds its owner's lock for two seconds at most; a commit is on the disk when it returns; a verb that waited
/// for an owner's lock sees what the verb before it wrote.
const SESSION: &str = "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=10000 -c synchronous_commit=on \
    -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off \
    -c default_transaction_deferrable=off -c standard_conforming_strings=on";
/// How long the store waits, when it stops, until other nodes are notified of its last changes.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(2);
/// Writer threads.
const WRITERS: usize = 12;
/// Reader threads.
pub(crate) const READERS: usize = 4;

pub(crate) struct Postgres {
    writes: Arc<OwnerQueues>,
    reads: SyncSender<Job>,
    heads: Arc<HeadQueue>,
    shared: Arc<Shared>,
    /// Disconnected once other nodes are notified of every change.
    notifier_end: Mutex<Receiver<Infallible>>,
}

/// Migrates the tables under an advisory lock, because several nodes may start at once and refinery takes no lock.
pub(crate) fn migrate(client: &mut Client) -> anyhow::Result<()> {
    client.batch_execute("select pg_advisory_lock(20160701)")?;
    migrate::run(client)?;
    Ok(client.batch_execute("select pg_advisory_unlock(20160701)")?)
}

impl Postgres {
    pub(crate) fn open(url: &str, shared: Arc<Shared>, clock: Clock) -> anyhow::Result<Self> {
        let address = Address::parse(url)?.with_options(SESSION);
        migrate(&mut address.client().context("connecting to PostgreSQL")?)?;
        let source = Source::of(address);
        let heads = Arc::new(HeadQueue::default());
        spawn("store-heads", {
            let source = source.with_options(heads::SESSION);
            let (queue, shared, runtime) = (heads.clone(), shared.clone(), Handle::current());
            move || read_heads(&source, &queue, &shared, &runtime)
        })?;
        let ((changed, gathered), (running, notifier_end)) = (channel(), channel());
        spawn("store-notifier", {
            let source = source.clone();
            move || {
                notify_loop(&source, &gathered);
                drop(running);
            }
        })?;
        spawn("store-listener", {
            let (source, shared) = (source.clone(), Arc::downgrade(&shared));
            move || listen_loop(&source, &shared)
        })?;
        let writes = Arc::new(OwnerQueues::default());
        let outages = Arc::new(OutageLog::new("writing to PostgreSQL"));
        for _ in 0..WRITERS {
            let worker = WriterThread {
                conn: PostgresConnection::new(&source),
                queues: writes.clone(),
                shared: shared.clone(),
                clock: clock.clone(),
                changed: changed.clone(),
                outages: outages.clone(),
            };
            spawn("store-writer", move || worker.run())?;
        }
        let (reads, waiting) = sync_channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let outages = Arc::new(OutageLog::new("reading from PostgreSQL"));
        for _ in 0..READERS {
            let (conn, waiting, clock) = (PostgresConnection::new(&source), waiting.clone(), clock.clone());
            let outages = outages.clone();
            spawn("store-reader", move || read_loop(conn, &waiting, &clock, &outages))?;
        }
        Ok(Postgres { writes, reads, heads, shared, notifier_end: Mutex::new(notifier_end) })
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), Error> {
        if !job.mode.is_read_only() {
            return self.writes.push(job, &self.shared.metrics);
        }
        self.reads.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => crate::busy(&self.shared.metrics),
            TrySendError::Disconnected(_) => anyhow::anyhow!("the store has stopped").into(),
        })
    }

    /// Asks for an owner's head.
    pub(crate) fn ask_head(&self, owner: &str) -> Result<oneshot::Receiver<HeadRead>, Error> {
        self.heads.ask(owner).ok_or_else(|| crate::busy(&self.shared.metrics))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.writes.stop();
        self.heads.stop();
        // A process that ends right after a change, as a command does, would lose its notification.
        let notifier_end = self.notifier_end.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = notifier_end.recv_timeout(NOTIFY_TIMEOUT);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new().name(name.into()).spawn(body)?;
    Ok(())
}

/// The waiting verbs, by owner. One writer at a time works on an owner's queue.
#[derive(Default)]
struct OwnerQueues {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    queues: HashMap<String, VecDeque<Job>>,
    ready: VecDeque<String>,
    waiting: usize,
    stopped: bool,
}

impl OwnerQueues {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job, metrics: &StoreMetrics) -> Result<(), Error> {
        let mut state = self.lock();
        if state.waiting >= QUEUE {
            return Err(crate::busy(metrics));
        }
        state.waiting += 1;
        let owner = job.owner.clone();
        if let Some(queue) = state.queues.get_mut(&owner) {
            queue.push_back(job);
            return Ok(());
        }
        state.queues.insert(owner.clone(), VecDeque::from([job]));
        state.ready.push_back(owner);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes a batch of the next owner; `None` when the store stops.
    fn take(&self) -> Option<Vec<Job>> {
        let mut state = self.lock();
        loop {
            if let Some(owner) = state.ready.pop_front() {
                let Some(queue) = state.queues.get_mut(&owner) else { continue };
                let batch: Vec<Job> = queue.drain(..queue.len().min(BATCH)).collect();
                state.waiting -= batch.len();
                return Some(batch);
            }
            if state.stopped {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, owner: &str) {
        let mut state = self.lock();
        if state.queues.get(owner).is_some_and(VecDeque::is_empty) {
            state.queues.remove(owner);
        } else {
            state.ready.push_back(owner.to_owned());
            self.arrived.notify_one();
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.arrived.notify_all();
    }
}

struct WriterThread {
    conn: PostgresConnection,
    queues: Arc<OwnerQueues>,
    shared: Arc<Shared>,
    clock: Clock,
    changed: Sender<(String, i64)>,
    outages: Arc<OutageLog>,
}

/// How a transaction failed.
enum Failure {
    /// Nothing was committed.
    Undone(Error),
    /// The connection was lost during the commit, so the outcome is unknown.
    Unknown(Error),
}

impl WriterThread {
    fn run(mut self) {
        while let Some(mut batch) = self.queues.take() {
            let owner = batch.first().map(|job| job.owner.clone()).unwrap_or_default();
            match self.commit(&mut batch) {
                Ok(()) => drop(self.outages.record(Ok(()))),
                Err(failure) => self.recover(&mut batch, failure),
            }
            for job in batch {
                job.answer();
            }
            self.queues.give_back(&owner);
        }
    }

    /// Runs the verbs of a failed batch once more, each in its own transaction, unless the batch may be committed.
    fn recover(&mut self, batch: &mut [Job], failure: Failure) {
        match failure {
            Failure::Unknown(error) => {
                let cause = anyhow::anyhow!("the connection was lost during the commit: {error}");
                let _ = self.outages.refuse(cause.into());
                batch.iter_mut().for_each(|job| job.fail(Errcode::SystemError.into()));
            }
            Failure::Undone(_) => {
                for job in batch {
                    // Every failure is worth one retry, because a lost connection looks like any other failure.
                    match self.commit(std::slice::from_mut(job)) {
                        Ok(()) => drop(self.outages.record(Ok(()))),
                        Err(Failure::Undone(error) | Failure::Unknown(error)) => {
                            job.fail(self.outages.refuse(error));
                        }
                    }
                }
            }
        }
    }

    fn commit(&mut self, batch: &mut [Job]) -> Result<(), Failure> {
        let now = self.clock.now();
        self.conn.begin().map_err(Failure::Undone)?;
        let mut tx = Tx::new(&mut self.conn, now);
        let outcome = run_all(batch, &mut tx);
        let changed = tx.into_changed();
        match outcome {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                self.conn.roll_back();
                return Err(Failure::Undone(error));
            }
        }
        let begun = Instant::now();
        if let Err(error) = self.conn.batch("commit") {
            return Err(if self.conn.is_open() { Failure::Undone(error) } else { Failure::Unknown(error) });
        }
        self.shared.metrics.committed(batch.len(), begun.elapsed());
        for (owner, head) in changed {
            self.shared.raise(&owner, head);
            self.shared.wake(&owner, head.seq);
            // Without the notifier, other nodes find the change later.
            let _ = self.changed.send((owner, head.seq));
        }
        Ok(())
    }
}

fn read_loop(
    mut conn: PostgresConnection,
    waiting: &Mutex<Receiver<Job>>,
    clock: &Clock,
    outages: &OutageLog,
) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = next else { return };
        match snapshot(&mut conn, &mut job, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(error) => job.fail(outages.refuse(error)),
        }
        job.answer();
    }
}

fn snapshot(conn: &mut PostgresConnection, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    const BEGIN: &str = "begin isolation level repeatable read read only";
    // The database may have been away since the last statement, and be back.
    conn.ready()?;
    conn.batch(BEGIN).or_else(|_| conn.ready().and_then(|()| conn.batch(BEGIN)))?;
    job.read(&mut Tx::new(conn, clock.now()));
    // If the connection was lost during the verb, the verb may have read too little.
    conn.batch("rollback").inspect_err(|_| conn.close())
}
