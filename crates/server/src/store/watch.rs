//! Who is how far: the heads this process knows, and the wake-ups of those who listen.

use crate::error::Error;
use dashmap::{DashMap, Entry};
use std::future::Future;
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
    heads: DashMap<String, Head>,
    wakes: DashMap<String, watch::Sender<i64>>,
    pub(super) flights: Flights,
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

    /// Wakes everyone, when hints may have been lost.
    pub(super) fn wake_all(&self) {
        for listeners in &self.wakes {
            listeners.send_modify(|_| {});
        }
    }
}

type Landed = Result<Option<Head>, Error>;

/// Readings of heads under way. Whoever asks while one is under way shares the next, which begins
/// after she asked; so a hot owner costs one tiny query a round trip.
#[derive(Default)]
pub(super) struct Flights(DashMap<String, Vec<oneshot::Sender<Landed>>>);

impl Flights {
    pub(super) async fn join<F: Future<Output = Landed>>(&self, owner: &str, read: impl Fn() -> F) -> Landed {
        let waiting = match self.0.entry(owner.to_owned()) {
            Entry::Occupied(mut flight) => {
                let (to, landed) = oneshot::channel();
                flight.get_mut().push(to);
                Some(landed)
            }
            Entry::Vacant(vacant) => {
                vacant.insert(Vec::new());
                None
            }
        };
        if let Some(landed) = waiting {
            // The reading was dropped half-way (its caller went): read alone.
            return match landed.await {
                Ok(result) => result,
                Err(_) => read().await,
            };
        }
        let ground = Ground { flights: self, owner };
        let mine = read().await;
        loop {
            let next: Vec<_> =
                self.0.get_mut(owner).map(|mut waiting| waiting.drain(..).collect()).unwrap_or_default();
            if next.is_empty() && self.0.remove_if(owner, |_, waiting| waiting.is_empty()).is_some() {
                break;
            }
            let landed = read().await;
            for to in next {
                let _ = to.send(again(&landed));
            }
        }
        drop(ground);
        mine
    }
}

fn again(landed: &Landed) -> Landed {
    match landed {
        Ok(head) => Ok(*head),
        Err(Error::Refused(code)) => Err(Error::Refused(*code)),
        Err(Error::Internal(cause)) => Err(Error::Internal(anyhow::anyhow!("{cause:#}"))),
    }
}

/// Clears the runway when the one who reads is dropped.
struct Ground<'a> {
    flights: &'a Flights,
    owner: &'a str,
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        self.flights.0.remove(self.owner);
    }
}
