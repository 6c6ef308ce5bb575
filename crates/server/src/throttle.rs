//! Throttles: how often people may log in, become customers and write. Each node counts in memory for itself; the
//! throttles keep out guessing and flooding, and are no exact quotas.

use crate::clock::Clock;
use crate::config::{Rules, Settings};
use crate::desk::hashing::Requester;
use crate::network::{household, site};
use model::{Appid, HOUR, MINUTE, Time, WechatId};
use quick_cache::sync::Cache;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Keys that a throttle remembers, about 100 bytes each. One more replaces the key that was not seen for the longest
/// time.
const REMEMBERED: usize = 50_000;

/// Tries of a site, as a multiple of those of one address: an office has many addresses, a flood has more.
const SITE_TRIES: u32 = 5;
/// Tokens that a worker may issue on the debugging page in a minute; each lives two hours.
const TOKENS_PER_MINUTE: u32 = 20;
/// Pushes that a worker may replay or simulate on the debugging page in a minute.
const PUSHES_PER_MINUTE: u32 = 60;

/// How often programs may pull pushes of an account in a minute.
const PULLS_PER_MINUTE: u32 = 600;

/// Bytes of files are counted in pieces of this size.
const PIECE: u64 = 64 << 10;
/// Customers for which an address counts, when the bytes of files per day are limited.
const CUSTOMERS_OF_ADDRESS: u32 = 5;

/// Checks of developers' servers that run at once at this node. Each has few connections open, for 5 s at most.
const CHECKS_AT_ONCE: usize = 16;

/// How long to wait, in milliseconds, until a refused try can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub i64);

/// Tries by key: `burst` at once, then one every `every` milliseconds.
struct Throttle {
    burst: i64,
    every: i64,
    /// When the tries of each key will be paid for (generic cell rate algorithm).
    paid_at: Cache<String, Arc<AtomicI64>>,
}

impl Throttle {
    /// Allows `tries` in each `window`, all at once if need be. 0 means no limit.
    fn per(tries: u32, window: Time) -> Self {
        let burst = i64::from(tries);
        Throttle { burst, every: window / burst.max(1), paid_at: Cache::new(REMEMBERED) }
    }

    fn take(&self, key: &str, now: Time) -> Result<(), Wait> {
        self.take_many(key, 1, now)
    }

    /// Takes several tries at once.
    fn take_many(&self, key: &str, tries: i64, now: Time) -> Result<(), Wait> {
        if self.burst == 0 {
            return Ok(());
        }
        let paid_at =
            self.paid_at.get_or_insert_with(key, || Ok::<_, ()>(Arc::default())).unwrap_or_default();
        let (all, cost) = (self.every * self.burst, self.every * tries);
        // A time further ahead than the tries of a whole window was stored before the clock was set back.
        let sound = |paid: Time| if paid - now > all { now } else { paid };
        let paid = |paid: Time| sound(paid).max(now) + cost;
        let pay = |at: Time| (paid(at) - now <= all).then(|| paid(at));
        match paid_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay) {
            Ok(_) => Ok(()),
            Err(at) => Err(Wait(paid(at) - now - all)),
        }
    }

    fn forget(&self, key: &str) {
        self.paid_at.remove(key);
    }
}

/// Slots for work that runs at once. A key has one, so that no key takes all.
pub struct Slots {
    most: usize,
    running: Arc<Mutex<HashSet<String>>>,
}

impl Slots {
    fn new(most: usize) -> Self {
        Slots { most, running: Arc::default() }
    }

    /// Takes the slot of a key until the returned value is dropped; `None` if it is taken, or if all are.
    #[must_use]
    pub fn begin(&self, key: &str) -> Option<Slot> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = running.len() < self.most && running.insert(key.to_owned());
        is_free.then(|| Slot { running: self.running.clone(), key: key.to_owned() })
    }
}

/// A slot that is taken.
pub struct Slot {
    running: Arc<Mutex<HashSet<String>>>,
    key: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The throttles of this node.
pub struct Throttles {
    clock: Clock,
    by_address: Throttle,
    by_site: Throttle,
    by_worker: Throttle,
    by_both: Throttle,
    known: Cache<String, ()>,
    customers: Throttle,
    messages: Throttle,
    tokens: Throttle,
    pushes: Throttle,
    pulls: Throttle,
    files: Throttle,
    first_files: Throttle,
    /// Checks of developers' servers, by account.
    pub checks: Slots,
}

impl Throttles {
    /// Creates the throttles from the settings.
    #[must_use]
    pub fn new(settings: &Settings, rules: Rules, clock: Clock) -> Self {
        let tries = settings.log_ins_per_minute;
        let mib = rules.customer_files_mib_per_day;
        let files = |mib: u32| Throttle::per(mib.saturating_mul(((1 << 20) / PIECE) as u32), 24 * HOUR);
        Throttles {
            clock,
            by_address: Throttle::per(tries, MINUTE),
            by_site: Throttle::per(tries.saturating_mul(SITE_TRIES), MINUTE),
            by_worker: Throttle::per(tries.saturating_mul(5), 5 * MINUTE),
            by_both: Throttle::per(tries.div_ceil(4), MINUTE),
            known: Cache::new(REMEMBERED),
            customers: Throttle::per(settings.new_customers_per_hour, HOUR),
            messages: Throttle::per(settings.messages_per_minute, MINUTE),
            tokens: Throttle::per(TOKENS_PER_MINUTE, MINUTE),
            pushes: Throttle::per(PUSHES_PER_MINUTE, MINUTE),
            pulls: Throttle::per(PULLS_PER_MINUTE, MINUTE),
            files: files(mib.saturating_mul(CUSTOMERS_OF_ADDRESS)),
            first_files: files(mib),
            checks: Slots::new(CHECKS_AT_ONCE),
        }
    }

