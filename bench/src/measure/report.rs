//! The report of a measurement.

use crate::measure::round::{Round, Rounds, Spread, Turn};
use std::fmt::{self, Display, Formatter};

/// The least width of the column of names.
const NAME: usize = 9;

/// The goal of a figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    /// Whether a figure reaches the goal, or misses it by a factor of at most `slack`.
    fn is_met(self, figure: f64, slack: f64) -> bool {
        match self {
            Goal::AtLeast(least) => figure >= least / slack,
            Goal::AtMost(most) => figure <= most * slack,
        }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtLeast(least) => write!(f, "at least {least:.2}"),
            Goal::AtMost(most) => write!(f, "at most {most:.2}"),
        }
    }
}

/// A figure, and its goal if it has one.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) spread: Spread,
    /// The unit.
    pub(crate) unit: &'static str,
    pub(crate) goal: Option<Goal>,
    /// The figures from which it was calculated.
    pub(crate) figures: String,
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Line { name, spread: Spread { median, min, max }, unit, figures, .. } = self;
        let goal = self.goal.map_or("no goal".into(), |goal| goal.to_string());
        let width = f.width().unwrap_or(NAME);
        write!(f, "  {name:<width$} {median:.2} {unit} ({min:.2} to {max:.2}), {goal}   {figures}")
    }
}

/// A measurement with its goals.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
    /// The speed that docs/performance.md shows, where that misses the goal by more than half.
    pub(crate) shown: Option<f64>,
    /// Other findings, one sentence each.
    pub(crate) notes: Vec<String>,
    /// Why the measurement is void, if it is.
    pub(crate) void: Vec<String>,
    /// Faults, which no speed makes up for.
    pub(crate) faults: Vec<String>,
    /// Figures of the product alone.
    pub(crate) plain: Vec<String>,
}

const OF_THE_BASELINE: &str = "of the baseline";
const TIMES_THE_BASELINE: &str = "times the baseline's";

impl Report {
    /// A report of the product's calls per second, as a ratio to the baseline's.
    pub(crate) fn of(title: String, rounds: &Rounds, speed: Goal) -> Self {
        Report::of_speed(title, rounds, speed).delay("p50", rounds, |turn| turn.p50_us, None)
    }

    /// The same without the times of single calls.
    pub(crate) fn of_speed(title: String, rounds: &Rounds, speed: Goal) -> Self {
        let figures = format!("{:.0}/s, {:.0}/s", rounds.product(calls_per_s), rounds.baseline(calls_per_s));
        let speed = Line {
            name: "requests",
            spread: ratios(rounds, Round::speed),
            unit: OF_THE_BASELINE,
            goal: Some(speed),
            figures,
        };
        Report { title, lines: vec![speed], ..Report::default() }.economy(rounds, None)
    }

    /// Adds the product's calls per processor time, as a ratio to the baseline's.
    fn economy(mut self, rounds: &Rounds, goal: Option<Goal>) -> Self {
        let figures =
            format!("{:.1} µs, {:.1} µs a request", rounds.product(cpu_us), rounds.baseline(cpu_us));
        let spread = ratios(rounds, Round::economy);
        self.lines.push(Line { name: "CPU", spread, unit: OF_THE_BASELINE, goal, figures });
        self
    }

    /// Adds the time of the product's calls, as a ratio to the baseline's.
    pub(crate) fn delay(
        mut self,
        name: &'static str,
        rounds: &Rounds,
        figure: fn(&Turn) -> f64,
        goal: Option<Goal>,
    ) -> Self {
        let (ours, theirs) = (rounds.product(figure) / 1e3, rounds.baseline(figure) / 1e3);
        let spread = ratios(rounds, |round| round.times(figure));
        let figures = format!("{ours:.2} ms, {theirs:.2} ms");
        self.lines.push(Line { name, spread, unit: TIMES_THE_BASELINE, goal, figures });
        self
    }

    /// Sets the goal for processor time.
    pub(crate) fn with_economy(mut self, goal: Goal) -> Self {
        self.lines.iter_mut().filter(|line| line.name == "CPU").for_each(|line| line.goal = Some(goal));
        self
    }

    /// Notes the speed that docs/performance.md shows, where that misses the goal by more than half. A quick check
    /// fails below half of it.
    pub(crate) fn with_shown(self, shown: f64) -> Self {
        Report { shown: Some(shown), ..self }
    }

    /// Adds how noisy the rounds were.
    pub(crate) fn with_rounds(mut self, rounds: &Rounds) -> Self {
        let (others, percent) = (rounds.others(), |share: f64| share * 100.0);
        self.notes.push(format!(
            "rounds    {} of {} count; in their worst turns others took {:.0} % of the machine ({:.0} to {:.0})",
            rounds.kept.len(),
            rounds.run,
            percent(others.median),
            percent(others.min),
            percent(others.max)
        ));
        self
    }

