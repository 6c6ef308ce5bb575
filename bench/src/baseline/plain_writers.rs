//! The baseline for writing to PostgreSQL: the statements of `kfaccount/add` on plain connections, one transaction per
//! call, for callers in the same process. A test shows that it leaves the same rows as the product.

use crate::baseline::callers::{self, Caller, Job, Load};
use crate::baseline::statement::{COUNT, INSERT, INSERT_CHANGE, TAKE_KF_ID, TAKE_SEQ};
use crate::measure::adds::Add;
use crate::measure::load::{self, Until};
use crate::measure::machine::Watch;
use crate::measure::round::Turn;
use anyhow::anyhow;
use postgres::{Client, NoTls, Statement};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database's address.
    url: String,
    #[command(flatten)]
    load: Load,
    #[arg(long)]
    connections: usize,
    /// The process id of PostgreSQL.
    #[arg(long)]
    database: u32,
}

/// Runs as a child process, and prints its figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    callers::print(measure(args))
}

async fn measure(args: &Args) -> anyhow::Result<Turn> {
    let adds = args.load.adds()?;
    let (writers, callers) = start(&args.url, args.connections, args.load.callers, &adds);
    let (callers, _) = load::run(callers, Until::Number(0, args.load.warm)).await?;
    let watch = Watch::start(std::process::id(), Some(args.database))?;
    let (callers, tally) = load::run(callers, Until::Number(args.load.warm, adds.len())).await?;
    let spent = watch.stop()?;
    drop(callers);
    stop(writers)?;
    Ok(Turn::new(&tally, &spent))
}

type Writers = Vec<JoinHandle<anyhow::Result<()>>>;

/// Starts a thread for each connection.
fn start(url: &str, connections: usize, callers: usize, adds: &Arc<[Add]>) -> (Writers, Vec<Caller>) {
    let (callers, waiting) = callers::callers(callers);
    let waiting = Arc::new(Mutex::new(waiting));
    let writer = |_| {
        let (url, waiting, adds) = (url.to_owned(), waiting.clone(), adds.clone());
        std::thread::spawn(move || write(&url, &waiting, &adds))
    };
    ((0..connections).map(writer).collect(), callers)
}

/// Waits until the writers end, which they do once there are no callers.
fn stop(writers: Writers) -> anyhow::Result<()> {
    writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| anyhow!("a writer panicked"))?)
}

fn write(url: &str, waiting: &Mutex<Receiver<Job>>, adds: &[Add]) -> anyhow::Result<()> {
    let mut writer = Writer::connect(url)?;
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return Ok(()) };
        let done = writer.add(&adds[job.n])?;
        job.answer(done);
    }
}

struct Writer {
    client: Client,
    take_seq: Statement,
    take_kf_id: Statement,
    insert: Statement,
    count: Statement,
    insert_change: Statement,
}

impl Writer {
    fn connect(url: &str) -> anyhow::Result<Self> {
        let mut client = Client::connect(url, NoTls)?;
        client.batch_execute("set synchronous_commit = on")?;
        Ok(Writer {
            take_seq: client.prepare(TAKE_SEQ)?,
            take_kf_id: client.prepare(TAKE_KF_ID)?,
            insert: client.prepare(INSERT)?,
            count: client.prepare(COUNT)?,
            insert_change: client.prepare(INSERT_CHANGE)?,
            client,
        })
    }

    /// Adds an agent; `false` if it exists, or the account has too many.
    fn add(&mut self, add: &Add) -> anyhow::Result<bool> {
        let Add { appid, kf_account, nickname, facts, .. } = add;
        let now = callers::now()?;
        self.client.batch_execute("begin")?;
        let seq: i64 = self.client.query_one(&self.take_seq, &[appid])?.get(0);
        let kf_id: i64 = self.client.query_one(&self.take_kf_id, &[appid])?.get(3);
        let rows = self.client.execute(&self.insert, &[appid, kf_account, &kf_id, nickname])?;
        let agents: i64 = self.client.query_one(&self.count, &[appid])?.get(0);
        self.client.execute(&self.insert_change, &[appid, &seq, &now, facts])?;
        self.client.batch_execute("commit")?;
        Ok(rows == 1 && agents <= 100)
    }
}

#[cfg(test)]
mod tests {
    use super::{start, stop};
    use crate::data::content::contents;
    use crate::data::database::Cluster;
    use crate::data::seed;
    use crate::measure::adds::Add;
    use crate::measure::load::{self, Until};
    use kefu::config::Place;
    use kefu::desk::agent;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_baseline_leaves_the_same_rows_as_the_product_on_postgresql() -> anyhow::Result<()> {
        let cluster = Cluster::start()?;
        let place = cluster.create("seed")?;
        let shops = seed::shops(&seed::open(&place).await?, 10).await?;
        let (product, baseline) = (cluster.copy("seed", "product")?, cluster.copy("seed", "baseline")?);
        let before = contents(&baseline)?;
        let appids: Vec<&str> = shops.iter().map(|shop| shop.appid.as_str()).collect();
        let adds: Arc<[Add]> = (0..50).map(|n| Add::number(n, &appids)).collect();
        let desk = seed::open(&product).await?;
        for add in &*adds {
            let appid = &shops[add.shop].appid;
            let added = agent::add(&desk, appid, add.kf_account.clone(), add.nickname.clone()).await;
            added.map_err(seed::plain)?;
        }
        let Place::Postgres(url) = &baseline else { anyhow::bail!("this is not PostgreSQL") };
        let (writers, callers) = start(url, 2, 1, &adds);
        drop(load::run(callers, Until::Number(0, adds.len())).await?);
        stop(writers)?;
        let left = contents(&baseline)?;
        assert_eq!(left, contents(&product)?);
        assert_eq!(left.len(), before.len() + 2 * adds.len());
        Ok(())
    }
}
