//! Removal of an account. The feed's head is deleted with it: every verb that changes the account is then refused,
//! every token is unknown, and every reader of its feed loads anew. The appid stays in `removed`, and is never used
//! again.

use super::{LAST, unfinished};
use crate::people::{agent, worker};
use crate::{Desk, Result, account, content, due};
use model::due::Due;
use model::{Appid, Fact, KfAccount, SECOND, Time};
use protocol::limits::TOKEN_LIFE_S;
use serde::Serialize;
use store::Tx;
use store::bind;

/// The most rows of one table that a round deletes.
const ROUND: i64 = 500;
/// The most entries in workers' lists that a round removes, one transaction each.
const PLACES: i64 = 100;
/// How long after the removal the last round runs. Until then components' tokens for the account get their own errors.
/// Longer than any call that was running at the removal.
const LAST_AFTER: Time = TOKEN_LIFE_S * SECOND;

/// What a removal deletes, for the operator's confirmation.
#[derive(Debug, Serialize)]
pub struct AccountContents {
    /// The account's name.
    pub name: String,
    /// Agents.
    pub agents: i64,
    /// Customers.
    pub customers: i64,
    /// Sessions that are not closed.
    pub sessions: i64,
    /// Messages.
    pub messages: i64,
    /// Temporary files.
    pub files: i64,
    /// Administrators.
    pub administrators: i64,
    /// Components with a grant.
    pub platforms: i64,
}

/// Counts what a removal would delete.
///
/// # Errors
/// 40013.
pub async fn count(desk: &Desk, appid: &Appid) -> Result<AccountContents> {
    desk.read(appid, |tx, appid| {
        let name = account::get(tx, appid)?.name;
        let mut count = |sql| tx.number(sql, bind![appid]);
        Ok(AccountContents {
            name,
            agents: count(COUNT_AGENTS)?,
            customers: count(COUNT_CUSTOMERS)?,
            sessions: count(COUNT_SESSIONS)?,
            messages: count(COUNT_MESSAGES)?,
            files: count(COUNT_MEDIA)?,
            administrators: count(COUNT_ADMINISTRATORS)?,
            platforms: count(COUNT_GRANTS)?,
        })
    })
    .await
}

/// Removes an account. Once this returns, every access to it is refused. Its rows are deleted in rounds afterwards.
///
/// # Errors
/// 40013.
pub async fn remove(desk: &Desk, appid: &Appid) -> Result<()> {
    desk.write(appid, |tx, appid| {
        let now = tx.now();
        account::get(tx, appid)?;
        for agent in agent::all(tx, appid)? {
            content::schedule_cleanup(tx, &agent.headimg)?;
        }
        for sql in AT_ONCE {
            tx.run(sql, bind![appid])?;
        }
        tx.run(INSERT_REMOVED, bind![appid, now])?;
        due::set(tx, appid.as_str(), Due::Account, "", now)?;
        tx.record(Fact::Access);
        Ok(())
    })
    .await
}

/// Deletes a bounded part of a removed account. The `due` row stays until nothing is left; a last round follows later.
pub(crate) async fn run_round(desk: &Desk, appid: &Appid, key: &str) -> Result<()> {
    let is_last = key == LAST;
    if leave_workers(desk, appid).await.map_err(unfinished)?
        || delete_rows(desk, appid, is_last).await.map_err(unfinished)?
    {
        return Ok(());
    }
    let key = key.to_owned();
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        due::clear(tx, appid.as_str(), Due::Account, &key)?;
        if is_last { Ok(()) } else { due::set(tx, appid.as_str(), Due::Account, LAST, now + LAST_AFTER) }
    })
    .await
}

/// Removes the account from workers' lists. Returns whether there may be more.
async fn leave_workers(desk: &Desk, appid: &Appid) -> Result<bool> {
    let places = desk.read(appid, |tx, appid| tx.all(SELECT_PLACES, bind![appid, PLACES])).await?;
    for row in &places {
        worker::reconcile(desk, &row.text(0), appid, &KfAccount::stored(row.text(1))).await?;
    }
    Ok(!places.is_empty())
}

/// Deletes rows of one table. Returns whether there were any.
async fn delete_rows(desk: &Desk, appid: &Appid, is_last: bool) -> Result<bool> {
    desk.write_silent(appid, move |tx, appid| {
        for sql in WITH_FILES {
            if delete_with_files(tx, appid, sql)? {
                return Ok(true);
            }
        }
        for sql in ROWS {
            if tx.run(sql, bind![appid, ROUND])? > 0 {
                return Ok(true);
            }
        }
        let until = if is_last { Time::MAX } else { tx.now() };
        Ok(tx.run(DELETE_TOKENS, bind![appid, ROUND, until])? > 0)
    })
    .await
}

/// Deletes rows that name contents, and schedules the cleanup of these contents.
fn delete_with_files(tx: &mut Tx<'_>, appid: &Appid, sql: &'static str) -> Result<bool> {
    let rows = tx.all(sql, bind![appid, ROUND])?;
    let mut contents: Vec<_> = rows.iter().flat_map(|row| [row.text(0), row.text(1)]).collect();
    contents.sort();
    contents.dedup();
    contents.iter().try_for_each(|content| content::schedule_cleanup(tx, content))?;
    Ok(!rows.is_empty())
}

