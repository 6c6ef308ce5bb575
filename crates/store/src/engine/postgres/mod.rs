//! The engine for several nodes: a queue for each owner, so that a hot one neither parks all threads
//! nor pays a commit a verb.

pub(crate) mod address;
pub(crate) mod client;
mod line;
mod notify;

use crate::clock::Clock;
use crate::engine::job::{Job, Mode, run_all};
use crate::engine::migrate;
use crate::engine::tx::Tx;
use crate::engine::watch::Shared;
use crate::error::{Error, OutageLog};
use crate::meter::Stores;
use ::postgres::Client;
use address::Address;
use anyhow::Context;
use client::{Connection, Source};
use notify::{listen_loop, notify_loop};
use protocol::Errcode;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Verbs that may wait for a thread; one more is refused.
const QUEUE: usize = 4096;
/// Verbs of one owner that share a commit at most.
const BATCH: usize = 32;
/// What every session relies on, whatever the database or the role sets otherwise. A line that is cut in the middle of
/// a batch holds its account for two seconds at most; an answer means that the change is on the disk; a verb that
/// waited for the account's lock sees what the verb before it wrote.
const SESSION: &str = "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=10000 -c synchronous_commit=on \
    -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off \
    -c default_transaction_deferrable=off -c standard_conforming_strings=on";
/// How long the last changes of this process may take to be told to other nodes.
const FAREWELL: Duration = Duration::from_secs(2);
const WRITERS: usize = 12;
/// Threads that only look.
pub(crate) const READERS: usize = 4;

pub(crate) struct Postgres {
    writes: Arc<Queues>,
    reads: SyncSender<Job>,
    shared: Arc<Shared>,
    /// Disconnected once every change was told to other nodes.
    told: Mutex<Receiver<Infallible>>,
}

/// Several nodes may start at once, and the migrations take no lock of their own.
pub(crate) fn migrate(client: &mut Client) -> anyhow::Result<()> {
    client.batch_execute("select pg_advisory_lock(20160701)")?;
    migrate::run(client)?;
    Ok(client.batch_execute("select pg_advisory_unlock(20160701)")?)
}

impl Postgres {
    pub(crate) fn open(url: &str, shared: Arc<Shared>, clock: Clock) -> anyhow::Result<Self> {
        let mut address = Address::parse(url)?;
        let options = address.config.get_options().unwrap_or_default().to_owned();
        address.config.options(format!("{options} {SESSION}"));
        migrate(&mut address.client().context("connecting to PostgreSQL")?)?;
        let source = Source::of(address);
        let ((changed, gathered), (telling, told)) = (channel(), channel());
        spawn("store-notifier", {
            let source = source.clone();
            move || {
                notify_loop(&source, &gathered);
                drop(telling);
            }
        })?;
        spawn("store-listener", {
            let (source, shared) = (source.clone(), Arc::downgrade(&shared));
            move || listen_loop(&source, &shared)
        })?;
        let writes = Arc::new(Queues::default());
        let outages = Arc::new(OutageLog::new("writing to PostgreSQL"));
        for _ in 0..WRITERS {
            let worker = Writer {
                conn: Connection::new(&source),
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
            let (conn, waiting, clock) = (Connection::new(&source), waiting.clone(), clock.clone());
            let outages = outages.clone();
            spawn("store-reader", move || read_loop(conn, &waiting, &clock, &outages))?;
        }
        Ok(Postgres { writes, reads, shared, told: Mutex::new(told) })
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), Error> {
        if !job.mode.is_read_only() {
            return self.writes.push(job, &self.shared.meters);
        }
        self.reads.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => crate::busy(&self.shared.meters),
            TrySendError::Disconnected(_) => anyhow::anyhow!("the store has stopped").into(),
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.writes.stop();
        // A process that ends at once, as a command does, would take its notifications with it.
        let told = self.told.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = told.recv_timeout(FAREWELL);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new().name(name.into()).spawn(body)?;
    Ok(())
}

/// The verbs that wait, by owner. An owner's queue is in one writer's hands at a time.
#[derive(Default)]
struct Queues {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    queues: HashMap<String, VecDeque<Job>>,
    ready: VecDeque<String>,
    waiting: usize,
    stopped: bool,
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job, meters: &Stores) -> Result<(), Error> {
        let mut state = self.lock();
        if state.waiting >= QUEUE {
            return Err(crate::busy(meters));
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

    /// What waits for the next owner; `None` when the store stops.
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

struct Writer {
    conn: Connection,
    queues: Arc<Queues>,
    shared: Arc<Shared>,
    clock: Clock,
    changed: Sender<(String, i64)>,
    outages: Arc<OutageLog>,
}

/// How a transaction failed.
enum Failure {
    /// Nothing was committed.
    Undone(Error),
    /// The connection went while it was being committed: nobody knows.
    Unknown(Error),
}

impl Writer {
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

    /// After a lost batch its verbs run once more, one by one, unless it may have been committed.
    fn recover(&mut self, batch: &mut [Job], failure: Failure) {
        match failure {
            Failure::Unknown(error) => {
                let cause = anyhow::anyhow!("the connection went during the commit: {error}");
                let _ = self.outages.refuse(cause.into());
                batch.iter_mut().for_each(|job| job.fail(Errcode::SystemError.into()));
            }
            Failure::Undone(_) => {
                for job in batch {
                    // Whatever the first failure was: once is what a connection that was lost meanwhile costs.
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
        let heads: Vec<_> = tx.into_heads().collect();
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
        self.shared.meters.committed(batch.len(), begun.elapsed());
        for (owner, head) in heads {
            self.shared.raise(&owner, head);
            self.shared.wake(&owner, head.seq);
            // Without a notifier other nodes hear of it later.
            let _ = self.changed.send((owner, head.seq));
        }
        Ok(())
    }
}

fn read_loop(mut conn: Connection, waiting: &Mutex<Receiver<Job>>, clock: &Clock, outages: &OutageLog) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = next else { return };
        match run_read(&mut conn, &mut job, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(error) => job.fail(outages.refuse(error)),
        }
        job.answer();
    }
}

fn run_read(conn: &mut Connection, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    if job.mode == Mode::ReadSingle && conn.is_open() && job.read(&mut Tx::new(conn, clock.now())) {
        return Ok(());
    }
    // Where the single statement fails, the transaction finds out why.
    snapshot(conn, job, clock)
}

fn snapshot(conn: &mut Connection, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    const BEGIN: &str = "begin isolation level repeatable read read only";
    // The database was away meanwhile, and may be back.
    conn.ready()?;
    conn.batch(BEGIN).or_else(|_| conn.ready().and_then(|()| conn.batch(BEGIN)))?;
    job.read(&mut Tx::new(conn, clock.now()));
    // On a connection that went meanwhile it saw less than there is.
    conn.batch("rollback").inspect_err(|_| conn.close())
}
