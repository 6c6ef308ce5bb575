//! What time decides: rows that say when a verb is to look again.

use crate::Desk;
use model::TextEnum;
use model::Time;
use model::due::{Due, TRIM_EVERY};
use store::Tx;
use store::bind;
use store::error::Error;

/// Gives an owner a feed, which is trimmed from tomorrow on; `false` when there is one, or was of a removed account.
pub(super) fn begin_feed(tx: &mut Tx<'_>, owner: &str) -> Result<bool, Error> {
    let is_new = tx.create_owner(owner)?;
    // Looked at after the head's place was taken: a removal at the same time is over then.
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

/// Says that a verb is to look at `key` at `at`, and no later.
pub(super) fn set(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str, at: Time) -> Result<(), Error> {
    tx.run(UPSERT, bind![owner, kind.as_text(), key, at]).map(|_| ())
}

/// The same, unless something says so already.
pub(super) fn begin(tx: &mut Tx<'_>, owner: &str, kind: Due, at: Time) -> Result<(), Error> {
    tx.run(INSERT, bind![owner, kind.as_text(), "", at]).map(|_| ())
}

/// Says that there is nothing to look at.
pub(super) fn clear(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str) -> Result<(), Error> {
    tx.run(DELETE, bind![owner, kind.as_text(), key]).map(|_| ())
}

/// The clock went back: rows that are further ahead than verbs set them by it are due now, and the verbs look again.
///
/// # Errors
/// Internal only.
pub(super) async fn reschedule(desk: &Desk) -> Result<(), Error> {
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
const RESCHEDULE: &str = "update due set at = $2 where kind = $1 and at > $3";
