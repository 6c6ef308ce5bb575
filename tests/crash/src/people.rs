//! The actors of the load: programs that add, rename and delete agents, customers who write, and programs that close
//! their sessions. Each actor has one agent or session, which no other actor changes.

use crate::history::{Deed, Found, History, Outcome, State};
use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const APPID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const AGENT: &str = "kf1@demo";
/// The most customers that the agent gets by assignment.
pub(crate) const ROOM: usize = 3;
/// How long an actor waits for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// An actor, and what only the actor knows.
#[derive(Clone, Default)]
pub(crate) struct Actor {
    name: String,
    is_customer: bool,
    cookie: String,
    openid: String,
    /// The number of deeds so far, which is part of the next message or nickname.
    deeds: usize,
}

/// All actors, over all starts of the server.
pub(crate) struct People {
    http: Client,
    pub(crate) actors: Vec<Actor>,
    pub(crate) token: String,
    desk: String,
    pub(crate) history: Arc<Mutex<History>>,
}

/// The outcome and the body of an answer.
async fn answered(sent: Result<reqwest::Response, reqwest::Error>) -> (Outcome, Value) {
    let Ok(response) = sent else { return (Outcome::Unknown, Value::Null) };
    let is_sound = response.status().as_u16() < 500;
    let Ok(value) = response.json::<Value>().await else { return (Outcome::Unknown, Value::Null) };
    let outcome = match value["errcode"].as_i64().unwrap_or(0) {
        0 if is_sound => Outcome::Done,
        code if is_sound && code != -1 => Outcome::Refused(code),
        _ => Outcome::Unknown,
    };
    (outcome, value)
}

impl People {
    pub(crate) async fn meet(base: &str, number: usize) -> anyhow::Result<Self> {
        let http = Client::builder().timeout(PATIENCE).build()?;
        let actor =
            |n: usize| Actor { name: format!("p{n}"), is_customer: n.is_multiple_of(2), ..Actor::default() };
        let actors = (0..number).map(actor).collect();
        let mut people =
            People { http, actors, token: String::new(), desk: String::new(), history: Arc::default() };
        people.token = people.fetch_token(base).await?;
        let who = json!({"name": "kf_demo", "password": "demo"});
        let login = people.post(&format!("{base}/desk/api/login"), "", &who).await?;
        people.desk = cookie(&login).context("a cookie")?;
        // Less room than customers, so that some wait.
        let limit = json!({"appid": APPID, "capacity": ROOM});
        let limited = people.post(&format!("{base}/desk/api/intake"), &people.desk, &limit).await?;
        ensure!(limited.status() == 200, "{}", limited.status());
        Ok(people)
    }

    /// Fetches an access token; the one before stays valid.
    pub(crate) async fn fetch_token(&self, base: &str) -> anyhow::Result<String> {
        let url = format!("{base}/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
        let answer: Value = self.http.get(url).send().await?.json().await?;
        Ok(answer["access_token"].as_str().with_context(|| format!("no token: {answer}"))?.to_owned())
    }

    async fn post(&self, url: &str, cookie: &str, body: &Value) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.http.post(url).header("sec-fetch-site", "same-origin").header("cookie", cookie);
        request.json(body).send().await
    }

    async fn get(&self, url: &str, cookie: &str) -> anyhow::Result<Value> {
        let answer: Value = self.http.get(url).header("cookie", cookie).send().await?.json().await?;
        ensure!(answer["errcode"].as_i64().unwrap_or(0) == 0, "{answer}");
        Ok(answer)
    }

    /// Keeps the workbench's stream open, so that the agent is online, and records the `seq` of its events.
    pub(crate) async fn watch(&self, base: &str) {
        let url = format!("{base}/desk/api/stream");
        let Ok(mut stream) = Client::new().get(url).header("cookie", &self.desk).send().await else { return };
        while let Ok(Some(chunk)) = stream.chunk().await {
            let text = String::from_utf8_lossy(&chunk).into_owned();
            for id in text.lines().filter_map(|line| line.strip_prefix("id:")) {
                self.note_seq(id.trim());
            }
        }
    }

