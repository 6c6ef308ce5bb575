//! Shared by the baselines that write: each runs as a process of its own, in which callers wait for writers.

use crate::measure::adds::Add;
use crate::measure::load::Call;
use crate::measure::round::Turn;
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Most waiting calls, as in the product.
const WAITING: usize = 4096;

/// The calls, and the number of callers.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// A file with one appid per line, or one customer.
    lines: PathBuf,
    #[arg(long)]
    pub(crate) callers: usize,
    /// Calls before the measurement begins.
    #[arg(long)]
    pub(crate) warm: usize,
    #[arg(long)]
    calls: usize,
}

impl Load {
    /// The agents to add, in order.
    pub(crate) fn adds(&self) -> anyhow::Result<Arc<[Add]>> {
        let appids = self.read()?;
        let appids: Vec<&str> = appids.lines().collect();
        Ok((0..self.all()).map(|n| Add::number(n, &appids)).collect())
    }

    /// The text of the file.
    pub(crate) fn read(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.lines)?)
    }

    /// The number of calls.
    pub(crate) fn all(&self) -> usize {
        self.warm + self.calls
    }
}

/// Runs a turn in a child process, and prints its figures for the parent.
pub(crate) fn print(turn: impl Future<Output = anyhow::Result<Turn>>) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{}", serde_json::to_string(&runtime.block_on(turn)?)?);
    Ok(())
}

/// A call that waits for a writer.
pub(crate) struct Job {
    /// The number of the call.
    pub(crate) n: usize,
    to: oneshot::Sender<bool>,
}

impl Job {
    /// Tells the caller whether the call was done or refused.
    pub(crate) fn answer(self, done: bool) {
        // Callers wait until all calls are done.
        let _ = self.to.send(done);
    }
}

/// A caller.
pub(crate) struct Caller(SyncSender<Job>);

/// Makes callers, and the queue of their calls.
pub(crate) fn callers(number: usize) -> (Vec<Caller>, Receiver<Job>) {
    let (jobs, waiting) = sync_channel(WAITING);
    ((0..number).map(|_| Caller(jobs.clone())).collect(), waiting)
}

impl Call for Caller {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        let (to, answer) = oneshot::channel();
        self.0.try_send(Job { n, to }).context("the queue of the writers is full")?;
        ensure!(answer.await.context("a writer has stopped")?, "call {n} was refused");
        Ok(())
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
