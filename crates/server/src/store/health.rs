//! Whether a store is fit to hold what people say: asked by `kefu doctor`, beside whoever uses it.

use super::{client, migrate};
use crate::clock::Clock;
use crate::config::Place;
use ::postgres::Client;
use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// How far two clocks may be apart before presence and expiry differ visibly, milliseconds.
const APART: i64 = 2_000;
/// Connections of one server: writers, readers, listener, notifier.
const CONNECTIONS: i64 = 18;

/// What was looked at, and what is wrong with it: a sentence that says what to do.
pub type Finding = (String, Result<String, String>);

/// Looks at the database of `place`, which must be there. Blocks.
///
/// # Errors
/// When it cannot be looked at at all.
pub fn examine(place: &Place) -> anyhow::Result<Vec<Finding>> {
    match place {
        Place::Folder(folder) => sqlite(&folder.join("kefu.db")),
        Place::Postgres(url) => postgres(&mut client::connect(url)?),
    }
}

fn found(what: &str, holds: bool, fine: impl Into<String>, wrong: impl Into<String>) -> Finding {
    (what.to_owned(), if holds { Ok(fine.into()) } else { Err(wrong.into()) })
}

fn tables(current: anyhow::Result<()>) -> Finding {
    let what = "tables".to_owned();
    (what, current.map(|()| "of this version".to_owned()).map_err(|error| format!("{error:#}")))
}

fn sqlite(file: &Path) -> anyhow::Result<Vec<Finding>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn =
        Connection::open_with_flags(file, flags).with_context(|| format!("opening {}", file.display()))?;
    conn.execute_batch("pragma query_only = 1; pragma busy_timeout = 5000")?;
    let sound: String = conn.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    let wrong = format!("{sound}: stop the server, keep a copy of the folder, and restore the last backup");
    let engine = format!("SQLite {}, sound", rusqlite::version());
    Ok(vec![found("database", sound == "ok", engine, wrong), tables(migrate::ensure_current(&mut conn))])
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
        tables(migrate::ensure_current(client)),
    ])
}
