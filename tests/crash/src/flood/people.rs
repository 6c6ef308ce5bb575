//! Honest people of the demo's account: programs that read and write, an agent who replies, a customer who writes,
//! an upload and a log-in each second. They call when their time comes, whether or not the call before is answered.

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
/// An agent whom a program renames.
const RENAMED: &str = "kf2@demo";
/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often `/healthz` is asked, and how long it may take.
const HEALTH: Duration = Duration::from_millis(250);
const HEALTH_PATIENCE: Duration = Duration::from_secs(10);
/// How long the agent may take to be there.
const ARRIVAL: Duration = Duration::from_secs(20);

const PROGRAM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const CUSTOMER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const WORKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// The worker logs in from so many networks by turns, from each six times a minute.
const DOORS: u8 = 10;

/// Honest people, as one server knows them.
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
    /// What each sends has a number.
    sent: AtomicUsize,
    /// Streams that have ended although people still read them.
    ended: Arc<AtomicUsize>,
    streams: JoinSet<()>,
}

/// A client that opens a connection for each call, from this address.
fn client(from: Ipv4Addr) -> reqwest::Result<Client> {
    Client::builder().no_proxy().local_address(Some(from.into())).pool_max_idle_per_host(0).build()
}

/// Answers what came back, or why it is a refusal.
async fn answered(request: RequestBuilder) -> Result<Value, String> {
    let response = request.timeout(PATIENCE).send().await.map_err(no_answer)?;
    let status = response.status();
    let answer: Value = response.json().await.map_err(no_answer)?;
    let is_done = status.is_success() && answer["errcode"].as_i64().unwrap_or(0) == 0;
    if is_done { Ok(answer) } else { Err(format!("{status} {answer}")) }
}

/// Why there is no answer, without the address, which holds a token.
fn no_answer(error: reqwest::Error) -> String {
    format!("no answer: {:?}", error.without_url())
}

impl People {
    /// All come: the worker logs in from each of ten addresses, a new customer begins a session.
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
        // It is there from an earlier start.
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
        // The first message that is taken replaces the cookie.
        self.cookie = cookies(&first).unwrap_or_else(|| self.cookie.clone());
        let message: Value = first.error_for_status()?.json().await?;
        self.session = message["message"]["session"].as_i64().context("a session")?;
        self.openid = message["message"]["openid"].as_str().context("an openid")?.to_owned();
        let since = message["since"].as_str().unwrap_or_default();
        self.watch(self.chat(&format!("stream?since={since}"))).await
    }

    /// Reads a stream for as long as the people are there.
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

    /// Everybody acts for as long as this, and until all is answered.
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

    /// Asks for `/healthz` until all is over, by a new connection each time.
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

    /// Each call once, one after the other; answers what was refused.
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

/// The cookies that an answer gives, as they are sent back.
pub(super) fn cookies(response: &Response) -> Option<String> {
    let headers = response.headers().get_all("set-cookie").iter().filter_map(|header| header.to_str().ok());
    let pairs = headers.filter_map(|header| header.split(';').next()).filter(|pair| !pair.ends_with('='));
    Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookies| !cookies.is_empty())
}

/// Answers what came back, which is no refusal.
async fn said(request: RequestBuilder) -> anyhow::Result<Value> {
    answered(request).await.map_err(anyhow::Error::msg)
}
