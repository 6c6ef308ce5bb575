//! Prints every performance ratio: the product against a baseline that does the same work, measured
//! in the same run.

#![allow(clippy::disallowed_methods, reason = "a stopwatch needs the machine's clock")]

mod child;
mod constant;
mod g1;
mod g4;
mod load;
mod machine;
mod report;
mod round;
mod seed;
mod writers;

use anyhow::{Context, bail, ensure};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

// The product's, so that the baselines have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Kefu against baselines that do the same work, and prints the ratios.
#[derive(Parser)]
struct Cli {
    /// The goals to measure; all when not given.
    #[arg(long, value_delimiter = ',', value_name = "GOALS")]
    only: Vec<String>,
    /// Fewer and shorter rounds: to see that it runs, not to quote.
    #[arg(long)]
    quick: bool,
    /// Exit with 1 where a goal is missed.
    #[arg(long)]
    check: bool,
    /// Where databases are made, on a disk that keeps what it flushes; else beside this program.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program is when it runs as its own child.
#[derive(Subcommand)]
enum Part {
    #[command(hide = true)]
    Product { program: PathBuf, folder: PathBuf },
    #[command(hide = true)]
    Constant { path: String, answer: PathBuf },
    #[command(hide = true)]
    Writers(writers::Args),
}

/// What the measurements have in common.
pub(crate) struct Bench {
    /// The product's program.
    pub(crate) kefu: PathBuf,
    /// A folder that goes at the end.
    pub(crate) folder: PathBuf,
    /// Whether to be quick.
    pub(crate) quick: bool,
    /// Rounds of a measurement.
    pub(crate) rounds: usize,
}

const GOALS: [&str; 2] = ["G1", "G4"];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.part {
        None => measure(&cli),
        Some(Part::Product { program, folder }) => Err(child::become_product(program, folder)),
        Some(Part::Constant { path, answer }) => constant::serve(path, answer).map(|()| true),
        Some(Part::Writers(args)) => writers::run(args).map(|()| true),
    };
    match outcome {
        Ok(reached) if reached || !cli.check => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every goal was reached.
fn measure(cli: &Cli) -> anyhow::Result<bool> {
    if cfg!(debug_assertions) {
        bail!("only release builds are worth measuring: cargo run --release -p bench");
    }
    for goal in &cli.only {
        ensure!(GOALS.contains(&goal.as_str()), "there is no goal {goal}; there are {}", GOALS.join(", "));
    }
    let beside = std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned();
    let folder = cli.folder.clone().unwrap_or(beside);
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(folder)?;
    let bench = Bench {
        kefu: child::product()?,
        folder: folder.path().to_owned(),
        quick: cli.quick,
        rounds: if cli.quick { 3 } else { 7 },
    };
    machine::introduce(folder.path())?;
    // One thread makes the load; the servers have theirs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut reached = true;
    for goal in GOALS.into_iter().filter(|goal| cli.only.is_empty() || cli.only.iter().any(|o| o == goal)) {
        let reports = runtime.block_on(async {
            match goal {
                "G1" => g1::measure(&bench).await.map(|report| vec![report]),
                _ => g4::measure(&bench).await,
            }
        });
        for report in reports.with_context(|| goal)? {
            reached &= report.is_reached();
            println!("{report}");
        }
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
