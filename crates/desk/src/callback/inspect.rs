//! What people and programs see of pushes: those that are done, in pages, and one with all that is known of it.

use crate::account::callback;
use crate::callback::outcome::Outcome;
use crate::callback::pushes::{self, Push, PushId};
use crate::callback::tries::{self, Try};
use crate::{Desk, Result, account};
use model::callback::collide;
use model::{Appid, MINUTE, TextEnum, Time};
use protocol::Errcode;
use serde::Serialize;
use std::ops::ControlFlow;
use store::bind;
use store::{Row, Tx};

/// The most pushes of a page.
pub const PAGE: usize = 50;
/// The most rows that are read for a page. A page of a rare filter may hold fewer pushes, and leads on.
const SCANNED: i64 = 1000;
/// How much earlier than a push before it a push may have ended, in milliseconds: pushes of different customers end in
/// another order than they begin.
const DISORDER: Time = MINUTE;
/// Changes around a push among which one with the same `CreateTime` is looked for, on each side.
const AROUND: i64 = 100;

/// Which pushes to list. An empty text stands for all.
#[derive(Clone, Debug, Default)]
pub struct PushFilter {
    /// How they ended.
    pub outcome: String,
    /// The customer.
    pub openid: String,
    /// The `MsgType` of a message, or the name of an event.
    pub what: String,
}

/// From where to list pushes.
#[derive(Clone, Copy, Debug)]
pub enum PushesFrom {
    /// The latest before this one, newest first; `None` for the latest of all.
    Before(Option<PushId>),
    /// The first after this one, oldest first: for programs, which miss none. Those behind a push that is under way are
    /// left out until it is done.
    After(PushId),
}

/// A push that is done.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct PushRow {
    /// Its name: the change and the position in it.
    pub id: String,
    /// The customer.
    pub openid: String,
    /// The `MsgType` of a message, or the name of an event.
    pub what: String,
    /// How it ended: `taken`, `failed` or `late`.
    pub outcome: String,
    /// How often it was tried.
    pub tries: i64,
    /// What was wrong; empty if nothing.
    pub fault: String,
    /// When it was done.
    pub at: Time,
}

/// A page of pushes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct PushPage {
    /// The pushes.
    pub pushes: Vec<PushRow>,
    /// Where the next page begins; `None` at the end.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether pushes wait until they are resumed.
    pub paused: bool,
    /// Whether the account has a developer's server.
    pub pushed: bool,
}

/// All that is known of a push.
#[derive(Clone, Debug)]
pub struct PushRecord {
    /// How it ended.
    pub row: PushRow,
    /// The tries and replays, in their order. Those of old pushes are gone.
    pub tries: Vec<Try>,
    /// What it said; `None` if the change or the message is gone.
    pub push: Option<Push>,
    /// Whether another push of the customer has the same `CreateTime`.
    pub collides: bool,
}

/// A page of the account's pushes.
///
/// # Errors
/// 40013, `BadRequest` if the filter names no outcome.
pub async fn list(desk: &Desk, appid: &Appid, from: PushesFrom, filter: PushFilter) -> Result<PushPage> {
    if !filter.outcome.is_empty() && Outcome::from_text(&filter.outcome).is_none() {
        return Err(Errcode::BadRequest.into());
    }
    desk.read(appid, move |tx, appid| {
        account::get(tx, appid)?;
        let mut found = Vec::new();
        let next = scan(tx, appid, from, |row| {
            if filter.takes(&row) {
                found.push(row);
            }
            if found.len() == PAGE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(PushPage {
            pushes: found,
            next: next.map(|id| id.to_string()),
            paused: callback::is_paused(tx, appid)?,
            pushed: callback::exists(tx, appid)?,
        })
    })
    .await
}

impl PushFilter {
    fn takes(&self, row: &PushRow) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.outcome, &row.outcome) && fits(&self.openid, &row.openid) && fits(&self.what, &row.what)
    }
}

