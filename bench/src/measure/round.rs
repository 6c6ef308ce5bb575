//! Rounds of a measurement: product, baseline, baseline, product. Noisy rounds are repeated.

use crate::measure::load::Tally;
use crate::measure::machine::{NOISE, Spent};
use serde::{Deserialize, Serialize};

/// The figures of one turn of the product or the baseline.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) calls: f64,
    pub(crate) elapsed_s: f64,
    pub(crate) server_s: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) others: f64,
    /// Resident memory of the server at the end, in bytes.
    pub(crate) resident: f64,
    /// The mean number of calls per commit; 0 if unknown.
    pub(crate) batch: f64,
}

impl Turn {
    pub(crate) fn new(tally: &Tally, spent: &Spent) -> Self {
        Turn {
            calls: tally.calls as f64,
            elapsed_s: spent.elapsed.as_secs_f64(),
            server_s: spent.server_s,
            p50_us: tally.within_us(0.5),
            p99_us: tally.within_us(0.99),
            others: spent.others,
            resident: spent.resident,
            batch: 0.0,
        }
    }
}

/// A figure's median, minimum and maximum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        let half = figures.len() / 2;
        let median = if figures.len().is_multiple_of(2) && half > 0 {
            (at(half - 1) + at(half)) / 2.0
        } else {
            at(half)
        };
        Spread { median, min: at(0), max: at(figures.len().saturating_sub(1)) }
    }
}

/// One round: two turns of the product and two of the baseline.
pub(crate) struct Round {
    pub(crate) product: [Turn; 2],
    pub(crate) baseline: [Turn; 2],
}

impl Round {
    fn others(&self) -> f64 {
        let turns = self.product.iter().chain(&self.baseline);
        turns.map(|turn| turn.others).fold(0.0, f64::max)
    }

    /// The product's calls per second, as a ratio to the baseline's.
    pub(crate) fn speed(&self) -> f64 {
        let speed = |[a, b]: &[Turn; 2]| (a.calls + b.calls) / (a.elapsed_s + b.elapsed_s);
        speed(&self.product) / speed(&self.baseline)
    }

    /// The product's calls per processor time of the server, as a ratio to the baseline's.
    pub(crate) fn economy(&self) -> f64 {
        let economy = |[a, b]: &[Turn; 2]| (a.calls + b.calls) / (a.server_s + b.server_s);
        economy(&self.product) / economy(&self.baseline)
    }

    /// A figure of the product, as a ratio to the baseline's.
    pub(crate) fn times(&self, figure: fn(&Turn) -> f64) -> f64 {
        let sum = |turns: &[Turn; 2]| turns.iter().map(figure).sum::<f64>();
        sum(&self.product) / sum(&self.baseline)
    }
}

/// The rounds that count.
pub(crate) struct Rounds {
    pub(crate) kept: Vec<Round>,
    /// The number of rounds that were run.
    pub(crate) run: usize,
}

impl Rounds {
    /// Runs rounds until enough are quiet, or until twice as many are run; then the quietest count.
    pub(crate) async fn run(
        rounds: usize,
        mut product: impl AsyncFnMut() -> anyhow::Result<Turn>,
        mut baseline: impl AsyncFnMut() -> anyhow::Result<Turn>,
    ) -> anyhow::Result<Self> {
        let (mut kept, mut run) = (Vec::new(), 0);
        while run < 2 * rounds
            && kept.iter().filter(|round: &&Round| round.others() <= NOISE).count() < rounds
        {
            let first = product().await?;
            let baseline = [baseline().await?, baseline().await?];
            kept.push(Round { product: [first, product().await?], baseline });
            run += 1;
        }
        kept.sort_unstable_by(|a, b| a.others().total_cmp(&b.others()));
        kept.truncate(rounds);
        Ok(Rounds { kept, run })
    }

    pub(crate) fn others(&self) -> Spread {
        Spread::of(self.kept.iter().map(Round::others))
    }

    /// The median of a figure over all turns of the product.
    pub(crate) fn product(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        Spread::of(self.kept.iter().flat_map(|round| &round.product).map(figure)).median
    }

    /// The median of a figure over all turns of the baseline.
    pub(crate) fn baseline(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        Spread::of(self.kept.iter().flat_map(|round| &round.baseline).map(figure)).median
    }
}

#[cfg(test)]
mod tests {
    use super::{Rounds, Spread, Turn};
    use crate::measure::machine::NOISE;

    fn turn(calls: f64, others: f64) -> Turn {
        Turn {
            calls,
            elapsed_s: 1.0,
            server_s: 0.5,
            p50_us: 1.0,
            p99_us: 2.0,
            others,
            resident: 0.0,
            batch: 0.0,
        }
    }

    #[test]
    fn the_median_is_the_middle_value() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
        assert_eq!(Spread::of([1.0, 4.0]).median, 2.5);
    }

    #[tokio::test]
    async fn a_noisy_round_is_repeated_and_does_not_count() -> anyhow::Result<()> {
        let mut turns = 0;
        let noisy = async || {
            turns += 1;
            Ok(if turns < 3 { turn(1.0, 2.0 * NOISE) } else { turn(80.0, 0.0) })
        };
        let rounds = Rounds::run(2, noisy, async || Ok(turn(100.0, 0.0))).await?;
        assert_eq!((rounds.run, rounds.kept.len()), (3, 2));
        assert!(rounds.kept.iter().all(|round| (round.speed() - 0.8).abs() < 1e-9));
        Ok(())
    }

    #[tokio::test]
    async fn rounds_count_even_if_all_are_noisy() -> anyhow::Result<()> {
        let noisy = async || Ok(turn(1.0, 2.0 * NOISE));
        let rounds = Rounds::run(2, noisy, async || Ok(turn(1.0, 0.0))).await?;
        assert_eq!((rounds.run, rounds.kept.len()), (4, 2));
        assert!(rounds.others().min > NOISE);
        Ok(())
    }
}
