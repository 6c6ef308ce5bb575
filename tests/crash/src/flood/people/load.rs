//! The results of honest calls.

use super::call::Call;
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The results of honest calls, and of requests for `/healthz` meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The time of each call, from the moment it was due.
    took: Vec<Duration>,
    /// The calls that were refused or not answered, and why.
    pub refused: Vec<String>,
    /// The longest time of `/healthz`.
    pub health_worst: Duration,
    /// How often `/healthz` was answered, and how often not.
    pub health: (usize, usize),
}

impl Load {
    /// The number of calls.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.took.len()
    }

    /// The longest time within the given share of the calls.
    #[must_use]
    pub fn within(&self, share: f64) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let nth = (took.len() as f64 * share).ceil() as usize;
        took.get(nth.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Both results together.
    #[must_use]
    pub fn and(mut self, other: &Load) -> Load {
        self.took.extend(&other.took);
        self.refused.extend(other.refused.iter().cloned());
        self.health_worst = self.health_worst.max(other.health_worst);
        self.health = (self.health.0 + other.health.0, self.health.1 + other.health.1);
        self
    }
}

/// A load under way.
#[derive(Default)]
pub(super) struct Tally(Mutex<Load>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Load> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answered(&self, call: Call, took: Duration, outcome: Result<Value, String>) {
        let mut load = self.lock();
        load.took.push(took);
        if let Err(why) = outcome {
            load.refused.push(format!("{call:?} after {took:.1?}: {why}"));
        }
    }

    pub(super) fn healthy(&self, took: Duration, is_healthy: bool) {
        let mut load = self.lock();
        load.health_worst = load.health_worst.max(took);
        if is_healthy { load.health.0 += 1 } else { load.health.1 += 1 }
    }

    /// The results; streams that ended count as refused.
    pub(super) fn load(&self, ended: usize) -> Load {
        let mut load = self.lock().clone();
        load.refused.extend((0..ended).map(|_| "a stream ended".to_owned()));
        load
    }
}

#[cfg(test)]
mod tests {
    use super::Load;
    use std::time::Duration;

    #[test]
    fn a_share_of_the_calls_takes_no_longer() {
        let took = (1..=200).rev().map(Duration::from_millis).collect();
        let load = Load { took, ..Load::default() };
        assert_eq!(load.within(0.5), Duration::from_millis(100));
        assert_eq!(load.within(0.99), Duration::from_millis(198));
        assert_eq!(load.within(1.0), Duration::from_millis(200));
        assert_eq!(Load::default().within(0.99), Duration::ZERO);
    }
}
