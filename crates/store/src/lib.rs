//! The store: two SQL engines (SQLite and PostgreSQL), one SQL dialect, and files. It knows none of a desk's nouns.
//!
//! A *verb* is a plain function over [`Tx`]. It runs on one of the store's threads, in a transaction that it may share
//! with other verbs (a savepoint each). Its result is returned once that transaction is durable. The store may run a
//! verb twice, so a verb makes random values before it is submitted.
//!
//! An *owner* is what has a change feed: an account, a component or a worker. See ARCHITECTURE.md.

pub mod backup;
pub mod clock;
mod engine;
mod epoch;
pub mod error;
pub mod files;
pub mod health;
pub mod metrics;
pub mod place;
pub mod single_flight;
pub mod trust;

use crate::clock::Clock;
use crate::error::{Error, OutageLog};
use crate::metrics::{GaugeGuard, StoreMetrics};
use crate::place::Place;
use anyhow::Context;
use engine::job::{Job, JobMode};
use engine::{postgres, sqlite, watch};
use protocol::Errcode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use backup::{TableContent, hash};
pub use engine::sqlite::{check_path_length, numbered};
pub use engine::tx::{Row, Tx, Value};
pub use engine::watch::{Head, Wake};

/// How long a caller waits for PostgreSQL. After that the outcome is unknown, as after a lost connection.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The values for `$1`, `$2`, … of a statement.
#[macro_export]
macro_rules! bind {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

/// A handle to the store. Dropping the last clone stops the store's threads.
#[derive(Clone)]
pub struct Store(Arc<StoreState>);

struct StoreState {
    engine: Engine,
    shared: Arc<watch::Shared>,
    clock: Clock,
    outages: OutageLog,
    epoch: OnceLock<String>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the data at `place`, creates or migrates its tables, and starts the store's threads.
    ///
    /// # Errors
    /// When the data cannot be reached, another process holds it, or a newer Kefu wrote it.
    pub async fn open(place: &Place, clock: Clock) -> anyhow::Result<Store> {
        let (place, opened_at) = (place.clone(), clock.clone());
        let shared = Arc::new(watch::Shared::default());
        let inner = shared.clone();
        let engine = tokio::task::spawn_blocking(move || match place {
            Place::Folder(folder) => sqlite::Sqlite::open(&folder, inner, opened_at).map(Engine::Sqlite),
            Place::Postgres(url) => postgres::Postgres::open(&url, inner, opened_at).map(Engine::Postgres),
        })
        .await??;
        let outages = OutageLog::new("hearing from the database");
        let store = Store(Arc::new(StoreState { engine, shared, clock, outages, epoch: OnceLock::new() }));
        store.read_epoch().await.map_err(Error::cause).context("reading the epoch of the data")?;
        Ok(store)
    }

    /// Whether other processes may use the same data at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// How many read-only verbs run at once.
    #[must_use]
    pub fn readers(&self) -> usize {
        match self.0.engine {
            Engine::Sqlite(_) => sqlite::READERS,
            Engine::Postgres(_) => postgres::READERS,
        }
    }

    /// The clock that verbs see.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Runs a verb that changes `owner`: the verb takes the owner's next `seq` and records facts. A verb that records
    /// no fact is rolled back.
    ///
    /// # Errors
    /// The verb's. `SystemError` when the queue is full or the engine fails; the log has the cause.
    pub async fn write<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(JobMode::Write, owner, verb).await
    }

    /// Runs a verb that writes without a `seq` and without facts: durable, but not in the change feed. For logins,
    /// leases, quotas and the like.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_silent<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(JobMode::WriteSilent, owner, verb).await
    }

    /// Runs a read-only verb in one snapshot.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(JobMode::Read, owner, verb).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        mode: JobMode,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, result) = Job::new(mode, owner, verb);
        self.metrics().verbs.inc();
        let _waits = GaugeGuard::enter(&self.metrics().waiting);
        let result = match &self.0.engine {
            Engine::Sqlite(engine) => {
                engine.submit(job)?;
                result.await
            }
            Engine::Postgres(engine) => {
                engine.submit(job)?;
                self.in_time(result).await?
            }
        };
        result.unwrap_or_else(|_| Err(stopped()))
    }

    /// Waits for PostgreSQL.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, Error> {
        let Ok(answer) = tokio::time::timeout(TIMEOUT, answer).await else {
            let cause = anyhow::anyhow!("no answer in {} s", TIMEOUT.as_secs());
            return Err(self.0.outages.refuse(cause.into()));
        };
        self.0.outages.record(Ok(answer))
    }

    /// The number of verbs submitted since the start. While it does not rise, the engine runs no statement, because
    /// every statement belongs to a verb; a query for heads counts as one.
    #[must_use]
    pub fn verbs(&self) -> u64 {
        self.metrics().verbs.get()
    }

    /// The store's metrics.
    #[must_use]
    pub fn metrics(&self) -> &StoreMetrics {
        &self.0.shared.metrics
    }

    /// The latest head of `owner` that this process has seen, which another node may have passed.
    #[must_use]
    pub fn known_head(&self, owner: &str) -> Option<Head> {
        self.0.shared.head(owner)
    }

    /// Remembers a head of `owner` that a verb has read, so that [`Store::head`] need not read it again.
    pub fn learn_head(&self, owner: &str, head: Head) {
        self.0.shared.raise(owner, head);
    }

    /// The head of `owner`, never older than the moment of the call; `None` when there is no such owner. On SQLite,
    /// where only this process writes, it comes from memory. On PostgreSQL callers share a query.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn head(&self, owner: &str) -> Result<Option<Head>, Error> {
        match &self.0.engine {
            Engine::Sqlite(_) => {
                if let Some(head) = self.0.shared.head(owner) {
                    return Ok(Some(head));
                }
                let head = self.read(owner, |tx| tx.head()).await?;
                if let Some(head) = head {
                    self.0.shared.raise(owner, head);
                }
                Ok(head)
            }
            Engine::Postgres(engine) => {
                let _waits = GaugeGuard::enter(&self.metrics().waiting);
                self.in_time(engine.ask_head(owner)?).await?.unwrap_or_else(|_| Err(stopped()))
            }
        }
    }

    /// A receiver that changes when `owner` may have changed. Notifications between nodes can be lost, so subscribers
    /// also read the feed now and then.
    #[must_use]
    pub fn subscribe(&self, owner: &str) -> tokio::sync::watch::Receiver<Wake> {
        self.0.shared.subscribe(owner)
    }

    /// Drops the wake-up channel of an owner without subscribers.
    pub fn unsubscribe(&self, owner: &str) {
        self.0.shared.unsubscribe(owner);
    }
}

fn stopped() -> Error {
    anyhow::anyhow!("the store has stopped").into()
}

/// The refusal of a verb when the queue is full. Logs at most one line a second.
fn busy(metrics: &StoreMetrics) -> Error {
    metrics.refused.inc();
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Clock::system().now() / model::SECOND;
    if LAST.swap(now, Ordering::Relaxed) != now {
        tracing::warn!("the store's queue is full; verbs are refused");
    }
    Errcode::SystemError.into()
}
