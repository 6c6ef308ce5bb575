//! A page's stream: gathers its Server-Sent Events.

use super::{PATIENCE, TestApp};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One event.
#[derive(Clone, Debug)]
pub struct StreamEvent {
    pub event: String,
    pub id: String,
    pub data: Value,
}

/// An open stream; it closes when it is dropped.
pub struct Stream {
    events: watch::Receiver<Vec<StreamEvent>>,
    reader: JoinHandle<()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Stream {
    pub async fn open(app: &TestApp, path: &str, cookie: &str) -> Stream {
        let mut response = app.ask(path, cookie).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (sender, events) = watch::channel(Vec::new());
        let reader = tokio::spawn(async move {
            let mut text = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some((frame, rest)) = text.split_once("\n\n") {
                    if let Some(event) = parse(frame) {
                        sender.send_modify(|all: &mut Vec<StreamEvent>| all.push(event));
                    }
                    text = rest.to_owned();
                }
            }
        });
        Stream { events, reader }
    }

    /// Waits for an event that fits.
    pub async fn waits_for(&mut self, what: &str, fits: impl Fn(&StreamEvent) -> bool) -> StreamEvent {
        let events = tokio::time::timeout(PATIENCE, self.events.wait_for(|all| all.iter().any(&fits))).await;
        let events = events
            .unwrap_or_else(|_| panic!("no such event: {what}"))
            .unwrap_or_else(|_| panic!("the stream ended before the event: {what}"));
        events.iter().find(|event| fits(event)).cloned().unwrap()
    }

    /// Waits for a fact that fits.
    pub async fn sees_fact(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> StreamEvent {
        self.waits_for(what, |event| {
            event.data["facts"].as_array().is_some_and(|facts| facts.iter().any(&fits))
        })
        .await
    }

    /// Waits for a message with this text.
    pub async fn sees(&mut self, text: &str) -> StreamEvent {
        self.sees_fact(text, |fact| fact["message"]["text"] == text).await
    }

    /// The events so far, without the heartbeats of an idle stream.
    pub fn events(&self) -> Vec<StreamEvent> {
        self.events.borrow().iter().filter(|event| event.event != "beat").cloned().collect()
    }

    /// Waits for the stream to end.
    pub async fn ends(mut self) {
        let end = async { while self.events.changed().await.is_ok() {} };
        tokio::time::timeout(PATIENCE, end).await.expect("the stream ends");
    }

    /// The number of messages with this text so far.
    pub async fn count_texts(&self, text: &str) -> usize {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let facts = |event: &StreamEvent| event.data["facts"].as_array().cloned().unwrap_or_default();
        self.events.borrow().iter().flat_map(facts).filter(|fact| fact["message"]["text"] == text).count()
    }
}

fn parse(frame: &str) -> Option<StreamEvent> {
    let field = |name: &str| {
        let line = frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim_start().to_owned())
    };
    let data = serde_json::from_str(&field("data")?).ok()?;
    Some(StreamEvent { event: field("event").unwrap_or_default(), id: field("id").unwrap_or_default(), data })
}
