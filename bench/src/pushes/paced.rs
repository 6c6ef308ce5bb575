//! Calls at a steady pace, with the time at which each begins.

use crate::measure::load::Call;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Calls a second.
pub(crate) const RATE: f64 = 500.0;

/// When calls began, by their numbers, in microseconds since 1970.
pub(crate) type Times = HashMap<usize, u64>;

/// The times of callers who share them.
#[derive(Clone, Default)]
pub(crate) struct Begun(Arc<Mutex<Times>>);

impl Begun {
    fn with<T>(&self, act: impl FnOnce(&mut Times) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All times, which are empty then.
    pub(crate) fn take(&self) -> Times {
        self.with(std::mem::take)
    }
}

/// A caller who makes the `n`th call `n / RATE` seconds after the beginning, or as soon as it can.
pub(crate) struct Paced<C> {
    call: C,
    first: u64,
    begun: Begun,
}

/// Callers who begin now, and when their calls begin.
pub(crate) fn paced<C>(calls: impl IntoIterator<Item = C>) -> anyhow::Result<(Vec<Paced<C>>, Begun)> {
    let (first, begun) = (now()?, Begun::default());
    let paced = calls.into_iter().map(|call| Paced { call, first, begun: begun.clone() });
    Ok((paced.collect(), begun))
}

/// Microseconds since 1970, which processes of a machine can compare.
pub(crate) fn now() -> anyhow::Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?)
}

impl<C: Call> Call for Paced<C> {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        let due = self.first + (n as f64 * 1e6 / RATE) as u64;
        tokio::time::sleep(Duration::from_micros(due.saturating_sub(now()?))).await;
        let now = now()?;
        self.begun.with(|times| times.insert(n, now));
        self.call.call(n).await
    }
}
