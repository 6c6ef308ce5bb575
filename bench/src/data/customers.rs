//! Customers who have written before, and agents of their accounts who are online.

use crate::data::bulk::{self, Size};
use crate::data::seed::{self, Shop};
use anyhow::{Context, bail, ensure};
use kefu::config::Place;
use kefu::desk::cookie::Writer;
use kefu::desk::draft::Draft;
use kefu::desk::{Desk, account, message, session, sha256};
use model::{Appid, SECOND};
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;

/// Agents of an account, so that routing has a choice.
pub(crate) const AGENTS: usize = 2;
/// Most sessions of an agent: enough for all customers of the largest measurement.
const CAPACITY: i64 = 100;
/// How long the seeded logins last.
const LOGIN_LIFE: i64 = 7 * 24 * 3600 * SECOND;
/// Customers that are made concurrently.
const AT_ONCE: usize = 256;

/// A customer's browser.
pub(crate) struct Customer {
    pub(crate) appid: Appid,
    pub(crate) openid: String,
    pub(crate) cookie: String,
}

/// The browser of an agent's worker, who is an agent of one account only.
pub(crate) struct Agent {
    pub(crate) kf_account: String,
    pub(crate) cookie: String,
}

pub(crate) struct People {
    /// Account by account.
    pub(crate) agents: Vec<Agent>,
    /// The accounts in turn.
    pub(crate) customers: Vec<Customer>,
}

impl People {
    /// The customers as the lines of a file.
    pub(crate) fn lines(&self) -> String {
        let line = |it: &Customer| format!("{} {} {}\n", it.appid, it.openid, sha256(&it.cookie));
        self.customers.iter().map(line).collect()
    }
}

/// Fills an empty folder with accounts of [`AGENTS`] agents who are online, and with customers without a session.
pub(crate) async fn fill(folder: &Path, accounts: usize, customers: usize) -> anyhow::Result<People> {
    let size = Size { accounts, agents: AGENTS, bindings: 1 };
    let shops = bulk::fill(folder, size).await?;
    let desk = seed::open(&Place::Folder(folder.to_owned())).await?;
    for shop in &shops {
        let roomy = account::AccountChanges { capacity: Some(CAPACITY), ..Default::default() };
        let set = account::set(&desk, &shop.appid, roomy).await.map_err(seed::plain)?;
        set.map_err(anyhow::Error::msg)?;
    }
    let made = make(&desk, &shops, customers).await?;
    drop(desk);
    let conn = Connection::open(folder.join("kefu.db"))?;
    let agents =
        (0..accounts * AGENTS).map(|n| log_in(&conn, &shops, size, n)).collect::<anyhow::Result<_>>()?;
    Ok(People { agents, customers: made })
}

async fn make(desk: &Desk, shops: &[Shop], count: usize) -> anyhow::Result<Vec<Customer>> {
    let (mut customers, mut begun) = (Vec::with_capacity(count), 0);
    while begun < count {
        let end = count.min(begun + AT_ONCE);
        let appid = |n: usize| shops[n % shops.len()].appid.clone();
        let tasks: Vec<_> = (begun..end).map(|n| tokio::spawn(customer(desk.clone(), appid(n)))).collect();
        for task in tasks {
            customers.push(task.await??);
        }
        begun = end;
    }
    Ok(customers)
}

/// Makes a customer who has written once, in a session that is closed.
async fn customer(desk: Desk, appid: Appid) -> anyhow::Result<Customer> {
    let made = async {
        let first = Draft::new("你好，在吗？".into(), "first".into())?;
        let sent = message::receive(&desk, &appid, Writer::new(&desk, None, false), first).await?;
        let openid = sent.answer.openid.clone();
        let open = session::of_customer(&desk, &appid, &openid).await?;
        session::close(&desk, &appid, open.kf_account, openid.clone()).await?;
        Ok((openid, sent.cookie))
    };
    let (openid, cookie) = made.await.map_err(seed::plain)?;
    Ok(Customer { appid, openid, cookie: cookie.context("a new customer gets a cookie")? })
}

/// Stores a login of the `n`th agent's worker, who has no password that could be checked.
fn log_in(conn: &Connection, shops: &[Shop], size: Size, n: usize) -> anyhow::Result<Agent> {
    let (account, k) = (n / AGENTS, n % AGENTS + 1);
    let worker = format!("worker_{}", size.first_worker(account) + k);
    let cookie = format!("login{n:038}");
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let stored = conn.execute(
        "insert into login (sha256, worker, id, browser, address, created_at, used_at, expires_at)
        select ?1, name, ?3, 'Firefox, Linux', '127.0.0.1', ?4, ?4, ?5 from worker where name = ?2",
        params![sha256(&cookie), worker, format!("{n:016x}"), now, now + LOGIN_LIFE],
    )?;
    ensure!(stored == 1, "there is no worker {worker}");
    Ok(Agent { kf_account: format!("kf{k}@{}", shops[account].alias), cookie })
}

/// The rows that messages leave: what they are, and how to count them.
const ROWS: [(&str, &str); 6] = [
    ("messages", "select count(*) from message"),
    ("changes", "select count(*) from change"),
    ("numbers of changes", "select sum(seq) from head"),
    ("open sessions", "select count(*) from session where state = 'open'"),
    ("records", "select count(*) from record"),
    ("waiting sessions", "select count(*) from session where state = 'waiting'"),
];

/// Counts of the rows that messages leave.
#[derive(Clone, Copy)]
pub(crate) struct Census([i64; ROWS.len()]);

impl Census {
    pub(crate) fn of(place: &Place) -> anyhow::Result<Self> {
        let Place::Folder(folder) = place else { bail!("this is not SQLite") };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(folder.join("kefu.db"), flags)?;
        let mut counts = [0; ROWS.len()];
        for (count, (_, sql)) in counts.iter_mut().zip(ROWS) {
            *count = conn.query_row(sql, [], |row| row.get(0))?;
        }
        Ok(Census(counts))
    }

    /// Fails unless exactly the acknowledged messages were written since `before`, and they opened so many sessions,
    /// beside so many messages that are for developers' servers alone.
    pub(crate) fn check(
        self,
        before: Census,
        messages: usize,
        sessions: usize,
        pushed: usize,
    ) -> anyhow::Result<()> {
        let all = messages + pushed;
        let expected = [all, all, all, sessions, messages + sessions, 0];
        for (n, (what, _)) in ROWS.iter().enumerate() {
            let there = self.0[n] - before.0[n];
            let expected = i64::try_from(expected[n])?;
            ensure!(there == expected, "{all} messages acknowledged: {there} {what} instead of {expected}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Census;

    #[test]
    fn exactly_the_acknowledged_messages_must_be_written() {
        let (before, after) = (Census([1, 2, 3, 4, 5, 0]), Census([11, 12, 13, 6, 17, 0]));
        assert!(after.check(before, 10, 2, 0).is_ok());
        assert!(after.check(before, 9, 2, 0).is_err());
        assert!(after.check(before, 10, 3, 0).is_err());
        assert!(after.check(before, 9, 2, 1).is_err(), "a record too many");
        for row in 0..6 {
            let mut more = after;
            more.0[row] += 1;
            assert!(more.check(before, 10, 2, 0).is_err(), "{row}");
        }
    }
}
