//! G14: how long after a customer's message its push comes to the developer's server, against a bare client that
//! commits the same statements and then posts the same body.

use crate::Bench;
use crate::data::backlog;
use crate::data::customers::People;
use crate::data::ground::Ground;
use crate::data::seed;
use crate::measure::child::{self, Server};
use crate::measure::delivery::ORDER;
use crate::measure::delivery::messages::request;
use crate::measure::developer::Seen;
use crate::measure::load::{self, Call, Connection, Until};
use crate::measure::machine::{self, Watch};
use crate::measure::report::{Goal, Report};
use crate::measure::round::{Rounds, Turn};
use crate::pushes::paced::{RATE, Times, paced};
use anyhow::Context;
use bytes::Bytes;
use kefu::config::Place;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const CALLERS: usize = 64;
/// Messages before the measurement begins: a new server looks for developers' servers once a second.
const WARM: usize = 750;
/// How long the last pushes of a turn may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(bench: &Bench, developer: &Server) -> anyhow::Result<Report> {
    let run = Run::make(bench, developer).await?;
    let rounds =
        Rounds::run(bench.rounds, async || run.product().await, async || run.baseline().await).await?;
    let title = format!(
        "G14 from a customer's message to the developer's server, {RATE:.0} messages a second of one account"
    );
    let goal = Some(Goal::AtMost(3.0));
    let mut report = Report { title, ..Report::default() }
        .delay("p50", &rounds, |turn| turn.p50_us, None)
        .delay("p99", &rounds, |turn| turn.p99_us, goal)
        .with_rounds(&rounds);
    let (p50, p99) = (rounds.product(|turn| turn.p50_us) / 1e3, rounds.product(|turn| turn.p99_us) / 1e3);
    report.plain.push(format!(
        "from a customer's post to the developer's server, {RATE:.0} messages a second: p50 {p50:.2} ms, \
         p99 {p99:.2} ms"
    ));
    Ok(report)
}

struct Run<'b> {
    bench: &'b Bench,
    developer: &'b Server,
    ground: Ground<'b>,
    /// All messages of a turn, as customers post them.
    messages: Arc<[Bytes]>,
    /// A file with one customer per line, and one with the pushes.
    lines: PathBuf,
    requests: PathBuf,
}

impl<'b> Run<'b> {
    async fn make(bench: &'b Bench, developer: &'b Server) -> anyhow::Result<Self> {
        let all = WARM + if bench.quick { 500 } else { 2500 };
        let [folder, snapshot, lines, requests] =
            ["delay", "delay.db", "delay-customers", "delay-pushes"].map(|name| bench.folder.join(name));
        let desk = seed::open(&Place::Folder(folder.clone())).await?;
        let customers = backlog::customers(&desk, developer.address, ORDER.customers(all)).await?;
        drop(desk);
        seed::snapshot(&folder, &snapshot)?;
        std::fs::write(&requests, backlog::requests(developer.address, &customers, all)?)?;
        let people = People { agents: Vec::new(), customers };
        std::fs::write(&lines, people.lines())?;
        let messages = (0..all).map(|n| request(&people.customers, ORDER, n)).collect();
        Ok(Run { bench, developer, ground: Ground::Sqlite { snapshot, folder }, messages, lines, requests })
    }

    async fn product(&self) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        Seen::forget(self.developer.address).await?;
        let server = Server::behind_proxy(&self.bench.kefu, &self.ground.fresh()?)?;
        let watch = Watch::start(server.pid(), Some(self.developer.pid()))?;
        let writer = |connection| Writer { connection, messages: self.messages.clone() };
        let writers = load::connect(server.address, CALLERS, &Arc::default()).await?.into_iter().map(writer);
        let (callers, begun) = paced(writers)?;
        drop(load::run(callers, Until::Number(0, self.messages.len())).await?);
        let turn = self.turn(&begun.take(), watch).await?;
        server.stop()?;
        Ok(turn)
    }

    async fn baseline(&self) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        Seen::forget(self.developer.address).await?;
        let place = self.ground.fresh()?;
        let watch = Watch::start(std::process::id(), Some(self.developer.pid()))?;
        let begun =
            child::committing_poster(&place, &self.lines, &self.requests, CALLERS, self.messages.len())?;
        self.turn(&begun, watch).await
    }

    /// The delays of the messages that began at these times, once the developer's server has seen all.
    async fn turn(&self, begun: &Times, watch: Watch) -> anyhow::Result<Turn> {
        Seen::all(self.developer.address, self.messages.len(), PATIENCE).await?;
        let came = Seen::times(self.developer.address).await?;
        let mut took = Vec::new();
        for n in WARM..self.messages.len() {
            let (begun, came) = (begun.get(&n).context("not written")?, came.get(&n).context("not seen")?);
            took.push(came.saturating_sub(*begun));
        }
        took.sort_unstable();
        let spent = watch.stop()?;
        let within = |share: f64| took[(share * (took.len() - 1) as f64) as usize] as f64;
        Ok(Turn {
            calls: took.len() as f64,
            elapsed_s: spent.elapsed.as_secs_f64(),
            server_s: spent.server_s,
            p50_us: within(0.5),
            p99_us: within(0.99),
            others: spent.others,
            resident: spent.resident,
            batch: 0.0,
        })
    }
}

/// A connection over which customers write.
struct Writer {
    connection: Connection,
    messages: Arc<[Bytes]>,
}

impl Call for Writer {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        self.connection.ask(&self.messages[n]).await.map(|_| ())
    }
}
