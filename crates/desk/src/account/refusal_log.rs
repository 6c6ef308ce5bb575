//! The log of refused calls, found by request id (`rid`). Refusals are collected in memory, written in batches, and
//! kept for seven days. The answer to a refused call does not wait for the log.

use crate::{Desk, Result, due};
use model::due::{Due, RID_KEPT};
use model::{Appid, SECOND, Time};
use protocol::rid::{RefusedCall, RidInfo, is_rid, second_of};
use protocol::{Errcode, limits};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Tx;
use store::bind;
use store::error::Error;

/// The most refusals that wait in memory, about 10 kB each at worst. Further ones are dropped.
const WAITING_MAX: usize = 1000;
/// The most waiting refusals of one owner. One owner with many refused calls cannot take all places.
const WAITING_OF_OWNER_MAX: usize = 500;
/// The most refusals of one owner that one transaction writes.
const BATCH: usize = 100;
/// How many times [`get`] reads the store, and the pause between two reads. Another node may have the refusal in
/// memory; it writes its refusals every second.
const ASKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(300);
/// The age in milliseconds after which a refusal has been written for certain: a second, plus the difference that the
/// clocks of two nodes may have.
const WRITTEN: Time = 4 * SECOND;

/// A refused call.
#[derive(Clone, Debug)]
pub struct LoggedRefusal {
    /// The owner of the token that the call presented.
    pub owner: Appid,
    /// The request id in the answer.
    pub rid: String,
    /// When the call was refused.
    pub at: Time,
    /// How long the call took, in milliseconds.
    pub cost_ms: i64,
    /// The query of the call, with secrets hidden.
    pub query: String,
    /// The body of the call, with secrets hidden.
    pub body: String,
    /// The body of the answer.
    pub answer: String,
    /// The address that the call came from.
    pub address: String,
}

/// The refusals that wait in memory.
#[derive(Default)]
pub struct RefusalLog {
    waiting: Mutex<Vec<LoggedRefusal>>,
    /// Held while refusals are written. A caller of [`get`] waits for it, and then finds them in the store.
    writing: tokio::sync::Mutex<()>,
    forgotten: AtomicU64,
}

impl RefusalLog {
    fn lock(&self) -> MutexGuard<'_, Vec<LoggedRefusal>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a refusal, or drops it if the log is full.
    pub fn add(&self, refused: LoggedRefusal) {
        let mut waiting = self.lock();
        let of_owner = waiting.iter().filter(|other| other.owner == refused.owner).count();
        if waiting.len() < WAITING_MAX && of_owner < WAITING_OF_OWNER_MAX {
            waiting.push(refused);
        } else if self.forgotten.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the refusal log is full: rid/get will not find some refused calls");
        }
    }
}

/// Writes the waiting refusals, owner by owner. Those that cannot be written wait for the next call.
///
/// # Errors
/// Internal only, and `SystemError`.
pub async fn flush(desk: &Desk) -> Result<()> {
    let _alone = desk.refusal_log.writing.lock().await;
    let waiting = std::mem::take(&mut *desk.refusal_log.lock());
    let mut owners: BTreeMap<String, Vec<LoggedRefusal>> = BTreeMap::new();
    for refused in waiting {
        owners.entry(refused.owner.to_string()).or_default().push(refused);
    }
    let mut outcome = Ok(());
    for all in owners.into_values() {
        for batch in all.chunks(BATCH) {
            if outcome.is_ok() {
                outcome = write(desk, batch.to_vec()).await;
            }
            if outcome.is_err() {
                let mut again = desk.refusal_log.lock();
                let room = WAITING_MAX.saturating_sub(again.len());
                again.extend(batch.iter().take(room).cloned());
            }
        }
    }
    outcome
}

async fn write(desk: &Desk, batch: Vec<LoggedRefusal>) -> Result<()> {
    let Some(owner) = batch.first().map(|refused| refused.owner.clone()) else { return Ok(()) };
    desk.write_silent(&owner, move |tx, owner| {
        // The owner was removed meanwhile.
        if tx.head()?.is_none() {
            return Ok(());
        }
        let last = tx.number(SELECT_LAST, bind![owner])?;
        if last == 0 {
            // One `due` row per owner is enough: [`prune`] moves the row while the owner has refusals.
            let now = tx.now();
            due::set(tx, owner.as_str(), Due::Rid, "", now + RID_KEPT)?;
        }
        let mut number = last;
        for it in &batch {
            number += 1;
            let (at, cost) = (it.at, it.cost_ms);
            tx.run(
                INSERT,
                bind![owner, number, &it.rid, at, cost, &it.query, &it.body, &it.answer, &it.address],
            )?;
        }
        tx.run(DELETE_UP_TO, bind![owner, number - limits::RIDS_MAX]).map(|_| ())
    })
    .await
}

