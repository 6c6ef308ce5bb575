//! Backup, restore and move. A backup is a SQLite file with the tables of this version and a hash over them, whichever
//! engine they come from. A move copies a store straight into another one.

mod copy;

pub use copy::{TableContent, hash};

use crate::clock::Clock;
use crate::engine::postgres::{self, client};
use crate::engine::{migrate, schema, sqlite};
use crate::place::Place;
use ::postgres::Client;
use anyhow::{Context, bail, ensure};
use copy::{Database, Table};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Longer than the time between two beats of a running node.
const BEAT: Duration = Duration::from_secs(6);
/// Longer than a running node takes to find that its tables were replaced, and to end.
const REPLACED: Duration = Duration::from_secs(1);

/// Writes the store at `place`, as it is at this moment, into a new file. A server may use the store meanwhile. Blocks.
///
/// # Errors
/// If the store cannot be read or has another version, or if the file exists or cannot be written.
pub fn backup(place: &Place, file: &Path) -> anyhow::Result<Vec<TableContent>> {
    ensure!(!file.exists(), "{} exists: name a new file, or move this one away", file.display());
    let tables = copy::tables()?;
    let mut from = source(place)?;
    let new = NewFile::create(file)?;
    let mut to = new.open()?;
    let contents = copy::run(&tables, &mut *from, Some(&mut to))?;
    note(&to, place, &contents)?;
    new.finish(to)?;
    Ok(contents)
}

/// Reads a backup and compares it with the hash stored in it. Blocks.
///
/// # Errors
/// If the file is not a backup, has another version, or is damaged.
pub fn verify(file: &Path) -> anyhow::Result<Vec<TableContent>> {
    check(&mut open(file)?, file)
}

/// Fills the empty store at `place` from a backup. Blocks.
///
/// # Errors
/// As [`verify`]; if the store is not empty, or a server uses it.
pub fn restore(file: &Path, place: &Place) -> anyhow::Result<Vec<TableContent>> {
    let mut from = open(file)?;
    check(&mut from, file)?;
    fill(&mut from, place)
}

/// Copies the store at `from` into the empty one at `to`. The store at `from` stays as it is. Blocks.
///
/// # Errors
/// If one of them cannot be used, a server uses one of them, or `to` is not empty.
pub fn relocate(from: &Place, to: &Place) -> anyhow::Result<Vec<TableContent>> {
    let _lock = from.folder().map(sqlite::lock).transpose()?;
    if let Place::Postgres(url) = from {
        ensure_unused(&mut client::connect(url)?)?;
    }
    fill(&mut *source(from)?, to)
}

/// A store to read from, in one snapshot.
fn source(place: &Place) -> anyhow::Result<Box<dyn Database>> {
    match place {
        Place::Folder(folder) => {
            let mut conn = existing(&folder.join("kefu.db"))?;
            migrate::ensure_current(&mut conn)?;
            conn.execute_batch("begin")?;
            Ok(Box::new(conn))
        }
        Place::Postgres(url) => {
            let mut client = client::connect(url)?;
            migrate::ensure_current(&mut client)?;
            client.batch_execute("begin isolation level repeatable read read only")?;
            Ok(Box::new(client))
        }
    }
}

