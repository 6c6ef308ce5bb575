//! G4 and G5: durable `kfaccount/add` over HTTP, against the same statements on SQLite without a server.

use crate::Bench;
use crate::data::ground::Ground;
use crate::data::seed;
use crate::measure::adds::{Plan, median};
use crate::measure::group_commit::{self, BATCH_MAX};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::Rounds;
use kefu::config::Place;

const ACCOUNTS: usize = 10_000;
/// Numbers of connections, each with the goal: the share of the baseline's speed.
const SIZES: [(usize, f64); 2] = [(64, 0.85), (256, 0.75)];
/// The goal of G5, at the first number of connections: the product's p99 as a ratio to the baseline's.
const P99_MOST: f64 = 1.5;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let (seed, snapshot) = (bench.folder.join("g4-seed"), bench.folder.join("g4.db"));
    let shops = seed::shops(&seed::open(&Place::Folder(seed.clone())).await?, ACCOUNTS).await?;
    seed::snapshot(&seed, &snapshot)?;
    let ground = Ground::Sqlite { snapshot, folder: bench.folder.join("g4") };
    let plan = Plan::make(bench, "g4", ground, &shops)?;
    let mut reports = Vec::new();
    for (connections, least) in SIZES {
        let rounds = Rounds::run(
            bench.rounds,
            async || plan.product(connections, None).await,
            async || plan.writers("writers", connections, plan.calls, ("--batch-max", BATCH_MAX)).await,
        );
        let rounds = rounds.await?;
        let single = single(&plan, connections).await?;
        reports.push(speed(&plan, connections, least, &rounds, single));
        if reports.len() == 1 {
            reports.push(slowest(connections, &rounds));
        }
    }
    Ok(reports)
}

/// The baseline's calls per second with a commit for each call.
async fn single(plan: &Plan<'_>, connections: usize) -> anyhow::Result<f64> {
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(plan.writers("writers", connections, plan.calls / 8, ("--batch-max", 1)).await?);
    }
    Ok(median(&turns, |turn| turn.calls / turn.elapsed_s))
}

fn speed(plan: &Plan<'_>, connections: usize, least: f64, rounds: &Rounds, single: f64) -> Report {
    let title = format!("G4 kfaccount/add, durable, {ACCOUNTS} accounts, {connections} connections");
    let mut report = Report::of(title, rounds, Goal::AtLeast(least))
        .delay("p99", rounds, |turn| turn.p99_us, None)
        .with_rounds(rounds);
    group_commit::judge(&mut report, rounds, single);
    report.notes.push(plan.note());
    let what = format!("kfaccount/add on {connections} connections");
    report.plain.push(plainly(&what, rounds, "durable writes"));
    report
}

fn slowest(connections: usize, rounds: &Rounds) -> Report {
    let title = format!("G5 p99 of G4 at {connections} connections");
    Report { title, ..Report::default() }
        .delay("p99", rounds, |turn| turn.p99_us, Some(Goal::AtMost(P99_MOST)))
        .with_rounds(rounds)
}
