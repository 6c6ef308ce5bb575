//! G16: honest calls of one account while an anonymous host floods another one, with each attack and with all at once,
//! against the same calls before. The attacks and the honest load come from the crash tests.

use crate::Bench;
use crate::measure::machine;
use crate::measure::report::{Goal, Line, Report};
use crate::measure::round::Spread;
use anyhow::Context;
use crash::flood::{Attack, Ground, Load, Outcome, Times, name, trial};
use std::time::Duration;

/// The number of changes in the feed of the flooded account.
const CHANGES: usize = 30_000;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let ground = Ground::prepare(&bench.kefu, &bench.folder.join("g16"), CHANGES).await?;
    let seconds = |quick, full| Duration::from_secs(if bench.quick { quick } else { full });
    let times = Times { idle: seconds(2, 5), flooded: seconds(4, 10) };
    let mut outcomes = Vec::new();
    for attacks in Attack::ALL.iter().map(std::slice::from_ref).chain([Attack::ALL.as_slice()]) {
        machine::wait_for_silence(bench.patience()).await?;
        let outcome = trial(&ground, attacks, times).await.with_context(|| name(attacks))?;
        outcomes.push((name(attacks), outcome));
    }
    Ok(vec![report(&outcomes)])
}

fn report(outcomes: &[(&'static str, Outcome)]) -> Report {
    let idle = outcomes.iter().fold(Load::default(), |all, (_, outcome)| all.and(&outcome.idle));
    let mut report =
        Report { title: "G16 honest p99 while an anonymous host floods".into(), ..Report::default() };
    report.lines.extend(outcomes.iter().map(|(name, outcome)| line(name, outcome, &idle)));
    let worst = Spread::of(outcomes.iter().map(|(_, outcome)| outcome.flooded.health_worst.as_secs_f64()));
    report.lines.push(Line {
        name: "/healthz",
        spread: Spread { median: worst.max, ..worst },
        unit: "s at most",
        goal: Some(Goal::AtMost(1.0)),
        figures: "four requests a second during each attack".into(),
    });
    let (calls, p50, p99) = (idle.calls(), ms(idle.within(0.5)), ms(idle.within(0.99)));
    report.notes.push(format!("idle      {calls} honest calls before the attacks: p50 {p50}, p99 {p99}"));
    for (name, outcome) in outcomes {
        if let Some(first) = outcome.flooded.refused.first() {
            let refused = outcome.flooded.refused.len();
            report.faults.push(format!("{name}: {refused} honest calls were refused, first {first}"));
        }
        report.faults.extend(outcome.idle.refused.iter().map(|why| format!("before {name}: {why}")));
        report
            .faults
            .extend(outcome.taken.iter().map(|taken| format!("{name}: not free afterwards: {taken}")));
    }
    report
}

fn line(name: &'static str, outcome: &Outcome, idle: &Load) -> Line {
    let flooded = &outcome.flooded;
    let (p50, p99, idle_p99) = (flooded.within(0.5), flooded.within(0.99), idle.within(0.99));
    Line {
        name,
        spread: Spread::of([p99.as_secs_f64() / idle_p99.as_secs_f64()]),
        unit: "times idle",
        goal: Some(Goal::AtMost(10.0)),
        figures: format!(
            "{} calls, p50 {}, p99 {}, idle p99 {}; /healthz {} at most; {} refused; {} MiB of memory, {} of disk",
            flooded.calls(),
            ms(p50),
            ms(p99),
            ms(idle_p99),
            ms(flooded.health_worst),
            flooded.refused.len(),
            outcome.memory >> 20,
            outcome.disk >> 20,
        ),
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
