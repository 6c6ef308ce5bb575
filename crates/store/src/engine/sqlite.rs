//! The embedded engine: one writer thread that commits whatever waits together, a few readers.

use super::job::{Job, run_all};
use super::migrate;
use super::tx::{Cell, Conn, Row, Tx, Value};
use super::watch::Shared;
use crate::clock::Clock;
use crate::error::{Error, OutageLog};
use anyhow::{Context, bail, ensure};
use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::iter;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;
use tokio::runtime::Handle;

/// Verbs that may wait for a thread; one more is refused.
const QUEUE: usize = 4096;
/// Verbs that share a commit at most.
const BATCH: usize = 256;
/// Threads that only look.
pub(crate) const READERS: usize = 3;
/// Most bytes of a folder's path: SQLite takes paths of 512 (MAX_PATHNAME of its os_unix.c), and adds to it the name of
/// the database and of the files beside it.
const FOLDER_PATH_MAX: usize = 490;

pub(crate) struct Sqlite {
    writes: SyncSender<Job>,
    reads: SyncSender<Job>,
    shared: Arc<Shared>,
    /// Held as long as this process has the folder.
    _lock: File,
}

impl Sqlite {
    pub(crate) fn open(folder: &Path, shared: Arc<Shared>, clock: Clock) -> anyhow::Result<Self> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let file = folder.join("kefu.db");
        // What people wrote is nobody else's on this machine; SQLite's other files take after this one.
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&file)
            .with_context(|| format!("creating {}", file.display()))?;
        fits(folder)?;
        let mut writer = connect(&file)?;
        migrate::run(&mut writer)?;
        let (writes, waiting) = sync_channel(QUEUE);
        let (at, runtime, known) = (clock.clone(), Handle::current(), shared.clone());
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(&writer, &waiting, &known, &at, &runtime))?;
        let (reads, waiting) = sync_channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let outages = Arc::new(OutageLog::new("reading from the database"));
        for _ in 0..READERS {
            let (reader, waiting, at) = (connect(&file)?, waiting.clone(), clock.clone());
            let outages = outages.clone();
            thread::Builder::new()
                .name("store-reader".into())
                .spawn(move || read_loop(&reader, &waiting, &at, &outages))?;
        }
        Ok(Sqlite { writes, reads, shared, _lock: lock })
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), Error> {
        let queue = if job.mode.is_read_only() { &self.reads } else { &self.writes };
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => crate::busy(&self.shared.meters),
            TrySendError::Disconnected(_) => anyhow::anyhow!("the store has stopped").into(),
        })
    }
}

pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("creating the folder {}", folder.display()))
}

pub(crate) fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("kefu.lock");
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another Kefu uses the data in {} already: stop it, or choose another folder with --data",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// A statement with `?1` where `$1` stands, which SQLite takes for a name; quoted text stays as it is.
pub fn numbered(sql: &str) -> String {
    let (mut quote, mut rest) = (None, sql.chars().peekable());
    let mut text = String::with_capacity(sql.len());
    while let Some(next) = rest.next() {
        match (quote, next) {
            (Some(open), _) if open == next => quote = None,
            (None, '\'' | '"') => quote = Some(next),
            _ => {}
        }
        let is_place = quote.is_none() && next == '$' && rest.peek().is_some_and(char::is_ascii_digit);
        text.push(if is_place { '?' } else { next });
    }
    text
}

fn write_loop(
    raw: &rusqlite::Connection,
    waiting: &Receiver<Job>,
    shared: &Shared,
    clock: &Clock,
    runtime: &Handle,
) {
    let mut conn = Connection::new(raw);
    let outages = OutageLog::new("writing to the database");
    while let Ok(first) = waiting.recv() {
        // What waits now; what arrives meanwhile goes into the next one, so that its callers are heard
        // and answered while this one runs.
        let mut batch: Vec<Job> = iter::once(first).chain(waiting.try_iter()).take(BATCH).collect();
        match commit(&mut conn, &mut batch, shared, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(_) => alone(&mut conn, &mut batch, shared, clock, &outages),
        }
        // From within the runtime, where waking who waits is cheap; the next batch begins meanwhile.
        runtime.spawn(async move { batch.into_iter().for_each(Job::answer) });
    }
}

