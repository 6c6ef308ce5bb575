//! Customers write over HTTP, and the streams of their agents are watched.

pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod messages;

use crate::Bench;
use crate::data::customers::{self, Agent, Census, People};
use crate::data::ground::Ground;
use crate::data::seed;
use crate::measure::child::{self, Server};
use crate::measure::load::{self, Call, Connection, Until};
use crate::measure::machine::{self, Watch};
use crate::measure::pushing::{self, Pushing};
use crate::measure::round::Turn;
use anyhow::{bail, ensure};
use bytes::Bytes;
use deliveries::Deliveries;
use events::Events;
use kefu::config::Place;
use messages::{Order, client_id, request, text};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The order of messages in a turn. Each customer's first message of a turn opens a session.
pub(crate) const ORDER: Order = Order { group: 400, each: 10 };
/// How long streams are watched after the last message, for messages that come twice.
const AFTER: Duration = Duration::from_millis(50);
/// Connections of customers who write at a steady rate.
const STEADY_CONNECTIONS: usize = 8;

/// The messages of a turn, and the data to write them to.
pub(crate) struct Plan<'b> {
    bench: &'b Bench,
    ground: Ground<'b>,
    before: Census,
    /// A file with one customer per line.
    lines: PathBuf,
    agents: Vec<Agent>,
    requests: Arc<[Bytes]>,
    pub(crate) warm: usize,
    pub(crate) calls: usize,
}

impl<'b> Plan<'b> {
    /// The messages before the measurement begins, and those of the measurement.
    fn size(bench: &Bench) -> (usize, usize) {
        if bench.quick { (4000, 8000) } else { (4000, 40_000) }
    }

    /// The number of customers who write in a turn.
    pub(crate) fn customers(bench: &Bench) -> usize {
        let (warm, calls) = Plan::size(bench);
        ORDER.customers(warm + calls)
    }

    /// A plan for these people, whose accounts are in the folder.
    pub(crate) fn make(bench: &'b Bench, folder: PathBuf, people: People) -> anyhow::Result<Self> {
        let (warm, calls) = Plan::size(bench);
        let [snapshot, lines] = ["db", "customers"].map(|kind| folder.with_extension(kind));
        seed::snapshot(&folder, &snapshot)?;
        std::fs::write(&lines, people.lines())?;
        let ground = Ground::Sqlite { snapshot, folder };
        Ok(Plan {
            bench,
            before: Census::of(&ground.fresh()?)?,
            ground,
            lines,
            requests: (0..warm + calls).map(|n| request(&people.customers, ORDER, n)).collect(),
            agents: people.agents,
            warm,
            calls,
        })
    }

    fn all(&self) -> usize {
        self.warm + self.calls
    }

    /// One turn of the product, beside these pushes. Also returns the times from a post to the arrival at the stream,
    /// in microseconds, sorted. The turn lasts until all messages are acknowledged and seen.
    pub(crate) async fn product(
        &self,
        connections: usize,
        pushing: Option<&Pushing>,
    ) -> anyhow::Result<(Turn, Vec<u32>)> {
        machine::wait_for_silence(self.bench.patience()).await?;
        let place = self.ground.fresh()?;
        let server = Server::behind_proxy(&self.bench.kefu, &place)?;
        let deliveries = Arc::new(Deliveries::new(ORDER, self.all()));
        let mut streams = Streams::open(server.address, &self.agents, &deliveries).await?;
        assignment_begins().await;
        let callers = writers(server.address, connections, &self.requests, &deliveries).await?;
        let (callers, _) = load::run(callers, Until::Number(0, self.warm)).await?;
        streams.see(self.warm).await?;
        let writing = pushing::begin(pushing, server.address).await?;
        let watch = Watch::start(server.pid(), pushing.map(Pushing::pid))?;
        let (callers, tally) = load::run(callers, Until::Number(self.warm, self.all())).await?;
        streams.see(self.all()).await?;
        let spent = watch.stop()?;
        let pushed = pushing::end(writing).await?;
        streams.close().await?;
        drop(callers);
        // Before the end of the server, which takes the agents offline.
        Census::of(&place)?.check(self.before, self.all(), ORDER.customers(self.all()), pushed)?;
        server.stop()?;
        Ok((Turn::new(&tally, &spent), deliveries.took_us(self.warm)))
    }

    /// One turn of the baseline.
    pub(crate) async fn baseline(
        &self,
        callers: usize,
        calls: usize,
        batch_max: usize,
    ) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        let place = self.ground.fresh()?;
        let numbers =
            [("--callers", callers), ("--warm", self.warm), ("--calls", calls), ("--batch-max", batch_max)];
        let turn = child::writers("message-writers", &place, &self.lines, &numbers)?;
        let written = self.warm + calls;
        Census::of(&place)?.check(self.before, written, ORDER.customers(written), 0)?;
        Ok(turn)
    }

    pub(crate) fn note(&self) -> String {
        let (all, agents) = (self.all(), self.agents.len());
        let sessions = ORDER.customers(all);
        format!(
            "messages  {all} a turn, which open {sessions} sessions; each seen once, in order, on the stream of its \
             agent, of {agents} open; rows counted after each turn"
        )
    }
}

