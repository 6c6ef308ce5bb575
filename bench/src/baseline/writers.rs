//! The baselines for writing to SQLite: the statements of a verb with group commit, for callers in the same process.

use crate::baseline::callers::{self, Caller, Job, Load};
use crate::measure::load::{self, Until};
use crate::measure::machine::Watch;
use crate::measure::round::Turn;
use rusqlite::{Connection, Params, Row, Statement};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

pub(crate) const PRAGMAS: &str =
    "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
    pragma cache_size = -65536; pragma temp_store = memory;";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database.
    file: PathBuf,
    #[command(flatten)]
    load: Load,
    #[arg(long)]
    batch_max: usize,
}

/// A call of one verb.
pub(crate) trait Task: Send + Sync + Sized + 'static {
    /// The verb's statements.
    type Statements<'c>;

    /// The calls of a load, in order.
    fn all(load: &Load) -> anyhow::Result<Arc<[Self]>>;

    fn prepare(conn: &Connection) -> rusqlite::Result<Self::Statements<'_>>;

    /// Runs the verb; `false` if the product would refuse the call.
    fn run(&self, statements: &mut Self::Statements<'_>, now: i64) -> anyhow::Result<bool>;
}

/// Runs as a child process, and prints its figures.
pub(crate) fn run<T: Task>(args: &Args) -> anyhow::Result<()> {
    callers::print(measure::<T>(args))
}

async fn measure<T: Task>(args: &Args) -> anyhow::Result<Turn> {
    let tasks = T::all(&args.load)?;
    let (writer, callers) = Writer::start(&args.file, args.batch_max, args.load.callers, &tasks)?;
    let (callers, _) = load::run(callers, Until::Number(0, args.load.warm)).await?;
    let before = writer.commits.load(Ordering::Relaxed);
    let watch = Watch::start(std::process::id(), None)?;
    let (callers, tally) = load::run(callers, Until::Number(args.load.warm, tasks.len())).await?;
    let spent = watch.stop()?;
    let commits = writer.commits.load(Ordering::Relaxed) - before;
    drop(callers);
    writer.stop()?;
    Ok(Turn { batch: tally.calls as f64 / commits as f64, ..Turn::new(&tally, &spent) })
}

/// The writer thread.
pub(crate) struct Writer {
    thread: JoinHandle<anyhow::Result<()>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(crate) fn start<T: Task>(
        file: &Path,
        batch_max: usize,
        callers: usize,
        tasks: &Arc<[T]>,
    ) -> anyhow::Result<(Self, Vec<Caller>)> {
        let conn = Connection::open(file)?;
        conn.execute_batch(PRAGMAS)?;
        let (callers, waiting) = callers::callers(callers);
        let commits = Arc::new(AtomicU64::new(0));
        let (counter, tasks) = (commits.clone(), tasks.clone());
        let thread = std::thread::spawn(move || write(&conn, &waiting, &tasks, batch_max, &counter));
        Ok((Writer { thread, commits }, callers))
    }

    /// Waits until the thread ends, which it does once there are no callers.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.thread.join().map_err(|_| anyhow::anyhow!("the writer panicked"))?
    }
}

/// Writes the waiting calls with one commit, again and again. Each call has a savepoint.
fn write<T: Task>(
    conn: &Connection,
    waiting: &Receiver<Job>,
    tasks: &[T],
    batch_max: usize,
    commits: &AtomicU64,
) -> anyhow::Result<()> {
    let (mut savepoint, mut release) = (conn.prepare("savepoint verb")?, conn.prepare("release verb")?);
    let mut statements = T::prepare(conn)?;
    let mut answers = Vec::new();
    while let Ok(first) = waiting.recv() {
        conn.execute_batch("begin immediate")?;
        let now = callers::now()?;
        let mut next = Some(first);
        while let Some(job) = next {
            savepoint.execute([])?;
            let done = tasks[job.n].run(&mut statements, now)?;
            release.execute([])?;
            answers.push((done, job));
            next = if answers.len() < batch_max { waiting.try_recv().ok() } else { None };
        }
        conn.execute_batch("commit")?;
        commits.fetch_add(1, Ordering::Relaxed);
        answers.drain(..).for_each(|(done, job)| job.answer(done));
    }
    Ok(())
}

/// Runs a query to its end; returns what `read` makes of its only row, if there is one.
pub(crate) fn one<T>(
    statement: &mut Statement<'_>,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut rows = statement.query(values)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let found = read(row)?;
    while rows.next()?.is_some() {}
    Ok(Some(found))
}

/// Runs a query to its end; returns one bigint of its only row.
pub(crate) fn int(
    statement: &mut Statement<'_>,
    values: impl Params,
    column: usize,
) -> rusqlite::Result<i64> {
    one(statement, values, |row| row.get(column))?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}
