//! Reads of cached answers, which must cost little more than answering constant bytes.

use crate::Bench;
use crate::data::seed::{self, Shop};
use crate::measure::child::Server;
use crate::measure::load::{self, Script, Until};
use crate::measure::machine::{self, Watch};
use crate::measure::round::{Rounds, Turn};
use anyhow::ensure;
use bytes::Bytes;
use kefu::config::{Place, Settings};
use kefu::desk::Desk;
use kefu::listen::ConnectionLimit;
use kefu::state::App;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;

pub(crate) const ONLINE: &str = "/cgi-bin/customservice/getonlinekflist";
pub(crate) const CONNECTIONS: usize = 64;
/// The number of agents of the account.
pub(crate) const AGENTS: usize = 100;

impl Bench {
    /// How long a turn of reading takes. Turns are short and rounds are many, because a machine's speed drifts from
    /// second to second.
    pub(crate) fn turn(&self) -> Duration {
        Duration::from_millis(if self.quick { 400 } else { 700 })
    }

    /// The number of rounds of reading.
    pub(crate) fn short_rounds(&self) -> usize {
        if self.quick { self.rounds } else { 2 * self.rounds }
    }
}

/// Fills a place with one account whose agents are all online.
pub(crate) async fn busy_shop(place: &Place) -> anyhow::Result<(Desk, Shop)> {
    let desk = seed::open(place).await?;
    let shop = seed::shops(&desk, 1).await?.remove(0);
    seed::agents_online(&desk, &shop, AGENTS).await?;
    Ok((desk, shop))
}

/// The request for the online agents of a shop.
pub(crate) fn online(shop: &Shop) -> Bytes {
    load::get(&format!("{ONLINE}?access_token={}", shop.token))
}

/// Sends one request to a server; returns the answer.
pub(crate) async fn ask(server: &Server, request: &Bytes) -> anyhow::Result<Bytes> {
    let mut connection = load::connect(server.address, 1, &Arc::default()).await?;
    Ok(Bytes::copy_from_slice(connection[0].ask(request).await?))
}

/// A script of one request. The answer's `list` must have `count` entries.
pub(crate) async fn script(
    server: &Server,
    request: Bytes,
    list: &str,
    count: usize,
) -> anyhow::Result<Arc<Script>> {
    let answer = ask(server, &request).await?;
    let said: serde_json::Value = serde_json::from_slice(&answer)?;
    let there = said[list].as_array().map_or(0, Vec::len);
    ensure!(there == count, "{list} has {there} entries instead of {count}: {said}");
    Ok(Arc::new(Script { requests: vec![request], answers: vec![answer], ..Script::default() }))
}

/// One turn of reading from a server, which may use a PostgreSQL.
pub(crate) async fn turn(
    bench: &Bench,
    server: &Server,
    script: &Arc<Script>,
    database: Option<u32>,
) -> anyhow::Result<Turn> {
    machine::wait_for_silence(bench.patience()).await?;
    let connections = load::connect(server.address, CONNECTIONS, script).await?;
    let (connections, warm) = load::run(connections, Until::Time(bench.turn() / 5)).await?;
    script.passed.fetch_add(warm.calls, Ordering::Relaxed);
    let watch = Watch::start(server.pid(), database)?;
    let (_, tally) = load::run(connections, Until::Time(bench.turn())).await?;
    let spent = watch.stop()?;
    script.passed.fetch_add(tally.calls, Ordering::Relaxed);
    Ok(Turn::new(&tally, &spent))
}

/// Measures the product against a handler that answers the same constant bytes.
pub(crate) async fn against_constant(
    bench: &Bench,
    product: &Server,
    path: &str,
    script: &Arc<Script>,
) -> anyhow::Result<Rounds> {
    let answer = bench.folder.join("answer");
    std::fs::write(&answer, &script.answers[0])?;
    let baseline = Server::constant(path, &answer)?;
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || turn(bench, product, script, None).await,
        async || turn(bench, &baseline, script, None).await,
    );
    let rounds = rounds.await?;
    baseline.stop()?;
    Ok(rounds)
}

/// A number of warm requests, and of the verbs that the store ran for them.
pub(crate) struct Warm {
    calls: usize,
    verbs: u64,
}

impl Warm {
    /// Counts the verbs with the real router and listener in this process, because the counter is in memory.
    pub(crate) async fn count(desk: &Desk, request: &Bytes) -> anyhow::Result<Self> {
        let app = App::new(desk.clone(), Settings::default());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(kefu::listen::serve(
            listener,
            kefu::app::router(app.clone()),
            ConnectionLimit::new(0),
            app.stop.clone(),
        ));
        let mut first = load::connect(address, 1, &Arc::default()).await?;
        let answer = Bytes::copy_from_slice(first[0].ask(request).await?);
        let before = desk.store.verbs();
        ensure!(before > 0, "the counter of verbs does not rise");
        let script =
            Arc::new(Script { requests: vec![request.clone()], answers: vec![answer], ..Script::default() });
        let callers = load::connect(address, 8, &script).await?;
        let (callers, tally) = load::run(callers, Until::Number(0, 5000)).await?;
        let verbs = desk.store.verbs() - before;
        app.stop.cancel();
        drop((first, callers));
        serving.await?;
        Ok(Warm { calls: tally.calls, verbs })
    }

    pub(crate) fn note(&self) -> String {
        let Warm { calls, verbs } = self;
        format!("SQL       {verbs} verbs for {calls} warm requests; all statements run in verbs")
    }

    /// A fault if warm requests ran verbs.
    pub(crate) fn faults(&self) -> Vec<String> {
        let Warm { calls, verbs } = self;
        let fault = format!("{calls} warm requests ran {verbs} verbs; warm requests must run no SQL");
        if *verbs > 0 { vec![fault] } else { Vec::new() }
    }
}
