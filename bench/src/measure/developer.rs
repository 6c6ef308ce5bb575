//! A developer's server that takes every push and counts the messages. It runs as a process of its own.

use crate::measure::load;
use crate::pushes::paced::{self, Times};
use anyhow::ensure;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use kefu::listen::ConnectionLimit;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the server is asked what it has seen.
const PAUSE: Duration = Duration::from_millis(20);

/// What has come since it was told to forget.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) messages: usize,
    /// Pushes of a message that had come before.
    pub(crate) again: usize,
    /// Pushes without a message of the measurement.
    pub(crate) unknown: usize,
    /// From the first to the last message, in microseconds.
    pub(crate) took_us: u64,
}

#[derive(Default)]
struct Register {
    seen: Seen,
    /// When each message came, by its number.
    times: Times,
    first: Option<Instant>,
}

type Shared = Arc<Mutex<Register>>;

/// Serves until SIGTERM.
pub(crate) fn serve() -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("the developer's server listens at http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let (mut ended, stopped) = (signal(SignalKind::terminate())?, stop.clone());
        tokio::spawn(async move {
            ended.recv().await;
            stopped.cancel();
        });
        let router = Router::new()
            .route("/seen", get(seen).delete(forget))
            .route("/times", get(times))
            .fallback(take)
            .with_state(Shared::default());
        kefu::listen::serve(listener, router, ConnectionLimit::new(0), stop).await;
        Ok(())
    })
}

fn with<T>(shared: &Shared, act: impl FnOnce(&mut Register) -> T) -> T {
    act(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn seen(State(shared): State<Shared>) -> Json<Seen> {
    Json(with(&shared, |register| register.seen))
}

async fn times(State(shared): State<Shared>) -> Json<Times> {
    Json(with(&shared, |register| register.times.clone()))
}

async fn forget(State(shared): State<Shared>) {
    with(&shared, |register| *register = Register::default());
}

async fn take(State(shared): State<Shared>, body: Bytes) {
    let number = number(&body);
    let now = paced::now().unwrap_or_default();
    with(&shared, |register| register.take(number, now));
}

/// The number in the text of a message.
fn number(body: &[u8]) -> Option<usize> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once("<![CDATA[第 ")?;
    rest.split_once(' ')?.0.parse().ok()
}

impl Register {
    fn take(&mut self, number: Option<usize>, now: u64) {
        match number {
            None => self.seen.unknown += 1,
            Some(number) if self.times.insert(number, now).is_some() => self.seen.again += 1,
            Some(_) => {
                let first = *self.first.get_or_insert_with(Instant::now);
                self.seen.messages += 1;
                self.seen.took_us = u64::try_from(first.elapsed().as_micros()).unwrap_or(u64::MAX);
            }
        }
    }
}

impl Seen {
    /// Asks the server what it has seen.
    pub(crate) async fn now(address: SocketAddr) -> anyhow::Result<Self> {
        let mut connection = load::connect(address, 1, &Arc::default()).await?.remove(0);
        Ok(serde_json::from_slice(connection.ask(&load::get("/seen")).await?)?)
    }

    /// Waits until the server has seen so many messages, each once, at most for `patience`.
    pub(crate) async fn all(
        address: SocketAddr,
        messages: usize,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        loop {
            let seen = Seen::now(address).await?;
            ensure!(seen.again == 0, "messages came twice: {seen:?}");
            if seen.messages == messages {
                return Ok(seen);
            }
            ensure!(begun.elapsed() < patience, "of {messages} messages {seen:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks the server when each message came, in microseconds since 1970.
    pub(crate) async fn times(address: SocketAddr) -> anyhow::Result<Times> {
        let mut connection = load::connect(address, 1, &Arc::default()).await?.remove(0);
        Ok(serde_json::from_slice(connection.ask(&load::get("/times")).await?)?)
    }

    /// Lets the server forget what it has seen.
    pub(crate) async fn forget(address: SocketAddr) -> anyhow::Result<()> {
        let mut connection = load::connect(address, 1, &Arc::default()).await?.remove(0);
        connection.ask(b"DELETE /seen HTTP/1.1\r\nHost: kefu\r\n\r\n").await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, number};
    use crate::measure::delivery::messages::text;

    #[test]
    fn each_message_counts_once() {
        let body = |n| format!("<xml><Content><![CDATA[{}]]></Content></xml>", text(n));
        let mut register = Register::default();
        for n in [3, 4, 3] {
            register.take(number(body(n).as_bytes()), 0);
        }
        register.take(number(b"<xml></xml>"), 0);
        let seen = register.seen;
        assert_eq!((seen.messages, seen.again, seen.unknown), (2, 1, 1));
    }
}
