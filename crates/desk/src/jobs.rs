//! Dispatches `due` rows: reads the rows whose time has come, runs the verb of each, and postpones a row whose verb
//! fails.

use crate::account::refusal_log;
use crate::message::{media, retention};
use crate::people::{invitation, presence, worker};
use crate::{Desk, Result, cluster, content, due, removal, session};
use model::due::{Due, FEED_KEPT, RETRY, TRIM_EVERY};
use model::{Appid, TextEnum, Time};
use protocol::Errcode;
use store::bind;

/// The most rows of one round.
const ROUND: i64 = 100;
/// The most changes of a feed that one transaction trims.
const TRIM_ROUND: i64 = 1000;

/// A row of `due`.
#[derive(Debug)]
pub struct DueRow {
    owner: String,
    kind: String,
    key: String,
    at: Time,
}

/// The two queues of `due` rows. They run beside each other, so that a slow bucket delays only files.
#[derive(Clone, Copy, Debug)]
pub enum Queue {
    /// Rows whose verbs use only the store.
    Desk,
    /// Rows whose verbs delete or list files.
    Files,
}

/// The rows that are due, oldest first. None if another node has the lease for `due` rows.
///
/// # Errors
/// Internal only.
pub async fn next(desk: &Desk, queue: Queue) -> Result<Vec<DueRow>> {
    if !cluster::acquire(desk, "due").await? {
        return Ok(Vec::new());
    }
    desk.store
        .read("", move |tx| {
            let now = tx.now();
            let select = match queue {
                Queue::Desk => SELECT,
                Queue::Files => SELECT_FILES,
            };
            let rows = tx.all(select, bind![now, ROUND])?;
            Ok(rows
                .iter()
                .map(|row| DueRow { owner: row.text(0), kind: row.text(1), key: row.text(2), at: row.int(3) })
                .collect())
        })
        .await
}

/// Runs the verb of a row. The verb reschedules or deletes the row. If the verb is refused, its owner or noun is gone,
/// and the row is deleted.
///
/// # Errors
/// Those of the verb.
pub async fn run_due(desk: &Desk, row: &DueRow) -> Result<()> {
    let appid = Appid::stored(row.owner.clone());
    let outcome = match Due::from_text(&row.kind) {
        Some(Due::Invitation) => invitation::recheck(desk, &appid, &row.key).await,
        Some(Due::Session) => session::release::recheck_end(desk, &appid, &row.key).await,
        Some(Due::Presence) => presence::recheck(desk, &appid, &row.key).await,
        Some(Due::Grace) => session::absence::recheck(desk, &appid, &row.key).await,
        Some(Due::Answer) => session::release::recheck_answer(desk, &appid, &row.key).await,
        Some(Due::Queue) => session::queue::resume(desk, &appid).await,
        Some(Due::Rid) => refusal_log::prune(desk, &appid).await,
        Some(Due::Trim) => trim(desk, &appid).await,
        Some(Due::Media) => media::prune(desk, &appid, &row.key).await,
        Some(Due::Content) => content::prune(desk, &row.key).await,
        Some(Due::Object) => content::remove_object(desk, &row.key).await,
        Some(Due::File) => retention::prune(desk, &appid).await,
        Some(Due::Strays) => content::prune_strays(desk).await,
        Some(Due::Account) => removal::account::run_round(desk, &appid, &row.key).await,
        Some(Due::Worker) => {
            removal::worker::run_round(desk, row.owner.trim_start_matches('@'), &row.key).await
        }
        Some(Due::Binding) => worker::recheck(desk, row.owner.trim_start_matches('@'), &row.key).await,
        None => Err(Errcode::NotFound.into()),
    };
    match outcome {
        Err(error) if error.is_rule() => drop_row(desk, row).await,
        other => other,
    }
}

async fn drop_row(desk: &Desk, row: &DueRow) -> Result<()> {
    let (owner, kind, key, at) = (row.owner.clone(), row.kind.clone(), row.key.clone(), row.at);
    desk.store
        .write_silent(&row.owner, move |tx| tx.run(DELETE_OLD, bind![&owner, &kind, &key, at]).map(|_| ()))
        .await
}

/// Postpones a row whose verb failed by a minute from now, unless the row has been rescheduled meanwhile.
///
/// # Errors
/// Internal only.
pub async fn postpone(desk: &Desk, row: &DueRow) -> Result<()> {
    let (owner, kind, key, at) = (row.owner.clone(), row.kind.clone(), row.key.clone(), row.at);
    desk.store
        .write_silent(&row.owner, move |tx| {
            let again = tx.now() + RETRY;
            tx.run(POSTPONE, bind![&owner, &kind, &key, at, again]).map(|_| ())
        })
        .await
}

/// Deletes changes older than seven days from an owner's feed, 1,000 at a time, with the events of customers and the
/// records of pushes and of their tries, and schedules the next trim.
async fn trim(desk: &Desk, owner: &Appid) -> Result<()> {
    desk.write_silent(owner, |tx, owner| {
        let now = tx.now();
        let oldest = tx.all(SELECT_OLDEST, bind![owner, TRIM_ROUND])?;
        let old = oldest.iter().take_while(|row| row.int(1) < now - FEED_KEPT).map(|row| row.int(0));
        let last = old.last().unwrap_or(0);
        let dropped = tx.run(TRIM, bind![owner, last])?;
        tx.run(TRIM_EVENTS, bind![owner, last])?;
        tx.run(TRIM_PUSHES, bind![owner, last])?;
        tx.run(TRIM_TRIES, bind![owner, last])?;
        let next = if i64::try_from(dropped) == Ok(TRIM_ROUND) { now } else { now + TRIM_EVERY };
        due::set(tx, owner.as_str(), Due::Trim, "", next)
    })
    .await
}

const SELECT: &str =
    "select owner, kind, key, at from due where at <= $1 and kind not in ('object', 'strays')
    order by at limit $2";
const SELECT_FILES: &str =
    "select owner, kind, key, at from due where at <= $1 and kind in ('object', 'strays')
    order by at limit $2";
const SELECT_OLDEST: &str = "select seq, at from change where owner = $1 order by seq limit $2";
const TRIM: &str = "delete from change where owner = $1 and seq <= $2";
const TRIM_EVENTS: &str = "delete from customer_event where appid = $1 and id <= $2";
const TRIM_PUSHES: &str = "delete from push where appid = $1 and seq <= $2";
const TRIM_TRIES: &str = "delete from push_try where appid = $1 and seq <= $2";
const DELETE_OLD: &str = "delete from due where owner = $1 and kind = $2 and key = $3 and at <= $4";
const POSTPONE: &str = "update due set at = $5 where owner = $1 and kind = $2 and key = $3 and at <= $4";
