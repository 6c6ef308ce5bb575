//! Repairs stored times after a clock that was ahead has been set back.
//!
//! A clock that runs ahead stores times in the future. If it is then set back, lives, windows and quotas would end too
//! late. Once the clock has run on for 30 seconds, the future times move back by as much as the clock fell. Other verbs
//! therefore trust every time they read.
//!
//! The store keeps the latest time that any clock has shown, so a fall is also found after a restart. Times that only
//! say when something happened (of messages, records, changes, refusals) stay as the clock showed them.

use crate::{Desk, Result, due, quota};
use model::clock::{SETTLED, TOLERANCE, fall};
use model::{HOUR, MINUTE, SECOND, Time};
use protocol::limits::REPLY_WINDOW_H;
use std::sync::atomic::{AtomicI64, Ordering};
use store::bind;
use store::{Tx, Value};

/// What a node remembers of its clock. Times are in milliseconds.
#[derive(Debug)]
pub struct ClockWatch {
    /// The time at the last check.
    shown: AtomicI64,
    /// The time since which the clock has not gone back.
    since: AtomicI64,
    /// The time of the last comparison with the store, 0 for never.
    compared: AtomicI64,
    /// One more than the number of falls that the store had counted at that comparison, 0 before the first.
    falls: AtomicI64,
}

/// What the store knows about clocks.
struct KnownClock {
    latest: Time,
    falls: i64,
    /// The latest clock of the other nodes.
    others: Time,
}

impl ClockWatch {
    /// Starts watching a clock that shows `now`.
    #[must_use]
    pub fn new(now: Time) -> Self {
        ClockWatch { shown: now.into(), since: now.into(), compared: 0.into(), falls: 0.into() }
    }

    /// Checks the clock. Every 30 seconds, and at once if the clock went back, compares it with the store and repairs
    /// what a fall left in the future. Returns whether a wrong clock made what this node keeps in memory. Every step
    /// may be repeated.
    ///
    /// # Errors
    /// Internal only, and `SystemError`.
    pub async fn check(&self, desk: &Desk) -> Result<bool> {
        let (now, shown) = (desk.now(), self.shown.load(Ordering::Relaxed));
        let went_back = now < shown - SECOND;
        let is_recent = (0..SETTLED).contains(&(now - self.compared.load(Ordering::Relaxed)));
        if is_recent && !went_back {
            self.shown.store(now, Ordering::Relaxed);
            return Ok(false);
        }
        if went_back {
            tracing::warn!("the clock went back by {} s", (shown - now) / SECOND);
            // The rows of `due` must not wait until the clock reaches the later time again.
            due::reschedule(desk).await?;
            self.since.store(now, Ordering::Relaxed);
        }
        let since = self.since.load(Ordering::Relaxed);
        let falls = compare(desk, now, since, shown).await? + 1;
        self.shown.store(now, Ordering::Relaxed);
        self.compared.store(now, Ordering::Relaxed);
        let before = self.falls.swap(falls, Ordering::Relaxed);
        Ok(before != falls && before > 0)
    }
}

/// Compares this node's clock with the store. Returns the number of falls.
async fn compare(desk: &Desk, now: Time, since: Time, shown: Time) -> Result<i64> {
    let node = desk.node.clone();
    let known = desk.store.read("", move |tx| known(tx, &node)).await?;
    let Some(fell) = fall(now, since, known.latest.max(shown), known.others) else {
        let latest = now.max(shown);
        desk.store.write_silent("", move |tx| tx.run(RAISE, bind![latest]).map(|_| ())).await?;
        return Ok(known.falls);
    };
    tracing::warn!(
        "a clock was set back by {} s: times that it stored in the future are moved back",
        fell / SECOND
    );
    // Calls counted in memory belong to the day that the clock showed before.
    quota::sync(desk).await?;
    move_back(desk, now, fell).await?;
    due::reschedule(desk).await?;
    desk.store.write_silent("", move |tx| tx.run(SET, bind![now]).map(|_| ())).await?;
    Ok(known.falls + 1)
}

fn known(tx: &mut Tx<'_>, node: &str) -> Result<KnownClock> {
    let others = tx.number(SELECT_OTHERS, bind![node])?;
    let row = tx.one(SELECT, &[])?;
    let (latest, falls) = row.map_or((0, 0), |row| (row.int(0), row.int(1)));
    Ok(KnownClock { latest, falls, others })
}

