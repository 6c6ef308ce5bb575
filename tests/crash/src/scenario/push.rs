//! Message push while the server is killed: the developer's server gets every message that was acknowledged, those of
//! each customer in order, and a message again only as it was.

use anyhow::{Context, bail, ensure};
use crash::server::{self, Kefu};
use futures_util::future::join_all;
use rand::{Rng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const APPID: &str = "wx0123456789abcdef";
const CUSTOMERS: usize = 12;
const KILLS: usize = 20;
/// Between two messages of a customer.
const PAUSE: Duration = Duration::from_millis(60);
/// How long the last pushes may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A push of a message: the customer, the message, and the whole body.
#[derive(Clone, Debug)]
struct Push {
    openid: String,
    id: String,
    body: String,
}

type Pushes = Arc<Mutex<Vec<Push>>>;

/// A customer, who writes numbers one after the other.
#[derive(Default)]
struct Customer {
    cookie: String,
    openid: String,
    /// The messages that were acknowledged.
    said: Vec<String>,
}

/// Kills the server under load, and compares what was said with what was pushed. With `falsified` one push is hidden.
pub(crate) async fn on_sqlite(kefu: &Path, rng: &mut StdRng, falsified: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    let (url, pushes) = listen().await?;
    let mut customers: Vec<_> = (0..CUSTOMERS).map(|_| Customer::default()).collect();
    for kill in 0..=KILLS {
        let running = Kefu::start(server::command(kefu, &place, &[]))?;
        if kill == 0 {
            save(kefu, &place, &url)?;
        }
        let load = join_all(customers.iter_mut().map(|customer| customer.writes(&running.base)));
        let time = Duration::from_millis(u64::from(1200 + rng.next_u32() % 400));
        tokio::select! {
            _ = load => bail!("a customer stopped writing"),
            () = tokio::time::sleep(time) => {}
        }
        if kill < KILLS {
            running.kill()?;
            continue;
        }
        for customer in &mut customers {
            customer.write(&running.base).await.context("the last message")?;
        }
        settle(&customers, &pushes).await?;
    }
    let mut seen = pushes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let number = seen.len();
    if falsified {
        let hidden = seen.get(number / 2).map(|push| push.id.clone());
        seen.retain(|push| Some(&push.id) != hidden.as_ref());
        judge(&customers, &seen)?;
    }
    let said: usize = customers.iter().map(|customer| customer.said.len()).sum();
    ensure!(said > CUSTOMERS, "hardly anything was said");
    println!("{KILLS} kills while {said} messages were pushed, in {number} pushes; no violation");
    Ok(())
}

/// Saves the developer's server of the demo's account.
fn save(kefu: &Path, place: &[String; 2], url: &str) -> anyhow::Result<()> {
    let flags = ["account", "callback", "--appid", APPID, "--token", "AAAAA", "--url", url];
    let saved = Command::new(kefu).args(flags).args(place).output()?;
    ensure!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    Ok(())
}

/// Waits until all is pushed.
async fn settle(customers: &[Customer], pushes: &Pushes) -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    loop {
        let seen = pushes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match judge(customers, &seen) {
            Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(100)).await,
            judged => return judged,
        }
    }
}

fn judge(customers: &[Customer], pushes: &[Push]) -> anyhow::Result<()> {
    let wrong = violations(customers, pushes);
    ensure!(wrong.is_empty(), "{} violations of pushes: {wrong:#?}", wrong.len());
    Ok(())
}

/// All contradictions between what customers said and what was pushed.
fn violations(customers: &[Customer], pushes: &[Push]) -> Vec<String> {
    let (mut wrong, mut bodies) = (Vec::new(), HashMap::new());
    for push in pushes {
        if *bodies.entry(&push.id).or_insert(&push.body) != &push.body {
            wrong.push(format!("{} came again with another body", push.id));
        }
    }
    for customer in customers {
        let own = pushes.iter().filter(|push| push.openid == customer.openid);
        let places = own.map(|push| customer.said.iter().position(|id| *id == push.id));
        let mut next = 0;
        for place in places {
            match place {
                Some(place) if place == next => next += 1,
                Some(place) if place + 1 == next => {}
                place => wrong.push(format!("{}: place {place:?} came at place {next}", customer.openid)),
            }
        }
        if next < customer.said.len() {
            wrong.push(format!("{}: {} of {} messages came", customer.openid, next, customer.said.len()));
        }
    }
    wrong
}

