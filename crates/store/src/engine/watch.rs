//! The latest `seq` of each owner, and the subscribers to its changes.

use crate::metrics::StoreMetrics;
use dashmap::DashMap;
use quick_cache::DefaultHashBuilder;
use tokio::sync::watch;

/// The latest numbers of an owner's feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The last change.
    pub seq: i64,
    /// The last change that affects who may call the API.
    pub access: i64,
}

/// What subscribers to an owner receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// The highest `seq` announced so far.
    pub seq: i64,
    /// How often notifications of other nodes may have been lost. When this rises, the feed may have changes that were
    /// not announced; a subscriber then reads the feed once.
    pub losses: u64,
}

/// State shared by the store's threads and callers. It takes about 100 bytes per owner used since the start.
#[derive(Default)]
pub(crate) struct Shared {
    // Each request reads this twice, so the hash is a fast one; the keys are our own ids, which no caller can choose.
    heads: DashMap<String, Head, DefaultHashBuilder>,
    wakes: DashMap<String, watch::Sender<Wake>>,
    pub(crate) metrics: StoreMetrics,
}

impl Shared {
    pub(crate) fn head(&self, owner: &str) -> Option<Head> {
        self.heads.get(owner).map(|head| *head)
    }

    /// Raises an owner's head; its numbers never fall.
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

    /// Wakes the subscribers of an owner, unless `seq` is no higher than the last one, as in a late notification.
    pub(crate) fn wake(&self, owner: &str, seq: i64) {
        if let Some(subscribers) = self.wakes.get(owner) {
            subscribers.send_if_modified(|last| {
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
        self.wakes.remove_if(owner, |_, subscribers| subscribers.receiver_count() == 0);
    }

    /// Wakes all subscribers, after notifications may have been lost.
    pub(crate) fn wake_all(&self) {
        for subscribers in &self.wakes {
            subscribers.send_modify(|last| last.losses += 1);
        }
    }
}
