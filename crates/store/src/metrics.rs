//! Metrics of the store: the handles that its threads count in. The server names and renders them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::time::Duration;

/// Raises a gauge by one until it is dropped.
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    /// Raises `gauge` by one.
    #[must_use]
    pub fn enter(gauge: &Gauge) -> Self {
        gauge.inc();
        GaugeGuard(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The metrics of a store.
#[derive(Debug)]
pub struct StoreMetrics {
    /// Verbs that the store was asked to run.
    pub verbs: Counter,
    /// Verbs that were refused because the queue was full.
    pub refused: Counter,
    /// Verbs that wait in the queue or run.
    pub waiting: Gauge,
    /// Verbs of a batch, which share one commit.
    pub batch: Histogram,
    /// Duration of a durable commit, in seconds.
    pub commit: Histogram,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        StoreMetrics {
            verbs: Counter::default(),
            refused: Counter::default(),
            waiting: Gauge::default(),
            batch: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit: Histogram::new(exponential_buckets(1e-6, 2.0, 24)),
        }
    }
}

impl StoreMetrics {
    /// Records a batch of `verbs` verbs that was committed in `took`.
    pub fn committed(&self, verbs: usize, took: Duration) {
        self.batch.observe(verbs as f64);
        self.commit.observe(took.as_secs_f64());
    }
}
