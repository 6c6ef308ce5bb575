//! Rows of quotas: the calls of a day per endpoint, and the limits that operators have set. A row of another day counts
//! as 0, also if that day is in the future, because a clock may have been ahead.

use super::counter::Unreported;
use crate::{Desk, Result};
use model::Appid;
use model::account::quota;
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint, limits};
use std::collections::HashMap;
use std::sync::LazyLock;
use store::bind;
use store::{Row, Tx};

/// The number of rows that one statement adds to.
pub(super) const ROWS: usize = 64;

/// Adds calls to their rows, in this order. Returns what each row counts then, `None` if the owner was removed.
pub(super) async fn add(desk: &Desk, unreported: Vec<Unreported>) -> Result<Vec<Option<i64>>> {
    let verb = move |tx: &mut Tx<'_>| {
        let mut used = HashMap::new();
        for rows in unreported.chunks(ROWS) {
            let mut values = Vec::with_capacity(4 * ROWS);
            for row in rows {
                values.extend_from_slice(bind![&*row.owner, row.path, quota::begin(row.day), row.calls]);
            }
            // The remaining places name no owner.
            (rows.len()..ROWS).for_each(|_| values.extend_from_slice(bind!["", "", 0_i64, 0_i64]));
            let rows = tx.all(&ADD_ALL, &values)?;
            used.extend(rows.iter().map(|row| ((row.text(0), row.text(1)), row.int(2))));
        }
        let of = |unreported: &Unreported| {
            used.get(&(unreported.owner.to_string(), unreported.path.to_owned())).copied()
        };
        Ok(unreported.iter().map(of).collect())
    };
    desk.store.write_silent("", verb).await
}

/// The calls of an owner today, by endpoint.
pub(super) fn all_used(tx: &mut Tx<'_>, owner: &str) -> Result<Vec<(&'static Endpoint, i64)>> {
    let today = quota::begin(quota::day(tx.now()));
    let rows = tx.all(SELECT, bind![owner, today])?;
    Ok(rows.iter().filter_map(|row| Some((endpoint::at(&row.text(0))?, row.int(1)))).collect())
}

/// Takes one of the month's clears, and sets the calls of all endpoints or of one to 0.
///
/// # Errors
/// 48006 if no clears are left.
pub(super) async fn clear(desk: &Desk, owner: &Appid, one: Option<&'static str>) -> Result<()> {
    let (what, times) = match one {
        None => ("clear_quota", limits::CLEARS_PER_MONTH),
        Some(_) => ("quota/clear", limits::API_CLEARS_PER_MONTH),
    };
    let mut paths: Vec<_> = endpoint::ALL.iter().map(|row| row.path).collect();
    paths.retain(|path| one.is_none_or(|one| one == *path));
    // Sorted by the rows' keys, as in `add`, so that two transactions do not wait for each other's locks.
    paths.sort_unstable();
    desk.write_silent(owner, move |tx, owner| {
        let now = tx.now();
        if tx.run(TAKE_TIME, bind![owner, what, quota::month(now), now, times])? == 0 {
            return Err(Errcode::ClearLimit.into());
        }
        paths.iter().try_for_each(|path| tx.run(FORGET, bind![owner, *path]).map(|_| ()))
    })
    .await
}

/// The limits that operators have set for an owner, by path.
pub(super) fn limits(tx: &mut Tx<'_>, owner: &str) -> Result<Vec<(String, Quota)>> {
    let rows = tx.all(SELECT_LIMITS, bind![owner])?;
    let number = |row: &Row, column| u32::try_from(row.int(column)).unwrap_or(0);
    Ok(rows
        .iter()
        .map(|row| (row.text(0), Quota { daily: number(row, 1), per_minute: number(row, 2) }))
        .collect())
}

/// Sets a limit, or deletes it.
pub(super) fn set_limit(tx: &mut Tx<'_>, owner: &str, path: &str, quota: Option<Quota>) -> Result<()> {
    match quota {
        Some(Quota { daily, per_minute }) => {
            tx.run(UPSERT_LIMIT, bind![owner, path, i64::from(daily), i64::from(per_minute)])?;
        }
        None => drop(tx.run(DELETE_LIMIT, bind![owner, path])?),
    }
    Ok(())
}

/// The values of [`ADD`] for the row with this number.
fn place(number: usize) -> String {
    let at = 4 * number;
    let (owner, what, day, calls) = (at + 1, at + 2, at + 3, at + 4);
    format!("({number}, ${owner}, ${what}, cast(${day} as bigint), cast(${calls} as bigint))")
}

/// [`ADD`] with values for [`ROWS`] rows.
static ADD_ALL: LazyLock<String> = LazyLock::new(|| {
    let places: Vec<_> = (0..ROWS).map(place).collect();
    ADD.replace(&place(0), &places.join(", "))
});

const ADD: &str = "insert into quota (owner, what, window_start, used, last_at)
    with reported (n, owner, what, day, calls) as (values (0, $1, $2, cast($3 as bigint), cast($4 as bigint)))
    select owner, what, day, calls, day from reported
    where exists (select 1 from head where head.owner = reported.owner) order by n
    on conflict (owner, what) do update set used = excluded.used
        + case when quota.window_start = excluded.window_start then quota.used else 0 end,
    window_start = excluded.window_start
    returning owner, what, used";
const SELECT: &str = "select what, used from quota where owner = $1 and window_start = $2";
const TAKE_TIME: &str =
    "insert into quota (owner, what, window_start, used, last_at) values ($1, $2, $3, 1, $4)
    on conflict (owner, what) do update set window_start = excluded.window_start, last_at = excluded.last_at,
    used = case when quota.window_start = excluded.window_start then quota.used + 1 else 1 end
    where quota.used < $5 or quota.window_start <> excluded.window_start";
const FORGET: &str = "update quota set used = 0 where owner = $1 and what = $2";
const SELECT_LIMITS: &str = "select path, daily, per_minute from quota_limit where owner = $1";
const UPSERT_LIMIT: &str = "insert into quota_limit (owner, path, daily, per_minute) values ($1, $2, $3, $4)
    on conflict (owner, path) do update set daily = excluded.daily, per_minute = excluded.per_minute";
const DELETE_LIMIT: &str = "delete from quota_limit where owner = $1 and path = $2";
