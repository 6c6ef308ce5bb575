//! Customers of an account with a developer's server, who write at a steady pace beside another load.

use crate::data::backlog;
use crate::data::customers::Customer;
use crate::measure::child::Server;
use crate::measure::delivery::messages::{Order, request};
use crate::measure::developer::Seen;
use crate::measure::load::{self, Connection};
use crate::measure::round::Spread;
use kefu::desk::Desk;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Messages a second, each of which is a push.
pub(crate) const PACE: f64 = 500.0;
/// Customers who write in turn, and their connections.
const CUSTOMERS: usize = 500;
const WRITERS: usize = 64;
const ORDER: Order = Order { group: CUSTOMERS, each: 1_000_000 };
/// How long a push may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Pushing {
    developer: Server,
    customers: Arc<[Customer]>,
    /// The number of the next message.
    next: Arc<AtomicUsize>,
    /// Pushes a second that came to the developer's server, in each turn.
    paces: Mutex<Vec<f64>>,
}

impl Pushing {
    /// Makes the account and its customers.
    pub(crate) async fn make(desk: &Desk) -> anyhow::Result<Self> {
        let developer = Server::developer()?;
        let customers = backlog::customers(desk, developer.address, CUSTOMERS).await?;
        Ok(Pushing { developer, customers: customers.into(), next: Arc::default(), paces: Mutex::default() })
    }

    /// The process id of the developer's server.
    pub(crate) fn pid(&self) -> u32 {
        self.developer.pid()
    }

    /// Lets the customers write to this server of the product, once it has delivered a first message.
    pub(crate) async fn begin(&self, product: SocketAddr) -> anyhow::Result<Writing<'_>> {
        Seen::forget(self.developer.address).await?;
        let mut connections = load::connect(product, WRITERS, &Arc::default()).await?;
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        connections[0].ask(&request(&self.customers, ORDER, first)).await?;
        Seen::all(self.developer.address, 1, PATIENCE).await?;
        let (begun, stop, mut writers) = (Instant::now(), Arc::default(), JoinSet::new());
        for connection in connections {
            let (customers, next, stop) = (self.customers.clone(), self.next.clone(), Arc::clone(&stop));
            writers.spawn(write(connection, customers, next, first, begun, stop));
        }
        Ok(Writing { pushing: self, begun, stop, writers })
    }

    /// Pushes a second in all turns.
    pub(crate) fn pace(&self) -> Spread {
        Spread::of(self.paces.lock().unwrap_or_else(PoisonError::into_inner).iter().copied())
    }

    /// Stops the developer's server.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.developer.stop()
    }
}

/// Begins to push, if there is anything to push.
pub(crate) async fn begin(
    pushing: Option<&Pushing>,
    product: SocketAddr,
) -> anyhow::Result<Option<Writing<'_>>> {
    match pushing {
        Some(pushing) => pushing.begin(product).await.map(Some),
        None => Ok(None),
    }
}

/// Ends the writing, if there is one. Returns the number of messages.
pub(crate) async fn end(writing: Option<Writing<'_>>) -> anyhow::Result<usize> {
    match writing {
        Some(writing) => writing.end().await,
        None => Ok(0),
    }
}

/// Customers who write.
pub(crate) struct Writing<'p> {
    pushing: &'p Pushing,
    begun: Instant,
    stop: Arc<AtomicBool>,
    writers: JoinSet<anyhow::Result<usize>>,
}

impl Writing<'_> {
    /// Ends the writing. Returns the number of messages, all of which the developer's server has seen once.
    pub(crate) async fn end(mut self) -> anyhow::Result<usize> {
        let Pushing { developer, paces, .. } = self.pushing;
        let seen = Seen::now(developer.address).await?.messages - 1;
        let pace = seen as f64 / self.begun.elapsed().as_secs_f64();
        self.stop.store(true, Ordering::Relaxed);
        let mut written = 1;
        while let Some(writer) = self.writers.join_next().await {
            written += writer??;
        }
        Seen::all(developer.address, written, PATIENCE).await?;
        paces.lock().unwrap_or_else(PoisonError::into_inner).push(pace);
        Ok(written)
    }
}

/// Writes messages after the `first` at a steady pace until it is stopped. Returns their number.
async fn write(
    mut connection: Connection,
    customers: Arc<[Customer]>,
    next: Arc<AtomicUsize>,
    first: usize,
    begun: Instant,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<usize> {
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep_until(begun + Duration::from_secs_f64((n - first) as f64 / PACE)).await;
        connection.ask(&request(&customers, ORDER, n)).await?;
        written += 1;
    }
    Ok(written)
}
