//! The honest load of the demo's account: programs that read and write, an agent who replies, a customer who writes, an
//! upload and a log-in each second. Calls are made at their times, whether or not the call before is answered.

mod call;
mod load;

pub use load::Load;

use anyhow::{Context, ensure};
use call::Call;
use load::Tally;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

pub(super) const APPID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const AGENT: &str = "kf1@demo";
/// The agent whom a program renames.
const RENAMED: &str = "kf2@demo";
/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time between requests for `/healthz`, and the longest time for an answer.
const HEALTH: Duration = Duration::from_millis(250);
const HEALTH_PATIENCE: Duration = Duration::from_secs(10);
/// By when the agent must be online.
const ARRIVAL: Duration = Duration::from_secs(20);

const PROGRAM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const CUSTOMER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const WORKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// The number of networks from which the worker logs in by turns, six times a minute from each.
const DOORS: u8 = 10;

/// The honest people, with their cookies and tokens at one server.
pub(super) struct People {
    base: String,
    program: Client,
    customer: Client,
    worker: Client,
    doors: Vec<Client>,
    token: String,
    login: String,
    cookie: String,
    session: i64,
    openid: String,
    /// The number of texts sent so far, which is part of the next one.
    sent: AtomicUsize,
    /// The number of streams that ended too early.
    ended: Arc<AtomicUsize>,
    streams: JoinSet<()>,
}

/// A client that opens a connection for each call, from this address.
fn client(from: Ipv4Addr) -> reqwest::Result<Client> {
    Client::builder().no_proxy().local_address(Some(from.into())).pool_max_idle_per_host(0).build()
}

/// Returns the answer, or why it is a refusal.
async fn answered(request: RequestBuilder) -> Result<Value, String> {
    let response = request.timeout(PATIENCE).send().await.map_err(no_answer)?;
    let status = response.status();
    let answer: Value = response.json().await.map_err(no_answer)?;
    let is_done = status.is_success() && answer["errcode"].as_i64().unwrap_or(0) == 0;
    if is_done { Ok(answer) } else { Err(format!("{status} {answer}")) }
}

/// Why there is no answer, without the URL, which contains a token.
fn no_answer(error: reqwest::Error) -> String {
    format!("no answer: {:?}", error.without_url())
}

impl People {
    /// Logs the worker in from each network, and begins a session of a new customer.
    pub(super) async fn meet(base: &str) -> anyhow::Result<Arc<Self>> {
        let doors = (10..10 + DOORS).map(|network| client(Ipv4Addr::new(127, 0, network, 1)));
        let mut people = People {
            base: base.to_owned(),
            program: client(PROGRAM)?,
            customer: client(CUSTOMER)?,
            worker: client(WORKER)?,
            doors: doors.collect::<Result<_, _>>()?,
            token: String::new(),
            login: String::new(),
            cookie: String::new(),
            session: 0,
            openid: String::new(),
            sent: AtomicUsize::new(0),
            ended: Arc::default(),
            streams: JoinSet::new(),
        };
        people.introduce().await?;
        Ok(Arc::new(people))
    }

    async fn introduce(&mut self) -> anyhow::Result<()> {
        let credential = format!("grant_type=client_credential&appid={APPID}&secret={SECRET}");
        let token = said(self.program.get(format!("{}/cgi-bin/token?{credential}", self.base))).await?;
        self.token = token["access_token"].as_str().context("a token")?.to_owned();
        let agent = json!({"kf_account": RENAMED, "nickname": "n"});
        let added = answered(self.program.post(self.api("/customservice/kfaccount/add")).json(&agent)).await;
        // An earlier run may have added it.
        ensure!(added.as_ref().map_or_else(|error| error.contains("65406"), |_| true), "{added:?}");
        for door in &self.doors {
            said(self.log_in(door)).await?;
        }
        let login = self.log_in(&self.worker).send().await?;
        self.login = cookies(&login).context("a login")?;
        let stream = self.worker.get(format!("{}/desk/api/stream", self.base));
        self.watch(stream.header("cookie", &self.login)).await?;
        self.agent_is_there().await?;
        self.cookie = cookies(&self.chat("snapshot").send().await?).context("a cookie")?;
        let first = self.message().send().await?;
        // The first accepted message replaces the cookie.
        self.cookie = cookies(&first).unwrap_or_else(|| self.cookie.clone());
        let message: Value = first.error_for_status()?.json().await?;
        self.session = message["message"]["session"].as_i64().context("a session")?;
        self.openid = message["message"]["openid"].as_str().context("an openid")?.to_owned();
        let since = message["since"].as_str().unwrap_or_default();
        self.watch(self.chat(&format!("stream?since={since}"))).await
    }

