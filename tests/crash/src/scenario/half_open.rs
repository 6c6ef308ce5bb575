//! Many connections that never finish their requests.

use crate::people::People;
use anyhow::{Context, ensure};
use crash::server::{self, Kefu};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The number of concurrent connections.
const CROWD: usize = 10_000;
/// By when each connection must be closed, and a request served.
const SOON: Duration = Duration::from_secs(20);

/// Opens connections; every second one begins a request, the others send nothing.
async fn gather(base: &str, number: usize) -> anyhow::Result<Vec<TcpStream>> {
    let address = base.trim_start_matches("http://");
    let mut crowd = Vec::with_capacity(number);
    for nth in 0..number {
        let mut stream = TcpStream::connect(address).await.with_context(|| format!("connection {nth}"))?;
        if nth.is_multiple_of(2) {
            stream.write_all(b"GET /cgi-bin/token?grant_type=").await?;
        }
        crowd.push(stream);
    }
    Ok(crowd)
}

/// Waits until the server has closed every connection.
async fn disperse(crowd: Vec<TcpStream>) -> anyhow::Result<()> {
    for mut stream in crowd {
        let mut said = Vec::new();
        // A reset closes a connection, too.
        let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut said))
            .await
            .context("a connection was not closed")?;
        ensure!(!said.starts_with(b"HTTP/1.1 200"), "half a request was answered");
    }
    Ok(())
}

fn resident_kb(pid: u32) -> anyhow::Result<i64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("its memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

pub(crate) async fn half_open(kefu: &Path) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    ensure!(
        limit.maximum.is_none_or(|most| most > 12_000),
        "this machine allows too few open files for {CROWD} connections: raise the hard limit (ulimit -Hn)"
    );
    with_room(kefu).await.context("where there is room")?;
    without_room(kefu).await.context("where there is none")
}

/// With room for all connections, requests are served at once.
async fn with_room(kefu: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    let kefu = Kefu::start(server::command(kefu, &place, &[]))?;
    let mut people = People::meet(&kefu.base, 2).await?;
    let before = resident_kb(kefu.pid())?;
    let crowd = gather(&kefu.base, CROWD).await?;
    people.add_and_delete(&kefu.base).await?;
    let each = (resident_kb(kefu.pid())? - before) * 1024 / i64::try_from(CROWD)?;
    disperse(crowd).await?;
    people.add_and_delete(&kefu.base).await?;
    println!(
        "{CROWD} half-open connections: people were served; {each} bytes of memory each; all were closed"
    );
    Ok(())
}

/// Without room, requests wait for a place and get it.
async fn without_room(kefu: &Path) -> anyhow::Result<()> {
    let (folder, logs) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    let log = logs.path().join("log");
    let limited = server::command(kefu, &place, &["prlimit", "--nofile=400:400"]);
    let kefu = Kefu::start(server::logging(limited, &log)?)?;
    let mut people = People::meet(&kefu.base, 2).await?;
    let crowd = gather(&kefu.base, 1_000).await?;
    let begun = Instant::now();
    people.add_and_delete(&kefu.base).await?;
    ensure!(begun.elapsed() < SOON, "serving took {:?}", begun.elapsed());
    disperse(crowd).await?;
    let log = std::fs::read_to_string(log)?;
    ensure!(log.lines().count() <= 4 && log.contains("are in use"), "the log says: {log}");
    println!("400 open files and 1000 half-open connections: people were served after {:?}", begun.elapsed());
    Ok(())
}
