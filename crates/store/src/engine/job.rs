//! A submitted verb: how it runs in a transaction, and how its result returns to the caller.

use super::tx::Tx;
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// How a verb uses the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobMode {
    /// Change the owner: takes a `seq`, records facts.
    Write,
    /// Write without a `seq` and without facts.
    WriteSilent,
    /// Read in one snapshot.
    Read,
}

impl JobMode {
    /// Whether the verb changes nothing.
    pub(crate) fn is_read_only(self) -> bool {
        self == JobMode::Read
    }
}

/// A verb with its owner, and the channel for its result.
pub(crate) struct Job {
    pub(crate) mode: JobMode,
    pub(crate) owner: String,
    verb: Box<dyn Verb>,
}

trait Verb: Send {
    /// Runs the verb and holds its result. Returns whether its writes are to be committed.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Replaces the result by an error.
    fn fail(&mut self, error: Error);
    /// Sends the result to the caller.
    fn answer(self: Box<Self>);
}

struct TypedJob<T, F> {
    verb: F,
    result: Option<Result<T, Error>>,
    to: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> Result<T, Error> + Send> Verb for TypedJob<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.verb)(tx)))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!("a verb panicked: {}", message(&*panic)).into()));
        self.result.insert(result).is_ok()
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let result = self.result.unwrap_or_else(|| Err(anyhow::anyhow!("the verb was not run").into()));
        // The caller may have stopped waiting.
        let _ = self.to.send(result);
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

impl Job {
    pub(crate) fn new<T: Send + 'static>(
        mode: JobMode,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> (Job, oneshot::Receiver<Result<T, Error>>) {
        let (to, answer) = oneshot::channel();
        let verb = Box::new(TypedJob { verb, result: None, to });
        (Job { mode, owner: owner.into(), verb }, answer)
    }

    /// Runs a verb that writes. Returns whether its writes are to be committed. An error is the transaction's; the
    /// verb's own error is part of its result.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<bool, Error> {
        tx.begin_verb(&self.owner);
        let is_locked = match self.mode {
            JobMode::Write => tx.take_seq(),
            _ => tx.lock().map(|()| true),
        };
        match is_locked {
            Ok(true) => return Ok(self.verb.run(tx) && (self.mode != JobMode::Write || tx.write_change()?)),
            Ok(false) => self.verb.fail(protocol::Errcode::InvalidAppid.into()),
            Err(error) => self.verb.fail(error),
        }
        Ok(false)
    }

    /// Runs a read-only verb. Returns whether it succeeded.
    pub(crate) fn read(&mut self, tx: &mut Tx<'_>) -> bool {
        tx.set_owner(&self.owner);
        self.verb.run(tx)
    }

    /// Replaces the verb's result after its transaction failed.
    pub(crate) fn fail(&mut self, error: Error) {
        self.verb.fail(error);
    }

    pub(crate) fn answer(self) {
        self.verb.answer();
    }
}

/// Runs verbs in a transaction that has begun, each in a savepoint unless there is only one. Returns whether there is
/// something to commit; if not, the transaction has been rolled back.
///
/// # Errors
/// The transaction's; then nothing is committed.
pub(crate) fn run_all(batch: &mut [Job], tx: &mut Tx<'_>) -> Result<bool, Error> {
    if let [job] = batch {
        tx.be_alone();
        let kept = job.run(tx)?;
        if !kept {
            tx.roll_back()?;
        } else if tx.has_failed() {
            return Err(anyhow::anyhow!("a verb continued after a failed statement").into());
        }
        return Ok(kept);
    }
    for job in batch {
        tx.save()?;
        let kept = job.run(tx)?;
        tx.release(kept)?;
    }
    Ok(true)
}
