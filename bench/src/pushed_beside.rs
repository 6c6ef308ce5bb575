//! G15: `getonlinekflist` of 100 agents while 500 messages a second of another account's customers go out to its
//! developer's server, against the same without them.

use crate::Bench;
use crate::data::backlog;
use crate::data::customers::Customer;
use crate::data::seed;
use crate::measure::child::Server;
use crate::measure::delivery::messages::{Order, request};
use crate::measure::developer::Seen;
use crate::measure::load::{self, Connection, Script};
use crate::measure::ready::{self, AGENTS, CONNECTIONS};
use crate::measure::report::{Goal, Report};
use crate::measure::round::{Rounds, Spread, Turn};
use anyhow::ensure;
use kefu::config::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Messages a second that are asked for, and the share of them that must be made; with fewer the measurement is void.
const PACE: f64 = 500.0;
const PACE_LEAST: f64 = 0.95;
/// Customers who write in turn, and their connections.
const CUSTOMERS: usize = 500;
const WRITERS: usize = 8;
const ORDER: Order = Order { group: CUSTOMERS, each: 1_000_000 };
/// How long the last pushes of a turn may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let developer = Server::developer()?;
    let place = Place::Folder(bench.folder.join("g15"));
    let (desk, shop) = ready::busy_shop(&place).await?;
    let customers = backlog::customers(&desk, developer.address, CUSTOMERS).await?;
    seed::leave_them_online(desk, &place)?;
    let product = Server::calling_this_machine(&bench.kefu, &place)?;
    let script = ready::script(&product, ready::online(&shop), "kf_online_list", AGENTS).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let run = Run { bench, product, developer, script, customers: customers.into(), next };
    let mut paces = Vec::new();
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || {
            let (turn, pace) = run.busy().await?;
            paces.push(pace);
            Ok(turn)
        },
        async || run.read().await,
    );
    let rounds = rounds.await?;
    run.product.stop()?;
    run.developer.stop()?;
    Ok(vec![report(&rounds, Spread::of(paces))])
}

fn report(rounds: &Rounds, Spread { median, min, max }: Spread) -> Report {
    let title = format!(
        "G15 getonlinekflist, {AGENTS} agents online, {CONNECTIONS} connections, {PACE:.0} pushes a second of another \
         account, against none"
    );
    let mut report = Report::of(title, rounds, Goal::AtLeast(0.80)).with_rounds(rounds);
    report.notes.push(format!(
        "pushes    {median:.0} a second ({min:.0} to {max:.0}); each message seen once by the developer's server"
    ));
    if median < PACE * PACE_LEAST {
        report.void.push(format!("customers wrote only {median:.0} messages a second"));
    }
    report
}

struct Run<'b> {
    bench: &'b Bench,
    product: Server,
    developer: Server,
    script: Arc<Script>,
    customers: Arc<[Customer]>,
    /// The number of the next message.
    next: Arc<AtomicUsize>,
}

impl Run<'_> {
    async fn read(&self) -> anyhow::Result<Turn> {
        ready::turn(self.bench, &self.product, &self.script, Some(self.developer.pid())).await
    }

    /// A turn while customers write. Also returns their messages per second.
    async fn busy(&self) -> anyhow::Result<(Turn, f64)> {
        Seen::forget(self.developer.address).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (begun, first) = (Instant::now(), self.next.load(Ordering::Relaxed));
        let mut writers = JoinSet::new();
        for connection in load::connect(self.product.address, WRITERS, &Arc::default()).await? {
            let (customers, next, stop) = (self.customers.clone(), self.next.clone(), stop.clone());
            writers.spawn(write(connection, customers, next, first, begun, stop));
        }
        let turn = self.read().await;
        stop.store(true, Ordering::Relaxed);
        let mut written = 0;
        while let Some(writer) = writers.join_next().await {
            written += writer??;
        }
        let pace = written as f64 / begun.elapsed().as_secs_f64();
        self.all_seen(written).await?;
        Ok((turn?, pace))
    }

    async fn all_seen(&self, written: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let seen = Seen::now(self.developer.address).await?;
            ensure!(seen.again == 0, "messages came twice: {seen:?}");
            if seen.messages == written {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{written} messages written: {seen:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Writes messages at a steady pace until it is stopped. Returns their number.
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