    /// Counts a try to log in under a name, whether or not a worker has that name, from an address. Guessing at one
    /// name from many addresses blocks that name for strangers, but not for an address that has logged in with it;
    /// neither does a flood from a site block such addresses of that site. Returns whose queue the password check
    /// joins.
    ///
    /// # Errors
    /// How long to wait.
    pub fn log_in(&self, name: &str, from: IpAddr) -> Result<Requester, Wait> {
        let (now, place) = (self.clock.now(), place(from));
        // A malformed name belongs to no worker, and must not fill the memory.
        let name = WechatId::parse(name).map(|name| name.to_string()).unwrap_or_default();
        self.by_address.take(&place, now)?;
        let both = format!("{name} {place}");
        self.by_both.take(&both, now)?;
        if self.known.get(&both).is_some() {
            return Ok(Requester::Known);
        }
        self.by_site.take(&site(from).to_string(), now)?;
        self.by_worker.take(&name, now)?;
        Ok(Requester::Stranger(from))
    }

    /// Forgives earlier tries after a successful login.
    pub fn logged_in(&self, name: &WechatId, from: IpAddr) {
        let both = format!("{name} {}", place(from));
        self.by_both.forget(&both);
        self.known.insert(both, ());
    }

    /// Counts the use of a sign-up link from an address.
    ///
    /// # Errors
    /// How long to wait.
    pub fn sign_up(&self, from: IpAddr) -> Result<Requester, Wait> {
        let now = self.clock.now();
        self.by_address.take(&place(from), now)?;
        self.by_site.take(&site(from).to_string(), now)?;
        Ok(Requester::Stranger(from))
    }

    /// Counts a token that a worker issues for an account.
    ///
    /// # Errors
    /// How long to wait.
    pub fn issue(&self, worker: &WechatId) -> Result<(), Wait> {
        self.tokens.take(worker.as_str(), self.clock.now())
    }

    /// Counts a push that a worker replays or simulates.
    ///
    /// # Errors
    /// How long to wait.
    pub fn push(&self, worker: &WechatId) -> Result<(), Wait> {
        self.pushes.take(worker.as_str(), self.clock.now())
    }

    /// Counts a call of a program that pulls pushes of an account.
    ///
    /// # Errors
    /// How long to wait.
    pub fn pull(&self, appid: &Appid) -> Result<(), Wait> {
        self.pulls.take(appid.as_str(), self.clock.now())
    }

    /// Counts a customer's file of this many bytes. Those of an address who have not written before share the limit of
    /// one customer; all of an address share that of five.
    ///
    /// # Errors
    /// How long to wait.
    pub fn upload(&self, from: IpAddr, is_new: bool, bytes: u64) -> Result<(), Wait> {
        let (now, place) = (self.clock.now(), place(from));
        let pieces = i64::try_from(bytes.div_ceil(PIECE)).unwrap_or(i64::MAX).max(1);
        self.files.take_many(&place, pieces, now)?;
        if is_new { self.first_files.take_many(&place, pieces, now) } else { Ok(()) }
    }

    /// Counts a customer's message. One who has not written before is a new customer.
    ///
    /// # Errors
    /// How long to wait.
    pub fn write(&self, from: IpAddr, is_new: bool) -> Result<(), Wait> {
        let (now, place) = (self.clock.now(), place(from));
        self.messages.take(&place, now)?;
        if is_new { self.customers.take(&place, now) } else { Ok(()) }
    }
}

/// The key of an address: of IPv6 the network, because a household has all addresses of its network.
#[must_use]
pub fn place(address: IpAddr) -> String {
    household(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Slots, Throttle, Wait};

    #[test]
    fn a_burst_is_followed_by_one_each_turn() {
        let throttle = Throttle::per(3, 30);
        assert!((0..3).all(|_| throttle.take("a", 100).is_ok()));
        assert_eq!(throttle.take("a", 100), Err(Wait(10)));
        assert_eq!(throttle.take("a", 109), Err(Wait(1)));
        assert_eq!(throttle.take("a", 110), Ok(()));
        assert_eq!(throttle.take("a", 110), Err(Wait(10)));
        assert_eq!(throttle.take("b", 110), Ok(()), "somebody else");
        assert!((0..3).all(|_| throttle.take("a", 1000).is_ok()));
        assert!((0..3).all(|_| throttle.take("a", 10).is_ok()), "the clock was set back");
        assert_eq!(throttle.take("a", 10), Err(Wait(10)));
        assert_eq!(throttle.take_many("c", 4, 100), Err(Wait(10)), "more than all");
        assert_eq!(
            (throttle.take_many("c", 2, 100), throttle.take_many("c", 2, 100)),
            (Ok(()), Err(Wait(10)))
        );
        assert!((0..99).all(|_| Throttle::per(0, 30).take("a", 0).is_ok()), "no limit");
    }

    #[test]
    fn a_key_has_one_slot_and_all_keys_together_have_some() {
        let slots = Slots::new(2);
        let first = slots.begin("a");
        assert!(first.is_some() && slots.begin("a").is_none(), "one at a time");
        let second = slots.begin("b");
        assert!(second.is_some() && slots.begin("c").is_none(), "all are taken");
        drop(first);
        assert!(slots.begin("c").is_some() && slots.begin("a").is_some(), "and free again");
    }
}
