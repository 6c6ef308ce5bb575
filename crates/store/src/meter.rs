//! What is counted: plain numbers in memory, made before they are needed, so that counting looks nothing up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What happened so many times.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Once more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now.
#[derive(Clone, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// One more, for as long as the answer lives.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// How many.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of what a gauge counts.
pub struct Held(Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How large things are: powers of two of a unit, and what is beyond the last.
pub struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Histogram {
            buckets: [const { AtomicU64::new(0) }; N],
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// Takes note of one: bucket `n` holds what is at most 2ⁿ.
    pub fn note(&self, size: u64) {
        let bucket = usize::try_from(size.max(1).next_power_of_two().trailing_zeros()).unwrap_or(N);
        self.buckets.get(bucket).unwrap_or(&self.beyond).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(size, Ordering::Relaxed);
    }

    /// How many each bucket holds, how many are beyond the last, and the sum of all sizes.
    #[must_use]
    pub fn counts(&self) -> ([u64; N], u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (self.buckets.each_ref().map(read), read(&self.beyond), read(&self.sum))
    }
}

/// What the store's threads count.
#[derive(Default)]
pub struct Stores {
    /// Verbs it was asked to run.
    pub verbs: Counter,
    /// Verbs for which there was no room.
    pub refused: Counter,
    /// Verbs that wait or run.
    pub waiting: Gauge,
    /// Verbs of a batch.
    pub batch: Histogram<9>,
    /// Microseconds of a commit.
    pub commit: Histogram<24>,
}

impl Stores {
    /// A batch was committed, in this time.
    pub fn committed(&self, verbs: usize, took: Duration) {
        self.batch.note(verbs as u64);
        self.commit.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn what_is_held_is_counted_until_it_goes() {
        let gauge = Gauge::default();
        let held = (gauge.hold(), gauge.hold());
        assert_eq!(gauge.get(), 2);
        drop(held.0);
        assert_eq!(gauge.get(), 1);
    }
}
