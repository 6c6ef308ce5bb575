//! G7: `kfaccount/add` on PostgreSQL, against the same statements on plain connections with one transaction per call.

use crate::Bench;
use crate::data::database::Cluster;
use crate::data::ground::{Ground, SEED};
use crate::data::seed;
use crate::measure::adds::Plan;
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::Rounds;

const ACCOUNTS: usize = 2_000;
const CONNECTIONS: usize = 64;
/// The baseline's connections to PostgreSQL.
const PLAIN: usize = 16;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let cluster = Cluster::start()?;
    let shops = seed::shops(&seed::open(&cluster.create(SEED)?).await?, ACCOUNTS).await?;
    let plan = Plan::make(bench, "g7", Ground::Postgres(&cluster), &shops)?;
    let rounds = Rounds::run(
        bench.rounds,
        async || plan.product(CONNECTIONS, None).await,
        async || plan.writers("plain-writers", CONNECTIONS, plan.calls, ("--connections", PLAIN)).await,
    );
    let rounds = rounds.await?;
    let title = format!("G7 kfaccount/add on PostgreSQL, {ACCOUNTS} accounts, {CONNECTIONS} connections");
    let mut report = Report::of(title, &rounds, Goal::AtLeast(0.85))
        .delay("p99", &rounds, |turn| turn.p99_us, None)
        .with_rounds(&rounds);
    report.notes.push("CPU       counts Kefu's process, not PostgreSQL's".into());
    report.notes.push(plan.note());
    let what = format!("kfaccount/add on PostgreSQL, {CONNECTIONS} connections");
    report.plain.push(plainly(&what, &rounds, "durable writes"));
    Ok(vec![report])
}
