//! Shares one read among all callers that wait for the same key.

use crate::error::Error;
use dashmap::{DashMap, Entry};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::oneshot;

type Read<T> = Result<T, Error>;

/// What a waiter receives.
enum Turn<T> {
    /// The outcome of a read that began after the waiter asked.
    Shared(Read<T>),
    /// The waiter leads the next read, for these waiters too.
    Lead(Leader<T>, Waiters<T>),
}

type Waiters<T> = Vec<oneshot::Sender<Turn<T>>>;
/// The keys that are being read, and who waits for the next read of each.
type WaitersByKey<T> = Arc<DashMap<String, Waiters<T>>>;

/// Reads under way, by key. A caller that comes while its key is being read shares the next read, which begins after
/// the call: so a popular key is read once per round trip, however many callers it has.
pub struct SingleFlight<T>(WaitersByKey<T>);

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        SingleFlight(Arc::default())
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Reads, or shares a read that begins after this call.
    ///
    /// # Errors
    /// The read's.
    pub async fn run<F: Future<Output = Read<T>>>(&self, key: &str, read: impl Fn() -> F) -> Read<T> {
        let (_leader, waiters) = match self.lead_or_wait(key) {
            Ok(leader) => (leader, Vec::new()),
            Err(turn) => match turn.await {
                Ok(Turn::Shared(outcome)) => return outcome,
                Ok(Turn::Lead(leader, waiters)) => (leader, waiters),
                // The leader was dropped half-way: read alone.
                Err(_) => return read().await,
            },
        };
        let outcome = read().await;
        for waiter in waiters {
            // The waiter may have been dropped meanwhile.
            let _ = waiter.send(Turn::Shared(copy(&outcome)));
        }
        outcome
    }

    /// Leads the read of `key`, or takes a place in its queue while another caller leads.
    fn lead_or_wait(&self, key: &str) -> Result<Leader<T>, oneshot::Receiver<Turn<T>>> {
        match self.0.entry(key.to_owned()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Vec::new());
                Ok(Leader { queues: self.0.clone(), key: key.to_owned(), is_active: true })
            }
            Entry::Occupied(mut waiters) => {
                let (to, turn) = oneshot::channel();
                waiters.get_mut().push(to);
                Err(turn)
            }
        }
    }
}

fn copy<T: Clone>(outcome: &Read<T>) -> Read<T> {
    match outcome {
        Ok(read) => Ok(read.clone()),
        Err(Error::Refused(code)) => Err(Error::Refused(*code)),
        Err(Error::Internal(cause)) => Err(Error::Internal(anyhow::anyhow!("{cause:#}"))),
    }
}

/// The right to read one key, which one caller has at a time. When it is dropped, even unused on the way to a waiter,
/// it passes to the next waiter.
struct Leader<T> {
    queues: WaitersByKey<T>,
    key: String,
    is_active: bool,
}

impl<T> Drop for Leader<T> {
    fn drop(&mut self) {
        if !self.is_active {
            return;
        }
        let mut rest = match self.queues.get_mut(&self.key) {
            Some(mut waiters) => std::mem::take(waiters.value_mut()),
            None => return,
        };
        while let Some(next) = rest.pop() {
            let leader = Leader { queues: self.queues.clone(), key: self.key.clone(), is_active: true };
            match next.send(Turn::Lead(leader, rest)) {
                Ok(()) => return,
                // This waiter was dropped: try another.
                Err(Turn::Lead(mut leader, others)) => {
                    leader.is_active = false;
                    rest = others;
                }
                Err(Turn::Shared(_)) => return,
            }
        }
        // A waiter that came meanwhile leads next.
        if self.queues.remove_if(&self.key, |_, waiters| waiters.is_empty()).is_none() {
            drop(Leader { queues: self.queues.clone(), key: self.key.clone(), is_active: true });
        }
    }
}
