//! Pushes that have ended, for a developer's machine that comes back and asks what it missed.

use crate::callback::pushes::PushId;
use crate::{Desk, Result};
use model::Appid;
use store::bind;

/// The most pushes that are read.
pub const ENDED_MAX: i64 = 200;

/// A push that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its name, `seq.fact`.
    pub push: String,
    /// The `MsgType`, or the name of the event.
    pub what: String,
    /// How it ended.
    pub outcome: String,
}

/// The pushes after a change that have ended, oldest first, and whether there are more than [`ENDED_MAX`].
///
/// # Errors
/// Internal only.
pub async fn after(desk: &Desk, appid: &Appid, seq: i64) -> Result<(Vec<Ended>, bool)> {
    desk.read(appid, move |tx, appid| {
        let rows = tx.all(SELECT, bind![appid, seq, ENDED_MAX + 1])?;
        let ended = rows.iter().map(|row| Ended {
            push: PushId { seq: row.int(0), fact: row.int(1) }.to_string(),
            what: row.text(2),
            outcome: row.text(3),
        });
        let mut ended: Vec<_> = ended.collect();
        let is_more = ended.len() as i64 > ENDED_MAX;
        ended.truncate(usize::try_from(ENDED_MAX)?);
        Ok((ended, is_more))
    })
    .await
}

const SELECT: &str = "select seq, fact, what, outcome from push where appid = $1 and seq > $2
    order by seq, fact limit $3";
