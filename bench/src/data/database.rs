//! A PostgreSQL for one measurement, with durable commits. It ends with this process.

use crate::measure::machine;
use anyhow::{Context, anyhow, ensure};
use kefu::config::Place;
use postgres::{Client, NoTls};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const STARTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/server/tests/postgres");

pub(crate) struct Cluster {
    process: Child,
    url: String,
    /// The server process, whose children serve the connections.
    pub(crate) pid: u32,
}

impl Cluster {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(STARTER);
        command.arg("--durable").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("starting {STARTER}"))?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().context("its output is piped")?).read_line(&mut url)?;
        let mut cluster = Cluster { process, url: url.trim_end().to_owned(), pid: 0 };
        ensure!(!cluster.url.is_empty(), "a PostgreSQL did not start: apt-get install postgresql");
        cluster.pid = with(&cluster.url, parent_of_backend)?;
        Ok(cluster)
    }

    /// The place of one of its databases.
    pub(crate) fn place(&self, name: &str) -> Place {
        let (server, _) = self.url.rsplit_once('/').unwrap_or((&self.url, ""));
        Place::Postgres(format!("{server}/{name}"))
    }

    /// Makes an empty database.
    pub(crate) fn create(&self, name: &str) -> anyhow::Result<Place> {
        with(&self.url, |client| Ok(client.batch_execute(&format!("create database {name}"))?))?;
        Ok(self.place(name))
    }

    /// Copies a database, and flushes the copy to the disk. The original refuses connections from then on.
    pub(crate) fn copy(&self, from: &str, name: &str) -> anyhow::Result<Place> {
        let leave = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname =";
        with(&self.url, |client| {
            client.batch_execute(&format!("drop database if exists {name} with (force)"))?;
            client.batch_execute(&format!("alter database {from} with allow_connections false"))?;
            client.batch_execute(&format!("{leave} '{from}'"))?;
            client.batch_execute(&format!("create database {name} template {from}"))?;
            Ok(client.batch_execute("checkpoint")?)
        })?;
        Ok(self.place(name))
    }
}

fn parent_of_backend(client: &mut Client) -> anyhow::Result<u32> {
    let backend: i32 = client.query_one("select pg_backend_pid()", &[])?.get(0);
    machine::parent(u32::try_from(backend)?)
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The starter serves until its standard input is closed.
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            eprintln!("bench: a PostgreSQL may be left over: {error}");
        }
    }
}

/// Runs `work` with a connection, on a thread of its own: the client panics inside an async runtime.
pub(crate) fn with<T: Send>(
    url: &str,
    work: impl FnOnce(&mut Client) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let worker =
            scope.spawn(|| work(&mut Client::connect(url, NoTls).context("connecting to PostgreSQL")?));
        worker.join().map_err(|_| anyhow!("a thread panicked"))?
    })
}
