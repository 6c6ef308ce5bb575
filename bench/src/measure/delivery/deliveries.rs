//! Compares what agents' streams receive with what was acknowledged: each message once, on the stream of its agent, and
//! each customer's messages in order.

use crate::measure::delivery::messages::{Order, text};
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long the last messages may take to their streams.
const PATIENCE: Duration = Duration::from_secs(30);

/// The messages of one customer so far.
#[derive(Clone, Copy, Default)]
struct Course {
    acknowledged: usize,
    seen: usize,
}

/// What has happened so far.
struct Progress {
    courses: Vec<Course>,
    /// When each message was posted, or was due.
    posted: Vec<Option<Instant>>,
    /// From then to the arrival at the stream, in microseconds, in the order of arrival.
    took_us: Vec<u32>,
}

pub(crate) struct Deliveries {
    order: Order,
    progress: Mutex<Progress>,
    acknowledged: AtomicUsize,
    seen: AtomicUsize,
    arrived: Notify,
}

/// The part of an event that is compared.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    facts: Vec<Fact<'a>>,
}

/// A message is followed by the fact of its session.
#[derive(Deserialize)]
struct Fact<'a> {
    #[serde(borrow)]
    message: Option<Seen<'a>>,
    session: Option<SeenSession<'a>>,
}

#[derive(Deserialize)]
struct Seen<'a> {
    session: i64,
    client_id: &'a str,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct SeenSession<'a> {
    id: i64,
    kf_account: &'a str,
}

