//! Pools of memory and of places for senders of files. Each crowd of senders has pools of its own, and each sender may
//! take only a share of them.

use crate::error::{Error, OutageLog};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// The size of a unit of memory, bytes.
pub(super) const UNIT: usize = 16 << 10;
/// How long a sender waits for memory or a place.
const TURN: Duration = Duration::from_secs(20);

/// Crowds of senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crowd {
    Strangers,
    Customers,
    Workers,
    Programs,
}

/// The sender of a file: a crowd, and names in it. Each name has a divisor: it may take one part in so many of the
/// crowd's pools.
#[derive(Clone)]
pub struct Sender {
    crowd: Crowd,
    names: Vec<(String, usize)>,
}

impl Sender {
    /// A caller without a valid token, at an address.
    #[must_use]
    pub fn stranger(address: &str) -> Self {
        Sender { crowd: Crowd::Strangers, names: vec![(address.to_owned(), 8)] }
    }

    /// A customer, who may be new, at an address, which many may share.
    #[must_use]
    pub fn customer(openid: Option<&str>, address: &str) -> Self {
        let own = openid.map_or_else(|| format!("new at {address}"), str::to_owned);
        Sender { crowd: Crowd::Customers, names: vec![(own, 64), (address.to_owned(), 3)] }
    }

    /// A worker.
    #[must_use]
    pub fn worker(name: &str) -> Self {
        Sender { crowd: Crowd::Workers, names: vec![(name.to_owned(), 8)] }
    }

    /// A program with a token of an account.
    #[must_use]
    pub fn program(appid: &str) -> Self {
        Sender { crowd: Crowd::Programs, names: vec![(appid.to_owned(), 2)] }
    }
}

/// A pool of `most` equal units for one crowd, with a share for each name.
struct Pool {
    most: usize,
    all: Arc<Semaphore>,
    shares: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// What a sender has taken: permits of each of its shares, and of the whole pool last. Dropping it gives them back.
pub(super) struct Permits(Vec<OwnedSemaphorePermit>);

impl Pool {
    fn of(most: usize) -> Self {
        Pool { most, all: Arc::new(Semaphore::new(most)), shares: Mutex::default() }
    }

    /// The shares of a sender, and the whole pool last.
    fn parts(&self, sender: &Sender) -> Vec<Arc<Semaphore>> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // Drop the shares that nobody holds before the map grows.
        if shares.len() == shares.capacity() {
            shares.retain(|_, share| share.strong_count() > 0);
        }
        let mut parts: Vec<_> = sender
            .names
            .iter()
            .map(|(name, of)| {
                let known = shares.get(name).and_then(Weak::upgrade);
                known.unwrap_or_else(|| {
                    let share = Arc::new(Semaphore::new((self.most / of).max(1)));
                    shares.insert(name.clone(), Arc::downgrade(&share));
                    share
                })
            })
            .collect();
        parts.push(self.all.clone());
        parts
    }

    /// Takes one unit, once the sender's shares and the whole pool have one. A sender that waits for its share takes
    /// nothing from the pool.
    async fn take(&self, sender: &Sender) -> Option<Permits> {
        let wait = async {
            let mut held = Vec::new();
            for part in self.parts(sender) {
                held.push(part.acquire_owned().await.ok()?);
            }
            Some(Permits(held))
        };
        tokio::time::timeout(TURN, wait).await.ok().flatten()
    }

    /// Takes another unit, unless it would come from the half of the pool that is kept for senders without any.
    fn grow(&self, held: &mut Permits) -> bool {
        if self.all.available_permits() <= self.most / 2 {
            return false;
        }
        let more = held.0.iter().map(|permit| permit.semaphore().clone().try_acquire_owned());
        let more: Result<Vec<_>, TryAcquireError> = more.collect();
        let Ok(more) = more else { return false };
        held.0.iter_mut().zip(more).for_each(|(permit, more)| permit.merge(more));
        true
    }
}

impl Permits {
    /// Gives back all units but one.
    pub(super) fn shrink(&mut self) {
        for permit in &mut self.0 {
            drop(permit.split(permit.num_permits().saturating_sub(1)));
        }
    }
}

/// A crowd's memory in units, and its places with a folder and with a bucket.
struct Bounds {
    memory: usize,
    folder: usize,
    bucket: usize,
}

impl Crowd {
    const ALL: [Crowd; 4] = [Crowd::Strangers, Crowd::Customers, Crowd::Workers, Crowd::Programs];

    /// In total 60 MiB of memory. A place in a bucket also holds a part of 5 MiB: in total 110 MiB.
    fn bounds(self) -> Bounds {
        match self {
            Crowd::Strangers => Bounds { memory: 256, folder: 4, bucket: 2 },
            Crowd::Customers => Bounds { memory: 1024, folder: 12, bucket: 6 },
            Crowd::Workers => Bounds { memory: 512, folder: 8, bucket: 4 },
            Crowd::Programs => Bounds { memory: 2048, folder: 16, bucket: 10 },
        }
    }
}

