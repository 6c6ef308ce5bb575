//! Whether a store is fit to hold what people say: asked by `kefu doctor`, beside whoever uses it.

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

/// How old what a living node says of its clock can be, milliseconds: it counts as dead by then.
const SILENT: i64 = 20_000;
/// Connections of one server: writers, readers, listener, notifier.
const CONNECTIONS: i64 = 18;

/// How something stands, in a sentence that says what to do where it is not well.
#[derive(Debug)]
pub enum Found {
    /// Well.
    Fine(String),
    /// Well for now.
    Doubtful(String),
    /// Not well.
    Wrong(String),
}

/// What was looked at, and how it stands.
pub type Finding = (String, Found);

/// Rows of a question, in texts. Blocks.
///
/// # Errors
/// When the database cannot be asked.
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

/// Looks at the database of `place`, which must be there. Blocks.
///
/// # Errors
/// When it cannot be looked at at all.
pub fn examine(place: &Place) -> anyhow::Result<Vec<Finding>> {
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

fn found(what: &str, holds: bool, fine: impl Into<String>, wrong: impl Into<String>) -> Finding {
    (what.to_owned(), if holds { Found::Fine(fine.into()) } else { Found::Wrong(wrong.into()) })
}

fn tables(current: anyhow::Result<()>) -> Finding {
    let found = match current {
        Ok(()) => Found::Fine("of this version".to_owned()),
        Err(error) => Found::Wrong(format!("{error:#}")),
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

fn sqlite(file: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut conn = open(file)?;
    let sound: String = conn.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    let wrong = format!("{sound}: stop the server, keep a copy of the folder, and restore the last backup");
    let engine = format!("SQLite {}, sound", rusqlite::version());
    Ok(vec![found("database", sound == "ok", engine, wrong), tables(migrate::ensure_current(&mut conn))])
}

/// Who can listen in on the way to the database, or pretend to be it.
fn way(client: &mut Client, address: &Address) -> anyhow::Result<Found> {
    const IS_TLS: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    const CURE: &str = "sslmode=verify-full&sslrootcert=PATH in its address";
    let is_tls = client.query_opt(IS_TLS, &[])?.is_some_and(|row| row.get(0));
    Ok(match (address.foreign_host(), is_tls) {
        (None, false) => Found::Fine("in clear, within networks of your own".to_owned()),
        (Some(host), false) => Found::Doubtful(format!(
            "{host} is asked in clear: anybody on the way reads along, the password too, unless the network is yours; \
                set {CURE}"
        )),
        (Some(host), true) if !address.is_verified() => Found::Doubtful(format!(
            "by TLS, but anybody on the way can pretend to be {host}, unless the network is yours; set {CURE}"
        )),
        (_, true) if address.is_verified() => {
            Found::Fine("by TLS, to a server that its authority vouches for".to_owned())
        }
        (_, true) => Found::Fine("by TLS".to_owned()),
    })
}

fn postgres(client: &mut Client) -> anyhow::Result<Vec<Finding>> {
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

/// Whether the clocks of the nodes that share the database show what this machine's does.
fn nodes(client: &mut Client) -> Found {
    // Tables of another version are found wrong already.
    let rows =
        client.query("select id, clock from node where clock > 0 order by id", &[]).unwrap_or_default();
    let now = Clock::system().now();
    let differs = |row: &::postgres::Row| {
        let (node, ms): (String, i64) = (row.get(0), row.get::<_, i64>(1) - now);
        (!(-APART - SILENT..=APART).contains(&ms)).then(|| format!("{node} by {ms} ms"))
    };
    let apart: Vec<_> = rows.iter().filter_map(differs).collect();
    match apart.is_empty() {
        true => Found::Fine(format!(
            "{} share the database, and their clocks agree with this machine's",
            rows.len()
        )),
        false => Found::Doubtful(format!(
            "clocks differ from this machine's: {}; let all follow the same time server, unless these nodes have just \
                ended",
            apart.join(", ")
        )),
    }
}
