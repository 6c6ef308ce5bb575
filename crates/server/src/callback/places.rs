//! Places for calls that are under way: a bound for all developers' servers together, and one for each host, so that a
//! host that hangs takes no places of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls that may be under way at once to one host.
pub(super) const HOST_CALLS: usize = 128;

/// Calls under way at once, to all hosts and to one.
#[derive(Clone, Copy, Debug)]
pub struct CallBounds {
    /// To all hosts together.
    pub all: usize,
    /// To one host.
    pub host: usize,
}

impl Default for CallBounds {
    fn default() -> Self {
        CallBounds { all: 1024, host: HOST_CALLS }
    }
}

/// The places of a node.
pub(super) struct Places {
    bounds: CallBounds,
    all: Arc<Semaphore>,
    /// Those of hosts that an account uses.
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The places for one host.
#[derive(Clone)]
pub(super) struct HostPlaces {
    host: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

/// A place for a call, free again when it is dropped.
pub(super) struct Place {
    // `None` only of a closed semaphore, and these are never closed.
    _places: [Option<OwnedSemaphorePermit>; 2],
}

impl Places {
    pub(super) fn new(bounds: CallBounds) -> Self {
        Places { bounds, all: Arc::new(Semaphore::new(bounds.all)), hosts: Mutex::default() }
    }

    /// The places for a host.
    pub(super) fn of(&self, host: &str) -> HostPlaces {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return HostPlaces { host: known, all: self.all.clone() };
        }
        if hosts.len() == hosts.capacity() {
            hosts.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Semaphore::new(self.bounds.host));
        hosts.insert(host.to_owned(), Arc::downgrade(&places));
        HostPlaces { host: places, all: self.all.clone() }
    }
}

impl HostPlaces {
    /// Waits for a place. Who waits for the host takes no place of the others.
    pub(super) async fn enter(&self) -> Place {
        let host = self.host.clone().acquire_owned().await.ok();
        Place { _places: [host, self.all.clone().acquire_owned().await.ok()] }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallBounds, Places};
    use futures_util::FutureExt;
    use std::sync::Arc;

    #[test]
    fn a_host_that_hangs_leaves_places_to_others() {
        let places = Places::new(CallBounds { all: 3, host: 2 });
        let (hanging, other) = (places.of("a.example:80"), places.of("b.example:80"));
        let enters = |host: &super::HostPlaces| host.enter().now_or_never();
        let held = [enters(&hanging).expect("free"), enters(&hanging).expect("free")];
        for _ in 0..10_000 {
            assert!(enters(&hanging).is_none(), "the host has its most");
        }
        let last = enters(&other).expect("places of others are free");
        assert!(enters(&places.of("c.example:80")).is_none(), "all are taken");
        drop(last);
        drop(enters(&places.of("c.example:80")).expect("free again"));
        drop(held);
        assert!(
            enters(&places.of("a.example:80")).is_some(),
            "one host has the same places for all accounts"
        );
    }

    #[test]
    fn hosts_that_no_account_uses_are_forgotten() {
        let places = Places::new(CallBounds::default());
        let kept = places.of("kept.example:80");
        for number in 0..10_000 {
            places.of(&format!("{number}.example:80"));
        }
        assert!(places.hosts.lock().unwrap().len() < 100);
        assert!(Arc::ptr_eq(&places.of("kept.example:80").host, &kept.host));
    }
}