/// The pools of all crowds.
pub(super) struct Pools {
    pools: [(Pool, Pool); 4],
    outages: OutageLog,
}

impl Pools {
    pub(super) fn new(is_bucket: bool) -> Self {
        let pools = Crowd::ALL.map(|crowd| {
            let Bounds { memory, folder, bucket } = crowd.bounds();
            (Pool::of(memory), Pool::of(if is_bucket { bucket } else { folder }))
        });
        Pools { pools, outages: OutageLog::new("taking files in") }
    }

    fn of(&self, sender: &Sender) -> &(Pool, Pool) {
        &self.pools[sender.crowd as usize]
    }

    /// Takes a unit of memory.
    ///
    /// # Errors
    /// `SystemError` if none becomes free in time.
    pub(super) async fn memory(&self, sender: &Sender) -> Result<Permits, Error> {
        self.noted(self.of(sender).0.take(sender).await)
    }

    /// Takes another unit; `false` if none can be spared.
    pub(super) fn grow(&self, sender: &Sender, held: &mut Permits) -> bool {
        self.of(sender).0.grow(held)
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `SystemError` if none becomes free in time.
    pub(super) async fn place(&self, sender: &Sender) -> Result<Permits, Error> {
        self.noted(self.of(sender).1.take(sender).await)
    }

    fn noted(&self, held: Option<Permits>) -> Result<Permits, Error> {
        match held {
            Some(held) => self.outages.record(Ok(held)),
            None => Err(self.outages.refuse(anyhow::anyhow!("too many files are sent at once").into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Crowd, Pool, Sender};
    use futures_util::FutureExt;

    fn quarter(name: &str) -> Sender {
        Sender { crowd: Crowd::Programs, names: vec![(name.to_owned(), 4)] }
    }

    fn now(pool: &Pool, sender: &Sender) -> Option<super::Permits> {
        tokio::task::unconstrained(pool.take(sender)).now_or_never().flatten()
    }

    #[tokio::test]
    async fn one_name_takes_its_share_only_and_others_get_the_rest() {
        let pool = Pool::of(16);
        let (one, other) = (quarter("wx1"), quarter("wx2"));
        let mut held: Vec<_> = (0..4).map(|_| now(&pool, &one).expect("a quarter")).collect();
        assert!(now(&pool, &one).is_none(), "the share is used up");
        assert!(now(&pool, &other).is_some());
        // A sender that waits for its share takes nothing from others.
        let mut waits = Box::pin(pool.take(&one));
        assert!(waits.as_mut().now_or_never().is_none());
        let others: Vec<_> =
            (2..5).flat_map(|name| (0..4).map(move |_| quarter(&format!("wx{name}")))).collect();
        let others: Vec<_> = others.iter().map(|sender| now(&pool, sender).expect("theirs")).collect();
        held.pop();
        assert!(waits.await.is_some());
        drop((held, others));
        assert_eq!(pool.all.available_permits(), 16, "all are free afterwards");
    }

    #[tokio::test]
    async fn a_customer_and_an_address_have_a_share_each() {
        let pool = Pool::of(192);
        let own: Vec<_> = (0..9).map_while(|_| now(&pool, &Sender::customer(Some("o1"), "a"))).collect();
        assert_eq!(own.len(), 3);
        let name = |at: usize| format!("o{at}");
        let here = (2..999).map_while(|at| now(&pool, &Sender::customer(Some(&name(at)), "a")));
        let here: Vec<_> = here.collect();
        assert_eq!(own.len() + here.len(), 64);
        assert!(now(&pool, &Sender::customer(Some("o1000"), "b")).is_some());
        assert!(now(&pool, &Sender::customer(None, "b")).is_some());
    }

    #[tokio::test]
    async fn a_sender_grows_only_while_half_is_left_for_senders_without_any() {
        let pool = Pool::of(16);
        let names: Vec<_> = (0..4).map(|name| quarter(&format!("wx{name}"))).collect();
        let mut held: Vec<_> = names.iter().map(|sender| now(&pool, sender).expect("one")).collect();
        assert!(pool.grow(&mut held[0]) && pool.grow(&mut held[0]) && pool.grow(&mut held[0]));
        assert!(!pool.grow(&mut held[0]), "no more than its share");
        assert!(pool.grow(&mut held[1]) && !pool.grow(&mut held[2]), "half is left");
        held[0].shrink();
        assert!(pool.grow(&mut held[2]));
        assert!(now(&pool, &names[0]).is_some());
    }

    #[tokio::test]
    async fn unused_shares_are_dropped() {
        let pool = Pool::of(4096);
        for at in 0..10_000 {
            drop(now(&pool, &Sender::stranger(&at.to_string())).expect("one"));
        }
        assert!(pool.shares.lock().unwrap().len() < 100);
    }
}