/// Hands rows to `take` until it breaks off, or [`SCANNED`] were read. Returns where to read on; `None` at the end.
fn scan(
    tx: &mut Tx<'_>,
    appid: &Appid,
    from: PushesFrom,
    mut take: impl FnMut(PushRow) -> ControlFlow<()>,
) -> Result<Option<PushId>> {
    let rows = match from {
        PushesFrom::Before(before) => {
            let last = before.unwrap_or(PushId { seq: i64::MAX, fact: i64::MAX });
            tx.all(SELECT_BEFORE, bind![appid, last.seq, last.fact, SCANNED])?
        }
        PushesFrom::After(after) => {
            let cursor = tx.one(SELECT_CURSOR, bind![appid])?.map_or(i64::MAX, |row| row.int(0));
            tx.all(SELECT_AFTER, bind![appid, after.seq, after.fact, cursor, SCANNED])?
        }
    };
    let is_whole = i64::try_from(rows.len()).is_ok_and(|number| number < SCANNED);
    let mut last = None;
    for (number, row) in rows.iter().enumerate() {
        let id = PushId { seq: row.int(0), fact: row.int(1) };
        last = Some(id);
        if take(read(row)).is_break() {
            let is_end = is_whole && number + 1 == rows.len();
            return Ok(last.filter(|_| !is_end));
        }
    }
    Ok(last.filter(|_| !is_whole))
}

fn read(row: &Row) -> PushRow {
    PushRow {
        id: PushId { seq: row.int(0), fact: row.int(1) }.to_string(),
        openid: row.text(2),
        what: row.text(3),
        outcome: row.text(4),
        tries: row.int(5),
        fault: row.text(6),
        at: row.int(7),
    }
}

/// The pushes that failed since a time, oldest first, after `after`; at most `most`. Reads the pushes since that time
/// only.
///
/// # Errors
/// 40013.
pub async fn failed_since(
    desk: &Desk,
    appid: &Appid,
    since: Time,
    after: Option<PushId>,
    most: usize,
) -> Result<Vec<PushId>> {
    let (mut found, mut from) = (Vec::new(), PushesFrom::Before(None));
    loop {
        let (block, next) = desk
            .read(appid, move |tx, appid| {
                account::get(tx, appid)?;
                let (mut block, mut is_old) = (Vec::new(), false);
                let next = scan(tx, appid, from, |row| {
                    is_old = row.at < since - DISORDER;
                    if row.at >= since && row.outcome == Outcome::Failed.as_text() {
                        block.extend(row.id.parse::<PushId>().ok());
                    }
                    if is_old { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })?;
                Ok((block, next.filter(|_| !is_old)))
            })
            .await?;
        found.extend(block);
        match next {
            Some(next) => from = PushesFrom::Before(Some(next)),
            None => break,
        }
    }
    found.reverse();
    found.retain(|id| after.is_none_or(|after| *id > after));
    found.truncate(most);
    Ok(found)
}

/// All that is known of a push. Addresses of pictures begin with `base`.
///
/// # Errors
/// 40013, `NotFound`.
pub async fn show(desk: &Desk, appid: &Appid, id: PushId, base: &str) -> Result<PushRecord> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| {
        let row = tx.one(SELECT, bind![appid, id.seq, id.fact])?.ok_or(Errcode::NotFound)?;
        let row = read(&row);
        let around = (id.seq - AROUND, id.seq + AROUND);
        let pushes = pushes::of_customer(tx, appid, &row.openid, around, &base)?;
        let push = pushes.iter().find(|push| push.id == id).cloned();
        let is_other = |push: &Push| pushes.iter().any(|other| collide(&push.body, &other.body));
        let collides = push.as_ref().is_some_and(is_other);
        Ok(PushRecord { row, tries: tries::of(tx, appid, id)?, push, collides })
    })
    .await
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select seq, fact, openid, what, outcome, tries, fault, at from push where appid = $1 ",
            $rest
        )
    };
}

const SELECT: &str = select!("and seq = $2 and fact = $3");
const SELECT_BEFORE: &str = select!("and (seq, fact) < ($2, $3) order by seq desc, fact desc limit $4");
const SELECT_AFTER: &str = select!("and (seq, fact) > ($2, $3) and seq <= $4 order by seq, fact limit $5");
const SELECT_CURSOR: &str = "select seq from push_cursor where appid = $1";