/// Moves times of the future back, table by table. A time that has moved is no longer in the future, so a repetition
/// does not move it twice.
async fn move_back(desk: &Desk, now: Time, fell: Time) -> Result<()> {
    let after = now + TOLERANCE;
    let invited = after + i64::from(desk.rules.invitation_hours) * HOUR;
    let answered = after + REPLY_WINDOW_H * HOUR;
    let steps: [(&'static str, Vec<Time>); 9] = [
        (MOVE_TOKENS, vec![after, fell]),
        (MOVE_LOGINS, vec![after, fell]),
        (MOVE_SIGNUPS, vec![after, fell]),
        (MOVE_AGENTS, vec![after, fell, invited]),
        (MOVE_SESSIONS, vec![after, fell]),
        (MOVE_WINDOWS, vec![after, fell, MINUTE, answered]),
        (MOVE_COOKIES, vec![after, fell]),
        (MOVE_MEDIA, vec![after, fell]),
        (MOVE_REFRESHES, vec![after, fell]),
    ];
    for (sql, values) in steps {
        let step = move |tx: &mut Tx<'_>| {
            let values: Vec<_> = values.iter().map(|value| Value::from(*value)).collect();
            tx.run(sql, &values).map(|_| ())
        };
        desk.store.write_silent("", step).await?;
    }
    // Counts of a day or a month that has not begun.
    desk.store.write_silent("", move |tx| tx.run(DELETE_QUOTAS, bind![after]).map(|_| ())).await
}

const SELECT: &str = "select latest, falls from clock where id = 1";
const SELECT_OTHERS: &str = "select coalesce(max(clock), 0) from node where id <> $1";
const RAISE: &str = "insert into clock (id, latest, falls) values (1, $1, 0)
    on conflict (id) do update set latest = excluded.latest where clock.latest < excluded.latest";
const SET: &str = "insert into clock (id, latest, falls) values (1, $1, 1)
    on conflict (id) do update set latest = excluded.latest, falls = clock.falls + 1";
const MOVE_TOKENS: &str = "update token set issued_at = issued_at - $2, expires_at = expires_at - $2,
    live_until = live_until - $2 where issued_at > $1";
const MOVE_LOGINS: &str = "update login set used_at = used_at - $2,
    created_at = case when created_at > $1 then created_at - $2 else created_at end,
    expires_at = case when created_at > $1 then expires_at - $2 else expires_at end where used_at > $1";
const MOVE_SIGNUPS: &str =
    "update signup set made_at = made_at - $2, expires_at = expires_at - $2 where made_at > $1";
const MOVE_AGENTS: &str = "update agent set
    free_since = case when free_since > $1 then free_since - $2 else free_since end,
    assigned_at = case when assigned_at > $1 then assigned_at - $2 else assigned_at end,
    left_at = case when left_at > $1 then left_at - $2 else left_at end,
    invite_expires_at = case when invite_expires_at > $3 then invite_expires_at - $2 else invite_expires_at end
    where free_since > $1 or assigned_at > $1 or left_at > $1 or invite_expires_at > $3";
const MOVE_SESSIONS: &str = "update session set active_at = active_at - $2,
    waiting_since = case when waiting_since > $1 then waiting_since - $2 else waiting_since end,
    opened_at = case when opened_at > $1 then opened_at - $2 else opened_at end,
    latest_at = case when latest_at > $1 then latest_at - $2 else latest_at end,
    since = case when since > $1 then since - $2 else since end
    where state <> 'closed' and active_at > $1";
// An action opens a window of at least a minute. A window that ends later than this was opened by an earlier action.
const MOVE_WINDOWS: &str = "update send_window set
    until = case when acted_at > $1 and (until <= acted_at + $3 or until > $4) then until - $2 else until end,
    acted_at = case when acted_at > $1 then acted_at - $2 else acted_at end,
    spoke_at = case when spoke_at > $1 then spoke_at - $2 else spoke_at end,
    seen_at = case when seen_at > $1 then seen_at - $2 else seen_at end,
    typing_until = case when typing_until > $1 then typing_until - $2 else typing_until end
    where acted_at > $1 or spoke_at > $1 or seen_at > $1 or typing_until > $1";
const MOVE_COOKIES: &str = "update visitor set replaced_at = replaced_at - $2 where replaced_at > $1";
const MOVE_MEDIA: &str =
    "update media set created_at = created_at - $2, expires_at = expires_at - $2 where created_at > $1";
const MOVE_REFRESHES: &str = "update quota set last_at = last_at - $2 where last_at > $1";
const DELETE_QUOTAS: &str = "delete from quota where window_start > $1";