impl Deliveries {
    /// For so many messages.
    pub(crate) fn new(order: Order, messages: usize) -> Self {
        let courses = vec![Course::default(); order.customers(messages)];
        let progress =
            Progress { courses, posted: vec![None; messages], took_us: Vec::with_capacity(messages) };
        Deliveries {
            order,
            progress: Mutex::new(progress),
            acknowledged: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
            arrived: Notify::new(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Progress) -> T) -> T {
        act(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the customer's message before the `n`th is acknowledged, so that the page would send the `n`th.
    pub(crate) fn may_post(&self, n: usize) -> bool {
        let (customer, k) = self.order.place(n);
        self.with(|progress| progress.courses[customer].acknowledged == k)
    }

    /// Records that the `n`th message is posted, or was due, at this time.
    pub(crate) fn post(&self, n: usize, at: Instant) {
        self.with(|progress| progress.posted[n] = Some(at));
    }

    /// Records that the `n`th message was acknowledged.
    pub(crate) fn acknowledge(&self, n: usize) {
        let (customer, _) = self.order.place(n);
        self.with(|progress| progress.courses[customer].acknowledged += 1);
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a change from the stream of the agent `kf_account`. Fails if it shows a message that is not the next one
    /// of its customer, was not posted, or belongs to another agent.
    pub(crate) fn see(&self, change: &[u8], kf_account: &str) -> anyhow::Result<()> {
        let now = Instant::now();
        let Change { facts } = serde_json::from_slice(change)?;
        for (place, fact) in facts.iter().enumerate() {
            let Some(message) = &fact.message else { continue };
            let session = facts.get(place + 1).and_then(|fact| fact.session.as_ref());
            let session = session.filter(|session| session.id == message.session);
            let agent = session.context("a message comes without its session")?.kf_account;
            ensure!(agent == kf_account, "{kf_account} sees a message to {agent}");
            let number = message.client_id.strip_prefix('m').and_then(|number| number.parse().ok());
            let n: usize = number.with_context(|| format!("message {} is unknown", message.client_id))?;
            ensure!(message.text == text(n), "message {n} arrives as {}", message.text);
            self.with(|progress| progress.arrive(self.order.place(n), n, now))?;
            self.seen.fetch_add(1, Ordering::Relaxed);
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits until all of the first `messages` are acknowledged and seen.
    pub(crate) async fn all_seen(&self, messages: usize) -> anyhow::Result<()> {
        let all = async {
            while self.seen.load(Ordering::Relaxed) < messages {
                self.arrived.notified().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, all).await.is_ok();
        let (acknowledged, seen) =
            (self.acknowledged.load(Ordering::Relaxed), self.seen.load(Ordering::Relaxed));
        ensure!(
            in_time && acknowledged == messages && seen == messages,
            "of {messages} messages {acknowledged} were acknowledged and {seen} seen on streams"
        );
        Ok(())
    }

    /// The times from the post to the stream since the first `skipped` arrivals, in microseconds, sorted.
    pub(crate) fn took_us(&self, skipped: usize) -> Vec<u32> {
        let mut took_us = self.with(|progress| progress.took_us[skipped..].to_vec());
        took_us.sort_unstable();
        took_us
    }
}

impl Progress {
    fn arrive(&mut self, (customer, k): (usize, usize), n: usize, now: Instant) -> anyhow::Result<()> {
        let posted = self.posted.get(n).copied().flatten();
        let posted = posted.with_context(|| format!("message {n} was not posted"))?;
        let next = self.courses[customer].seen;
        ensure!(k == next, "customer {customer}: message {k} comes where message {next} is next");
        self.courses[customer].seen += 1;
        self.took_us.push(u32::try_from((now - posted).as_micros())?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Deliveries;
    use crate::measure::delivery::messages::{Order, text};
    use serde_json::json;
    use std::time::Instant;

    const AGENT: &str = "kf1@shop";

    /// Two customers with two messages each: 0 and 2 of the one, 1 and 3 of the other.
    fn deliveries() -> Deliveries {
        let deliveries = Deliveries::new(Order { group: 2, each: 2 }, 4);
        (0..3).for_each(|n| deliveries.post(n, Instant::now()));
        deliveries
    }

    fn change(n: usize, kf_account: &str) -> Vec<u8> {
        let message = json!({ "id": 5, "session": 3, "client_id": format!("m{n}"), "text": text(n) });
        let session = json!({ "id": 3, "kf_account": kf_account, "preview": "" });
        let counts = json!({ "counts": { "waiting": 0 } });
        json!({ "appid": "wx", "facts": [counts, { "message": message }, { "session": session }] })
            .to_string()
            .into_bytes()
    }

    #[tokio::test]
    async fn messages_are_seen_once_and_in_the_order_of_each_customer() -> anyhow::Result<()> {
        let deliveries = deliveries();
        for n in [1, 0, 2] {
            assert!(deliveries.may_post(n), "{n}");
            deliveries.acknowledge(n);
            deliveries.see(&change(n, AGENT), AGENT)?;
        }
        deliveries.all_seen(3).await?;
        assert_eq!((deliveries.took_us(0).len(), deliveries.took_us(2).len()), (3, 1));
        assert!(deliveries.see(&change(0, AGENT), AGENT).is_err(), "twice");
        assert!(deliveries.see(&change(3, AGENT), AGENT).is_err(), "not posted");
        Ok(())
    }

    #[tokio::test]
    async fn what_is_missing_in_disorder_or_at_another_agent_is_an_error() {
        let deliveries = deliveries();
        assert!(deliveries.see(&change(2, AGENT), AGENT).is_err(), "before the first");
        assert!(deliveries.see(&change(0, "kf2@shop"), AGENT).is_err(), "another agent's");
        assert!(deliveries.see(&change(0, AGENT), AGENT).is_ok());
        assert!(deliveries.all_seen(1).await.is_err(), "seen, but not acknowledged");
    }

    #[test]
    fn a_customer_writes_again_after_the_acknowledgement() {
        let deliveries = deliveries();
        assert!(deliveries.may_post(0) && !deliveries.may_post(2));
        deliveries.acknowledge(0);
        assert!(deliveries.may_post(2) && !deliveries.may_post(3));
    }
}
