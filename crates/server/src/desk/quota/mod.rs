//! Quotas: how often an account calls each endpoint in a day and in a minute, and how often it may.
//!
//! A node counts in memory and tells the store in batches. Alone with its store it has all that is left of a day;
//! several each count a slice of it before they tell the others, and near the end one call at a time. So all nodes
//! together exceed a day's limit by at most a slice each but one (a sixteenth of the limit, 1,000 calls at most), and a
//! node that dies forgets what it had not told. A minute's limit each node keeps for itself.

mod clear;
mod count;
mod limit;
mod row;

use super::Desk;
use crate::error::Error;
use crate::store::Tx;
use count::{Count, Owed, Room};
use model::{SECOND, Time, quota};
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint};
use row::Told;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub use clear::{clear_all, clear_as_platform, clear_by_secret, clear_one, get};
pub(super) use limit::limits_of;
pub use limit::{Change, Limits, list, set};

/// Counters that are told to the store in one verb.
const BATCH: usize = 100;
/// Counters that are told to the store in one round; the others wait for the next.
const ROUND: usize = 2000;
/// How long a node takes a day for used up before it asks again, where others may have cleared it.
const EMPTY: Time = SECOND;

/// What this node counts of an owner's calls, by endpoint; made when an endpoint is called first.
pub struct Ledger {
    owner: String,
    counts: Box<[OnceLock<Box<Count>>]>,
    /// What had been counted on the day it was made.
    before: Mutex<(u32, Vec<(&'static Endpoint, u32)>)>,
}

impl Ledger {
    fn count(&self, endpoint: &Endpoint, day: u32, limit: u32, is_shared: bool) -> Option<&Count> {
        let count = self.counts.get(endpoint.number)?;
        Some(count.get_or_init(|| {
            let before = lock(&self.before);
            let known = before.1.iter().find(|(row, _)| before.0 == day && row.number == endpoint.number);
            Box::new(Count::new(day, limit, known.map_or(0, |(_, used)| *used), is_shared))
        }))
    }

    /// The counters there are.
    fn made(&self) -> impl Iterator<Item = (&'static Endpoint, &Count)> {
        let all = endpoint::ALL.iter().zip(&self.counts);
        all.filter_map(|(row, count)| Some((*row, &**count.get()?)))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({})", self.owner)
    }
}

/// The ledgers of this node, and the counters whose calls wait to be told to the store.
#[derive(Default)]
pub struct Quotas {
    ledgers: Mutex<HashMap<String, Arc<Ledger>>>,
    queue: Mutex<VecDeque<(Arc<Ledger>, usize)>>,
    /// The minute in which unused ledgers were forgotten the last time.
    swept: AtomicU32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No limit is a large one.
fn limit(calls: u32) -> u32 {
    if calls == 0 { u32::MAX } else { calls }
}

impl Quotas {
    fn find(&self, owner: &str) -> Option<Arc<Ledger>> {
        lock(&self.ledgers).get(owner).cloned()
    }

    fn keep(&self, owner: &str, day: u32, before: Vec<(&'static Endpoint, u32)>) -> Arc<Ledger> {
        let made = || {
            let counts = endpoint::ALL.iter().map(|_| OnceLock::new()).collect();
            Arc::new(Ledger { owner: owner.to_owned(), counts, before: Mutex::new((day, before)) })
        };
        lock(&self.ledgers).entry(owner.to_owned()).or_insert_with(made).clone()
    }

    /// Whether calls wait to be told to the store.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !lock(&self.queue).is_empty()
    }

    /// The ledger of an owner, with what the store has counted of her calls today when there is none yet.
    pub(super) fn open(&self, tx: &mut Tx<'_>, owner: &str) -> Result<Arc<Ledger>, Error> {
        if let Some(ledger) = self.find(owner) {
            return Ok(ledger);
        }
        let today = quota::day(tx.now());
        let before = row::all_used(tx, owner, today)?;
        Ok(self.keep(owner, today, before))
    }

    /// Forgets every ledger: days and minutes of a clock that was wrong.
    pub fn forget(&self) {
        lock(&self.ledgers).clear();
    }

    /// Forgets the ledgers that nobody uses and whose minutes are over, once a minute.
    fn sweep(&self, now: Time) {
        let minute = quota::minute(now);
        if self.swept.swap(minute, Ordering::Relaxed) == minute {
            return;
        }
        let is_used = |ledger: &Arc<Ledger>| {
            Arc::strong_count(ledger) > 1 || ledger.made().any(|(_, count)| count.is_busy(minute))
        };
        lock(&self.ledgers).retain(|_, ledger| is_used(ledger));
    }
}

/// Counts a call. It touches no lock and allocates nothing, unless it is the first of its account since the store
/// was told, or the store is to be asked.
///
/// # Errors
/// 45009, 45011.
pub(super) async fn count(
    desk: &Desk,
    ledger: &Arc<Ledger>,
    endpoint: &'static Endpoint,
    quota: Quota,
    is_platform: bool,
    now: Time,
) -> Result<(), Error> {
    let (day, daily) = (quota::day(now), limit(quota.daily));
    let is_shared = desk.store.is_shared();
    let Some(count) = ledger.count(endpoint, day, daily, is_shared) else { return Ok(()) };
    if !count.spend(day, daily) && !Box::pin(ask(desk, ledger, endpoint, count, day, daily)).await? {
        return Err(Errcode::DailyQuota.into());
    }
    if !count.hurry(is_platform, quota::minute(now), limit(quota.per_minute)) {
        count.unspend(day);
        return Err(Errcode::MinuteQuota.into());
    }
    if count.is_first() {
        lock(&desk.quotas.queue).push_back((ledger.clone(), endpoint.number));
    }
    Ok(())
}

/// Asks the store for room until a call could be counted, or there is none.
async fn ask(
    desk: &Desk,
    ledger: &Ledger,
    endpoint: &'static Endpoint,
    count: &Count,
    day: u32,
    limit: u32,
) -> Result<bool, Error> {
    let mut books = count.books().await;
    let day = count.day(day);
    while !count.spend(day, limit) {
        let now = desk.now();
        if books.is_empty(limit, now) {
            return Ok(false);
        }
        let owed = count.owed(&books);
        let room = row::ask(desk, &ledger.owner, endpoint.path, owed, day, limit, true).await?;
        let slice = quota::slice(limit, room.used, desk.store.is_shared());
        count.grant(&mut books, owed, day, limit, room, slice);
        if slice + room.kept == 0 {
            let until = if desk.store.is_shared() { now + EMPTY } else { quota::begin(day + 1) };
            books.note_empty(limit, until);
        }
    }
    Ok(true)
}

/// Calls of the day so far, as far as this node can know.
async fn used(desk: &Desk, ledger: &Ledger, endpoint: &'static Endpoint, quota: Quota) -> Result<u32, Error> {
    let (day, daily, is_shared) = (quota::day(desk.now()), limit(quota.daily), desk.store.is_shared());
    let Some(count) = ledger.count(endpoint, day, daily, is_shared) else { return Ok(0) };
    let mut books = count.books().await;
    let owed = count.owed(&books);
    let room = row::ask(desk, &ledger.owner, endpoint.path, owed, day, daily, false).await?;
    let kept = if owed.day == day { count.kept(&books) } else { 0 };
    let slice = quota::slice(daily, room.used, is_shared);
    count.grant(&mut books, owed, day, daily, room, slice);
    Ok(room.used - kept.min(room.used))
}

/// Tells the store what was counted, oldest first, as much as a round holds. What it cannot be told waits.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn settle(desk: &Desk) -> Result<(), Error> {
    let mut waiting: Vec<_> = {
        let mut queue = lock(&desk.quotas.queue);
        let round = queue.len().min(ROUND);
        queue.drain(..round).collect()
    };
    // In the order of the rows' keys.
    let path = |number: usize| endpoint::ALL.get(number).map_or("", |row| row.path);
    waiting.sort_by(|a, b| (&a.0.owner, path(a.1)).cmp(&(&b.0.owner, path(b.1))));
    for (number, batch) in waiting.chunks(BATCH).enumerate() {
        if let Err(error) = settle_batch(desk, batch).await {
            // Those of the batch had left the queue, and may stand there again meanwhile.
            let again = |it: &&(Arc<Ledger>, usize)| {
                it.0.counts.get(it.1).and_then(OnceLock::get).is_some_and(|it| it.is_first())
            };
            let mut queue = lock(&desk.quotas.queue);
            queue.extend(batch.iter().filter(again).cloned());
            queue.extend(waiting.iter().skip((number + 1) * BATCH).cloned());
            return Err(error);
        }
    }
    desk.quotas.sweep(desk.now());
    Ok(())
}

async fn settle_batch(desk: &Desk, batch: &[(Arc<Ledger>, usize)]) -> Result<(), Error> {
    let mut books = Vec::with_capacity(batch.len());
    let mut told = Vec::with_capacity(batch.len());
    for (ledger, number) in batch {
        let (Some(count), Some(row)) =
            (ledger.counts.get(*number).and_then(|it| it.get()), endpoint::ALL.get(*number))
        else {
            continue;
        };
        let held = count.books().await;
        count.leave_queue();
        let Owed { day, calls } = count.owed(&held);
        told.push(Told { owner: ledger.owner.clone(), path: row.path, day, calls });
        books.push((count, held));
    }
    let all = row::add_all(desk, told.clone()).await?;
    let is_shared = desk.store.is_shared();
    for (((count, mut held), told), used) in books.into_iter().zip(told).zip(all) {
        let owed = Owed { day: told.day, calls: told.calls };
        let slice = quota::slice(count.limit(), used, is_shared);
        count.grant(&mut held, owed, told.day, count.limit(), Room { used, kept: 0 }, slice);
    }
    Ok(())
}