    /// Reads the workbench's stream from the current cursor on, until it ends.
    pub(crate) async fn follow(&self, base: &str) -> anyhow::Result<()> {
        let snapshot = self.get(&format!("{base}/desk/api/snapshot"), &self.desk).await?;
        let url = format!("{base}/desk/api/stream?since={}", snapshot["since"].as_str().context("a cursor")?);
        let mut stream = Client::new().get(url).header("cookie", &self.desk).send().await?;
        ensure!(stream.status() == 200, "{}", stream.status());
        while stream.chunk().await?.is_some() {}
        Ok(())
    }

    fn note_seq(&self, cursor: &str) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.seq = history.seq.max(seq_in(cursor));
    }

    /// Acts until something gets no answer.
    pub(crate) async fn act(&self, base: &str, mut actor: Actor, seed: u64) -> Actor {
        let mut rng = StdRng::seed_from_u64(seed);
        self.agent_is_there(base).await;
        loop {
            let deed = self.next(&actor, &mut rng);
            if self.act_once(base, &mut actor, deed).await == Outcome::Unknown {
                return actor;
            }
        }
    }

    /// Waits at most a second until the agent is online: customers who write earlier stay on the waiting list.
    async fn agent_is_there(&self, base: &str) {
        let url = format!("{base}/cgi-bin/customservice/getonlinekflist?access_token={}", self.token);
        for _ in 0..100 {
            match self.get(&url, "").await {
                Ok(list) if list["kf_online_list"].as_array().is_some_and(|online| !online.is_empty()) => {
                    return;
                }
                _ => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    }

    fn next(&self, actor: &Actor, rng: &mut StdRng) -> Deed {
        let n = actor.deeds;
        match (actor.is_customer, rng.next_u32() % 8) {
            (false, 0..=2) => Deed::Add(format!("n{n}")),
            (false, 3..=5) => Deed::Rename(format!("n{n}")),
            (false, _) => Deed::Delete,
            (true, 0) => Deed::Say(format!("{n} {}", "x".repeat(2048))),
            (true, 1 | 2) if !actor.openid.is_empty() => Deed::Close,
            (true, _) => Deed::Say(n.to_string()),
        }
    }

    /// Does one deed, and records its outcome.
    async fn act_once(&self, base: &str, actor: &mut Actor, deed: Deed) -> Outcome {
        if actor.is_customer && actor.cookie.is_empty() {
            let first = self.http.get(format!("{base}/chat/api/{APPID}/snapshot")).send().await;
            match first.ok().as_ref().and_then(cookie) {
                Some(cookie) => actor.cookie = cookie,
                // There was no deed yet.
                None => return Outcome::Unknown,
            }
        }
        let (kf, token) = (format!("{}@demo", actor.name), &self.token);
        let (path, cookie, body) = match &deed {
            Deed::Add(name) => ("kfaccount/add", "", json!({"kf_account": kf, "nickname": name})),
            Deed::Rename(name) => ("kfaccount/update", "", json!({"kf_account": kf, "nickname": name})),
            Deed::Delete => ("kfaccount/del", "", json!({"kf_account": kf})),
            Deed::Close => ("kfsession/close", "", json!({"kf_account": AGENT, "openid": actor.openid})),
            Deed::Say(text) => {
                let id = text.split(' ').next().unwrap_or_default();
                ("", actor.cookie.as_str(), json!({"client_id": id, "text": text}))
            }
        };
        let url = match path {
            "" => format!("{base}/chat/api/{APPID}/message"),
            path => format!("{base}/customservice/{path}?access_token={token}"),
        };
        let sent = self.post(&url, cookie, &body).await;
        // The first accepted message replaces the cookie.
        if let Some(new) = sent.as_ref().ok().and_then(self::cookie) {
            actor.cookie = new;
        }
        let (outcome, answer) = answered(sent).await;
        if let Some(openid) = answer["message"]["openid"].as_str() {
            actor.openid = openid.to_owned();
        }
        actor.deeds += 1;
        self.history.lock().unwrap_or_else(PoisonError::into_inner).note(&actor.name, deed, outcome);
        outcome
    }

    /// Two changes, one after the other.
    pub(crate) async fn add_and_delete(&mut self, base: &str) -> anyhow::Result<()> {
        let mut actor = self.actors[1].clone();
        for deed in [Deed::Add("n".to_owned()), Deed::Delete] {
            let outcome = self.act_once(base, &mut actor, deed).await;
            ensure!(outcome == Outcome::Done, "{outcome:?}");
        }
        Ok(())
    }

    /// Repeats deeds with unknown outcomes; each must then be done exactly once.
    pub(crate) async fn repeat(&mut self, base: &str) -> anyhow::Result<()> {
        for number in 0..self.actors.len() {
            let mut actor = self.actors[number].clone();
            let last = self.history.lock().unwrap_or_else(PoisonError::into_inner).last(&actor.name).cloned();
            if let Some((deed, Outcome::Unknown)) = last {
                let outcome = self.act_once(base, &mut actor, deed.clone()).await;
                ensure!(outcome != Outcome::Unknown, "{}: {deed:?} has no answer again", actor.name);
            }
            self.actors[number] = actor;
        }
        Ok(())
    }

    /// Reads over HTTP what is there.
    pub(crate) async fn find(&self, base: &str) -> anyhow::Result<Found> {
        let mut found = Found::default();
        let token = &self.token;
        let list =
            self.get(&format!("{base}/cgi-bin/customservice/getkflist?access_token={token}"), "").await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = list["kf_list"].as_array().context("a list")?;
        let agents: BTreeMap<String, String> =
            list.iter().map(|kf| (text(&kf["kf_account"]), text(&kf["kf_nick"]))).collect();
        let snapshot = self.get(&format!("{base}/desk/api/snapshot"), &self.desk).await?;
        let waiting = snapshot["accounts"][0]["waiting"].as_array().context("who waits")?;
        let place = |session: &Value| (session["since"].as_i64(), session["id"].as_i64());
        let places = |list: &[Value]| list.iter().filter_map(|one| place(one).0.zip(place(one).1)).collect();
        found.waiting = places(waiting);
        found.served = places(snapshot["accounts"][0]["sessions"].as_array().context("who is served")?);
        for actor in &self.actors {
            if !actor.is_customer {
                let name = agents.get(&format!("{}@demo", actor.name)).cloned();
                found.states.insert(actor.name.clone(), name.map_or(State::NoAgent, State::Agent));
            } else if !actor.openid.is_empty() {
                let url = format!(
                    "{base}/customservice/kfsession/getsession?access_token={token}&openid={}",
                    actor.openid
                );
                let waits = || waiting.iter().any(|session| session["openid"] == actor.openid.as_str());
                let state = match self.get(&url, "").await?["kf_account"] == AGENT {
                    true => State::Served,
                    false if waits() => State::Waiting,
                    false => State::Unserved,
                };
                found.states.insert(actor.name.clone(), state);
                found.messages.insert(actor.name.clone(), self.messages(base, actor).await?);
            }
        }
        found.seq = seq_in(snapshot["since"].as_str().unwrap_or_default());
        Ok(found)
    }

    async fn messages(&self, base: &str, actor: &Actor) -> anyhow::Result<Vec<String>> {
        let (mut all, mut before) = (Vec::new(), i64::MAX);
        loop {
            let url = format!("{base}/chat/api/{APPID}/messages?before={before}");
            let page = self.get(&url, &actor.cookie).await?;
            let mut page = page["messages"].as_array().context("messages")?.clone();
            let Some(oldest) = page.iter().filter_map(|message| message["id"].as_i64()).min() else { break };
            before = oldest;
            page.sort_by_key(|message| message["id"].as_i64());
            all.splice(
                0..0,
                page.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()),
            );
        }
        Ok(all)
    }
}

fn cookie(response: &reqwest::Response) -> Option<String> {
    response.headers().get("set-cookie")?.to_str().ok()?.split(';').next().map(str::to_owned)
}

/// The account's number in a cursor `epoch;owner:seq,owner:seq`.
fn seq_in(cursor: &str) -> i64 {
    let ours = cursor.split([';', ',']).find_map(|pair| pair.strip_prefix(APPID)?.strip_prefix(':'));
    ours.and_then(|seq| seq.parse().ok()).unwrap_or(0)
}
