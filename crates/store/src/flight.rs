//! Readings that are shared by all who wait for them.

use crate::error::Error;
use dashmap::{DashMap, Entry};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::oneshot;

type Landed<T> = Result<T, Error>;

/// What somebody who waited is told.
enum Turn<T> {
    /// What a reading found that began after she asked.
    Landed(Landed<T>),
    /// Read, for these too.
    Lead(Runway<T>, Vec<oneshot::Sender<Turn<T>>>),
}

type Waiting<T> = Arc<DashMap<String, Vec<oneshot::Sender<Turn<T>>>>>;

/// Readings under way, by what is read. Whoever asks while one is under way shares the next, which begins
/// after she asked; so what is hot is read once a round trip, however many ask.
pub struct Flights<T>(Waiting<T>);

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Flights(Arc::default())
    }
}

impl<T: Clone> Flights<T> {
    /// Reads, or shares a reading that begins after this call.
    ///
    /// # Errors
    /// The reading's.
    pub async fn join<F: Future<Output = Landed<T>>>(&self, owner: &str, read: impl Fn() -> F) -> Landed<T> {
        let (_runway, passengers) = match self.queue(owner) {
            Ok(runway) => (runway, Vec::new()),
            Err(turn) => match turn.await {
                Ok(Turn::Landed(landed)) => return landed,
                Ok(Turn::Lead(runway, passengers)) => (runway, passengers),
                // Whoever led was dropped half-way: read alone.
                Err(_) => return read().await,
            },
        };
        let landed = read().await;
        for passenger in passengers {
            // She may have gone meanwhile.
            let _ = passenger.send(Turn::Landed(again(&landed)));
        }
        landed
    }

    /// The runway, or a place in the queue when somebody else has it.
    fn queue(&self, owner: &str) -> Result<Runway<T>, oneshot::Receiver<Turn<T>>> {
        match self.0.entry(owner.to_owned()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Vec::new());
                Ok(Runway { waiting: self.0.clone(), owner: owner.to_owned(), is_mine: true })
            }
            Entry::Occupied(mut waiting) => {
                let (to, turn) = oneshot::channel();
                waiting.get_mut().push(to);
                Err(turn)
            }
        }
    }
}

fn again<T: Clone>(landed: &Landed<T>) -> Landed<T> {
    match landed {
        Ok(read) => Ok(read.clone()),
        Err(Error::Refused(code)) => Err(Error::Refused(*code)),
        Err(Error::Internal(cause)) => Err(Error::Internal(anyhow::anyhow!("{cause:#}"))),
    }
}

/// Held by whoever reads. Dropped, even unread on its way to the next, it goes to whoever waits.
struct Runway<T> {
    waiting: Waiting<T>,
    owner: String,
    is_mine: bool,
}

impl<T> Drop for Runway<T> {
    fn drop(&mut self) {
        if !self.is_mine {
            return;
        }
        let mut rest = match self.waiting.get_mut(&self.owner) {
            Some(mut waiting) => std::mem::take(waiting.value_mut()),
            None => return,
        };
        while let Some(next) = rest.pop() {
            let runway = Runway { waiting: self.waiting.clone(), owner: self.owner.clone(), is_mine: true };
            match next.send(Turn::Lead(runway, rest)) {
                Ok(()) => return,
                // She has gone: ask another.
                Err(Turn::Lead(mut runway, others)) => {
                    runway.is_mine = false;
                    rest = others;
                }
                Err(Turn::Landed(_)) => return,
            }
        }
        // Whoever came meanwhile leads next.
        if self.waiting.remove_if(&self.owner, |_, waiting| waiting.is_empty()).is_none() {
            drop(Runway { waiting: self.waiting.clone(), owner: self.owner.clone(), is_mine: true });
        }
    }
}