fn existing(file: &Path) -> anyhow::Result<Connection> {
    ensure!(file.exists(), "there is no {}", file.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags(file, flags).with_context(|| format!("opening {}", file.display()))?;
    conn.execute_batch("pragma query_only = 1; pragma busy_timeout = 5000")?;
    Ok(conn)
}

/// Makes the store at `place`, fills it in one transaction, and compares it with what was read.
fn fill(from: &mut dyn Database, place: &Place) -> anyhow::Result<Vec<TableContent>> {
    let tables = copy::tables()?;
    match place {
        Place::Folder(folder) => {
            sqlite::make_folder(folder)?;
            let _lock = sqlite::lock(folder)?;
            let file = folder.join("kefu.db");
            if file.exists() {
                let mut there = existing(&file)?;
                ensure_empty(&tables, &mut there, &folder.display().to_string())?;
            }
            let new = NewFile::create(&file)?;
            let mut to = new.open()?;
            let contents = copied(&tables, from, &mut to)?;
            new.finish(to)?;
            Ok(contents)
        }
        Place::Postgres(url) => {
            let mut to = client::connect(url)?;
            postgres::migrate(&mut to)?;
            ensure_empty(&tables, &mut to, "this database")?;
            ensure_unused(&mut to)?;
            // A node that has just ended may have written into the tables after they were found empty.
            let rows: Vec<_> = tables.iter().map(Table::delete).collect();
            to.batch_execute(&format!("begin; delete from epoch where id = 1; {}", rows.join("; ")))?;
            let contents = copied(&tables, from, &mut to)?;
            to.batch_execute("commit; analyze")?;
            Ok(contents)
        }
    }
}

fn copied(
    tables: &[Table],
    from: &mut dyn Database,
    to: &mut dyn Database,
) -> anyhow::Result<Vec<TableContent>> {
    let contents = copy::run(tables, from, Some(to))?;
    ensure!(copy::run(tables, to, None)? == contents, "what was written is not what was read");
    Ok(contents)
}

fn ensure_empty(tables: &[Table], there: &mut dyn Database, name: &str) -> anyhow::Result<()> {
    for table in tables {
        ensure!(
            there.is_empty(table)?,
            "{name} holds data already: choose an empty place, or move that away first"
        );
    }
    Ok(())
}

/// Fails if a node's counter rises. A node whose tables were replaced has no counter in them, but ends once it finds no
/// epoch there.
fn ensure_unused(client: &mut Client) -> anyhow::Result<()> {
    let mut beats = || -> anyhow::Result<Vec<(String, i64)>> {
        let rows = client.query("select id, beat from node order by id", &[])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    };
    let before = beats()?;
    thread::sleep(if before.is_empty() { REPLACED } else { BEAT });
    ensure!(beats()? == before, "a server uses this database: stop it first");
    Ok(())
}

/// Opens a backup.
fn open(file: &Path) -> anyhow::Result<Connection> {
    let conn = existing(file)?;
    let is_backup = conn
        .prepare("select 1 from sqlite_schema where name = 'kefu_backup'")
        .and_then(|mut it| it.exists([]));
    match is_backup {
        Ok(true) => Ok(conn),
        Ok(false) => bail!("{} is no backup of Kefu", file.display()),
        Err(error) => {
            Err(error).with_context(|| format!("{} is no backup of Kefu, or damaged", file.display()))
        }
    }
}

fn check(conn: &mut Connection, file: &Path) -> anyhow::Result<Vec<TableContent>> {
    let damaged = || format!("{} is damaged", file.display());
    migrate::ensure_current(conn)?;
    let sound: String =
        conn.query_row("pragma integrity_check(1)", [], |row| row.get(0)).with_context(damaged)?;
    ensure!(sound == "ok", "{}: {sound}", damaged());
    let noted: String = conn
        .query_row("select value from kefu_backup where what = 'sha256'", [], |row| row.get(0))
        .with_context(damaged)?;
    let contents = copy::run(&copy::tables()?, conn, None).with_context(damaged)?;
    let found = copy::hash(&contents);
    ensure!(noted == found, "{}: it was {noted} when it was made, and is {found}", damaged());
    Ok(contents)
}

fn note(conn: &Connection, place: &Place, contents: &[TableContent]) -> anyhow::Result<()> {
    conn.execute_batch("create table kefu_backup (what text not null primary key, value text not null)")?;
    let engine = if place.folder().is_some() { "sqlite" } else { "postgres" };
    let (hash, now) = (copy::hash(contents), Clock::system().now().to_string());
    let notes = [
        ("sha256", hash.as_str()),
        ("made_at", &now),
        ("engine", engine),
        ("kefu", env!("CARGO_PKG_VERSION")),
    ];
    for (what, value) in notes {
        conn.execute("insert into kefu_backup (what, value) values (?1, ?2)", [what, value])?;
    }
    Ok(())
}

/// A file under a temporary name, which is renamed once the file is complete and on the disk.
struct NewFile {
    file: PathBuf,
    temporary: PathBuf,
}

impl NewFile {
    fn create(file: &Path) -> anyhow::Result<Self> {
        let mut name = file.file_name().context("a file needs a name")?.to_owned();
        name.push(".new");
        let new = NewFile { file: file.to_owned(), temporary: file.with_file_name(name) };
        // An attempt that was cut off may have left one.
        new.remove();
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new.temporary)
            .with_context(|| format!("creating {}", new.temporary.display()))?;
        Ok(new)
    }

    /// Opens the database in the file, with this version's tables and a transaction.
    fn open(&self) -> anyhow::Result<Connection> {
        let mut conn = Connection::open(&self.temporary)?;
        // A crash may damage the file while its name is temporary, so it needs no journal.
        conn.execute_batch(
            "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -65536",
        )?;
        schema::run(&mut conn)?;
        conn.execute_batch("begin")?;
        Ok(conn)
    }

    fn finish(self, conn: Connection) -> anyhow::Result<()> {
        conn.execute_batch("commit")?;
        conn.close().map_err(|(_, error)| error)?;
        File::open(&self.temporary)?.sync_all()?;
        // These belong to the empty database that this file replaces.
        for beside in ["-wal", "-shm"] {
            let mut name = self.file.clone().into_os_string();
            name.push(beside);
            match fs::remove_file(PathBuf::from(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        fs::rename(&self.temporary, &self.file).with_context(|| format!("naming {}", self.file.display()))?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
    }

    fn remove(&self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After `finish` there is nothing to remove.
        self.remove();
    }
}
