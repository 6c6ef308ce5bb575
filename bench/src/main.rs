//! Measures Kefu and prints ratios: Kefu ("the product") against a baseline that does the same work in the same run.
//! docs/performance.md lists the goals G1 to G16.

#![allow(clippy::disallowed_methods, reason = "measurements need the machine's clock")]

mod baseline;
mod busy_day;
mod data;
mod delivered_message;
mod durable_add;
mod flooded;
mod list_under_changes;
mod many_accounts;
mod measure;
mod online_list;
mod page_size;
mod postgres;
mod pushes;
mod session_list;
mod startup;

use anyhow::{Context, ensure};
use baseline::{committing_poster, constant, plain_writers, poster, smallest, writers};
use clap::{Parser, Subcommand};
use measure::adds::Add;
use measure::delivery::messages::Message;
use measure::report::Report;
use measure::{child, developer, machine};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

// The product's allocator, so that the baselines use it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Kefu against baselines that do the same work, and prints the ratios.
#[derive(Parser)]
struct Cli {
    /// The goals to measure, such as `G1,G4`; all by default.
    #[arg(long, value_delimiter = ',', value_name = "GOALS")]
    only: Vec<String>,
    /// Run fewer and shorter rounds. The figures are too rough to quote.
    #[arg(long)]
    quick: bool,
    /// Exit with 1 if a goal is missed; with --quick, if it is missed by more than half in two runs.
    #[arg(long)]
    check: bool,
    /// The folder for databases, on a disk with durable flushes; by default the folder of this program.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

/// Another job: a simulation, or the server or writer that this program becomes when it runs as its own child.
#[derive(Subcommand)]
enum Role {
    /// Simulate a busy day at a desk for each strategy of assignment, and print waits and fairness.
    Desk,
    #[command(hide = true)]
    Product { program: PathBuf, place: String },
    #[command(hide = true)]
    Constant { path: String, answer: PathBuf },
    #[command(hide = true)]
    Smallest { address: SocketAddr, folder: PathBuf },
    #[command(hide = true)]
    Writers(writers::Args),
    #[command(hide = true)]
    MessageWriters(writers::Args),
    #[command(hide = true)]
    PlainWriters(plain_writers::Args),
    #[command(hide = true)]
    Developer,
    #[command(hide = true)]
    Poster(poster::Args),
    #[command(hide = true)]
    CommittingPoster(committing_poster::Args),
}

/// Settings of all measurements.
pub(crate) struct Bench {
    /// The product's program.
    pub(crate) kefu: PathBuf,
    /// A folder for this measurement, which is removed at the end.
    pub(crate) folder: PathBuf,
    /// Whether to run fewer and shorter rounds.
    pub(crate) quick: bool,
    /// The number of rounds of a measurement.
    pub(crate) rounds: usize,
}

impl Bench {
    /// How long to wait until other processes leave the machine idle.
    pub(crate) fn patience(&self) -> Duration {
        if self.quick { Duration::from_millis(800) } else { Duration::from_secs(4) }
    }
}

/// The goals, grouped by measurement.
const MEASUREMENTS: [&[&str]; 13] = [
    &["G1"],
    &["G2"],
    &["G3"],
    &["G4", "G5"],
    &["G6"],
    &["G7"],
    &["G8"],
    &["G10"],
    &["G11"],
    &["G12"],
    &["G14"],
    &["G15"],
    &["G16"],
];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.role {
        None => measure(&cli),
        Some(Role::Desk) => {
            busy_day::print();
            Ok(true)
        }
        Some(Role::Product { program, place }) => Err(child::become_product(program, place)),
        Some(Role::Constant { path, answer }) => constant::serve(path, answer).map(|()| true),
        Some(Role::Smallest { address, folder }) => smallest::serve(*address, folder).map(|()| true),
        Some(Role::Writers(args)) => writers::run::<Add>(args).map(|()| true),
        Some(Role::MessageWriters(args)) => writers::run::<Message>(args).map(|()| true),
        Some(Role::PlainWriters(args)) => plain_writers::run(args).map(|()| true),
        Some(Role::Developer) => developer::serve().map(|()| true),
        Some(Role::Poster(args)) => poster::run(args).map(|()| true),
        Some(Role::CommittingPoster(args)) => committing_poster::run(args).map(|()| true),
    };
    match outcome {
        Ok(passed) if passed || !cli.check => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The measurements to run for these goals, each by its first goal.
fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static str>> {
    for goal in only {
        let mut all = MEASUREMENTS.iter().flat_map(|goals| goals.iter());
        ensure!(
            all.any(|one| one == goal),
            "there is no goal {goal}; there are {}",
            MEASUREMENTS.concat().join(", ")
        );
    }
    let is_chosen =
        |goals: &&&[&str]| only.is_empty() || only.iter().any(|goal| goals.contains(&goal.as_str()));
    Ok(MEASUREMENTS.iter().filter(is_chosen).map(|goals| goals[0]).collect())
}

/// Runs the measurements. Returns whether `--check` passes.
fn measure(cli: &Cli) -> anyhow::Result<bool> {
    let chosen = chosen(&cli.only)?;
    let beside = std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned();
    let folder = cli.folder.clone().unwrap_or(beside);
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(folder)?;
    let mut bench = Bench {
        kefu: child::product()?,
        folder: folder.path().to_owned(),
        quick: cli.quick,
        rounds: if cli.quick { 3 } else { 7 },
    };
    machine::raise_open_files()?;
    let machine = machine::introduce(folder.path())?;
    println!("profile {}, {machine}\n", child::PROFILE);
    // One thread makes the load; the servers are processes of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut passed, mut plain) = (true, Vec::new());
    for goal in chosen {
        let mut run = || {
            bench.folder = folder.path().join(goal);
            std::fs::create_dir_all(&bench.folder)?;
            let reports = runtime.block_on(reports(&bench, goal)).with_context(|| goal)?;
            std::fs::remove_dir_all(&bench.folder)?;
            reports.iter().for_each(|report| println!("{report}"));
            anyhow::Ok(reports)
        };
        let mut reports = run()?;
        if cli.check && cli.quick && !reports.iter().all(Report::is_bearable) {
            println!("{goal} again, because a quick run is easily disturbed\n");
            reports = run()?;
        }
        passed &= reports.iter().all(if cli.quick { Report::is_bearable } else { Report::is_reached });
        plain.extend(reports.into_iter().flat_map(|report| report.plain));
    }
    plain.push(format!("program: {:.1} MB", std::fs::metadata(&bench.kefu)?.len() as f64 / 1e6));
    println!("Kefu in plain figures, on {machine}:");
    plain.iter().for_each(|line| println!("  {line}"));
    Ok(passed)
}

async fn reports(bench: &Bench, goal: &str) -> anyhow::Result<Vec<Report>> {
    match goal {
        "G1" => online_list::measure(bench).await,
        "G2" => session_list::measure(bench).await,
        "G3" => list_under_changes::measure(bench).await,
        "G4" => durable_add::measure(bench).await,
        "G6" => delivered_message::measure(bench).await,
        "G7" => postgres::add::measure(bench).await,
        "G8" => postgres::list::measure(bench).await,
        "G10" => many_accounts::measure(bench).await,
        "G11" => startup::measure(bench).await,
        "G14" => pushes::backlog::measure(bench).await,
        "G15" => pushes::beside::measure(bench).await,
        "G16" => flooded::measure(bench).await,
        _ => page_size::measure(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, chosen};
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn goals_that_are_measured_together_are_measured_once() -> anyhow::Result<()> {
        assert_eq!(chosen(&["G5".into(), "G4".into(), "G1".into()])?, ["G1", "G4"]);
        assert_eq!(chosen(&[])?.len(), 13);
        assert!(chosen(&["G9".into()]).is_err());
        Ok(())
    }
}
