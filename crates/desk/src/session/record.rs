//! Records of messages and of changes of sessions, for getmsglist and getrecord.
//!
//! Records are numbered from 1 in the order in which they were written. Their times are those of the clock, which goes
//! back when the clock is set back. getmsglist reads by number, so that its cursor does not skip later records;
//! getrecord reads by time.

use crate::{Desk, Result};
use model::{Appid, Fact, Openid, SECOND, Session};
use protocol::msgrecord::{MsgList, Opercode, Record, RecordList, RecordsByNumber, RecordsByPage, text_of};
use store::bind;
use store::{Row, Tx};

/// Records that a session changed its state. If an agent takes a waiting session, the messages that have no answer are
/// recorded as received by that agent now.
pub(crate) fn add_move(tx: &mut Tx<'_>, appid: &Appid, session: &Session, how: Opercode) -> Result<()> {
    insert(tx, appid, how, &session.openid, &session.kf_account, 0)?;
    let has_message = |fact: &Fact| matches!(fact, Fact::Message { .. });
    if how == Opercode::Taken && (session.id < tx.seq() || tx.facts().iter().any(has_message)) {
        let Session { id, openid, kf_account, since, .. } = session;
        let (received, now) = (Opercode::Received.number(), tx.now());
        tx.run(INSERT_WAITED, bind![appid, received, openid, kf_account, *id, now, *since])?;
    }
    Ok(())
}

/// Records a message in a session.
pub(crate) fn add_message(
    tx: &mut Tx<'_>,
    appid: &Appid,
    session: &Session,
    by_agent: bool,
    message: i64,
) -> Result<()> {
    let how = match (by_agent, session.kf_account.is_empty()) {
        (true, _) => Opercode::Sent,
        (false, false) => Opercode::Received,
        (false, true) => Opercode::WaitingMessage,
    };
    insert(tx, appid, how, &session.openid, &session.kf_account, message)
}

fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    how: Opercode,
    openid: &Openid,
    worker: &str,
    message: i64,
) -> Result<()> {
    let now = tx.now();
    tx.run(INSERT, bind![appid, now, how.number(), openid, worker, message]).map(|_| ())
}

/// getmsglist.
///
/// # Errors
/// Internal only.
pub async fn by_number(desk: &Desk, appid: &Appid, ask: RecordsByNumber) -> Result<MsgList> {
    desk.read(appid, move |tx, appid| {
        let (from, until) = (ask.window.from_s * SECOND, ask.window.until_s * SECOND);
        let range = tx.one(SELECT_RANGE, bind![appid, from, until])?;
        let (first, last) = range.map_or((0, 0), |row| (row.int(0).max(ask.msgid), row.int(1)));
        let rows = tx.all(SELECT_MESSAGES, bind![appid, first, last, from, until, ask.number])?;
        Ok(MsgList {
            number: i64::try_from(rows.len())?,
            msgid: rows.last().map_or(0, |row| row.int(5) + 1),
            recordlist: rows.iter().map(record).collect(),
        })
    })
    .await
}

/// getrecord.
///
/// # Errors
/// Internal only.
pub async fn by_page(desk: &Desk, appid: &Appid, ask: RecordsByPage) -> Result<RecordList> {
    desk.read(appid, move |tx, appid| {
        let (from, until) = (ask.window.from_s * SECOND, ask.window.until_s * SECOND);
        let passed = (ask.index - 1).saturating_mul(ask.size);
        let rows = tx.all(SELECT_PAGE, bind![appid, from, until, &ask.openid, ask.size, passed])?;
        let recordlist = rows.iter().map(record).collect();
        Ok(RecordList { errcode: 0, errmsg: "ok", retcode: 0, recordlist })
    })
    .await
}

fn record(row: &Row) -> Record {
    Record {
        openid: row.text(0),
        opercode: row.int(1),
        text: text_of(&row.text(6), row.text(4)),
        time: row.int(2) / SECOND,
        worker: row.text(3),
    }
}

const INSERT: &str = "insert into record (appid, id, at, opercode, openid, worker, message)
    select cast($1 as text), coalesce(max(l.id), 0) + 1, cast($2 as bigint), cast($3 as bigint), cast($4 as text),
    cast($5 as text), cast($6 as bigint)
    from (select id from record where appid = $1 order by id desc limit 1) l";
/// The records follow that of the session being taken.
const INSERT_WAITED: &str = "insert into record (appid, id, at, opercode, openid, worker, message)
    select m.appid, l.id + row_number() over (order by m.id), cast($6 as bigint), cast($2 as bigint), m.openid,
    cast($4 as text), m.id
    from message m cross join (select id from record where appid = $1 order by id desc limit 1) l
    where m.appid = $1 and m.openid = $3 and m.id >= $5 and m.session = $5 and m.at >= $7 and m.kf_account = ''
    and m.via = 'desk'";
/// The first and last number of the records in a time range. Few records between them have other times.
const SELECT_RANGE: &str = "select coalesce(min(id), 1), coalesce(max(id), 0) from record
    where appid = $1 and at >= $2 and at < $3";
/// The columns that [`record`] reads, and the number.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select r.openid, r.opercode, r.at, r.worker, coalesce(m.text, ''), r.id, coalesce(m.kind, 'text')
    from record r left join message m on m.appid = r.appid and m.id = r.message
    where r.appid = $1 and ",
            $which
        )
    };
}

const SELECT_MESSAGES: &str = select!(
    "r.id >= $2 and r.id <= $3 and r.at >= $4 and r.at < $5 and r.opercode in (2002, 2003) order by r.id limit $6"
);
const SELECT_PAGE: &str =
    select!("r.at >= $2 and r.at < $3 and ($4 = '' or r.openid = $4) order by r.at, r.id limit $5 offset $6");
