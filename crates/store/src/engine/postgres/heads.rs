//! Reads heads of owners: one thread asks for all heads that callers wait for, in one query. It begins after each of
//! them asked, so no answer is older than its call, and many accounts cost as few queries as one.

use super::client::{PostgresConnection, Source};
use crate::engine::watch::{Head, Shared};
use crate::error::{Error, OutageLog};
use protocol::Errcode;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Most owners in a query; while as many wait, callers about other owners are refused.
const OWNERS: usize = 4096;

/// Settings of the connection. Where few owners are known, a plan for a list of unknown length would scan the table; a
/// plan for each list costs as much as the query.
pub(super) const SESSION: &str = "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan";

/// The outcome of a read; no head if there is no such owner.
pub(crate) type HeadRead = Result<Option<Head>, Error>;
/// Who waits for the head of each owner. A request waits once, so open connections bound the callers of one owner.
type Waiting = HashMap<String, Vec<oneshot::Sender<HeadRead>>>;

/// The callers that wait for the next query.
#[derive(Default)]
pub(crate) struct HeadQueue {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: Waiting,
    /// Whether the thread waits for callers.
    is_idle: bool,
    stopped: bool,
}

impl HeadQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for an owner's head; `None` when too many owners are asked for.
    pub(super) fn ask(&self, owner: &str) -> Option<oneshot::Receiver<HeadRead>> {
        let (to, head) = oneshot::channel();
        let mut state = self.lock();
        if let Some(others) = state.waiting.get_mut(owner) {
            others.push(to);
            return Some(head);
        }
        if state.waiting.len() >= OWNERS {
            return None;
        }
        state.waiting.insert(owner.to_owned(), vec![to]);
        if std::mem::take(&mut state.is_idle) {
            self.arrived.notify_one();
        }
        Some(head)
    }

    /// Takes all that wait; `None` when the store stops.
    fn take(&self) -> Option<Waiting> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.stopped {
                return None;
            }
            state.is_idle = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some(std::mem::take(&mut state.waiting))
    }

    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.arrived.notify_all();
    }
}

/// Answers the callers until the store stops.
pub(super) fn read_heads(source: &Arc<Source>, queue: &HeadQueue, shared: &Shared, runtime: &Handle) {
    let mut conn = PostgresConnection::new(source);
    let outages = OutageLog::new("reading heads from PostgreSQL");
    while let Some(waiting) = queue.take() {
        shared.metrics.verbs.inc();
        let owners: Vec<&str> = waiting.keys().map(String::as_str).collect();
        let heads = outages.record(query(&mut conn, &owners));
        if let Ok(heads) = &heads {
            heads.iter().for_each(|(owner, head)| shared.raise(owner, *head));
        }
        // Waking callers is cheap on a thread of the runtime, and the next query begins meanwhile.
        runtime.spawn(async move { answer(waiting, heads.ok().as_ref()) });
    }
}

fn query(conn: &mut PostgresConnection, owners: &[&str]) -> Result<HashMap<String, Head>, Error> {
    conn.ready()?;
    // The database may have been away since the last query, and be back.
    let rows = conn.all_of(SELECT, owners).or_else(|_| {
        conn.close();
        conn.ready()?;
        conn.all_of(SELECT, owners)
    })?;
    Ok(rows.iter().map(|row| (row.text(0), Head { seq: row.int(1), access: row.int(2) })).collect())
}

/// Answers the callers; without heads, each with a refusal.
fn answer(waiting: Waiting, heads: Option<&HashMap<String, Head>>) {
    for (owner, callers) in waiting {
        for caller in callers {
            let head = heads.map(|heads| heads.get(&owner).copied()).ok_or(Errcode::SystemError.into());
            // The caller may have stopped waiting.
            let _ = caller.send(head);
        }
    }
}

const SELECT: &str = "select owner, seq, access from head where owner = any($1)";

#[cfg(test)]
mod tests {
    use super::{HeadQueue, OWNERS, answer};
    use crate::engine::watch::Head;
    use std::collections::HashMap;

    #[tokio::test]
    async fn each_owner_is_asked_for_once_however_many_callers_wait() {
        let queue = HeadQueue::default();
        let [first, second, other] = ["a", "a", "b"].map(|owner| queue.ask(owner).expect("there is room"));
        let waiting = queue.take().expect("callers wait");
        assert_eq!(waiting.len(), 2);
        let head = Head { seq: 3, access: 2 };
        answer(waiting, Some(&HashMap::from([("a".to_owned(), head)])));
        assert_eq!(first.await.unwrap().unwrap(), Some(head));
        assert_eq!(second.await.unwrap().unwrap(), Some(head));
        assert_eq!(other.await.unwrap().unwrap(), None);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_other_owners_until_the_next_query() {
        let queue = HeadQueue::default();
        let waiting: Vec<_> =
            (0..OWNERS).map(|n| queue.ask(&n.to_string()).expect("there is room")).collect();
        assert!(queue.ask("other").is_none());
        let same = queue.ask("0").expect("this owner is asked for already");
        answer(queue.take().expect("callers wait"), None);
        assert!(same.await.unwrap().is_err());
        for head in waiting {
            assert!(head.await.unwrap().is_err());
        }
        assert!(queue.ask("other").is_some());
    }
}
