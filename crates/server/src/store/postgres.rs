//! The engine for several nodes: a queue for each owner, so that a hot one neither parks all threads
//! nor pays a commit a verb.
//!
//! A client connects, lives and dies on a thread of its own: it must not within an async runtime.

use super::hint::{listen_loop, notify_loop};
use super::job::{Job, Mode};
use super::migrate;
use super::tx::{Cell, Conn, Row, Tx, Value};
use super::watch::{Head, Shared};
use crate::clock::Clock;
use crate::error::{Error, Spell};
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Config, NoTls, Statement};
use anyhow::Context;
use protocol::Errcode;
use std::collections::{HashMap, VecDeque};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Verbs that may wait for a thread; one more is refused.
const QUEUE: usize = 4096;
/// Verbs of one owner that share a commit at most.
const BATCH: usize = 32;
/// How long the database counts as away after a connection could not be made.
const AWAY: Duration = Duration::from_millis(500);
const WRITERS: usize = 12;
const READERS: usize = 4;

pub(super) struct Postgres {
    writes: Arc<Queues>,
    reads: SyncSender<Job>,
}

impl Postgres {
    pub(super) fn open(url: &str, shared: Arc<Shared>, clock: Clock) -> anyhow::Result<Self> {
        let mut config = Config::from_str(url).context("reading the address of the database")?;
        config.connect_timeout(Duration::from_secs(5)).tcp_user_timeout(Duration::from_secs(10));
        config.keepalives_idle(Duration::from_secs(10)).application_name("kefu");
        // A node that is stopped in the middle of a batch must not hold an account for all others; and an answer means
        // that it is on the disk, whatever this database thinks otherwise.
        let options = config.get_options().unwrap_or_default().to_owned();
        config.options(&format!(
            "{options} -c idle_in_transaction_session_timeout=10000 -c lock_timeout=10000 -c synchronous_commit=on"
        ));
        let mut client = config.connect(NoTls).context("connecting to PostgreSQL")?;
        // Several nodes may start at once, and the migrations take no lock of their own.
        client.batch_execute("select pg_advisory_lock(20160701)")?;
        migrate::run(&mut client)?;
        client.batch_execute("select pg_advisory_unlock(20160701)")?;
        drop(client);

        let source = Arc::new(Source { config, refused: Mutex::new(None) });
        let (hints, gathered) = channel();
        spawn("store-notifier", {
            let source = source.clone();
            move || notify_loop(&source, &gathered)
        })?;
        spawn("store-listener", {
            let (source, shared) = (source.clone(), Arc::downgrade(&shared));
            move || listen_loop(&source, &shared)
        })?;
        let writes = Arc::new(Queues::default());
        let spell = Arc::new(Spell::of("writing to PostgreSQL"));
        for _ in 0..WRITERS {
            let worker = Writer {
                conn: Connection::new(&source),
                queues: writes.clone(),
                shared: shared.clone(),
                clock: clock.clone(),
                hints: hints.clone(),
                spell: spell.clone(),
            };
            spawn("store-writer", move || worker.run())?;
        }
        let (reads, waiting) = sync_channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let spell = Arc::new(Spell::of("reading from PostgreSQL"));
        for _ in 0..READERS {
            let (conn, waiting, clock) = (Connection::new(&source), waiting.clone(), clock.clone());
            let spell = spell.clone();
            spawn("store-reader", move || read_loop(conn, &waiting, &clock, &spell))?;
        }
        Ok(Postgres { writes, reads })
    }

    pub(super) fn submit(&self, job: Job) -> Result<(), Error> {
        if job.mode != Mode::Read {
            return self.writes.push(job);
        }
        self.reads.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => super::busy(),
            TrySendError::Disconnected(_) => anyhow::anyhow!("the store has stopped").into(),
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.writes.stop();
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

    fn push(&self, job: Job) -> Result<(), Error> {
        let mut state = self.lock();
        if state.waiting >= QUEUE {
            return Err(super::busy());
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
    hints: Sender<(String, Head)>,
    spell: Arc<Spell>,
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
                Ok(()) => drop(self.spell.note(Ok(()))),
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
                let _ = super::away(&self.spell, cause.into());
                batch.iter_mut().for_each(|job| job.fail(Errcode::SystemError.into()));
            }
            Failure::Undone(_) => {
                for job in batch {
                    // Whatever the first failure was: once is what a connection that was lost meanwhile costs.
                    match self.commit(std::slice::from_mut(job)) {
                        Ok(()) => drop(self.spell.note(Ok(()))),
                        Err(Failure::Undone(error) | Failure::Unknown(error)) => {
                            job.fail(super::away(&self.spell, error));
                        }
                    }
                }
            }
        }
    }

