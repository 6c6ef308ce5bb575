//! G3: `getonlinekflist` of 100 agents while their account takes 1,000 session changes a second, against the same
//! without changes. No reply may be older than the last change acknowledged before its request.

use crate::Bench;
use crate::data::seed::{self, Shop};
use crate::measure::child::Server;
use crate::measure::ledger::{Change, Ledger, Reader};
use crate::measure::load::{self, Connection, Until};
use crate::measure::machine::{self, Watch};
use crate::measure::ready::{self, AGENTS, CONNECTIONS};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::{Rounds, Spread, Turn};
use anyhow::ensure;
use bytes::Bytes;
use kefu::config::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Requested changes per second.
const PACE: f64 = 1000.0;
/// The share of the requested changes that must be made; with fewer the measurement is void.
const PACE_LEAST: f64 = 0.95;
/// The number of agents whose sessions change, each on its own connection, and of their customers.
const BUSY: usize = 20;
const CUSTOMERS: usize = 50;
const DONE: &[u8] = br#"{"errcode":0,"errmsg":"ok"}"#;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let place = Place::Folder(bench.folder.join("g3"));
    let (desk, shop) = ready::busy_shop(&place).await?;
    seed::leave_them_online(desk, &place)?;
    let product = Server::product(&bench.kefu, &place)?;
    let request = ready::online(&shop);
    ready::script(&product, request.clone(), "kf_online_list", AGENTS).await?;
    let agents = (0..BUSY).map(|n| agent(&shop, n)).collect();
    let run = Run { bench, product, request, ledger: Arc::new(Ledger::new(agents, CUSTOMERS)), shop };
    let mut paces = Vec::new();
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || {
            let (turn, pace) = run.busy().await?;
            paces.push(pace);
            Ok(turn)
        },
        async || {
            machine::wait_for_silence(bench.patience()).await?;
            run.read().await
        },
    );
    let rounds = rounds.await?;
    let held = run.ledger.held();
    run.product.stop()?;
    Ok(vec![report(&rounds, Spread::of(paces), held)])
}

fn agent(shop: &Shop, n: usize) -> String {
    format!("kf{}@{}", n + 1, shop.alias)
}

fn report(rounds: &Rounds, pace: Spread, held: usize) -> Report {
    let Spread { median, min, max } = pace;
    let title = format!(
        "G3 getonlinekflist, {AGENTS} agents online, {CONNECTIONS} connections, {PACE:.0} session changes a second, \
         against none"
    );
    let mut report = Report::of(title, rounds, Goal::AtLeast(0.70))
        .delay("p99", rounds, |turn| turn.p99_us, None)
        .with_rounds(rounds);
    report.notes.push(format!("changes   {median:.0} acknowledged a second ({min:.0} to {max:.0})"));
    report.notes.push(format!(
        "replies   {held} checked against the changes acknowledged before their requests; none was older"
    ));
    if median < PACE * PACE_LEAST {
        report.void.push(format!("the account took only {median:.0} changes a second"));
    }
    report.plain.push(plainly("getonlinekflist during 1,000 session changes a second", rounds, "requests"));
    report
}

struct Run<'b> {
    bench: &'b Bench,
    product: Server,
    shop: Shop,
    request: Bytes,
    ledger: Arc<Ledger>,
}

impl Run<'_> {
    async fn read(&self) -> anyhow::Result<Turn> {
        let connections = load::connect(self.product.address, CONNECTIONS, &Arc::default()).await?;
        let readers: Vec<_> =
            connections.into_iter().map(|each| Reader::new(each, &self.request, &self.ledger)).collect();
        let (readers, _) = load::run(readers, Until::Time(self.bench.turn() / 5)).await?;
        let watch = Watch::start(self.product.pid(), None)?;
        let (_, tally) = load::run(readers, Until::Time(self.bench.turn())).await?;
        Ok(Turn::new(&tally, &watch.stop()?))
    }

    /// A turn while sessions change. Also returns the changes per second.
    async fn busy(&self) -> anyhow::Result<(Turn, f64)> {
        machine::wait_for_silence(self.bench.patience()).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (begun, before) = (Instant::now(), self.ledger.acknowledged());
        let writers = self.writers(begun, &stop).await?;
        let turn = self.read().await;
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await??;
        }
        let made = self.ledger.acknowledged() - before;
        Ok((turn?, made as f64 / begun.elapsed().as_secs_f64()))
    }

    async fn writers(
        &self,
        begun: Instant,
        stop: &Arc<AtomicBool>,
    ) -> anyhow::Result<Vec<JoinHandle<anyhow::Result<()>>>> {
        let connections = load::connect(self.product.address, BUSY, &Arc::default()).await?;
        let every = Duration::from_secs_f64(BUSY as f64 / PACE);
        let writer = |(n, connection)| {
            let first = begun + every.mul_f64(n as f64 / BUSY as f64);
            let requests = Requests::of(&self.shop, n);
            tokio::spawn(change(connection, self.ledger.clone(), n, requests, first, every, stop.clone()))
        };
        Ok(connections.into_iter().enumerate().map(writer).collect())
    }
}

/// The prepared requests for the changes of one agent.
struct Requests {
    open: Vec<Bytes>,
    close: Vec<Bytes>,
}

impl Requests {
    fn of(shop: &Shop, n: usize) -> Self {
        let all = |call: &str| {
            let path = format!("/customservice/kfsession/{call}?access_token={}", shop.token);
            let body = |c| serde_json::json!({ "kf_account": agent(shop, n), "openid": seed::openid(n, c) });
            (0..CUSTOMERS).map(|c| load::post(&path, &body(c).to_string())).collect()
        };
        Requests { open: all("create"), close: all("close") }
    }
}

/// Changes an agent's sessions one after the other, at a steady pace, until it is stopped.
async fn change(
    mut connection: Connection,
    ledger: Arc<Ledger>,
    n: usize,
    requests: Requests,
    first: Instant,
    every: Duration,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let mut next = first;
    loop {
        tokio::time::sleep_until(next).await;
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = match ledger.begin(n) {
            Change::Open(customer) => &requests.open[customer],
            Change::Close(customer) => &requests.close[customer],
        };
        let answer = connection.ask(request).await?;
        ensure!(answer == DONE, "a change was refused: {}", String::from_utf8_lossy(answer));
        ledger.end(n);
        next += every;
    }
}
