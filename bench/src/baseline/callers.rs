//! What the baselines of writing share: they run as processes of their own, and callers in them wait for writers.

use crate::measure::adds::Add;
use crate::measure::load::Call;
use crate::measure::round::Turn;
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Calls that may wait, as many as the product lets wait.
const WAITING: usize = 4096;

/// What is called, and by how many.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// One appid a line.
    accounts: PathBuf,
    #[arg(long)]
    pub(crate) callers: usize,
    /// Calls before those that count.
    #[arg(long)]
    pub(crate) warm: usize,
    #[arg(long)]
    calls: usize,
}

impl Load {
    /// The calls, in order.
    pub(crate) fn adds(&self) -> anyhow::Result<Arc<[Add]>> {
        let appids = std::fs::read_to_string(&self.accounts)?;
        let appids: Vec<&str> = appids.lines().collect();
        Ok((0..self.warm + self.calls).map(|n| Add::number(n, &appids)).collect())
    }
}

/// Measures as a child, and prints the turn.
pub(crate) fn print(turn: impl Future<Output = anyhow::Result<Turn>>) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{}", serde_json::to_string(&runtime.block_on(turn)?)?);
    Ok(())
}

/// A call that waits for a writer.
pub(crate) struct Job {
    /// Which.
    pub(crate) n: usize,
    to: oneshot::Sender<bool>,
}

impl Job {
    /// It is done, or was refused.
    pub(crate) fn answer(self, done: bool) {
        // Whoever asked is there until all is done.
        let _ = self.to.send(done);
    }
}

/// Somebody who calls.
pub(crate) struct Caller(SyncSender<Job>);

/// So many callers, and where their calls come out.
pub(crate) fn callers(number: usize) -> (Vec<Caller>, Receiver<Job>) {
    let (jobs, waiting) = sync_channel(WAITING);
    ((0..number).map(|_| Caller(jobs.clone())).collect(), waiting)
}

impl Call for Caller {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        let (to, answer) = oneshot::channel();
        self.0.try_send(Job { n, to }).context("the writers take nothing")?;
        ensure!(answer.await.context("a writer has stopped")?, "an agent was refused");
        Ok(())
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
