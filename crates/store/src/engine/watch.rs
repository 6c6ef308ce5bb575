//! Who is how far: the heads this process knows, and the wake-ups of those who listen.

use crate::meter::Stores;
use crate::single_flight::SingleFlight;
use dashmap::DashMap;
use quick_cache::DefaultHashBuilder;
use tokio::sync::watch;

/// Where an owner stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Her last change.
    pub seq: i64,
    /// The last change of who may call.
    pub access: i64,
}

/// What wakes those who listen to an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// The highest number of a change that was told.
    pub seq: i64,
    /// How often notifications of other nodes may have been lost. When this rises, there may be changes that nobody is
    /// told of; reading the feed once finds them.
    pub losses: u64,
}

/// What the store's threads and its callers share. About 100 bytes for every owner touched since the
/// start.
#[derive(Default)]
pub(crate) struct Shared {
    // Every request asks here, twice; nobody outside chooses the keys.
    heads: DashMap<String, Head, DefaultHashBuilder>,
    wakes: DashMap<String, watch::Sender<Wake>>,
    pub(crate) head_reads: SingleFlight<Option<Head>>,
    pub(crate) meters: Stores,
}

impl Shared {
    pub(crate) fn head(&self, owner: &str) -> Option<Head> {
        self.heads.get(owner).map(|head| *head)
    }

    /// Notes where an owner stands; numbers only rise.
    pub(crate) fn raise(&self, owner: &str, new: Head) {
        if let Some(mut head) = self.heads.get_mut(owner) {
            head.seq = head.seq.max(new.seq);
            head.access = head.access.max(new.access);
            return;
        }
        let mut head = self.heads.entry(owner.to_owned()).or_default();
        head.seq = head.seq.max(new.seq);
        head.access = head.access.max(new.access);
    }

    /// Wakes the listeners of an owner. A number that is no higher than the last one, as a notification that comes late
    /// carries, is passed over.
    pub(crate) fn wake(&self, owner: &str, seq: i64) {
        if let Some(listeners) = self.wakes.get(owner) {
            listeners.send_if_modified(|last| {
                let rises = last.seq < seq;
                last.seq = last.seq.max(seq);
                rises
            });
        }
    }

    pub(crate) fn subscribe(&self, owner: &str) -> watch::Receiver<Wake> {
        self.wakes.entry(owner.to_owned()).or_default().subscribe()
    }

    pub(crate) fn unsubscribe(&self, owner: &str) {
        self.wakes.remove_if(owner, |_, listeners| listeners.receiver_count() == 0);
    }

    /// Wakes everyone once, when notifications may have been lost.
    pub(crate) fn wake_all(&self) {
        for listeners in &self.wakes {
            listeners.send_modify(|last| last.losses += 1);
        }
    }
}
