//! Quotas: how often an account or a component calls each endpoint in a day and in a minute, and how often it may.
//!
//! A node counts calls in memory. It admits a call while `elsewhere` + `admitted` is below the limit of the day:
//! `admitted` are the calls of the day that this node has admitted; `elsewhere` is what the row in the store counts
//! beyond the calls that this node has reported. Once a second, [`sync`] adds the unreported calls to the rows. The
//! same statement returns what all nodes have counted, from which `elsewhere` follows. `clear_quota` sets the row to
//! 0, which other nodes learn in their next round. No call waits for the store.
//!
//! One node is exact to the last call. Several nodes exceed the limit of a day by at most what all but one of them
//! admit between two rounds. A node that dies loses what it has not reported. After a commit of unknown outcome (a
//! connection lost during the commit) the calls are reported again, and may count twice until midnight or
//! `clear_quota`. Each node keeps the limit of a minute for itself.

mod clear;
mod counter;
mod limit;
mod row;
#[cfg(test)]
mod tests;

use super::{Desk, run_detached};
use crate::Result;
use counter::{Counter, lock};
use model::account::quota;
use model::{Appid, Time};
use protocol::{Endpoint, Errcode};
use std::collections::HashMap;
use std::iter;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use store::Tx;

pub use clear::{clear_all, clear_as_component, clear_by_secret, clear_one, get};
pub(super) use limit::limits_of;
pub use limit::{LimitChange, QuotaLimits, list, set};

/// The most counters that one transaction reports.
const BATCH: usize = 8 * row::ROWS;

/// The counters of an owner on this node, one per endpoint. A counter is created at the first call. They are a list,
/// because most owners call a few endpoints, and a place for each would take half a kilobyte.
pub struct Ledger {
    owner: Arc<str>,
    first: OnceLock<Arc<Counter>>,
}

impl Ledger {
    fn new(owner: &str) -> Self {
        Ledger { owner: owner.into(), first: OnceLock::new() }
    }

    fn counter(&self, endpoint: &Endpoint) -> &Arc<Counter> {
        let make = || Arc::new(Counter::new(self.owner.clone(), endpoint.path));
        let mut counter = self.first.get_or_init(make);
        while counter.path != endpoint.path {
            counter = counter.next.get_or_init(make);
        }
        counter
    }

    fn made(&self) -> impl Iterator<Item = &Arc<Counter>> {
        iter::successors(self.first.get(), |counter| counter.next.get())
    }

    /// Takes over what the store counts for this day.
    fn refresh(&self, now: Time, rows: &[(&'static Endpoint, i64)]) {
        for (endpoint, used) in rows {
            self.counter(endpoint).refresh(now, *used);
        }
    }

    fn used(&self, endpoint: &Endpoint, now: Time) -> u32 {
        self.made().find(|counter| counter.path == endpoint.path).map_or(0, |counter| counter.used(now))
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
    /// Held while counters are compared with their rows, one batch at a time. Counting a call does not wait for it.
    comparing: tokio::sync::Mutex<()>,
    /// The minute in which unused ledgers were last dropped.
    swept: AtomicU32,
}

impl Quotas {
    fn find(&self, owner: &str) -> Option<Arc<Ledger>> {
        lock(&self.ledgers).get(owner).cloned()
    }

    /// The ledger of an owner. A new ledger starts with what the store counts for the day.
    pub(super) fn open(&self, tx: &mut Tx<'_>, owner: &str) -> Result<Arc<Ledger>> {
        if let Some(ledger) = self.find(owner) {
            return Ok(ledger);
        }
        let ledger = Ledger::new(owner);
        ledger.refresh(tx.now(), &row::all_used(tx, &ledger.owner)?);
        Ok(lock(&self.ledgers).entry(ledger.owner.clone()).or_insert(Arc::new(ledger)).clone())
    }

    /// Drops all ledgers, because a wrong clock has set their days and minutes.
    pub fn forget(&self) {
        lock(&self.ledgers).clear();
    }

    fn queue(&self, counter: &Arc<Counter>) {
        if counter.mark_queued() {
            lock(&self.queue).push(counter.clone());
        }
    }

    /// Drops, once a minute, the ledgers that are not in use.
    fn sweep(&self, now: Time) {
        let minute = quota::minute(now);
        if self.swept.swap(minute, Ordering::Relaxed) != minute {
            lock(&self.ledgers).retain(|_, ledger| {
                Arc::strong_count(ledger) > 1 || ledger.made().any(|counter| counter.is_in_use(now))
            });
        }
    }
}

/// Counts a call of an endpoint, unless the endpoint is not counted. Does not wait for the store.
///
/// # Errors
/// 45009 if the quota of the day is used up, 45011 if that of the minute is.
pub(super) fn count(
    desk: &Desk,
    limits: &QuotaLimits,
    ledger: &Ledger,
    endpoint: &Endpoint,
    is_component: bool,
    now: Time,
) -> Result<(), Errcode> {
    let Some(quota) = limits.of(endpoint) else { return Ok(()) };
    let counter = ledger.counter(endpoint);
    let (counted, is_to_queue) = counter.count(is_component, quota, now);
    if is_to_queue {
        lock(&desk.quotas.queue).push(counter.clone());
    }
    counted
}

/// Reports the calls since the last round to the store, and learns what other nodes have counted. Calls that cannot be
/// reported wait for the next round.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn sync(desk: &Desk) -> Result<()> {
    let desk = desk.clone();
    run_detached(async move {
        let mut waiting = std::mem::take(&mut *lock(&desk.quotas.queue));
        // Sorted by the rows' keys, so that two nodes do not wait for each other's locks.
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

async fn sync_batch(desk: &Desk, batch: &[Arc<Counter>]) -> Result<()> {
    let _alone = desk.quotas.comparing.lock().await;
    let now = desk.now();
    let unreported: Vec<_> = batch.iter().map(|counter| counter.unreported(now)).collect();
    let used = row::add(desk, unreported.clone()).await?;
    for ((counter, unreported), used) in batch.iter().zip(unreported).zip(used) {
        // A removed owner has no rows.
        if let Some(used) = used {
            counter.learn(unreported.day, unreported.calls, used);
        }
    }
    Ok(())
}

/// Returns the ledger of an owner after comparing it with the store.
async fn refreshed(desk: &Desk, owner: &Appid) -> Result<Arc<Ledger>> {
    let _alone = desk.quotas.comparing.lock().await;
    let quotas = desk.quotas.clone();
    let read = desk.read(owner, move |tx, owner| {
        Ok((quotas.open(tx, owner.as_str())?, tx.now(), row::all_used(tx, owner.as_str())?))
    });
    let (ledger, now, rows) = read.await?;
    ledger.refresh(now, &rows);
    Ok(ledger)
}
