//! G6: a customer's message, durable, routed and delivered to its agent's open stream, against the same statements on
//! SQLite without HTTP and without streams. Also the delay from the post to the stream, with few and many open streams.

use crate::Bench;
use crate::data::customers;
use crate::measure::adds::median;
use crate::measure::delivery::{Plan, steady_delays};
use crate::measure::group_commit::{self, BATCH_MAX};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::{Rounds, Spread};

const CONNECTIONS: usize = 64;
const ACCOUNTS: usize = 100;
/// Numbers of open streams, and the messages a second, for the delay at a steady rate.
const STREAMS: [usize; 3] = [10, 100, 1000];
const RATE: f64 = 100.0;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let folder = bench.folder.join("g6");
    let people = customers::fill(&folder, ACCOUNTS, Plan::customers(bench)).await?;
    let plan = Plan::make(bench, folder, people)?;
    let mut delays = Vec::new();
    let rounds = Rounds::run(
        bench.rounds,
        async || {
            let (turn, took_us) = plan.product(CONNECTIONS, None).await?;
            delays.push((within_ms(&took_us, 0.5), within_ms(&took_us, 0.99)));
            Ok(turn)
        },
        async || plan.baseline(CONNECTIONS, plan.calls, BATCH_MAX).await,
    );
    let rounds = rounds.await?;
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(plan.baseline(CONNECTIONS, plan.calls / 8, 1).await?);
    }
    let single = median(&turns, |turn| turn.calls / turn.elapsed_s);
    let title = format!(
        "G6 a customer's message, durable and on its agent's stream, {ACCOUNTS} accounts, {CONNECTIONS} connections"
    );
    let mut report = Report::of(title, &rounds, Goal::AtLeast(0.60))
        .delay("p99", &rounds, |turn| turn.p99_us, None)
        .with_rounds(&rounds);
    group_commit::judge(&mut report, &rounds, single);
    let (p50, p99) = delays.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let (p50, p99) = (Spread::of(p50).median, Spread::of(p99).median);
    report.notes.push(format!(
        "delay     from the post to the stream under this load: p50 {p50:.2} ms, p99 {p99:.2} ms"
    ));
    report.notes.push(plan.note());
    report.plain.push(plainly("a customer's message on its agent's stream", &rounds, "messages"));
    for streams in STREAMS {
        let took_us = steady_delays(bench, streams, RATE).await?;
        let (p50, p99) = (within_ms(&took_us, 0.5), within_ms(&took_us, 0.99));
        report.plain.push(format!(
            "from a customer's post to the agent's stream, {streams} open streams, {RATE:.0} messages a second: \
             p50 {p50:.2} ms, p99 {p99:.2} ms"
        ));
    }
    Ok(vec![report])
}

/// The longest time within the given share of sorted times, in milliseconds.
fn within_ms(took_us: &[u32], share: f64) -> f64 {
    let last = took_us.len().saturating_sub(1) as f64;
    took_us.get((last * share) as usize).copied().map_or(0.0, f64::from) / 1e3
}
