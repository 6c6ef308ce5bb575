//! Hints between nodes: quick, and never to be relied on.

use super::postgres::Connection;
use super::tx::{Conn as _, Value};
use super::watch::{Head, Shared};
use ::postgres::{Config, NoTls};
use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

/// How long hints are gathered before one notification carries them.
const GATHER: Duration = Duration::from_millis(3);
/// Most bytes of a notification's payload are 8000.
const PAYLOAD_MAX: usize = 7000;

/// Tells other nodes what changed: one notification for all that gathers in a few milliseconds, and
/// never within a verb's transaction, where it would make commits wait for each other.
pub(super) fn notify_loop(config: &Config, gathered: &Receiver<(String, Head)>) {
    let mut conn = Connection::new(config);
    while let Ok(first) = gathered.recv() {
        thread::sleep(GATHER);
        let mut hints = HashMap::from([first]);
        hints.extend(gathered.try_iter());
        let mut payload = String::new();
        for (owner, head) in hints {
            if payload.len() > PAYLOAD_MAX {
                send_hints(&mut conn, &mut payload);
            }
            payload.push_str(&format!("{owner} {} {}\n", head.seq, head.access));
        }
        send_hints(&mut conn, &mut payload);
    }
}

fn send_hints(conn: &mut Connection, payload: &mut String) {
    if let Err(error) = conn.all("select pg_notify('kefu', $1) is null", &[Value::Text(payload)]) {
        tracing::debug!(?error, "hints to other nodes were lost");
    }
    payload.clear();
}

/// Hears what other nodes changed. After a reconnect everything may have.
pub(super) fn listen_loop(config: &Config, shared: &std::sync::Weak<Shared>) {
    while shared.strong_count() > 0 {
        if let Err(error) = listen(config, shared) {
            tracing::warn!(%error, "not listening to other nodes; trying again");
            thread::sleep(Duration::from_secs(1));
        }
    }
}

fn listen(config: &Config, shared: &std::sync::Weak<Shared>) -> anyhow::Result<()> {
    use ::postgres::fallible_iterator::FallibleIterator as _;
    let mut client = config.connect(NoTls)?;
    client.batch_execute("listen kefu")?;
    if let Some(shared) = shared.upgrade() {
        shared.wake_all();
    }
    loop {
        let notification = client.notifications().timeout_iter(Duration::from_millis(500)).next()?;
        let Some(shared) = shared.upgrade() else { return Ok(()) };
        if client.is_closed() {
            anyhow::bail!("the connection went");
        }
        let Some(notification) = notification else { continue };
        for hint in notification.payload().lines() {
            let mut parts = hint.split(' ');
            if let (Some(owner), Some(Ok(seq))) = (parts.next(), parts.next().map(str::parse)) {
                shared.wake(owner, seq);
            }
        }
    }
}
