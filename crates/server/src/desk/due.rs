//! What time decides: rows that say when a verb is to look again.

use super::{Desk, invitation, node, presence, session};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use model::account::Words;
use model::due::{Due, FEED_KEPT, TRIM_EVERY};
use model::{Appid, Time};
use protocol::Errcode;

/// Rows looked at in one round.
const ROUND: i64 = 100;

/// One row.
#[derive(Debug)]
pub struct Row {
    owner: String,
    kind: String,
    key: String,
}

/// Says that a verb is to look at `key` at `at`, and no later.
pub(super) fn set(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str, at: Time) -> Result<(), Error> {
    tx.run(UPSERT, bind![owner, kind.word(), key, at]).map(|_| ())
}

/// Says that there is nothing to look at.
pub(super) fn clear(tx: &mut Tx<'_>, owner: &str, kind: Due, key: &str) -> Result<(), Error> {
    tx.run(DELETE, bind![owner, kind.word(), key]).map(|_| ())
}

/// The rows that are due now, oldest first; none while another living node holds this loop.
///
/// # Errors
/// Internal only.
pub async fn next(desk: &Desk) -> Result<Vec<Row>, Error> {
    if !node::hold(desk, "due").await? {
        return Ok(Vec::new());
    }
    desk.store
        .read("", |tx| {
            let now = tx.now();
            let rows = tx.all(SELECT, bind![now, ROUND])?;
            Ok(rows
                .iter()
                .map(|row| Row { owner: row.text(0), kind: row.text(1), key: row.text(2) })
                .collect())
        })
        .await
}

/// Runs the verb of a row. The verb moves or clears it; a row whose owner or noun is gone is cleared.
///
/// # Errors
/// The verb's.
pub async fn fire(desk: &Desk, row: &Row) -> Result<(), Error> {
    let appid = Appid::stored(row.owner.clone());
    let fired = match Due::from_word(&row.kind) {
        Some(Due::Invitation) => invitation::look(desk, &appid, &row.key).await,
        Some(Due::Session) => session::look(desk, &appid, &row.key).await,
        Some(Due::Presence) => presence::look(desk, &appid, &row.key).await,
        Some(Due::Trim) => trim(desk, &appid).await,
        None => Err(Errcode::NotFound.into()),
    };
    match fired {
        Err(Error::Refused(code)) if code != Errcode::SystemError => drop_row(desk, row).await,
        other => other,
    }
}

async fn drop_row(desk: &Desk, row: &Row) -> Result<(), Error> {
    let (owner, kind, key) = (row.owner.clone(), row.kind.clone(), row.key.clone());
    desk.store.keep(&row.owner, move |tx| tx.run(DELETE, bind![&owner, &kind, &key]).map(|_| ())).await
}

/// Drops what is too old from an account's feed.
async fn trim(desk: &Desk, appid: &Appid) -> Result<(), Error> {
    let appid = appid.clone();
    desk.store
        .keep(&appid.to_string(), move |tx| {
            let now = tx.now();
            tx.run(TRIM, bind![&appid, now - FEED_KEPT])?;
            set(tx, appid.as_str(), Due::Trim, "", now + TRIM_EVERY)
        })
        .await
}

const UPSERT: &str = "insert into due (owner, kind, key, at) values ($1, $2, $3, $4)
    on conflict (owner, kind, key) do update set at = excluded.at";
const DELETE: &str = "delete from due where owner = $1 and kind = $2 and key = $3";
const SELECT: &str = "select owner, kind, key from due where at <= $1 order by at limit $2";
const TRIM: &str = "delete from change where owner = $1 and at < $2";