const INSERT_REMOVED: &str = "insert into removed (owner, at) values ($1, $2)";
/// Rows that give access to the account, and those of its developer's server. They are few: at most a hundred agents,
/// and a grant per component.
const AT_ONCE: [&str; 10] = [
    "delete from account where appid = $1",
    "delete from agent where appid = $1",
    "delete from stream where appid = $1",
    "delete from component_grant where appid = $1",
    "delete from callback where appid = $1",
    "delete from callback_version where appid = $1",
    "delete from listen_key where appid = $1",
    "delete from push_cursor where appid = $1",
    "delete from push_alarm where appid = $1",
    "delete from head where owner = $1",
];
const SELECT_PLACES: &str = "select worker, kf_account from binding where appid = $1
    union select worker, kf_account from invitation where appid = $1 limit $2";
// Every table with a column of contents is listed here.
const WITH_FILES: [&str; 3] = [
    "delete from message where appid = $1
        and id in (select id from message where appid = $1 order by id limit $2) returning content, thumb",
    "delete from media where appid = $1
        and media_id in (select media_id from media where appid = $1 limit $2) returning content, ''",
    "delete from business where appid = $1
        and business_id in (select business_id from business where appid = $1 limit $2) returning icon, ''",
];
// Every table with rows of an account or an owner is listed here, which a test checks.
const ROWS: [&str; 24] = [
    "delete from account_file where appid = $1
        and sha256 in (select sha256 from account_file where appid = $1 limit $2)",
    "delete from stored_bytes where appid = $1
        and openid in (select openid from stored_bytes where appid = $1 limit $2)",
    "delete from record where appid = $1
        and id in (select id from record where appid = $1 order by id limit $2)",
    "delete from session where appid = $1
        and id in (select id from session where appid = $1 order by id limit $2)",
    "delete from missed where appid = $1
        and session in (select session from missed where appid = $1 order by session limit $2)",
    "delete from note where appid = $1
        and openid in (select openid from note where appid = $1 limit $2)",
    "delete from group_member where appid = $1
        and kf_account in (select kf_account from group_member where appid = $1 limit $2)",
    "delete from agent_group where appid = $1
        and id in (select id from agent_group where appid = $1 limit $2)",
    "delete from draft where appid = $1
        and session in (select session from draft where appid = $1 limit $2)",
    "delete from read_mark where appid = $1
        and session in (select session from read_mark where appid = $1 order by session limit $2)",
    "delete from customer_event where appid = $1
        and id in (select id from customer_event where appid = $1 order by id limit $2)",
    "delete from push where appid = $1
        and seq in (select seq from push where appid = $1 order by seq limit $2)",
    "delete from push_try where appid = $1
        and seq in (select seq from push_try where appid = $1 order by seq limit $2)",
    "delete from send_window where appid = $1
        and openid in (select openid from send_window where appid = $1 limit $2)",
    "delete from visitor where appid = $1
        and sha256 in (select sha256 from visitor where appid = $1 limit $2)",
    "delete from customer where appid = $1
        and openid in (select openid from customer where appid = $1 limit $2)",
    "delete from work where appid in (select appid from work where appid = $1 limit $2)",
    "delete from administrator where appid = $1
        and worker in (select worker from administrator where appid = $1 limit $2)",
    "delete from quota where owner = $1 and what in (select what from quota where owner = $1 limit $2)",
    "delete from quota_limit where owner = $1
        and path in (select path from quota_limit where owner = $1 limit $2)",
    "delete from allowed_ip where owner = $1
        and network in (select network from allowed_ip where owner = $1 limit $2)",
    "delete from rid where owner = $1
        and number in (select number from rid where owner = $1 order by number limit $2)",
    "delete from change where owner = $1
        and seq in (select seq from change where owner = $1 order by seq limit $2)",
    "delete from due where owner = $1 and kind <> 'account'
        and key in (select key from due where owner = $1 and kind <> 'account' limit $2)",
];
// Components' tokens are kept until they expire, because they are refused with codes of their own.
const DELETE_TOKENS: &str = "delete from token where owner = $1 and sha256 in (select sha256 from token
    where owner = $1 and (kind <> 'authorizer' or expires_at <= $3) limit $2)";
const COUNT_AGENTS: &str = "select count(*) from agent where appid = $1";
const COUNT_CUSTOMERS: &str = "select count(*) from customer where appid = $1";
const COUNT_SESSIONS: &str =
    "select (select count(*) from session where appid = $1 and state = 'open' and kf_account <> '')
    + (select count(*) from session where appid = $1 and state = 'waiting')";
const COUNT_MESSAGES: &str = "select count(*) from message where appid = $1";
const COUNT_MEDIA: &str = "select count(*) from media where appid = $1";
const COUNT_ADMINISTRATORS: &str = "select count(*) from administrator where appid = $1";
const COUNT_GRANTS: &str = "select count(*) from component_grant where appid = $1 and revoked = 0";