    fn commit(&mut self, batch: &mut [Job]) -> Result<(), Failure> {
        let now = self.clock.now();
        self.conn.batch("begin").map_err(Failure::Undone)?;
        let mut tx = Tx::new(&mut self.conn, now);
        let outcome = batch.iter_mut().try_for_each(|job| job.run(&mut tx));
        let heads: Vec<_> = tx.into_heads().collect();
        if let Err(error) = outcome {
            self.conn.roll_back();
            return Err(Failure::Undone(error));
        }
        if let Err(error) = self.conn.batch("commit") {
            return Err(if self.conn.is_open() { Failure::Undone(error) } else { Failure::Unknown(error) });
        }
        for (owner, head) in heads {
            self.shared.raise(&owner, head);
            self.shared.wake(&owner, head.seq);
            // The notifier may be gone when the store stops; a hint lost costs latency only.
            let _ = self.hints.send((owner, head));
        }
        Ok(())
    }
}

fn read_loop(mut conn: Connection, waiting: &Mutex<Receiver<Job>>, clock: &Clock, spell: &Spell) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = next else { return };
        match snapshot(&mut conn, &mut job, clock) {
            Ok(()) => drop(spell.note(Ok(()))),
            Err(error) => job.fail(super::away(spell, error)),
        }
        job.answer();
    }
}

fn snapshot(conn: &mut Connection, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    const BEGIN: &str = "begin isolation level repeatable read read only";
    // The database was away meanwhile, and may be back.
    conn.batch(BEGIN).or_else(|_| conn.batch(BEGIN))?;
    job.read(&mut Tx::new(conn, clock.now()));
    // On a connection that went meanwhile it saw less than there is.
    conn.batch("rollback").inspect_err(|_| conn.client = None)
}

/// Where connections come from.
pub(super) struct Source {
    config: Config,
    /// When one could not be made the last time.
    refused: Mutex<Option<Instant>>,
}

impl Source {
    /// A new connection; refused at once for a while after one could not be made, so that whoever waits does not wait
    /// for each attempt of those before.
    pub(super) fn connect(&self) -> Result<Client, Error> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_some_and(|at| at.elapsed() < AWAY) {
            return Err(anyhow::anyhow!("the database could not be reached a moment ago").into());
        }
        let client = self.config.connect(NoTls);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = client.is_err().then(Instant::now);
        Ok(client?)
    }
}

/// A connection that is made when it is needed, and made again when it was lost.
pub(super) struct Connection {
    source: Arc<Source>,
    client: Option<Client>,
    statements: HashMap<&'static str, Statement>,
}

impl Connection {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Connection { source: source.clone(), client: None, statements: HashMap::new() }
    }

    fn is_open(&self) -> bool {
        self.client.as_ref().is_some_and(|client| !client.is_closed())
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        if !self.is_open() {
            self.statements.clear();
            self.client = None;
            self.client = Some(self.source.connect()?);
        }
        self.client.as_mut().ok_or_else(|| anyhow::anyhow!("no connection").into())
    }

    /// Makes it when it is not open, for statements outside of a transaction.
    pub(super) fn ready(&mut self) -> Result<(), Error> {
        self.client().map(|_| ())
    }

    fn batch(&mut self, sql: &str) -> Result<(), Error> {
        Ok(self.client()?.batch_execute(sql)?)
    }

    /// Ends the transaction, or the connection when even that fails.
    fn roll_back(&mut self) {
        if self.batch("rollback").is_err() {
            self.client = None;
        }
    }

    /// The client in its transaction and the prepared statement: a connection that was lost is not
    /// made again here, for the transaction went with it.
    fn prepared(&mut self, sql: &'static str) -> Result<(&mut Client, Statement), Error> {
        let client = self.client.as_mut().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = client.prepare(sql)?;
                self.statements.insert(sql, statement.clone());
                statement
            }
        };
        Ok((client, statement))
    }
}

impl Conn for Connection {
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        let (client, statement) = self.prepared(sql)?;
        Ok(client.execute(&statement, &parameters(values))?)
    }

    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let (client, statement) = self.prepared(sql)?;
        client.query(&statement, &parameters(values))?.iter().map(row).collect()
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| match value {
            Value::Int(int) => int as &(dyn ToSql + Sync),
            Value::Text(text) => text as &(dyn ToSql + Sync),
        })
        .collect()
}

fn row(row: &::postgres::Row) -> Result<Row, Error> {
    let cell = |(column, meta): (usize, &::postgres::Column)| match *meta.type_() {
        Type::INT8 => Ok(Cell::Int(row.try_get(column)?)),
        Type::TEXT => Ok(Cell::Text(row.try_get(column)?)),
        Type::BOOL => Ok(Cell::Int(i64::from(row.try_get::<_, bool>(column)?))),
        ref other => Err(anyhow::anyhow!("a column of type {other}").into()),
    };
    Ok(Row(row.columns().iter().enumerate().map(cell).collect::<Result<_, Error>>()?))
}
