//! Who is how far: the heads this process knows, and the wake-ups of those who listen.

use crate::error::Error;
use crate::meter::Stores;
use dashmap::{DashMap, Entry};
use quick_cache::DefaultHashBuilder;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Where an owner stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Her last change.
    pub seq: i64,
    /// The last change of who may call.
    pub access: i64,
}

/// What the store's threads and its callers share. About 100 bytes for every owner touched since the
/// start.
#[derive(Default)]
pub(super) struct Shared {
    // Every request asks here, twice; nobody outside chooses the keys.
    heads: DashMap<String, Head, DefaultHashBuilder>,
    wakes: DashMap<String, watch::Sender<i64>>,
    pub(super) flights: Flights,
    pub(super) meters: Stores,
}

impl Shared {
    pub(super) fn head(&self, owner: &str) -> Option<Head> {
        self.heads.get(owner).map(|head| *head)
    }

    /// Notes where an owner stands; numbers only rise.
    pub(super) fn raise(&self, owner: &str, new: Head) {
        if let Some(mut head) = self.heads.get_mut(owner) {
            head.seq = head.seq.max(new.seq);
            head.access = head.access.max(new.access);
            return;
        }
        let mut head = self.heads.entry(owner.to_owned()).or_default();
        head.seq = head.seq.max(new.seq);
        head.access = head.access.max(new.access);
    }

    /// Wakes whoever listens to an owner.
    pub(super) fn wake(&self, owner: &str, seq: i64) {
        if let Some(listeners) = self.wakes.get(owner) {
            listeners.send_replace(seq);
        }
    }

    pub(super) fn subscribe(&self, owner: &str) -> watch::Receiver<i64> {
        self.wakes.entry(owner.to_owned()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(super) fn unsubscribe(&self, owner: &str) {
        self.wakes.remove_if(owner, |_, listeners| listeners.receiver_count() == 0);
    }

    /// Wakes everyone, when hints may have been lost: there may be more than anybody has read.
    pub(super) fn wake_all(&self) {
        for listeners in &self.wakes {
            listeners.send_replace(i64::MAX);
        }
    }
}

type Landed = Result<Option<Head>, Error>;

/// What somebody who waited is told.
enum Turn {
    /// What a reading found that began after she asked.
    Landed(Landed),
    /// Read, for these too.
    Lead(Runway, Vec<oneshot::Sender<Turn>>),
}

type Waiting = Arc<DashMap<String, Vec<oneshot::Sender<Turn>>>>;

/// Readings of heads under way. Whoever asks while one is under way shares the next, which begins
/// after she asked; so a hot owner costs one tiny query a round trip.
#[derive(Default)]
pub(super) struct Flights(Waiting);

impl Flights {
    pub(super) async fn join<F: Future<Output = Landed>>(&self, owner: &str, read: impl Fn() -> F) -> Landed {
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
    fn queue(&self, owner: &str) -> Result<Runway, oneshot::Receiver<Turn>> {
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

fn again(landed: &Landed) -> Landed {
    match landed {
        Ok(head) => Ok(*head),
        Err(Error::Refused(code)) => Err(Error::Refused(*code)),
        Err(Error::Internal(cause)) => Err(Error::Internal(anyhow::anyhow!("{cause:#}"))),
    }
}

/// Held by whoever reads. Dropped, even unread on its way to the next, it goes to whoever waits.
struct Runway {
    waiting: Waiting,
    owner: String,
    is_mine: bool,
}

impl Drop for Runway {
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