    pub(crate) fn is_reached(&self) -> bool {
        self.faults.is_empty() && self.void.is_empty() && self.is_met(None, 1.0)
    }

    /// Whether there is no fault and no goal, or the speed that is shown in its place, is missed by more than half,
    /// which is all that a quick run can tell.
    pub(crate) fn is_bearable(&self) -> bool {
        self.faults.is_empty() && (!self.void.is_empty() || self.is_met(self.shown, 2.0))
    }

    /// Whether every goal is met. `speed` takes the place of the goal of the first line.
    fn is_met(&self, speed: Option<f64>, slack: f64) -> bool {
        let instead = speed.map(Goal::AtLeast).into_iter().map(Some).chain(std::iter::repeat(None));
        let mut lines = self.lines.iter().zip(instead);
        lines.all(|(line, instead)| {
            instead.or(line.goal).is_none_or(|goal| goal.is_met(line.spread.median, slack))
        })
    }

    fn verdict(&self) -> &'static str {
        match (self.is_reached(), self.faults.is_empty() && !self.void.is_empty()) {
            (true, _) => "reached",
            (_, true) => "VOID",
            _ => "MISSED",
        }
    }
}

fn ratios(rounds: &Rounds, ratio: impl Fn(&Round) -> f64) -> Spread {
    Spread::of(rounds.kept.iter().map(ratio))
}

fn calls_per_s(turn: &Turn) -> f64 {
    turn.calls / turn.elapsed_s
}

fn cpu_us(turn: &Turn) -> f64 {
    turn.server_s * 1e6 / turn.calls
}

/// The product's figures without the baseline; `per_s` names what is counted per second.
pub(crate) fn plainly(what: &str, rounds: &Rounds, per_s: &str) -> String {
    format!(
        "{what}: {:.0} {per_s} a second, p50 {:.2} ms, p99 {:.2} ms, {:.0} MB resident",
        rounds.product(calls_per_s),
        rounds.product(|turn| turn.p50_us) / 1e3,
        rounds.product(|turn| turn.p99_us) / 1e3,
        rounds.product(|turn| turn.resident) / 1e6,
    )
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.title, self.verdict())?;
        let width = self.lines.iter().map(|line| line.name.len()).fold(NAME, usize::max);
        self.lines.iter().try_for_each(|line| writeln!(f, "{line:width$}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))?;
        self.void.iter().try_for_each(|void| writeln!(f, "  VOID      {void}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  FAULT     {fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Line, Report};
    use crate::measure::round::Spread;

    fn report(figure: f64, goal: Goal) -> Report {
        let spread = Spread::of([figure]);
        let line = Line { name: "figure", spread, unit: "", goal: Some(goal), figures: String::new() };
        Report { lines: vec![line], ..Report::default() }
    }

    #[test]
    fn a_goal_is_a_least_or_a_most() {
        assert!(report(0.9, Goal::AtLeast(0.9)).is_reached());
        assert!(!report(0.89, Goal::AtLeast(0.9)).is_reached());
        assert!(report(4.0, Goal::AtMost(4.0)).is_reached());
        assert!(!report(4.1, Goal::AtMost(4.0)).is_reached());
        assert!(!report(f64::NAN, Goal::AtLeast(0.9)).is_reached());
    }

    #[test]
    fn a_quick_run_accepts_half_of_a_goal_and_no_less() {
        assert!(report(0.46, Goal::AtLeast(0.9)).is_bearable());
        assert!(!report(0.44, Goal::AtLeast(0.9)).is_bearable());
        assert!(report(7.9, Goal::AtMost(4.0)).is_bearable());
        assert!(!report(8.1, Goal::AtMost(4.0)).is_bearable());
        assert!(!report(f64::NAN, Goal::AtMost(4.0)).is_bearable());
    }

    #[test]
    fn a_quick_run_accepts_half_of_a_known_speed_that_misses_the_goal_by_far() {
        let known = |figure| report(figure, Goal::AtLeast(0.7)).with_shown(0.2);
        assert!(known(0.11).is_bearable() && !known(0.09).is_bearable());
        assert!(!known(0.2).is_reached());
    }

    #[test]
    fn a_void_report_is_bearable_but_not_reached_and_a_faulty_one_is_neither() {
        let mut report = report(0.1, Goal::AtLeast(0.9));
        report.void.push("the baseline is too slow".into());
        assert!(report.is_bearable() && !report.is_reached());
        assert_eq!(report.verdict(), "VOID");
        report.faults.push("a warm request ran SQL".into());
        assert!(!report.is_bearable());
        assert_eq!(report.verdict(), "MISSED");
    }
}