    /// Reads a stream until the load ends.
    async fn watch(&mut self, request: RequestBuilder) -> anyhow::Result<()> {
        let mut stream = request.send().await?.error_for_status()?;
        let ended = self.ended.clone();
        self.streams.spawn(async move {
            while let Ok(Some(_)) = stream.chunk().await {}
            ended.fetch_add(1, Ordering::Relaxed);
        });
        Ok(())
    }

    async fn agent_is_there(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < ARRIVAL {
            let online = said(self.program.get(self.api("/cgi-bin/customservice/getonlinekflist"))).await?;
            if online["kf_online_list"].as_array().is_some_and(|list| !list.is_empty()) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the agent is not online after {ARRIVAL:?}")
    }

    /// Makes all calls for this time, and waits for the answers.
    pub(super) async fn act(self: &Arc<Self>, time: Duration) -> anyhow::Result<Load> {
        let (tally, ended) = (Arc::new(Tally::default()), self.ended.load(Ordering::Relaxed));
        let mut tasks = JoinSet::new();
        for (call, every) in call::HABITS {
            tasks.spawn(self.clone().act_as(call, every, time, tally.clone()));
        }
        let over = Arc::new(AtomicBool::new(false));
        let health = tokio::spawn(self.clone().ask_for_health(tally.clone(), over.clone()));
        while let Some(task) = tasks.join_next().await {
            task?;
        }
        over.store(true, Ordering::Relaxed);
        health.await?;
        let ended = self.ended.load(Ordering::Relaxed) - ended;
        Ok(tally.load(ended))
    }

    async fn act_as(self: Arc<Self>, call: Call, every: Duration, time: Duration, tally: Arc<Tally>) {
        let (begun, mut calls) = (Instant::now(), JoinSet::new());
        let mut clock = interval(every);
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while begun.elapsed() < time {
            let due = clock.tick().await;
            let (people, tally) = (self.clone(), tally.clone());
            calls.spawn(async move {
                let outcome = people.call(call).await;
                tally.answered(call, due.elapsed(), outcome);
            });
        }
        calls.join_all().await;
    }

    /// Requests `/healthz` until the load ends, on a new connection each time.
    async fn ask_for_health(self: Arc<Self>, tally: Arc<Tally>, over: Arc<AtomicBool>) {
        let mut clock = interval(HEALTH);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !over.load(Ordering::Relaxed) {
            let due = clock.tick().await;
            let asked =
                self.program.get(format!("{}/healthz", self.base)).timeout(HEALTH_PATIENCE).send().await;
            tally.healthy(due.elapsed(), asked.is_ok_and(|answer| answer.status().is_success()));
        }
    }

    /// Makes each call once; returns those that were refused.
    pub(super) async fn act_once(&self) -> Vec<String> {
        let mut refused = Vec::new();
        for (call, _) in call::HABITS {
            if let Err(why) = self.call(call).await {
                refused.push(format!("{call:?} afterwards: {why}"));
            }
        }
        let stream = self.chat("stream").timeout(PATIENCE).send().await;
        if let Err(error) = stream.and_then(Response::error_for_status) {
            refused.push(format!("a stream afterwards: {}", no_answer(error)));
        }
        refused
    }
}

/// The cookies that an answer sets, as a request header.
pub(super) fn cookies(response: &Response) -> Option<String> {
    let headers = response.headers().get_all("set-cookie").iter().filter_map(|header| header.to_str().ok());
    let pairs = headers.filter_map(|header| header.split(';').next()).filter(|pair| !pair.ends_with('='));
    Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookies| !cookies.is_empty())
}

/// Returns the answer; fails on a refusal.
async fn said(request: RequestBuilder) -> anyhow::Result<Value> {
    answered(request).await.map_err(anyhow::Error::msg)
}