/// Deletes the refusals of an owner that are older than seven days, and schedules the next pruning.
pub(crate) async fn prune(desk: &Desk, owner: &Appid) -> Result<()> {
    desk.write_silent(owner, |tx, owner| {
        let now = tx.now();
        tx.run(DELETE_OLD, bind![owner, now - RID_KEPT])?;
        let oldest = tx.one(SELECT_OLDEST, bind![owner])?;
        match oldest {
            Some(row) => due::set(tx, owner.as_str(), Due::Rid, "", row.int(0) + RID_KEPT + SECOND),
            None => due::clear(tx, owner.as_str(), Due::Rid, ""),
        }
    })
    .await
}

/// getRidInfo: the refused call with this `rid`, if it presented a token of `owner`.
///
/// # Errors
/// 76002 if `rid` has the wrong form, 76001 if there is no such refusal, 76003 if it belongs to another owner.
pub async fn get(desk: &Desk, owner: &Appid, rid: &str) -> Result<RidInfo> {
    if !is_rid(rid) {
        return Err(Errcode::RidMalformed.into());
    }
    // A caller may ask right after the refusal.
    flush(desk).await?;
    for _ in 1..ASKS {
        match look_up(desk, owner, rid).await {
            Err(Error::Refused(Errcode::RidNotFound)) if may_come(desk, rid) => {
                tokio::time::sleep(PAUSE).await
            }
            outcome => return outcome,
        }
    }
    look_up(desk, owner, rid).await
}

/// Whether a refusal that is not in the store may still be in the memory of another node.
fn may_come(desk: &Desk, rid: &str) -> bool {
    let age = second_of(rid).map(|second| desk.now() - second * SECOND);
    desk.store.is_shared() && age.is_some_and(|age| age.abs() < WRITTEN)
}

async fn look_up(desk: &Desk, owner: &Appid, rid: &str) -> Result<RidInfo> {
    let rid = rid.to_owned();
    desk.read(owner, move |tx, owner| find(tx, owner, &rid)).await
}

fn find(tx: &mut Tx<'_>, owner: &Appid, rid: &str) -> Result<RidInfo> {
    let since = tx.now() - RID_KEPT;
    let row = tx.one(SELECT, bind![rid, since])?.ok_or(Errcode::RidNotFound)?;
    if row.text(0) != owner.as_str() {
        return Err(Errcode::RidForbidden.into());
    }
    Ok(RidInfo::of(RefusedCall {
        invoke_time: row.int(1) / SECOND,
        cost_in_ms: row.int(2),
        request_url: row.text(3),
        request_body: row.text(4),
        response_body: row.text(5),
        client_ip: row.text(6),
    }))
}

const SELECT_LAST: &str = "select number from rid where owner = $1 order by number desc limit 1";
const SELECT_OLDEST: &str = "select at from rid where owner = $1 order by number limit 1";
const INSERT: &str = "insert into rid (owner, number, rid, at, cost_ms, query, body, answer, address)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const DELETE_UP_TO: &str = "delete from rid where owner = $1 and number <= $2";
const DELETE_OLD: &str = "delete from rid where owner = $1 and at < $2";
const SELECT: &str =
    "select owner, at, cost_ms, query, body, answer, address from rid where rid = $1 and at >= $2";

#[cfg(test)]
mod tests {
    use super::{LoggedRefusal, RefusalLog, WAITING_MAX, WAITING_OF_OWNER_MAX};
    use model::Appid;

    fn refusal(owner: &str) -> LoggedRefusal {
        LoggedRefusal {
            owner: Appid::parse(owner).unwrap(),
            rid: String::new(),
            at: 0,
            cost_ms: 0,
            query: String::new(),
            body: String::new(),
            answer: String::new(),
            address: String::new(),
        }
    }

    #[test]
    fn an_owner_whose_calls_are_refused_over_and_over_leaves_room_for_others() {
        let log = RefusalLog::default();
        for _ in 0..WAITING_MAX {
            log.add(refusal("wx0000000000000001"));
        }
        log.add(refusal("wx0000000000000002"));
        let waiting = log.lock();
        assert_eq!(waiting.len(), WAITING_OF_OWNER_MAX + 1);
        assert_eq!(waiting.last().unwrap().owner.as_str(), "wx0000000000000002");
    }
}
