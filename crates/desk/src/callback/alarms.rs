//! Alarms: what failed much at the developer's server of an account, and until when the server is left alone.

use crate::account::callback::{self, Shield};
use crate::callback::lease::PushLease;
use crate::{Desk, Result, account};
use model::callback::Alarm;
use model::{Appid, TextEnum, Time};
use serde::Serialize;
use store::Row;
use store::bind;

/// How the developer's server of an account fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ServerAlarms {
    /// The account's id.
    pub appid: String,
    /// The account's name.
    pub nickname: String,
    /// Until when nothing is pushed; 0 if pushes go out.
    pub shielded_until: Time,
    /// Whether customers who write wait at the desk meanwhile.
    pub desk_while_shielded: bool,
    /// The last alarm of each kind, the latest first.
    pub alarms: Vec<AlarmView>,
}

/// Failures of one kind that were many within the time that the operator has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AlarmView {
    /// What went wrong: `dns_failure`, `dns_timeout`, `connection_timeout`, `request_timeout`, `response_failed` or
    /// `mark_fail`.
    pub kind: String,
    /// The first failure.
    pub first_at: Time,
    /// The last failure.
    pub last_at: Time,
    /// How many failures there were.
    pub count: i64,
    /// The first one: the host, the kind of message, and what was wrong.
    pub sample: String,
}

/// Stores what became of a server, under the lease of its delivery. Returns the account's name; `None`, and nothing is
/// stored, if another node delivers by now.
///
/// # Errors
/// 40013.
pub async fn save(
    desk: &Desk,
    appid: &Appid,
    lease: PushLease,
    shielded_until: Time,
    alarms: Vec<Alarm>,
) -> Result<Option<String>> {
    desk.write_silent(appid, move |tx, appid| {
        if !lease.holds(tx, appid)? {
            return Ok(None);
        }
        tx.run(SET_SHIELD, bind![appid, shielded_until])?;
        for alarm in &alarms {
            let Alarm { kind, first_at, last_at, count, sample } = alarm;
            tx.run(UPSERT, bind![appid, kind.as_text(), *first_at, *last_at, *count, sample])?;
        }
        Ok(Some(account::get(tx, appid)?.name))
    })
    .await
}

/// The alarms of an account.
///
/// # Errors
/// 40013.
pub async fn alarms(desk: &Desk, appid: &Appid) -> Result<ServerAlarms> {
    desk.read(appid, |tx, appid| {
        let nickname = account::get(tx, appid)?.name;
        let Shield { until: shielded_until, is_replaced: desk_while_shielded } =
            callback::shield(tx, appid)?.unwrap_or_default();
        let alarms = tx.all(SELECT, bind![appid])?.iter().map(alarm).collect();
        Ok(ServerAlarms { appid: appid.to_string(), nickname, shielded_until, desk_while_shielded, alarms })
    })
    .await
}

fn alarm(row: &Row) -> AlarmView {
    let (kind, sample) = (row.text(0), row.text(4));
    AlarmView { kind, first_at: row.int(1), last_at: row.int(2), count: row.int(3), sample }
}

const SET_SHIELD: &str = "update callback set shielded_until = $2 where appid = $1";
const UPSERT: &str = "insert into push_alarm (appid, kind, first_at, last_at, count, sample)
    values ($1, $2, $3, $4, $5, $6) on conflict (appid, kind) do update set first_at = excluded.first_at,
    last_at = excluded.last_at, count = excluded.count, sample = excluded.sample";
const SELECT: &str = "select kind, first_at, last_at, count, sample from push_alarm where appid = $1
    order by last_at desc, kind";
