//! The timetable: rows of `due` say which verb is to run for which key, and when.

use crate::{Desk, Result};
use model::TextEnum;
use model::Time;
use model::due::{Due, TRIM_EVERY};
use store::Tx;
use store::bind;

/// Creates an owner's feed and schedules its first trim. Returns `false` if the owner has a feed, or was removed.
pub(super) fn begin_feed(tx: &mut Tx<'_>, owner: &str) -> Result<bool> {
    let is_new = tx.create_owner(owner)?;
    // Read after the head is inserted: a removal that ran at the same time has then committed.
    if is_new && tx.one(SELECT_REMOVED, bind![owner])?.is_some() {
        tx.run(DELETE_HEAD, bind![owner])?;
        return Ok(false);
    }
    if is_new {
        let now = tx.now();
        set(tx, owner, Due::Trim, "", now + TRIM_EVERY)?;
    }
    Ok(is_new)
}

/// Schedules a verb for `key` at `at`, in place of its earlier time.
pub(super) fn set(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str, at: Time) -> Result<()> {
    tx.run(UPSERT, bind![owner, kind.as_text(), key, at]).map(|_| ())
}

/// Schedules a verb for `key` at `at`, unless it is scheduled already.
pub(super) fn begin(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str, at: Time) -> Result<()> {
    tx.run(INSERT, bind![owner, kind.as_text(), key, at]).map(|_| ())
}

/// Deletes a scheduled verb.
pub(super) fn clear(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str) -> Result<()> {
    tx.run(DELETE, bind![owner, kind.as_text(), key]).map(|_| ())
}

/// Lets the owner's rows of a kind fall due earlier by so many milliseconds, because the time that set them has become
/// shorter.
pub(super) fn bring_forward(tx: &mut Tx<'_>, owner: &str, kind: Due, by: i64) -> Result<()> {
    tx.run(BRING_FORWARD, bind![owner, kind.as_text(), by]).map(|_| ())
}

/// Makes rows due now that are further ahead than their verbs schedule them. A clock that was ahead has set them; their
/// verbs check again and schedule the right time.
///
/// # Errors
/// Internal only.
pub(super) async fn reschedule(desk: &Desk) -> Result<()> {
    for (word, kind) in Due::TEXTS {
        let reschedule = move |tx: &mut Tx<'_>| {
            let now = tx.now();
            tx.run(RESCHEDULE, bind![*word, now, now + kind.reach()]).map(|_| ())
        };
        desk.store.write_silent("", reschedule).await?;
    }
    Ok(())
}

const SELECT_REMOVED: &str = "select owner from removed where owner = $1";
const DELETE_HEAD: &str = "delete from head where owner = $1";
const UPSERT: &str = "insert into due (owner, kind, key, at) values ($1, $2, $3, $4)
    on conflict (owner, kind, key) do update set at = excluded.at";
const INSERT: &str = "insert into due (owner, kind, key, at) values ($1, $2, $3, $4)
    on conflict (owner, kind, key) do nothing";
const DELETE: &str = "delete from due where owner = $1 and kind = $2 and key = $3";
const BRING_FORWARD: &str = "update due set at = at - $3 where owner = $1 and kind = $2";
const RESCHEDULE: &str = "update due set at = $2 where kind = $1 and at > $3";