/// The batch died as a whole (disk full, an IO error): its verbs run once more, one by one.
fn alone(conn: &mut Connection<'_>, batch: &mut [Job], shared: &Shared, clock: &Clock, outages: &OutageLog) {
    for job in batch {
        match commit(conn, std::slice::from_mut(job), shared, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(error) => job.fail(outages.refuse(error)),
        }
    }
}

/// Runs `batch` in one transaction, and publishes it once committed.
fn commit(conn: &mut Connection<'_>, batch: &mut [Job], shared: &Shared, clock: &Clock) -> Result<(), Error> {
    conn.end_transaction()?;
    conn.raw.execute_batch("begin immediate")?;
    let mut tx = Tx::new(conn, clock.now());
    let outcome = run_all(batch, &mut tx);
    let heads: Vec<_> = tx.into_heads().collect();
    if let Ok(false) = outcome {
        return Ok(());
    }
    let begun = Instant::now();
    if let Err(error) = outcome.and_then(|_| conn.raw.execute_batch("commit").map_err(Error::from)) {
        // Where even this fails, the next one begins with it.
        let _ = conn.end_transaction();
        return Err(error);
    }
    shared.meters.committed(batch.len(), begun.elapsed());
    for (owner, head) in heads {
        shared.raise(&owner, head);
        shared.wake(&owner, head.seq);
    }
    Ok(())
}

fn read_loop(raw: &rusqlite::Connection, waiting: &Mutex<Receiver<Job>>, clock: &Clock, outages: &OutageLog) {
    let mut conn = Connection::new(raw);
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

fn snapshot(conn: &mut Connection<'_>, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    conn.end_transaction()?;
    conn.raw.execute_batch("begin")?;
    job.read(&mut Tx::new(conn, clock.now()));
    conn.end_transaction()
}

/// Refuses a folder whose path is so long that SQLite opens no database in it. The folder must be there.
///
/// # Errors
/// Says how long it may be.
pub fn fits(folder: &Path) -> anyhow::Result<()> {
    let real = folder.canonicalize().with_context(|| format!("looking at {}", folder.display()))?;
    let bytes = real.as_os_str().len();
    ensure!(
        bytes <= FOLDER_PATH_MAX,
        "the path of the data has {bytes} bytes, and SQLite takes {FOLDER_PATH_MAX} at most: choose a shorter --data"
    );
    Ok(())
}

fn connect(file: &Path) -> anyhow::Result<rusqlite::Connection> {
    let raw = rusqlite::Connection::open(file).with_context(|| format!("opening {}", file.display()))?;
    raw.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
         pragma cache_size = -65536; pragma temp_store = memory;",
    )?;
    Ok(raw)
}

/// A connection, and every statement that ran on it, ready to run again. They are found by where
/// their text stands, which is in the program: a verb runs half a dozen, and to hash and compare
/// that much text costs a tenth of what SQLite itself does.
struct Connection<'c> {
    raw: &'c rusqlite::Connection,
    statements: HashMap<(*const u8, usize), Statement<'c>>,
}

impl<'c> Connection<'c> {
    fn new(raw: &'c rusqlite::Connection) -> Self {
        Connection { raw, statements: HashMap::new() }
    }

    /// Rolls back what is open, if anything is: a failure may have ended it, or not.
    fn end_transaction(&self) -> Result<(), Error> {
        if !self.raw.is_autocommit() {
            self.raw.execute_batch("rollback")?;
        }
        Ok(())
    }

    fn statement(&mut self, sql: &'static str) -> rusqlite::Result<&mut Statement<'c>> {
        Ok(match self.statements.entry((sql.as_ptr(), sql.len())) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(new) => new.insert(self.raw.prepare(&numbered(sql))?),
        })
    }
}

impl Conn for Connection<'_> {
    fn send(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Error> {
        self.run(sql, values).map(|_| ())
    }

    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        let rows = self.statement(sql)?.execute(rusqlite::params_from_iter(values))?;
        Ok(u64::try_from(rows)?)
    }

    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let cells =
                (0..columns).map(|column| cell(row.get_ref(column)?)).collect::<Result<_, Error>>()?;
            all.push(Row(cells));
        }
        Ok(all)
    }
}

pub(crate) fn cell(value: ValueRef<'_>) -> Result<Cell, Error> {
    match value {
        ValueRef::Integer(int) => Ok(Cell::Int(int)),
        ValueRef::Text(text) => Ok(Cell::Text(String::from_utf8_lossy(text).into_owned())),
        other => Err(anyhow::anyhow!("a column of type {}", other.data_type()).into()),
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
