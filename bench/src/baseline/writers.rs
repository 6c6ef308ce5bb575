//! The baseline for writing to SQLite: the statements of `kfaccount/add` with group commit, for callers in the same
//! process. A test shows that it leaves the same rows as the product.

use crate::baseline::callers::{self, Caller, Job, Load};
use crate::baseline::statement::{COUNT, INSERT, INSERT_CHANGE, TAKE_KF_ID, TAKE_SEQ};
use crate::measure::adds::Add;
use crate::measure::load::{self, Until};
use crate::measure::machine::Watch;
use crate::measure::round::Turn;
use kefu::store::numbered;
use rusqlite::{Connection, Statement, params};
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

/// Runs as a child process, and prints its figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    callers::print(measure(args))
}

async fn measure(args: &Args) -> anyhow::Result<Turn> {
    let adds = args.load.adds()?;
    let (writer, callers) = Writer::start(&args.file, args.batch_max, args.load.callers, &adds)?;
    let (callers, _) = load::run(callers, Until::Number(0, args.load.warm)).await?;
    let before = writer.commits.load(Ordering::Relaxed);
    let watch = Watch::start(std::process::id(), None)?;
    let (callers, tally) = load::run(callers, Until::Number(args.load.warm, adds.len())).await?;
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
    pub(crate) fn start(
        file: &Path,
        batch_max: usize,
        callers: usize,
        adds: &Arc<[Add]>,
    ) -> anyhow::Result<(Self, Vec<Caller>)> {
        let conn = Connection::open(file)?;
        conn.execute_batch(PRAGMAS)?;
        let (callers, waiting) = callers::callers(callers);
        let commits = Arc::new(AtomicU64::new(0));
        let (counter, adds) = (commits.clone(), adds.clone());
        let thread = std::thread::spawn(move || write(&conn, &waiting, &adds, batch_max, &counter));
        Ok((Writer { thread, commits }, callers))
    }

    /// Waits until the thread ends, which it does once there are no callers.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.thread.join().map_err(|_| anyhow::anyhow!("the writer panicked"))?
    }
}

/// Writes the waiting calls with one commit, again and again.
fn write(
    conn: &Connection,
    waiting: &Receiver<Job>,
    adds: &[Add],
    batch_max: usize,
    commits: &AtomicU64,
) -> anyhow::Result<()> {
    let mut statements = Statements::prepare(conn)?;
    let mut answers = Vec::new();
    while let Ok(first) = waiting.recv() {
        conn.execute_batch("begin immediate")?;
        let now = callers::now()?;
        let mut next = Some(first);
        while let Some(job) = next {
            answers.push((statements.add(&adds[job.n], now)?, job));
            next = if answers.len() < batch_max { waiting.try_recv().ok() } else { None };
        }
        conn.execute_batch("commit")?;
        commits.fetch_add(1, Ordering::Relaxed);
        answers.drain(..).for_each(|(done, job)| job.answer(done));
    }
    Ok(())
}

struct Statements<'c> {
    savepoint: Statement<'c>,
    take_seq: Statement<'c>,
    take_kf_id: Statement<'c>,
    insert: Statement<'c>,
    count: Statement<'c>,
    insert_change: Statement<'c>,
    release: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Statements {
            savepoint: conn.prepare("savepoint verb")?,
            take_seq: conn.prepare(&numbered(TAKE_SEQ))?,
            take_kf_id: conn.prepare(&numbered(TAKE_KF_ID))?,
            insert: conn.prepare(&numbered(INSERT))?,
            count: conn.prepare(&numbered(COUNT))?,
            insert_change: conn.prepare(&numbered(INSERT_CHANGE))?,
            release: conn.prepare("release verb")?,
        })
    }

    /// Adds an agent; `false` if it exists, or the account has too many.
    fn add(&mut self, add: &Add, now: i64) -> rusqlite::Result<bool> {
        let Add { appid, kf_account, nickname, facts, .. } = add;
        self.savepoint.execute([])?;
        let seq = int(&mut self.take_seq, appid, 0)?;
        let kf_id = int(&mut self.take_kf_id, appid, 3)?;
        let rows = self.insert.execute(params![appid, kf_account, kf_id, nickname])?;
        let agents = int(&mut self.count, appid, 0)?;
        self.insert_change.execute(params![appid, seq, now, facts])?;
        self.release.execute([])?;
        Ok(rows == 1 && agents <= 100)
    }
}

/// Runs a query to its end; returns one bigint of its only row.
fn int(statement: &mut Statement<'_>, appid: &str, column: usize) -> rusqlite::Result<i64> {
    let mut rows = statement.query([appid])?;
    let int = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(column)?;
    while rows.next()?.is_some() {}
    Ok(int)
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::data::content::contents;
    use crate::data::seed;
    use crate::measure::adds::Add;
    use crate::measure::load::{self, Until};
    use kefu::config::Place;
    use kefu::desk::agent;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_baseline_leaves_the_same_rows_as_the_product() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let (product, snapshot) = (folder.path().join("product"), folder.path().join("snapshot"));
        let baseline = folder.path().join("baseline");
        let desk = seed::open(&Place::Folder(product.clone())).await?;
        let shops = seed::shops(&desk, 10).await?;
        seed::snapshot(&product, &snapshot)?;
        seed::restore(&snapshot, &baseline)?;
        let before = contents(&Place::Folder(baseline.clone()))?;
        assert_eq!(before, contents(&Place::Folder(product.clone()))?);
        let appids: Vec<&str> = shops.iter().map(|shop| shop.appid.as_str()).collect();
        let adds: Arc<[Add]> = (0..50).map(|n| Add::number(n, &appids)).collect();
        for add in &*adds {
            let appid = &shops[add.shop].appid;
            let added = agent::add(&desk, appid, add.kf_account.clone(), add.nickname.clone()).await;
            added.map_err(seed::plain)?;
        }
        let (writer, callers) = Writer::start(&baseline.join("kefu.db"), 256, 1, &adds)?;
        drop(load::run(callers, Until::Number(0, adds.len())).await?);
        writer.stop()?;
        let left = contents(&Place::Folder(baseline))?;
        assert_eq!(left, contents(&Place::Folder(product))?);
        assert_eq!(left.len(), before.len() + 2 * adds.len());
        Ok(())
    }
}
