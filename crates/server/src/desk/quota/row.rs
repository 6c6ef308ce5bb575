//! What the store keeps of quotas: calls of the day by endpoint, and the limits operators have set.

use super::count::{Owed, Room};
use crate::bind;
use crate::desk::Desk;
use crate::error::Error;
use crate::store::{Row, Tx};
use model::quota;
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint};

/// Calls of a day that are to be told to the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) owner: String,
    pub(super) path: &'static str,
    pub(super) day: u32,
    pub(super) calls: u32,
}

/// Adds calls to their rows, in the order of their keys, so that no two nodes wait for each other; answers how
/// many the row has then.
pub(super) async fn add_all(desk: &Desk, told: Vec<Told>) -> Result<Vec<u32>, Error> {
    desk.store.keep("", move |tx| told.iter().map(|it| add(tx, it)).collect()).await
}

fn add(tx: &mut Tx<'_>, told: &Told) -> Result<u32, Error> {
    let Told { owner, path, day, calls } = told;
    let (begin, calls) = (quota::begin(*day), i64::from(*calls));
    let row = tx.one(ADD, bind![owner, *path, begin, calls])?;
    Ok(row.map_or(0, |row| count(&row, 0)))
}

fn count(row: &Row, column: usize) -> u32 {
    u32::try_from(row.int(column)).unwrap_or(0)
}

/// Tells a row what is owed, and asks how much room it has on `day`. Of several nodes each gets one call at a time
/// where there is little; nobody asks for what she need not.
pub(super) async fn ask(
    desk: &Desk,
    owner: &str,
    path: &'static str,
    owed: Owed,
    day: u32,
    limit: u32,
    keeps: bool,
) -> Result<Room, Error> {
    let told = Told { owner: owner.to_owned(), path, day: owed.day, calls: owed.calls };
    let is_shared = desk.store.is_shared();
    let verb = move |tx: &mut Tx<'_>| {
        if told.calls > 0 {
            add(tx, &told)?;
        }
        let used = used(tx, &told.owner, path, day)?;
        let is_short = keeps && is_shared && used < limit && quota::slice(limit, used, true) == 0;
        if !is_short {
            return Ok(Room { used, kept: 0 });
        }
        let kept = tx.one(KEEP_ONE, bind![&told.owner, path, quota::begin(day), i64::from(limit)])?;
        Ok(kept.map_or(Room { used: limit, kept: 0 }, |row| Room { used: count(&row, 0), kept: 1 }))
    };
    // Alone with its store, and owing nothing, this node only looks.
    if owed.calls == 0 && !is_shared {
        desk.store.read(owner, verb).await
    } else {
        desk.store.keep(owner, verb).await
    }
}

/// Calls of the day; of a later one, if another node's clock has begun that already.
fn used(tx: &mut Tx<'_>, owner: &str, path: &str, day: u32) -> Result<u32, Error> {
    let row = tx.one(SELECT_ONE, bind![owner, path, quota::begin(day)])?;
    Ok(row.map_or(0, |row| count(&row, 0)))
}

/// What was counted of an owner's calls on `day`.
pub(super) fn all_used(
    tx: &mut Tx<'_>,
    owner: &str,
    day: u32,
) -> Result<Vec<(&'static Endpoint, u32)>, Error> {
    let rows = tx.all(SELECT, bind![owner, quota::begin(day)])?;
    Ok(rows.iter().filter_map(|row| Some((endpoint::at(&row.text(0))?, count(row, 1)))).collect())
}

/// Takes one of the times a month that something may be cleared, and forgets the calls of these endpoints.
pub(super) async fn clear(
    desk: &Desk,
    owner: &str,
    (what, times): (&'static str, i64),
    paths: Vec<&'static str>,
) -> Result<(), Error> {
    let id = owner.to_owned();
    desk.store
        .keep(owner, move |tx| {
            let now = tx.now();
            let taken = tx.run(TAKE_TIME, bind![&id, what, quota::month(now), now, times])?;
            if taken == 0 {
                return Err(Errcode::ClearLimit.into());
            }
            // Row by row, in the order of their keys: as they are added to.
            for path in &paths {
                tx.run(FORGET, bind![&id, *path])?;
            }
            Ok(())
        })
        .await
}

/// The limits set for an owner, by path.
pub(super) fn limits(tx: &mut Tx<'_>, owner: &str) -> Result<Vec<(String, Quota)>, Error> {
    let rows = tx.all(SELECT_LIMITS, bind![owner])?;
    let quota = |row: &Row| Quota { daily: count(row, 1), per_minute: count(row, 2) };
    Ok(rows.iter().map(|row| (row.text(0), quota(row))).collect())
}

/// Sets a limit, or forgets it.
pub(super) fn set_limit(tx: &mut Tx<'_>, owner: &str, path: &str, quota: Option<Quota>) -> Result<(), Error> {
    match quota {
        Some(Quota { daily, per_minute }) => {
            tx.run(UPSERT_LIMIT, bind![owner, path, i64::from(daily), i64::from(per_minute)])?;
        }
        None => drop(tx.run(DELETE_LIMIT, bind![owner, path])?),
    }
    Ok(())
}

const ADD: &str = "insert into quota (owner, what, window_start, used, last_at) values ($1, $2, $3, $4, $3)
    on conflict (owner, what) do update set window_start = case when excluded.window_start > quota.window_start
        then excluded.window_start else quota.window_start end,
    used = case when excluded.window_start > quota.window_start then excluded.used
        when excluded.window_start = quota.window_start then quota.used + excluded.used else quota.used end
    returning used";
const KEEP_ONE: &str =
    "insert into quota (owner, what, window_start, used, last_at) values ($1, $2, $3, 1, $3)
    on conflict (owner, what) do update set used = case when excluded.window_start > quota.window_start then 1
        else quota.used + 1 end,
    window_start = case when excluded.window_start > quota.window_start then excluded.window_start
        else quota.window_start end
    where quota.used < $4 or excluded.window_start > quota.window_start
    returning used";
const SELECT_ONE: &str = "select used from quota where owner = $1 and what = $2 and window_start >= $3";
const SELECT: &str = "select what, used from quota where owner = $1 and window_start >= $2";
const TAKE_TIME: &str =
    "insert into quota (owner, what, window_start, used, last_at) values ($1, $2, $3, 1, $4)
    on conflict (owner, what) do update set used = case when excluded.window_start > quota.window_start then 1
        else quota.used + 1 end,
    window_start = excluded.window_start, last_at = excluded.last_at
    where quota.used < $5 or excluded.window_start > quota.window_start";
const FORGET: &str = "update quota set used = 0 where owner = $1 and what = $2";
const SELECT_LIMITS: &str = "select path, daily, per_minute from quota_limit where owner = $1";
const UPSERT_LIMIT: &str = "insert into quota_limit (owner, path, daily, per_minute) values ($1, $2, $3, $4)
    on conflict (owner, path) do update set daily = excluded.daily, per_minute = excluded.per_minute";
const DELETE_LIMIT: &str = "delete from quota_limit where owner = $1 and path = $2";
