//! Notifications between nodes about changed owners. They are quick, but can be lost.

use super::client::{PostgresConnection, Source};
use crate::engine::tx::{Conn as _, Value};
use crate::engine::watch::Shared;
use crate::error::{Error, OutageLog};
use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// How long changes are gathered for one notification.
const GATHER: Duration = Duration::from_millis(3);
/// Most bytes of a notification's payload are 8000.
const PAYLOAD_MAX: usize = 7000;

// One channel per schema, for installations may share a database in schemas of their own.
const CHANNEL: &str = "select 'kefu_' || current_schema()::regnamespace::oid::text";
const NOTIFY: &str = "select pg_notify('kefu_' || current_schema()::regnamespace::oid::text, $1) is null";

/// Notifies other nodes of changed owners, one line `owner seq` each. Changes of a few milliseconds share one
/// notification. It is sent outside verbs' transactions, where `notify` would make commits wait for each other. Returns
/// once all senders are dropped and every change is sent.
pub(crate) fn notify_loop(source: &Arc<Source>, changed: &Receiver<(String, i64)>) {
    let mut conn = PostgresConnection::new(source);
    while let Ok((owner, seq)) = changed.recv() {
        thread::sleep(GATHER);
        let mut seqs = HashMap::from([(owner, seq)]);
        for (owner, seq) in changed.try_iter() {
            let last = seqs.entry(owner).or_default();
            *last = seq.max(*last);
        }
        let mut payload = String::new();
        for (owner, seq) in seqs {
            if payload.len() > PAYLOAD_MAX {
                notify(&mut conn, &mut payload);
            }
            payload.push_str(&format!("{owner} {seq}\n"));
        }
        notify(&mut conn, &mut payload);
    }
}

fn notify(conn: &mut PostgresConnection, payload: &mut String) {
    let sent = conn.ready().and_then(|()| conn.all(NOTIFY, &[Value::Text(payload)]));
    if let Err(error) = sent {
        tracing::debug!(?error, "notifications to other nodes were lost");
    }
    payload.clear();
}

/// Receives the notifications of other nodes. Those sent before the connection is made are lost, so each new connection
/// wakes all subscribers.
pub(crate) fn listen_loop(source: &Source, shared: &Weak<Shared>) {
    let outages = OutageLog::new("listening to other nodes");
    while shared.strong_count() > 0 {
        if outages.record(listen(source, shared, &outages)).is_err() {
            thread::sleep(Duration::from_secs(1));
        }
    }
}

fn listen(source: &Source, shared: &Weak<Shared>, outages: &OutageLog) -> Result<(), Error> {
    use ::postgres::fallible_iterator::FallibleIterator as _;
    let mut client = source.client()?;
    let channel: String = client.query_one(CHANNEL, &[])?.get(0);
    client.batch_execute(&format!("listen {channel}"))?;
    outages.record(Ok(()))?;
    if let Some(shared) = shared.upgrade() {
        shared.wake_all();
    }
    loop {
        let notification = client.notifications().timeout_iter(Duration::from_millis(500)).next()?;
        let Some(shared) = shared.upgrade() else { return Ok(()) };
        if client.is_closed() {
            return Err(anyhow::anyhow!("the connection was lost").into());
        }
        let Some(notification) = notification else { continue };
        for line in notification.payload().lines() {
            if let Some((owner, Ok(seq))) = line.split_once(' ').map(|(owner, seq)| (owner, seq.parse())) {
                shared.wake(owner, seq);
            }
        }
    }
}
