//! One verb on its way through the store.

use super::tx::Tx;
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// What a verb may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Change the owner, with a `seq` and facts.
    Write,
    /// Write without a `seq` and without facts.
    WriteSilent,
    /// Read in one snapshot.
    Read,
    /// Read with one statement, which is a snapshot of its own.
    ReadSingle,
}

impl Mode {
    /// Whether the verb changes nothing.
    pub(crate) fn is_read_only(self) -> bool {
        matches!(self, Mode::Read | Mode::ReadSingle)
    }
}

/// A verb, and where its answer goes.
pub(crate) struct Job {
    pub(crate) mode: Mode,
    pub(crate) owner: String,
    verb: Box<dyn Verb>,
}

trait Verb: Send {
    /// Runs it and holds the result; says whether what it did is to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Replaces the result.
    fn fail(&mut self, error: Error);
    /// Lets the result go.
    fn answer(self: Box<Self>);
}

struct Held<T, F> {
    verb: F,
    result: Option<Result<T, Error>>,
    to: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> Result<T, Error> + Send> Verb for Held<T, F> {
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
        // Whoever asked may have gone meanwhile.
        let _ = self.to.send(result);
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

impl Job {
    pub(crate) fn new<T: Send + 'static>(
        mode: Mode,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> (Job, oneshot::Receiver<Result<T, Error>>) {
        let (to, answer) = oneshot::channel();
        let verb = Box::new(Held { verb, result: None, to });
        (Job { mode, owner: owner.into(), verb }, answer)
    }

    /// Runs the verb; says whether what it did is to be kept. An error is one of the transaction
    /// itself; the verb's own stay with it.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<bool, Error> {
        tx.begin_verb(&self.owner);
        Ok(match self.mode {
            Mode::Write => match tx.take_seq() {
                Ok(true) => self.verb.run(tx) && tx.write_change()?,
                Ok(false) => {
                    self.verb.fail(protocol::Errcode::InvalidAppid.into());
                    false
                }
                Err(error) => {
                    self.verb.fail(error);
                    false
                }
            },
            Mode::WriteSilent | Mode::Read | Mode::ReadSingle => match tx.lock() {
                Ok(()) => self.verb.run(tx),
                Err(error) => {
                    self.verb.fail(error);
                    false
                }
            },
        })
    }

    /// Runs a verb that only looks, in a transaction of its own; says whether it saw what it looked for.
    pub(crate) fn read(&mut self, tx: &mut Tx<'_>) -> bool {
        tx.look_as(&self.owner);
        self.verb.run(tx)
    }

    /// The transaction came to nothing: whatever the verb answered is not so.
    pub(crate) fn fail(&mut self, error: Error) {
        self.verb.fail(error);
    }

    pub(crate) fn answer(self) {
        self.verb.answer();
    }
}

/// Runs the verbs of a transaction that has begun; says whether there is anything to commit, else it has been
/// rolled back. Each has a savepoint, but one alone has the transaction.
///
/// # Errors
/// The transaction's: it came to nothing.
pub(crate) fn run_all(batch: &mut [Job], tx: &mut Tx<'_>) -> Result<bool, Error> {
    if let [job] = batch {
        tx.be_alone();
        let kept = job.run(tx)?;
        if !kept {
            tx.roll_back()?;
        } else if tx.has_failed() {
            return Err(anyhow::anyhow!("a verb went on after a statement that failed").into());
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
