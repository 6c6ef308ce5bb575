//! Quotas: how often an account calls each endpoint in a day and in a minute, and how often it may.
//!
//! A node counts in memory. A call is admitted while the day's limit is above `elsewhere` + `admitted`: `admitted`
//! are the calls of the day that this node let through, one atomic word that each adds to; `elsewhere` is what the
//! row in the store counts beyond those it was told by this node. The minute's calls are `admitted` less what it was
//! when the minute began. Once a second [`sync`] adds to the rows what they were not reported, and the same statement
//! answers what all nodes counted, from which `elsewhere` follows. `clear_quota` sets the row to 0; other nodes learn
//! that in their next round. No call waits for the store, so a caller who goes away leaves nothing half done.
//!
//! One node is exact to the last call. Several together exceed a day's limit by at most what all but one of them admit
//! between two rounds: in a second and a round's duration. A node that dies forgets what it had not reported; what a round
//! may have told (a connection lost during the commit) is told again, and may count twice until midnight or
//! `clear_quota`. A minute's limit each node keeps for itself.

mod clear;
mod counter;
mod limit;
mod row;
#[cfg(test)]
mod tests;

use super::{Desk, to_the_end};
use counter::{Counter, lock};
use model::account::quota;
use model::{Appid, Time};
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use store::Tx;
use store::error::Error;

pub use clear::{clear_all, clear_as_platform, clear_by_secret, clear_one, get};
pub(super) use limit::limits_of;
pub use limit::{LimitChange, QuotaLimits, list, set};

/// Counters that are told to the store in one verb.
const BATCH: usize = 8 * row::ROWS;

/// What this node counts of an owner's calls, by endpoint; a counter is made when its endpoint is called first.
pub struct Ledger {
    owner: Arc<str>,
    counters: Box<[OnceLock<Arc<Counter>>]>,
}

impl Ledger {
    fn counter(&self, endpoint: &Endpoint) -> &Arc<Counter> {
        let make = || Arc::new(Counter::new(self.owner.clone(), endpoint.path));
        self.counters[endpoint.number].get_or_init(make)
    }

    fn made(&self) -> impl Iterator<Item = &Arc<Counter>> {
        self.counters.iter().filter_map(OnceLock::get)
    }

    /// Takes over what the store counts of this day.
    fn learn(&self, now: Time, rows: &[(&'static Endpoint, i64)]) {
        for (endpoint, used) in rows {
            let counter = self.counter(endpoint);
            counter.begin_minute(now);
            counter.learn(quota::day(now), 0, *used);
        }
    }

    fn used(&self, endpoint: &Endpoint, now: Time) -> u32 {
        self.counters[endpoint.number].get().map_or(0, |counter| counter.used(now))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({})", self.owner)
    }
}

/// The ledgers of this node, and the counters that wait for the next round.
#[derive(Default)]
pub struct Quotas {
    ledgers: Mutex<HashMap<Arc<str>, Arc<Ledger>>>,
    queue: Mutex<Vec<Arc<Counter>>>,
    /// Held by what compares counters with their rows, a batch at a time. No call that is counted waits for it.
    comparing: tokio::sync::Mutex<()>,
    /// The minute in which unused ledgers were dropped the last time.
    swept: AtomicU32,
}

impl Quotas {
    fn find(&self, owner: &str) -> Option<Arc<Ledger>> {
        lock(&self.ledgers).get(owner).cloned()
    }

    /// The ledger of an owner, with what the store counts of the day when it is made.
    pub(super) fn open(&self, tx: &mut Tx<'_>, owner: &str) -> Result<Arc<Ledger>, Error> {
        if let Some(ledger) = self.find(owner) {
            return Ok(ledger);
        }
        let (owner, counters) = (Arc::from(owner), endpoint::ALL.iter().map(|_| OnceLock::new()).collect());
        let ledger = Ledger { owner, counters };
        ledger.learn(tx.now(), &row::all_used(tx, &ledger.owner)?);
        Ok(lock(&self.ledgers).entry(ledger.owner.clone()).or_insert(Arc::new(ledger)).clone())
    }

    /// Forgets every ledger: days and minutes of a clock that was wrong.
    pub fn forget(&self) {
        lock(&self.ledgers).clear();
    }

    fn queue(&self, counter: &Arc<Counter>) {
        if counter.mark_queued() {
            lock(&self.queue).push(counter.clone());
        }
    }

    /// Drops, once a minute, the ledgers that nothing depends on.
    fn sweep(&self, now: Time) {
        let minute = quota::minute(now);
        if self.swept.swap(minute, Ordering::Relaxed) != minute {
            lock(&self.ledgers).retain(|_, ledger| {
                Arc::strong_count(ledger) > 1 || ledger.made().any(|counter| counter.is_in_use(now))
            });
        }
    }
}

/// Counts a call. It waits for nothing, and locks something only when it is the first since the last round.
///
/// # Errors
/// 45009, 45011.
pub(super) fn count(
    desk: &Desk,
    ledger: &Ledger,
    endpoint: &Endpoint,
    quota: Quota,
    is_platform: bool,
    now: Time,
) -> Result<(), Errcode> {
    let counter = ledger.counter(endpoint);
    let counted = counter.count(is_platform, quota, now);
    // One that is refused for the day asks too: another node may have cleared it.
    if counted != Err(Errcode::MinuteQuota) {
        desk.quotas.queue(counter);
    }
    counted
}

/// Tells the store what was counted since the last round, and learns what other nodes counted. What it cannot be told
/// waits for the next round.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn sync(desk: &Desk) -> Result<(), Error> {
    let desk = desk.clone();
    to_the_end(async move {
        let mut waiting = std::mem::take(&mut *lock(&desk.quotas.queue));
        // In the order of the rows' keys, so that no two nodes wait for each other.
        waiting.sort_by(|a, b| (&a.owner, a.path).cmp(&(&b.owner, b.path)));
        while !waiting.is_empty() {
            let batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
            if let Err(error) = sync_batch(&desk, &batch).await {
                batch.iter().for_each(|counter| desk.quotas.queue(counter));
                lock(&desk.quotas.queue).append(&mut waiting);
                return Err(error);
            }
        }
        desk.quotas.sweep(desk.now());
        Ok(())
    })
    .await
}

async fn sync_batch(desk: &Desk, batch: &[Arc<Counter>]) -> Result<(), Error> {
    let _alone = desk.quotas.comparing.lock().await;
    let now = desk.now();
    let unreported: Vec<_> = batch.iter().map(|counter| counter.unreported(now)).collect();
    let used = row::add(desk, unreported.clone()).await?;
    for ((counter, unreported), used) in batch.iter().zip(unreported).zip(used) {
        // An owner who was removed has no rows any more.
        if let Some(used) = used {
            counter.learn(unreported.day, unreported.calls, used);
        }
    }
    Ok(())
}

/// The ledger of an owner, with what the store counts now.
async fn refreshed(desk: &Desk, owner: &Appid) -> Result<Arc<Ledger>, Error> {
    let _alone = desk.quotas.comparing.lock().await;
    let quotas = desk.quotas.clone();
    let read = desk.read(owner, move |tx, owner| {
        Ok((quotas.open(tx, owner.as_str())?, tx.now(), row::all_used(tx, owner.as_str())?))
    });
    let (ledger, now, rows) = read.await?;
    ledger.learn(now, &rows);
    Ok(ledger)
}
