//! Checks of a database for `kefu doctor`, which a server may use meanwhile.

use crate::clock::Clock;
use crate::engine::migrate;
use crate::engine::postgres::address::Address;
use crate::engine::postgres::client;
use crate::place::Place;
use ::postgres::Client;
use anyhow::Context;
use model::clock::APART;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// The greatest age of a living node's stored clock, milliseconds; later the node counts as dead.
const SILENT: i64 = 20_000;
/// Connections of one server: 12 writers, 4 readers, one for heads, a listener and a notifier.
const CONNECTIONS: i64 = 19;

/// The result of a check, with a sentence that says what to do if it is not fine.
#[derive(Debug)]
pub enum Health {
    /// All is well.
    Fine(String),
    /// It works, but may become a problem.
    Doubtful(String),
    /// It does not work, or loses data.
    Wrong(String),
}

/// The name of a check, and its result.
pub type HealthFinding = (String, Health);

/// Runs a query; returns its rows, with values as texts. Blocks.
///
/// # Errors
/// If the database cannot be reached, or the query fails.
pub fn ask(place: &Place, question: &'static str) -> anyhow::Result<Vec<Vec<String>>> {
    match place {
        Place::Folder(folder) => {
            let conn = open(&folder.join("kefu.db"))?;
            let mut statement = conn.prepare(question)?;
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
            Ok(rows.collect::<Result<_, _>>()?)
        }
        Place::Postgres(url) => {
            let rows = client::connect(url)?.query(question, &[])?;
            let texts = |row: ::postgres::Row| (0..row.len()).map(|column| row.get(column)).collect();
            Ok(rows.into_iter().map(texts).collect())
        }
    }
}

/// Checks the database at `place`, which must exist. Blocks.
///
/// # Errors
/// If the database cannot be reached.
pub fn examine(place: &Place) -> anyhow::Result<Vec<HealthFinding>> {
    match place {
        Place::Folder(folder) => sqlite(&folder.join("kefu.db")),
        Place::Postgres(url) => {
            let address = Address::parse(url)?;
            let mut client = address.client().context("connecting to PostgreSQL")?;
            let mut found = postgres(&mut client)?;
            found.push(("way".to_owned(), way(&mut client, &address)?));
            Ok(found)
        }
    }
}

fn found(what: &str, holds: bool, fine: impl Into<String>, wrong: impl Into<String>) -> HealthFinding {
    (what.to_owned(), if holds { Health::Fine(fine.into()) } else { Health::Wrong(wrong.into()) })
}

fn tables(current: anyhow::Result<()>) -> HealthFinding {
    let found = match current {
        Ok(()) => Health::Fine("of this version".to_owned()),
        Err(error) => Health::Wrong(format!("{error:#}")),
    };
    ("tables".to_owned(), found)
}

fn open(file: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags(file, flags).with_context(|| format!("opening {}", file.display()))?;
    conn.execute_batch("pragma query_only = 1; pragma busy_timeout = 5000")?;
    Ok(conn)
}

fn sqlite(file: &Path) -> anyhow::Result<Vec<HealthFinding>> {
    let mut conn = open(file)?;
    let sound: String = conn.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    let wrong = format!("{sound}: stop the server, keep a copy of the folder, and restore the last backup");
    let engine = format!("SQLite {}, sound", rusqlite::version());
    Ok(vec![found("database", sound == "ok", engine, wrong), tables(migrate::ensure_current(&mut conn))])
}

/// Checks whether others can read the connection to the database, or impersonate it.
fn way(client: &mut Client, address: &Address) -> anyhow::Result<Health> {
    const IS_TLS: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    const CURE: &str = "sslmode=verify-full&sslrootcert=PATH in its address";
    let is_tls = client.query_opt(IS_TLS, &[])?.is_some_and(|row| row.get(0));
    Ok(match (address.foreign_host(), is_tls) {
        (None, false) => Health::Fine("not encrypted, within your own networks".to_owned()),
        (Some(host), false) => Health::Doubtful(format!(
            "connections to {host} are not encrypted: others on the way can read them, the password too, unless the \
             network is yours; set {CURE}"
        )),
        (Some(host), true) if !address.is_verified() => Health::Doubtful(format!(
            "by TLS, but others on the way can impersonate {host}, unless the network is yours; set {CURE}"
        )),
        (_, true) if address.is_verified() => {
            Health::Fine("by TLS, to a server with a verified certificate".to_owned())
        }
        (_, true) => Health::Fine("by TLS".to_owned()),
    })
}

fn postgres(client: &mut Client) -> anyhow::Result<Vec<HealthFinding>> {
    let mut setting = |name: &str| -> anyhow::Result<String> {
        Ok(client.query_one("select current_setting($1)", &[&name])?.get(0))
    };
    let (version, encoding) = (setting("server_version")?, setting("server_encoding")?);
    let number: i64 = setting("server_version_num")?.parse()?;
    let (fsync, pages) = (setting("fsync")?, setting("full_page_writes")?);
    let most: i64 = setting("max_connections")?.parse()?;
    let used: i64 = client
        .query_one("select count(*) from pg_stat_activity where backend_type = 'client backend'", &[])?
        .get(0);
    let asked = Clock::system().now();
    let theirs: i64 =
        client.query_one("select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)", &[])?.get(0);
    let apart = (theirs - (asked + Clock::system().now()) / 2).abs();
    let free = most - used;
    Ok(vec![
        found(
            "database",
            number >= 130_000,
            format!("PostgreSQL {version}"),
            format!("PostgreSQL {version} is too old: use 13 or later"),
        ),
        found(
            "encoding",
            encoding == "UTF8",
            "UTF8",
            format!("{encoding} cannot hold what people write: create the database with encoding UTF8"),
        ),
        found(
            "durability",
            fsync == "on" && pages == "on",
            "fsync and full_page_writes are on",
            "a crash of the machine loses what was acknowledged: set fsync = on and full_page_writes = on",
        ),
        found(
            "connections",
            free >= CONNECTIONS,
            format!("{free} of {most} are free"),
            format!("a server needs {CONNECTIONS} and {free} of {most} are free: raise max_connections"),
        ),
        found(
            "clocks",
            apart <= APART,
            format!("{apart} ms apart"),
            format!(
                "this machine's clock and the database's are {apart} ms apart: let both follow the same time server"
            ),
        ),
        ("nodes".to_owned(), nodes(client)),
        tables(migrate::ensure_current(client)),
    ])
}

/// Checks whether the clocks of the nodes that share the database agree with this machine's.
fn nodes(client: &mut Client) -> Health {
    // If the tables have another version, that check fails, and this one has no rows.
    let rows =
        client.query("select id, clock from node where clock > 0 order by id", &[]).unwrap_or_default();
    let now = Clock::system().now();
    let differs = |row: &::postgres::Row| {
        let (node, ms): (String, i64) = (row.get(0), row.get::<_, i64>(1) - now);
        (!(-APART - SILENT..=APART).contains(&ms)).then(|| format!("{node} by {ms} ms"))
    };
    let apart: Vec<_> = rows.iter().filter_map(differs).collect();
    match apart.is_empty() {
        true => Health::Fine(format!(
            "{} share the database, and their clocks agree with this machine's",
            rows.len()
        )),
        false => Health::Doubtful(format!(
            "clocks differ from this machine's: {}; let all follow the same time server, unless these nodes have just \
             ended",
            apart.join(", ")
        )),
    }
}
