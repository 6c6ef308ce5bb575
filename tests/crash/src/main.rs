//! Crash tests: kill Kefu and its database under load, hundreds of times. Each time they check that what was
//! acknowledged is there, that what was refused is not, and that calls can be repeated safely.

#![allow(
    clippy::disallowed_methods,
    reason = "kills at random moments need the machine's clock and random numbers"
)]

mod history;
mod people;
mod relay;
mod scenario;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use crash::server::{self, Kefu, Postgres};
use futures_util::future::join_all;
use history::{Found, History, Outcome, SABOTAGES};
use people::{People, ROOM};
use rand::{Rng, SeedableRng, rngs::StdRng};
use scenario::{floods, flush, half_open, hang_up, outage, push};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::PoisonError;
use std::time::Duration;

/// The number of concurrent actors.
const PEOPLE: usize = 16;

/// Assignment pauses for ten seconds after a start, which rounds end too early to see. Each so many-th round waits for
/// it, and how long at most.
const ASSIGNED_EVERY: usize = 25;
const PAUSE: Duration = Duration::from_secs(30);

/// Kills Kefu and its database under load, and checks that nothing acknowledged is lost.
#[derive(Parser)]
struct Cli {
    /// The program to test; by default the debug build.
    #[arg(long, env = "KEFU", default_value = "target/debug/kefu")]
    kefu: PathBuf,
    /// How often to kill the server on each engine.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// How often to stop PostgreSQL immediately.
    #[arg(long, default_value_t = 15)]
    stops: usize,
    /// Seed of the random numbers; random when not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Falsify what is found in this way, to show that the tests notice: the run must fail.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(sabotages()))]
    sabotage: Option<String>,
    /// Run only these floods; `every` for all of them.
    #[arg(long, value_name = "FLOODS", value_delimiter = ',',
        value_parser = clap::builder::PossibleValuesParser::new(floods::names().into_iter().chain(["every"])))]
    floods: Vec<String>,
    /// Print the ways to falsify, and exit.
    #[arg(long)]
    sabotages: bool,
}

fn sabotages() -> Vec<&'static str> {
    SABOTAGES.iter().copied().chain(["flush", "push"]).collect()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.sabotages {
        println!("{}", sabotages().join(" "));
        return ExitCode::SUCCESS;
    }
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(&cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crash: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    ensure!(cli.kefu.exists(), "there is no {}: cargo build makes it", cli.kefu.display());
    if !cli.floods.is_empty() {
        let only = if cli.floods.iter().any(|one| one == "every") { &[] } else { cli.floods.as_slice() };
        return floods::on_sqlite(&cli.kefu, only).await;
    }
    let seed = cli.seed.unwrap_or_else(|| rand::rng().next_u64());
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let falsified = cli.sabotage.as_deref() == Some("flush");
    flush::on_sqlite(&cli.kefu, falsified).await.context("flushing, on SQLite")?;
    let falsified = cli.sabotage.as_deref() == Some("push");
    if falsified || cli.sabotage.is_none() {
        push::on_sqlite(&cli.kefu, &mut rng, falsified).await.context("pushing, on SQLite")?;
    }
    let folder = tempfile::tempdir()?;
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    Trial::begin(cli, &place, &mut rng).await?.kills(cli.kills, &mut rng).await.context("on SQLite")?;
    let postgres = Postgres::start()?;
    let place = ["--database".to_owned(), postgres.url()];
    flush::on_postgres(&cli.kefu, &place, cli.sabotage.as_deref() == Some("flush"))
        .await
        .context("flushing, on PostgreSQL")?;
    let mut trial = Trial::begin(cli, &place, &mut rng).await?;
    trial.kills(cli.kills, &mut rng).await.context("on PostgreSQL")?;
    trial.stops(&postgres, cli.stops, &mut rng).await.context("stopping PostgreSQL")?;
    if cli.sabotage.is_some() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    hang_up::hang_up(&cli.kefu, &place).await.context("hanging up, on SQLite")?;
    let (postgres, files) = (Postgres::start()?, tempfile::tempdir()?);
    let place =
        ["--database".to_owned(), postgres.url(), "--files".to_owned(), files.path().display().to_string()];
    hang_up::hang_up(&cli.kefu, &place).await.context("hanging up, on PostgreSQL")?;
    trial.idles(&postgres).await.context("restarting PostgreSQL")?;
    outage::on_sqlite(cli, &mut rng).await?;
    outage::on_postgres(cli, &mut rng).await?;
    half_open::half_open(&cli.kefu).await?;
    floods::on_sqlite(&cli.kefu, &[]).await.context("floods")
}

/// One database, and the history of all calls to it.
struct Trial<'c> {
    cli: &'c Cli,
    place: [String; 2],
    kefu: Option<Kefu>,
    people: People,
    falsified: bool,
    /// How many customers were seen to wait, and then to have the agent.
    assigned: usize,
}

impl<'c> Trial<'c> {
    async fn begin(cli: &'c Cli, place: &[String; 2], rng: &mut StdRng) -> anyhow::Result<Self> {
        let kefu = Kefu::start(server::command(&cli.kefu, place, &[]))?;
        let mut trial = Trial::of(cli, place, kefu).await?;
        // One short round first.
        trial.load(Duration::from_millis(300), rng).await?;
        Ok(trial)
    }

    /// A trial of a running server.
    async fn of(cli: &'c Cli, place: &[String; 2], kefu: Kefu) -> anyhow::Result<Self> {
        let people = People::meet(&kefu.base, PEOPLE).await?;
        Ok(Trial { cli, place: place.clone(), kefu: Some(kefu), people, falsified: false, assigned: 0 })
    }

