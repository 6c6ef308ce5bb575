//! Deletes the files of old messages, if the operator keeps them for a limited number of days.

use crate::message::storage;
use crate::{Desk, Result, content, due};
use model::due::Due;
use model::{Appid, HOUR, SECOND};
use store::Tx;
use store::bind;

/// The most messages of one round, and the pause before the next round.
const ROUND: i64 = 50;
const PAUSE: i64 = SECOND;
/// The shortest time between two checks of an account that has nothing to delete.
const EVERY: i64 = HOUR;
const DAY: i64 = 24 * HOUR;

/// Schedules [`prune`] for an account that has a message with a file.
pub(crate) fn begin(tx: &mut Tx<'_>, appid: &Appid) -> Result<()> {
    let now = tx.now();
    due::begin(tx, appid.as_str(), Due::File, "", now + DAY)
}

/// Deletes the files of messages that are old enough, in a bounded round, and schedules the next round.
pub(crate) async fn prune(desk: &Desk, appid: &Appid) -> Result<()> {
    let kept = i64::from(desk.rules.message_files_days) * DAY;
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        if kept == 0 {
            // The operator may set a limit later.
            return due::set(tx, appid.as_str(), Due::File, "", now + DAY);
        }
        let rows = tx.all(SELECT, bind![appid, ROUND + 1])?;
        let old = rows.iter().take_while(|row| row.int(1) <= now - kept).take(ROUND as usize);
        let mut removed = 0;
        for row in old {
            tx.run(CLEAR, bind![appid, row.int(0)])?;
            for sha256 in [row.text(2), row.text(3)].iter().filter(|sha256| !sha256.is_empty()) {
                storage::remove(tx, appid, sha256)?;
                content::schedule_cleanup(tx, sha256)?;
            }
            removed += 1;
        }
        match rows.get(removed) {
            None => due::clear(tx, appid.as_str(), Due::File, ""),
            Some(next) if next.int(1) <= now - kept => {
                due::set(tx, appid.as_str(), Due::File, "", now + PAUSE)
            }
            Some(next) => {
                let at = (next.int(1) + kept).max(now + EVERY);
                due::set(tx, appid.as_str(), Due::File, "", at)
            }
        }
    })
    .await
}

const SELECT: &str = "select id, at, content, thumb from message
    where appid = $1 and (content <> '' or thumb <> '') order by id limit $2";
const CLEAR: &str = "update message set content = '', thumb = '' where appid = $1 and id = $2";
