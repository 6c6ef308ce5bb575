//! SQLite, the embedded engine: one writer thread that commits waiting verbs together, and a few reader threads.

use super::job::{Job, run_all};
use super::schema;
use super::tx::{Cell, Conn, Row, Tx, Value};
use super::watch::Shared;
use crate::clock::Clock;
use crate::error::{Error, OutageLog};
use anyhow::{Context, bail, ensure};
use quick_cache::DefaultHashBuilder;
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

/// Most verbs in a queue; another one is refused.
const QUEUE: usize = 4096;
/// Most verbs in one commit.
const BATCH: usize = 256;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: u32 = 64 << 10;
/// Page cache of each reader, in KiB. It is small, because SQLite empties it after every commit of the writer.
const READER_CACHE_KIB: u32 = 4 << 10;
/// Reader threads.
pub(crate) const READERS: usize = 3;
/// Most bytes of a folder's path. SQLite takes paths of 512 bytes (MAX_PATHNAME in its os_unix.c), which include the
/// names of the database and of its other files.
const FOLDER_PATH_MAX: usize = 490;

pub(crate) struct Sqlite {
    writes: SyncSender<Job>,
    reads: SyncSender<Job>,
    shared: Arc<Shared>,
    /// Held while this process uses the folder.
    _lock: File,
}

impl Sqlite {
    pub(crate) fn open(folder: &Path, shared: Arc<Shared>, clock: Clock) -> anyhow::Result<Self> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let file = folder.join("kefu.db");
        // Only this user may read it; SQLite gives its other files the same mode.
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&file)
            .with_context(|| format!("creating {}", file.display()))?;
        check_path_length(folder)?;
        let mut writer = connect(&file, WRITER_CACHE_KIB)?;
        schema::run(&mut writer)?;
        let (writes, waiting) = sync_channel(QUEUE);
        let (at, runtime, known) = (clock.clone(), Handle::current(), shared.clone());
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(&writer, &waiting, &known, &at, &runtime))?;
        let (reads, waiting) = sync_channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let outages = Arc::new(OutageLog::new("reading from the database"));
        for _ in 0..READERS {
            let (file, waiting) = (file.clone(), waiting.clone());
            let (at, outages) = (clock.clone(), outages.clone());
            thread::Builder::new()
                .name("store-reader".into())
                .spawn(move || read_loop(&file, &waiting, &at, &outages))?;
        }
        Ok(Sqlite { writes, reads, shared, _lock: lock })
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), Error> {
        let queue = if job.mode.is_read_only() { &self.reads } else { &self.writes };
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => crate::busy(&self.shared.metrics),
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
            "another Kefu uses the data in {}: stop it, or choose another folder with --data",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// The statement with `?1` for `$1`, which SQLite would take for a named parameter. Quoted text is unchanged.
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
    let mut conn = SqliteConnection::new(raw);
    let outages = OutageLog::new("writing to the database");
    while let Ok(first) = waiting.recv() {
        // Only what waits now: later verbs go into the next batch, so that this batch is answered meanwhile.
        let mut batch: Vec<Job> = iter::once(first).chain(waiting.try_iter()).take(BATCH).collect();
        match commit(&mut conn, &mut batch, shared, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(_) => retry_each(&mut conn, &mut batch, shared, clock, &outages),
        }
        // Waking callers is cheap on a thread of the runtime, and the next batch begins meanwhile.
        runtime.spawn(async move { batch.into_iter().for_each(Job::answer) });
    }
}

/// Runs the verbs of a failed batch (disk full, an IO error) once more, each in its own transaction.
fn retry_each(
    conn: &mut SqliteConnection<'_>,
    batch: &mut [Job],
    shared: &Shared,
    clock: &Clock,
    outages: &OutageLog,
) {
    for job in batch {
        match commit(conn, std::slice::from_mut(job), shared, clock) {
            Ok(()) => drop(outages.record(Ok(()))),
            Err(error) => job.fail(outages.refuse(error)),
        }
    }
}

