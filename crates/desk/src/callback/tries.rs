//! Tries of pushes, for people who look into them. They are written with the push's outcome, and kept as long as the
//! change feed; of an account only those of its latest pushes.

use crate::Result;
use crate::callback::pushes::PushId;
use model::callback::PushWarning;
use model::{Appid, TextEnum, Time};
use serde_json::Value;
use store::bind;
use store::{Row, Tx};

/// Pushes of an account whose tries are kept.
pub const KEPT: i64 = 10_000;
/// The most bytes of an answer that are kept.
pub const ANSWER_KEPT: usize = 2048;
/// Tries beyond [`KEPT`] are deleted with one push in about this many, chosen by the number of its change: to find the
/// oldest that is kept, all of them are read.
const PRUNE_ONE_IN: i64 = 1024;

/// A try of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Try {
    /// When it began.
    pub at: Time,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The status of the answer; 0 if there was none.
    pub status: i64,
    /// Why it failed; empty if the answer was taken.
    pub fault: String,
    /// Headers of the answer that may be shown.
    pub headers: Vec<(String, String)>,
    /// The beginning of the answer's body.
    pub answer: String,
    /// The answer as it was understood; null if it was not taken.
    pub understood: Value,
    /// What the developer should know.
    pub warnings: Vec<PushWarning>,
    /// Whether it is a replay, made on demand after the push was done.
    pub is_replay: bool,
}

/// The beginning of an answer's body, as it is kept: at most [`ANSWER_KEPT`] bytes of text. PostgreSQL's text holds no
/// NUL.
#[must_use]
pub fn beginning(answer: &[u8]) -> String {
    let is_cut = answer.len() > ANSWER_KEPT;
    let text = String::from_utf8_lossy(&answer[..answer.len().min(ANSWER_KEPT)]).replace('\0', "\u{fffd}");
    // Of a character at the cut only some bytes are left.
    if is_cut { text.trim_end_matches('\u{fffd}').to_owned() } else { text }
}

/// Stores the tries of a push that has just ended.
pub(super) fn keep(tx: &mut Tx<'_>, appid: &Appid, id: PushId, tries: &[Try]) -> Result<()> {
    insert(tx, appid, id, 1, tries)
}

/// Deletes the tries of old pushes now and then: these are recorded.
pub(super) fn prune_sometimes(
    tx: &mut Tx<'_>,
    appid: &Appid,
    mut recorded: impl Iterator<Item = PushId>,
) -> Result<()> {
    if recorded.any(|id| id.seq % PRUNE_ONE_IN == 0) { prune(tx, appid) } else { Ok(()) }
}

/// Stores a try behind those that the push has.
pub(super) fn add(tx: &mut Tx<'_>, appid: &Appid, id: PushId, again: &Try) -> Result<()> {
    let last = tx.number(SELECT_LAST, bind![appid, id.seq, id.fact])?;
    insert(tx, appid, id, last + 1, std::slice::from_ref(again))
}

/// Stores tries with numbers from `first` on.
fn insert(tx: &mut Tx<'_>, appid: &Appid, id: PushId, first: i64, tries: &[Try]) -> Result<()> {
    for (number, it) in (first..).zip(tries) {
        let headers = serde_json::to_string(&it.headers)?;
        let understood = if it.understood.is_null() { String::new() } else { it.understood.to_string() };
        let warnings: Vec<_> = it.warnings.iter().map(|warning| warning.as_text()).collect();
        let warnings = warnings.join(" ");
        let (at, took_ms, status) = (it.at, it.took_ms, it.status);
        tx.run(
            INSERT,
            bind![
                appid,
                id.seq,
                id.fact,
                number,
                it.is_replay,
                at,
                took_ms,
                status,
                &it.fault,
                &headers,
                &it.answer,
                &understood,
                &warnings,
            ],
        )?;
    }
    Ok(())
}

/// Deletes the tries of all but the account's latest [`KEPT`] pushes.
fn prune(tx: &mut Tx<'_>, appid: &Appid) -> Result<()> {
    match tx.one(SELECT_OLDEST_KEPT, bind![appid, KEPT])? {
        Some(row) => tx.run(DELETE_OLDER, bind![appid, row.int(0)]).map(|_| ()),
        None => Ok(()),
    }
}

/// The tries of a push in their order.
pub(super) fn of(tx: &mut Tx<'_>, appid: &Appid, id: PushId) -> Result<Vec<Try>> {
    Ok(tx.all(SELECT, bind![appid, id.seq, id.fact])?.iter().map(read).collect())
}

fn read(row: &Row) -> Try {
    Try {
        is_replay: row.flag(0),
        at: row.int(1),
        took_ms: row.int(2),
        status: row.int(3),
        fault: row.text(4),
        headers: serde_json::from_str(&row.text(5)).unwrap_or_default(),
        answer: row.text(6),
        understood: serde_json::from_str(&row.text(7)).unwrap_or_default(),
        warnings: row.text(8).split(' ').filter_map(PushWarning::from_text).collect(),
    }
}

const SELECT_LAST: &str = "select coalesce(max(number), 0) from push_try
    where appid = $1 and seq = $2 and fact = $3";
const INSERT: &str =
    "insert into push_try (appid, seq, fact, number, replay, at, took_ms, status, fault, headers,
    answer, understood, warnings) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
const SELECT: &str =
    "select replay, at, took_ms, status, fault, headers, answer, understood, warnings from push_try
    where appid = $1 and seq = $2 and fact = $3 order by number";
const SELECT_OLDEST_KEPT: &str =
    "select seq from push_try where appid = $1 and number = 1 order by seq desc limit 1 offset $2";
const DELETE_OLDER: &str = "delete from push_try where appid = $1 and seq <= $2";

#[cfg(test)]
mod tests {
    use super::{ANSWER_KEPT, beginning};

    #[test]
    fn the_beginning_of_an_answer_is_a_text_of_bounded_size() {
        assert_eq!(beginning("好".as_bytes()), "好");
        assert_eq!(beginning(b"a\0b\xff"), "a\u{fffd}b\u{fffd}");
        let long = beginning("好".repeat(ANSWER_KEPT).as_bytes());
        assert!(long.len() <= ANSWER_KEPT && long.chars().all(|c| c == '好') && long.len() > ANSWER_KEPT - 4);
    }
}