    fn base(&self) -> anyhow::Result<String> {
        Ok(self.kefu.as_ref().context("the server runs")?.base.clone())
    }

    /// Lets all actors act until `end` has cut them off, after which they get no answers and stop.
    async fn under_load(
        &mut self,
        rng: &mut StdRng,
        end: impl AsyncFnOnce(&mut Option<Kefu>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let base = self.base()?;
        let seeds: Vec<u64> = self.people.actors.iter().map(|_| rng.next_u64()).collect();
        let actors = self.people.actors.clone();
        let acts = actors.into_iter().zip(seeds).map(|(actor, seed)| self.people.act(&base, actor, seed));
        let kefu = &mut self.kefu;
        let (acted, ended) = tokio::select! {
            both = async { tokio::join!(join_all(acts), end(kefu)) } => both,
            never = async { self.people.watch(&base).await; std::future::pending().await } => never,
        };
        self.people.actors = acted;
        ended
    }

    /// A round: load for `time`, SIGKILL, a new start, and the checks.
    async fn load(&mut self, time: Duration, rng: &mut StdRng) -> anyhow::Result<()> {
        self.under_load(rng, async |kefu| {
            tokio::time::sleep(time).await;
            kefu.take().context("the server runs")?.kill()
        })
        .await?;
        if rng.next_u32().is_multiple_of(8) {
            Kefu::kill_at_start(server::command(&self.cli.kefu, &self.place, &[]), rng)?;
        }
        self.kefu = Some(Kefu::start(server::command(&self.cli.kefu, &self.place, &[]))?);
        self.check().await
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let base = self.base()?;
        self.verify(self.people.find(&base).await?)?;
        self.people.repeat(&base).await?;
        self.verify(self.people.find(&base).await?)
    }

    fn verify(&mut self, mut found: Found) -> anyhow::Result<()> {
        let history = self.people.history.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = &self.cli.sabotage {
            self.falsified |= history::sabotage(kind, &history, &mut found);
        }
        let wrong = history.violations(&found);
        ensure!(wrong.is_empty(), "{} violations: {:#?}", wrong.len(), wrong);
        Ok(())
    }

    async fn kills(&mut self, kills: usize, rng: &mut StdRng) -> anyhow::Result<()> {
        let wanted = self.cli.sabotage.as_deref().is_some_and(|kind| kind != "flush");
        let mut done = 0;
        // Some rounds leave nothing that can be falsified in this way.
        while done < kills || wanted && !self.falsified && done < 10 * kills {
            done += 1;
            if done % ASSIGNED_EVERY == 1 {
                self.assigns().await?;
            }
            let time = Duration::from_millis(u64::from(20 + rng.next_u32() % 150));
            self.load(time, rng).await?;
        }
        ensure!(self.assigned > 0 || done < ASSIGNED_EVERY, "no customer got the agent from the queue");
        let assigned = self.assigned;
        self.report(&format!("{done} kills on {}, {assigned} from the queue", self.place[0]))
    }

    /// Lets the pause after a start pass, in which no customer is assigned. Then the first who wait get the agent.
    async fn assigns(&mut self) -> anyhow::Result<()> {
        let base = self.base()?;
        let before = self.people.find(&base).await?;
        let people = &self.people;
        let is_full = |found: &Found| found.waiting.is_empty() || found.served.len() >= ROOM;
        let assigned = async {
            loop {
                match people.find(&base).await? {
                    found if is_full(&found) => return anyhow::Ok(found),
                    _ => tokio::time::sleep(Duration::from_millis(250)).await,
                }
            }
        };
        // The agent is there meanwhile.
        let stays = async {
            people.follow(&base).await?;
            bail!("the agent's stream has ended")
        };
        let after = tokio::select! {
            after = tokio::time::timeout(PAUSE, assigned) => after.context("nobody is assigned")??,
            ended = stays => ended?,
        };
        self.assigned += after.served.iter().filter(|served| before.waiting.contains(served)).count();
        self.verify(after)
    }

    /// Stops PostgreSQL immediately and starts it again; the server must recover without a restart.
    async fn stops(&mut self, postgres: &Postgres, stops: usize, rng: &mut StdRng) -> anyhow::Result<()> {
        for _ in 0..stops {
            let time = Duration::from_millis(u64::from(50 + rng.next_u32() % 200));
            self.under_load(rng, async |_| {
                tokio::time::sleep(time).await;
                postgres.stop()
            })
            .await?;
            postgres.resume()?;
            self.recovers().await?;
            self.check().await?;
        }
        self.report(&format!("{stops} immediate stops of PostgreSQL"))
    }

    async fn recovers(&self) -> anyhow::Result<()> {
        let ready = format!("{}/readyz", self.base()?);
        for _ in 0..200 {
            if let Ok(answer) = reqwest::get(&ready).await
                && answer.status().is_success()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server did not recover within ten seconds")
    }

    fn report(&self, what: &str) -> anyhow::Result<()> {
        let history: &History = &self.people.history.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, unknown) =
            (history.count(|it| it == Outcome::Done), history.count(|it| it == Outcome::Unknown));
        let refused = history.count(|it| matches!(it, Outcome::Refused(_)));
        println!(
            "{what}: {done} acknowledged, {refused} refused, {unknown} unknown and repeated; no violation"
        );
        let wanted = self.cli.sabotage.as_ref().filter(|kind| *kind != "flush");
        ensure!(wanted.is_none() || self.falsified, "there was nothing to falsify");
        ensure!(
            done > 0 && refused > 0 && unknown > 0,
            "the rounds had no acknowledged, refused or unknown calls"
        );
        Ok(())
    }
}

/// The program's absolute path.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize().with_context(|| path.display().to_string())
}