/// The times from a customer's post to the arrival at the agent's stream, in microseconds, sorted, with so many open
/// streams and messages a second. A post counts from the moment when it was due.
pub(crate) async fn steady_delays(bench: &Bench, streams: usize, rate: f64) -> anyhow::Result<Vec<u32>> {
    let order = Order { group: 500, each: 4 };
    let (warm, messages) = (100, if bench.quick { 300 } else { 1100 });
    let folder = bench.folder.join(format!("streams-{streams}"));
    let accounts = streams / customers::AGENTS;
    let People { agents, customers } = customers::fill(&folder, accounts, order.customers(messages)).await?;
    machine::wait_for_silence(bench.patience()).await?;
    let server = Server::behind_proxy(&bench.kefu, &Place::Folder(folder))?;
    let deliveries = Arc::new(Deliveries::new(order, messages));
    let mut open = Streams::open(server.address, &agents, &deliveries).await?;
    assignment_begins().await;
    let requests: Arc<[Bytes]> = (0..messages).map(|n| request(&customers, order, n)).collect();
    let (begun, mut tasks) = (Instant::now(), JoinSet::new());
    for (first, mut writer) in
        writers(server.address, STEADY_CONNECTIONS, &requests, &deliveries).await?.into_iter().enumerate()
    {
        tasks.spawn(async move {
            for n in (first..messages).step_by(STEADY_CONNECTIONS) {
                let due = begun + Duration::from_secs_f64(n as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
                writer.post(n, due).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    open.see(messages).await?;
    open.close().await?;
    server.stop()?;
    Ok(deliveries.took_us(warm))
}

/// Waits until customers are assigned again after a start: agents were online before it.
async fn assignment_begins() {
    let pause = u64::try_from(model::due::QUEUE_PAUSE + model::SECOND).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

/// The open streams of agents, which are watched.
struct Streams {
    deliveries: Arc<Deliveries>,
    readers: JoinSet<anyhow::Result<()>>,
}

/// The part of a workbench's snapshot from which its stream follows.
#[derive(Deserialize)]
struct Snapshot {
    since: String,
}

impl Streams {
    /// Opens the workbench of each agent, as a page does.
    async fn open(
        address: SocketAddr,
        agents: &[Agent],
        deliveries: &Arc<Deliveries>,
    ) -> anyhow::Result<Self> {
        let mut page = load::connect(address, 1, &Arc::default()).await?.remove(0);
        let mut readers = JoinSet::new();
        for Agent { kf_account, cookie } in agents {
            let headers = format!("Host: localhost\r\nCookie: kefu_login={cookie}\r\n");
            let snapshot = page.ask(&load::get_with("/desk/api/snapshot", &headers)).await?;
            let Snapshot { since } = serde_json::from_slice(snapshot)?;
            let headers = format!("{headers}Last-Event-ID: {since}\r\n");
            let events = Events::open(address, &load::get_with("/desk/api/stream", &headers)).await?;
            readers.spawn(watch(events, kf_account.clone(), deliveries.clone()));
        }
        Ok(Streams { deliveries: deliveries.clone(), readers })
    }

    /// Waits until the first so many messages are acknowledged and seen.
    async fn see(&mut self, messages: usize) -> anyhow::Result<()> {
        tokio::select! {
            seen = self.deliveries.all_seen(messages) => seen,
            Some(ended) = self.readers.join_next() => {
                ended??;
                bail!("a stream has ended")
            }
        }
    }

    /// Closes the streams. Fails if one of them gets anything more that is wrong.
    async fn close(mut self) -> anyhow::Result<()> {
        tokio::time::sleep(AFTER).await;
        match self.readers.try_join_next() {
            Some(ended) => ended?,
            None => Ok(()),
        }
    }
}

async fn watch(mut events: Events, kf_account: String, deliveries: Arc<Deliveries>) -> anyhow::Result<()> {
    loop {
        let change = events.change().await?;
        deliveries.see(&change, &kf_account)?;
    }
}

/// A connection over which customers write.
struct Writer {
    connection: Connection,
    requests: Arc<[Bytes]>,
    deliveries: Arc<Deliveries>,
}

async fn writers(
    address: SocketAddr,
    connections: usize,
    requests: &Arc<[Bytes]>,
    deliveries: &Arc<Deliveries>,
) -> anyhow::Result<Vec<Writer>> {
    let writer =
        |connection| Writer { connection, requests: requests.clone(), deliveries: deliveries.clone() };
    Ok(load::connect(address, connections, &Arc::default()).await?.into_iter().map(writer).collect())
}

/// The part of an answer that is compared.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    message: SentMessage<'a>,
}

#[derive(Deserialize)]
struct SentMessage<'a> {
    client_id: &'a str,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

impl Writer {
    /// Posts the `n`th message, which was due at this time.
    async fn post(&mut self, n: usize, due: Instant) -> anyhow::Result<()> {
        self.deliveries.post(n, due);
        let answer = self.connection.ask(&self.requests[n]).await?;
        let Sent { message } = serde_json::from_slice(answer)?;
        ensure!(message.client_id == client_id(n) && message.text == text(n), "a wrong answer");
        self.deliveries.acknowledge(n);
        Ok(())
    }
}

impl Call for Writer {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        while !self.deliveries.may_post(n) {
            tokio::task::yield_now().await;
        }
        self.post(n, Instant::now()).await
    }
}