/// Runs `batch` in one transaction, and announces its changes once they are committed.
fn commit(
    conn: &mut SqliteConnection<'_>,
    batch: &mut [Job],
    shared: &Shared,
    clock: &Clock,
) -> Result<(), Error> {
    conn.end_transaction()?;
    conn.raw.execute_batch("begin immediate")?;
    let mut tx = Tx::new(conn, clock.now());
    let outcome = run_all(batch, &mut tx);
    let changed = tx.into_changed();
    if let Ok(false) = outcome {
        return Ok(());
    }
    let begun = Instant::now();
    if let Err(error) = outcome.and_then(|_| conn.raw.execute_batch("commit").map_err(Error::from)) {
        // If this fails too, the next transaction tries it again before it begins.
        let _ = conn.end_transaction();
        return Err(error);
    }
    shared.metrics.committed(batch.len(), begun.elapsed());
    for (owner, head) in changed {
        shared.raise(&owner, head);
        shared.wake(&owner, head.seq);
    }
    Ok(())
}

/// Connects for the first verb: parsing the schema for each reader would delay the start.
fn read_loop(file: &Path, waiting: &Mutex<Receiver<Job>>, clock: &Clock, outages: &OutageLog) {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(mut job) = next() {
        let raw = match connect(file, READER_CACHE_KIB) {
            Ok(raw) => raw,
            Err(error) => {
                job.fail(outages.refuse(error.into()));
                job.answer();
                continue;
            }
        };
        let mut conn = SqliteConnection::new(&raw);
        loop {
            match snapshot(&mut conn, &mut job, clock) {
                Ok(()) => drop(outages.record(Ok(()))),
                Err(error) => job.fail(outages.refuse(error)),
            }
            job.answer();
            let Ok(another) = next() else { return };
            job = another;
        }
    }
}

fn snapshot(conn: &mut SqliteConnection<'_>, job: &mut Job, clock: &Clock) -> Result<(), Error> {
    conn.end_transaction()?;
    conn.raw.execute_batch("begin")?;
    job.read(&mut Tx::new(conn, clock.now()));
    conn.end_transaction()
}

/// Fails if the path of an existing folder is too long for SQLite.
///
/// # Errors
/// Says how long the path may be.
pub fn check_path_length(folder: &Path) -> anyhow::Result<()> {
    let real = folder.canonicalize().with_context(|| format!("looking at {}", folder.display()))?;
    let bytes = real.as_os_str().len();
    ensure!(
        bytes <= FOLDER_PATH_MAX,
        "the path of the data has {bytes} bytes, and SQLite takes at most {FOLDER_PATH_MAX}: choose a shorter --data"
    );
    Ok(())
}

fn connect(file: &Path, cache_kib: u32) -> anyhow::Result<rusqlite::Connection> {
    let raw = rusqlite::Connection::open(file).with_context(|| format!("opening {}", file.display()))?;
    raw.execute_batch(&format!(
        "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
         pragma cache_size = -{cache_kib}; pragma temp_store = memory;",
    ))?;
    Ok(raw)
}

/// A connection and its prepared statements. The key is the address of the statement's text, which is static: hashing
/// and comparing the text itself would cost a tenth of SQLite's own time. No caller chooses a key, so the hash is fast.
struct SqliteConnection<'c> {
    raw: &'c rusqlite::Connection,
    statements: HashMap<(*const u8, usize), Statement<'c>, DefaultHashBuilder>,
}

impl<'c> SqliteConnection<'c> {
    fn new(raw: &'c rusqlite::Connection) -> Self {
        SqliteConnection { raw, statements: HashMap::default() }
    }

    /// Rolls back the open transaction, if there is one: some failures end it, others do not.
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

impl Conn for SqliteConnection<'_> {
    /// A transaction that writes is the only one.
    fn lock(&mut self, _owner: &str) -> Result<(), Error> {
        Ok(())
    }

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
