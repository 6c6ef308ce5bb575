//! Outages that the server survives: a full or failing disk, a lost or silent database. It answers -1, logs the cause
//! once, recovers without a restart, and loses nothing acknowledged.

use crate::relay::{Mode, Relay};
use crate::{Cli, Trial};
use anyhow::{Context, ensure};
use crash::server::{self, Kefu, Postgres};
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long all is well before the outage.
const CALM: Duration = Duration::from_millis(150);
/// Most warnings and errors in the log during an outage: each loop of the server logs one.
const LINES: usize = 10;

/// By when the log must say that the outage is over.
const OVER: Duration = Duration::from_secs(15);

/// Longer than the second without a failure after which an outage is over.
const SOUND: Duration = Duration::from_secs(2);

/// What goes wrong.
enum Fault<'f> {
    /// All or some of these system calls fail with this error.
    Calls(&'static str, &'static str),
    /// The relay to the database does this.
    Relay(&'f Relay, Mode),
    /// The database is stopped.
    Gone(&'f Postgres),
}

/// How to end a fault.
enum Undo<'f> {
    Detach(Child),
    Mend(&'f Relay),
    Resume(&'f Postgres),
}

impl<'f> Fault<'f> {
    fn begin(&self, pid: u32) -> anyhow::Result<Undo<'f>> {
        match self {
            Fault::Calls(calls, error) => inject(pid, calls, error).map(Undo::Detach),
            Fault::Relay(relay, mode) => {
                relay.set(*mode);
                Ok(Undo::Mend(relay))
            }
            Fault::Gone(postgres) => {
                postgres.stop()?;
                Ok(Undo::Resume(postgres))
            }
        }
    }
}

impl Undo<'_> {
    fn undo(self) -> anyhow::Result<()> {
        match self {
            Undo::Detach(mut tracer) => {
                kill_process(Pid::from_raw(i32::try_from(tracer.id())?).context("a process")?, Signal::INT)?;
                tracer.wait()?;
            }
            Undo::Mend(relay) => relay.set(Mode::Open),
            Undo::Resume(postgres) => postgres.resume()?,
        }
        Ok(())
    }
}

/// Makes these system calls of the process fail from now on.
fn inject(pid: u32, calls: &str, error: &str) -> anyhow::Result<Child> {
    let mut tracer = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-p", &pid.to_string()])
        .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:error={error}")])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("strace is missing: apt-get install strace")?;
    let mut said = BufReader::new(tracer.stderr.take().context("its output is piped")?).lines();
    let attached = said.next().transpose()?.unwrap_or_default();
    ensure!(attached.contains("attached"), "strace cannot trace here: {attached}");
    Ok(tracer)
}

pub(crate) async fn on_sqlite(cli: &Cli, rng: &mut StdRng) -> anyhow::Result<()> {
    let (data, logs) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let place = ["--data".to_owned(), data.path().display().to_string()];
    let log = logs.path().join("log");
    let kefu = Kefu::start(server::logging(server::command(&cli.kefu, &place, &[]), &log)?)?;
    let mut trial = Trial::of(cli, &place, kefu).await?;
    let full = Fault::Calls("pwrite64", "ENOSPC");
    trial.outage("a full disk", &full, "full", &log, rng).await?;
    let failing = Fault::Calls("pwrite64", "EIO:when=7+5");
    trial.outage("a disk that fails in the middle of batches", &failing, "I/O", &log, rng).await?;
    let unflushed = Fault::Calls("fsync,fdatasync", "EIO");
    trial.outage("a disk that does not flush", &unflushed, "I/O", &log, rng).await?;
    trial.report("outages on SQLite")
}

pub(crate) async fn on_postgres(cli: &Cli, rng: &mut StdRng) -> anyhow::Result<()> {
    let (postgres, logs) = (Postgres::start()?, tempfile::tempdir()?);
    let relay = Relay::start(postgres.folder())?;
    let place = ["--database".to_owned(), server::url(relay.folder())];
    let log = logs.path().join("log");
    let kefu = Kefu::start(server::logging(server::command(&cli.kefu, &place, &[]), &log)?)?;
    let mut trial = Trial::of(cli, &place, kefu).await?;
    let cut = Fault::Relay(&relay, Mode::CutBefore);
    trial.outage("a connection that is cut before each commit", &cut, "commit", &log, rng).await?;
    let cut = Fault::Relay(&relay, Mode::CutAfter);
    trial.outage("a connection that is cut after each commit", &cut, "commit", &log, rng).await?;
    trial.outage("a database that is gone", &Fault::Gone(&postgres), "connect", &log, rng).await?;
    let silent = Fault::Relay(&relay, Mode::Silent);
    trial.outage("a database that says nothing", &silent, "no answer", &log, rng).await?;
    trial.report("outages on PostgreSQL")
}

impl Trial<'_> {
    async fn outage(
        &mut self,
        what: &str,
        fault: &Fault<'_>,
        cause: &str,
        log: &Path,
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        let before = lines(log)?.len();
        let pid = self.kefu.as_ref().context("the server runs")?.pid();
        let mut undo = None;
        self.under_load(rng, async |_| {
            tokio::time::sleep(CALM).await;
            undo = Some(fault.begin(pid)?);
            Ok(())
        })
        .await?;
        undo.context("the outage began")?.undo()?;
        let begun = Instant::now();
        self.recovers().await?;
        self.check().await.with_context(|| what.to_owned())?;
        let mut lines = lines(log)?.split_off(before);
        while !lines.iter().any(|line| line.to_string().contains("possible again")) && begun.elapsed() < OVER
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
            lines = self::lines(log)?.split_off(before);
        }
        // Each loop has an outage log of its own. Wait until all are over, so that the next outage is logged again.
        tokio::time::sleep(SOUND).await;
        let (bad, good): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["level"] != "INFO");
        ensure!(
            bad.iter().any(|line| line.to_string().contains(cause)),
            "{what}: the log does not say '{cause}': {bad:#?}"
        );
        ensure!(bad.len() <= LINES, "{what}: {} lines in the log: {bad:#?}", bad.len());
        ensure!(
            good.iter().any(|line| line.to_string().contains("possible again")),
            "{what}: the log does not say that the outage is over: {good:#?}"
        );
        println!("{what}: recovered, nothing lost, {} lines in the log", lines.len());
        Ok(())
    }
}

fn lines(log: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(log)?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("in the log: {line}")))
        .collect()
}