impl Customer {
    /// Writes until the server is gone, and then waits.
    async fn writes(&mut self, base: &str) {
        while self.write(base).await.is_ok() {
            // Slower than a debug build pushes.
            tokio::time::sleep(PAUSE).await;
        }
        std::future::pending::<()>().await;
    }

    /// Writes the next message. One without an answer is written again, with its id.
    async fn write(&mut self, base: &str) -> anyhow::Result<()> {
        let http = Client::new();
        if self.cookie.is_empty() {
            let first = http.get(format!("{base}/chat/api/{APPID}/snapshot")).send().await?;
            self.cookie = cookie(&first).context("a first cookie")?;
        }
        let text = self.said.len().to_string();
        let sent = http.post(format!("{base}/chat/api/{APPID}/message")).header("cookie", &self.cookie);
        let sent = sent.header("sec-fetch-site", "same-origin");
        let sent = sent.json(&json!({"client_id": text, "text": text})).send().await?;
        let new = cookie(&sent);
        let answer: Value = sent.json().await?;
        let id = answer["message"]["id"].as_i64().with_context(|| answer.to_string())?;
        self.openid = answer["message"]["openid"].as_str().context("an openid")?.to_owned();
        self.cookie = new.unwrap_or_else(|| self.cookie.clone());
        self.said.push(id.to_string());
        Ok(())
    }
}

fn cookie(response: &reqwest::Response) -> Option<String> {
    response.headers().get("set-cookie")?.to_str().ok()?.split(';').next().map(str::to_owned)
}

/// A developer's server, which takes everything after a few milliseconds.
async fn listen() -> anyhow::Result<(String, Pushes)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (url, pushes) = (format!("http://{}/wx", listener.local_addr()?), Pushes::default());
    let shared = pushes.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, shared.clone()));
        }
    });
    Ok((url, pushes))
}

async fn serve(stream: TcpStream, pushes: Pushes) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let length_of = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
        let mut body = vec![0; head.lines().find_map(length_of).unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let echo = head.split(' ').nth(1).and_then(|path| path.split("echostr=").nth(1)?.split('&').next());
        if body.contains("<MsgId>") {
            let push = Push { openid: element(&body, "FromUserName"), id: element(&body, "MsgId"), body };
            pushes.lock().unwrap_or_else(PoisonError::into_inner).push(push);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let answer = echo.unwrap_or_default();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// The text of an element of the XML.
fn element(body: &str, name: &str) -> String {
    let inner = body.split(&format!("<{name}>")).nth(1).unwrap_or_default();
    let inner = inner.split(&format!("</{name}>")).next().unwrap_or_default();
    inner.trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Customer, Push, violations};

    /// A customer who said `a`, `b` and `c`, and pushes with these ids.
    fn wrong(ids: &[&str]) -> usize {
        let said = ["a", "b", "c"].map(str::to_owned).to_vec();
        let customer = Customer { openid: "o".to_owned(), said, cookie: String::new() };
        let push = |id: &&str| Push { openid: "o".to_owned(), id: (*id).to_owned(), body: (*id).to_owned() };
        violations(&[customer], &ids.iter().map(push).collect::<Vec<_>>()).len()
    }

    #[test]
    fn only_the_last_push_may_come_again() {
        assert_eq!(wrong(&["a", "b", "b", "c", "c"]), 0);
        for ids in [&["a", "b"][..], &[], &["a", "c", "b"], &["b", "a", "c"], &["a", "b", "a", "c"]] {
            assert_ne!(wrong(ids), 0, "{ids:?}");
        }
        assert_ne!(wrong(&["a", "b", "c", "d"]), 0, "it was not said");
    }
}
