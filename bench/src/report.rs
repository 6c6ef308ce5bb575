//! What is printed of a measurement.

use crate::round::{Round, Rounds, Spread, Turn};
use std::fmt::{self, Display, Formatter};

/// A measurement against its goals.
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) rounds: Rounds,
    /// The least share of the baseline's calls a second.
    pub(crate) speed_goal: f64,
    /// The least share of the baseline's calls for the same processor time, where it matters.
    pub(crate) economy_goal: Option<f64>,
    /// What else was found, a sentence each.
    pub(crate) notes: Vec<String>,
    /// Why the measurement says nothing, or shows a fault, if so.
    pub(crate) faults: Vec<String>,
}

impl Report {
    pub(crate) fn is_reached(&self) -> bool {
        self.faults.is_empty()
            && self.speed().median >= self.speed_goal
            && self.economy_goal.is_none_or(|goal| self.economy().median >= goal)
    }

    fn speed(&self) -> Spread {
        Spread::of(self.rounds.kept.iter().map(Round::speed))
    }

    fn economy(&self) -> Spread {
        Spread::of(self.rounds.kept.iter().map(Round::economy))
    }
}

fn ratio(f: &mut Formatter<'_>, name: &str, spread: Spread, goal: Option<f64>, figures: &str) -> fmt::Result {
    let Spread { median, min, max } = spread;
    let goal = goal.map_or("no goal ".into(), |goal| format!("goal {goal:.2}"));
    writeln!(f, "  {name:<9} {median:.2} of the baseline ({min:.2} to {max:.2}), {goal}   {figures}")
}

fn calls_per_s(turn: &Turn) -> f64 {
    turn.calls / turn.elapsed_s
}

fn cpu_us(turn: &Turn) -> f64 {
    turn.server_s * 1e6 / turn.calls
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Report { title, rounds, .. } = self;
        writeln!(f, "{title}: {}", if self.is_reached() { "reached" } else { "MISSED" })?;
        let figures = format!("{:.0}/s, {:.0}/s", rounds.product(calls_per_s), rounds.baseline(calls_per_s));
        ratio(f, "requests", self.speed(), Some(self.speed_goal), &figures)?;
        let figures =
            format!("{:.1} µs, {:.1} µs a request", rounds.product(cpu_us), rounds.baseline(cpu_us));
        ratio(f, "CPU", self.economy(), self.economy_goal, &figures)?;
        for (name, figure) in [("p50", (|turn| turn.p50_us) as fn(&Turn) -> f64), ("p99", |turn| turn.p99_us)]
        {
            let (ours, theirs) = (rounds.product(figure) / 1e3, rounds.baseline(figure) / 1e3);
            writeln!(
                f,
                "  {name:<9} {ours:.2} ms, {theirs:.2} ms in the baseline ({:.1} times)",
                ours / theirs
            )?;
        }
        let others = rounds.others();
        let percent = |share: f64| share * 100.0;
        writeln!(
            f,
            "  rounds    {} of {} count; in their worst turns others took {:.0} % of the machine ({:.0} to {:.0})",
            rounds.kept.len(),
            rounds.run,
            percent(others.median),
            percent(others.min),
            percent(others.max)
        )?;
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        for fault in &self.faults {
            writeln!(f, "  VOID      {fault}")?;
        }
        Ok(())
    }
}
