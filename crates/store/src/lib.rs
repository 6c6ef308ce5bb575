//! The store: two engines, one dialect, and verbs that can be run again. It knows no nouns.
//!
//! A verb is a plain function over [`Tx`]. It runs on a thread of the store's own, in a transaction
//! it may share with other verbs (a savepoint each), and its result is held until that transaction
//! is committed durably. A verb must give the same result when it is run again: what is random is
//! made before.

pub mod backup;
pub mod clock;
mod engine;
mod epoch;
pub mod error;
pub mod files;
pub mod health;
pub mod meter;
pub mod place;
pub mod single_flight;
pub mod trust;

use crate::clock::Clock;
use crate::error::{Error, OutageLog};
use crate::meter::Stores;
use crate::place::Place;
use anyhow::Context;
use engine::job::{Job, Mode};
use engine::{postgres, sqlite, watch};
use protocol::Errcode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use backup::{Content, hash};
pub use engine::sqlite::{fits, numbered};
pub use engine::tx::{Row, Tx, Value};
pub use engine::watch::{Head, Wake};

/// How long the engine may take; a database across the network may never answer. What is answered later was done
/// or not, as after a connection that broke.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes `$1`, `$2`, … of a statement.
#[macro_export]
macro_rules! bind {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

/// The store. Clones share it; the last one that goes stops its threads.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
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
    /// When it cannot be reached, is held by another process, or was written by a newer Kefu.
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
        let store = Store(Arc::new(Inner { engine, shared, clock, outages, epoch: OnceLock::new() }));
        store.read_epoch().await.map_err(Error::cause).context("reading the epoch of the data")?;
        Ok(store)
    }

    /// Whether other processes may use the same data at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// How many verbs that only look run at once.
    #[must_use]
    pub fn readers(&self) -> usize {
        match self.0.engine {
            Engine::Sqlite(_) => sqlite::READERS,
            Engine::Postgres(_) => postgres::READERS,
        }
    }

    /// The clock the verbs see.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Runs a verb that changes `owner`: it takes the owner's next `seq` and records facts. A verb
    /// that records none has changed nothing, and is rolled back.
    ///
    /// # Errors
    /// What the verb answers; `SystemError` when too much waits or the engine fails, which says why in the log.
    pub async fn write<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(Mode::Write, owner, verb).await
    }

    /// Runs a verb that keeps books (logins, leases, cursors): durable, but no change anybody hears of.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_silent<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(Mode::WriteSilent, owner, verb).await
    }

    /// Runs a verb that only looks, in one snapshot.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T: Send + 'static>(
        &self,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(Mode::Read, owner, verb).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        mode: Mode,
        owner: impl Into<String>,
        verb: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, answer) = Job::new(mode, owner, verb);
        self.meters().verbs.add();
        let _waits = self.meters().waiting.hold();
        let answer = match &self.0.engine {
            Engine::Sqlite(engine) => {
                engine.submit(job)?;
                answer.await
            }
            Engine::Postgres(engine) => {
                engine.submit(job)?;
                let Ok(answer) = tokio::time::timeout(PATIENCE, answer).await else {
                    let cause = anyhow::anyhow!("no answer in {} s", PATIENCE.as_secs());
                    return Err(self.0.outages.refuse(cause.into()));
                };
                self.0.outages.record(Ok(()))?;
                answer
            }
        };
        answer.unwrap_or_else(|_| Err(anyhow::anyhow!("the store has stopped").into()))
    }

    /// How many verbs it was asked to run since the start. No statement runs outside a verb, so where
    /// this stands still the engine was not asked.
    #[must_use]
    pub fn verbs(&self) -> u64 {
        self.meters().verbs.get()
    }

    /// What the store counts.
    #[must_use]
    pub fn meters(&self) -> &Stores {
        &self.0.shared.meters
    }

    /// The latest head of `owner` that this process has seen, which another node may have passed.
    #[must_use]
    pub fn known_head(&self, owner: &str) -> Option<Head> {
        self.0.shared.head(owner)
    }

    /// The head of `owner`, never older than the moment of the call; `None` when there is no such owner. On SQLite,
    /// where only this process writes, it comes from memory.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn head(&self, owner: &str) -> Result<Option<Head>, Error> {
        if !self.is_shared()
            && let Some(head) = self.0.shared.head(owner)
        {
            return Ok(Some(head));
        }
        let head = self.0.shared.head_reads.run(owner, || self.read_head(owner)).await?;
        if let Some(head) = head {
            self.0.shared.raise(owner, head);
        }
        Ok(head)
    }

    async fn read_head(&self, owner: &str) -> Result<Option<Head>, Error> {
        self.submit(Mode::ReadSingle, owner, |tx| tx.head()).await
    }

    /// Changes when `owner` may have changed. A notification may be lost between nodes, so look now and
    /// then all the same.
    #[must_use]
    pub fn subscribe(&self, owner: &str) -> tokio::sync::watch::Receiver<Wake> {
        self.0.shared.subscribe(owner)
    }

    /// Forgets the wake-up channel of an owner nobody listens to any more.
    pub fn unsubscribe(&self, owner: &str) {
        self.0.shared.unsubscribe(owner);
    }
}

/// The refusal of a verb for which there is no room, and a line in the log, once a second at most.
fn busy(meters: &Stores) -> Error {
    meters.refused.add();
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Clock::system().now() / model::SECOND;
    if LAST.swap(now, Ordering::Relaxed) != now {
        tracing::warn!("the store's queue is full; verbs are refused");
    }
    Errcode::SystemError.into()
}
