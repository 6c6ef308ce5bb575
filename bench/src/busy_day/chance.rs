//! The distributions of the simulated day, drawn from a seed.

/// A source of random numbers that a seed repeats: SplitMix64, by Steele, Lea and Flood (2014).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// A number from 0 to 1, without both.
    pub(super) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// An exponential time with this mean, milliseconds.
    pub(super) fn exponential(&mut self, mean_ms: f64) -> i64 {
        (-self.share().ln() * mean_ms) as i64 + 1
    }

    /// A log-normal time with this median and spread (the deviation of the logarithm), milliseconds.
    pub(super) fn log_normal(&mut self, median_ms: f64, spread: f64) -> i64 {
        let radius = (-2.0 * self.share().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share()).cos();
        (median_ms * (spread * normal).exp()) as i64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn times_have_their_mean_and_median() {
        let mut chance = Chance(1);
        let mean = (0..20_000).map(|_| chance.exponential(60_000.0)).sum::<i64>() / 20_000;
        assert!((58_000..62_000).contains(&mean), "{mean}");
        let mut times: Vec<_> = (0..20_000).map(|_| chance.log_normal(40_000.0, 0.8)).collect();
        times.sort_unstable();
        assert!((39_000..41_000).contains(&times[10_000]), "{}", times[10_000]);
    }
}
