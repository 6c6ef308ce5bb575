//! Forwarding: an account's pushes go to a developer's machine (`kefu listen`) while it is connected.
//!
//! The machine holds a stream open, on which each push is a line of JSON, and posts what its program answers. A push
//! that waits for an answer when the stream breaks goes out again on the next stream, if that comes in time.

mod wire;

pub use wire::{EndedPush, ForwardedPush, Greeting, Line};

use bytes::Bytes;
use dashmap::DashMap;
use model::Appid;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long pushes wait for a machine to come back, before they go to the account's URL again. Shorter than a try, so
/// that one that began meanwhile still reaches the URL.
pub const GRACE: Duration = Duration::from_secs(4);
/// Pushes that wait to be written to a stream. Deliveries have fewer under way.
const QUEUED: usize = 256;

/// What a program on a developer's machine answered.
#[derive(Debug)]
pub struct ForwardedAnswer {
    /// The status; 0 if the program was not reached.
    pub status: u16,
    /// The body, or what was wrong if the program was not reached.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardFault {
    /// No machine was connected until the deadline.
    Absent,
    /// A machine got the push and did not answer in time.
    Late,
}

/// The machines that are connected to this node, one for each account. Clones share them.
#[derive(Clone, Default)]
pub struct Forwarders(Arc<State>);

#[derive(Default)]
struct State {
    accounts: DashMap<Appid, watch::Sender<Place>>,
    /// Who waits for the answer to a push, by connection and number.
    waiting: DashMap<(u64, u64), (Appid, oneshot::Sender<ForwardedAnswer>)>,
    connections: AtomicU64,
    pushes: AtomicU64,
}

/// The machine of an account.
#[derive(Clone)]
struct Place {
    connection: Option<Connection>,
    /// When the last connection ended.
    left: Instant,
}

#[derive(Clone)]
struct Connection {
    id: u64,
    pushes: mpsc::Sender<ForwardedPush>,
    replaced: CancellationToken,
}

impl Forwarders {
    /// Connects a machine until the returned value is dropped. It replaces the account's earlier one.
    #[must_use]
    pub fn connect(&self, appid: &Appid) -> Forwarding {
        let (pushes, queue) = mpsc::channel(QUEUED);
        let (id, replaced) = (self.0.connections.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        let connection = Connection { id, pushes, replaced: replaced.clone() };
        let place = Place { connection: Some(connection), left: Instant::now() };
        let account =
            self.0.accounts.entry(appid.clone()).or_insert_with(|| watch::Sender::new(Place::empty()));
        if let Some(earlier) = account.send_replace(place).connection {
            earlier.replaced.cancel();
        }
        Forwarding { forwarders: self.clone(), appid: appid.clone(), id, queue, replaced }
    }

    /// Whether the account's pushes are forwarded: a machine is connected, or was a moment ago.
    #[must_use]
    pub fn has(&self, appid: &Appid) -> bool {
        let Some(account) = self.0.accounts.get(appid) else { return false };
        let place = account.borrow();
        place.connection.is_some() || place.left.elapsed() < GRACE
    }

    /// Sends a push, and waits for the answer.
    ///
    /// # Errors
    /// Why there is none until `end`. `Absent` comes earlier if no machine has come back in time.
    pub async fn call(
        &self,
        appid: &Appid,
        push: &ForwardedPush,
        end: Instant,
    ) -> Result<ForwardedAnswer, ForwardFault> {
        let mut fault = ForwardFault::Absent;
        let mut places = match self.0.accounts.get(appid) {
            Some(account) => account.subscribe(),
            None => return Err(fault),
        };
        let mut last = None;
        loop {
            let is_next = |place: &Place| {
                place.connection.as_ref().is_some_and(|connection| Some(connection.id) != last)
            };
            let left = places.borrow().left;
            let found = async { places.wait_for(is_next).await.ok()?.connection.clone() };
            let Ok(Some(connection)) = timeout_at(end.min(left + GRACE), found).await else {
                return Err(fault);
            };
            last = Some(connection.id);
            let waiting = Waiting::begin(self, appid, connection.id);
            let push = ForwardedPush { id: waiting.key.1, ..push.clone() };
            if !matches!(timeout_at(end, connection.pushes.send(push)).await, Ok(Ok(()))) {
                continue;
            }
            fault = ForwardFault::Late;
            // An error means that the connection broke: the push goes out again on the next one.
            match timeout_at(end, waiting.answer()).await {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(_) => return Err(fault),
            }
        }
    }

    /// Hands an answer to the delivery that waits for it. Returns `false` if none waits any more.
    #[must_use]
    pub fn answer(&self, appid: &Appid, connection: u64, push: u64, answer: ForwardedAnswer) -> bool {
        let waiting = self.0.waiting.remove_if(&(connection, push), |_, (of, _)| of == appid);
        waiting.is_some_and(|(_, (_, waiting))| waiting.send(answer).is_ok())
    }
}

impl Place {
    fn empty() -> Self {
        Place { connection: None, left: Instant::now() }
    }
}

/// A push that waits for its answer.
struct Waiting {
    forwarders: Forwarders,
    key: (u64, u64),
    answer: Option<oneshot::Receiver<ForwardedAnswer>>,
}

impl Waiting {
    fn begin(forwarders: &Forwarders, appid: &Appid, connection: u64) -> Self {
        let (sender, answer) = oneshot::channel();
        let key = (connection, forwarders.0.pushes.fetch_add(1, Ordering::Relaxed));
        forwarders.0.waiting.insert(key, (appid.clone(), sender));
        Waiting { forwarders: forwarders.clone(), key, answer: Some(answer) }
    }

    /// The answer; `None` if the connection broke.
    async fn answer(mut self) -> Option<ForwardedAnswer> {
        self.answer.take()?.await.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.forwarders.0.waiting.remove(&self.key);
    }
}

/// A connected machine.
pub struct Forwarding {
    forwarders: Forwarders,
    appid: Appid,
    /// The number of the connection, which answers name.
    pub id: u64,
    /// The pushes to write.
    pub queue: mpsc::Receiver<ForwardedPush>,
    /// Cancelled when another machine has replaced this one.
    pub replaced: CancellationToken,
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        if let Some(account) = self.forwarders.0.accounts.get(&self.appid) {
            account.send_if_modified(|place| {
                let is_own = place.connection.as_ref().is_some_and(|connection| connection.id == self.id);
                if is_own {
                    *place = Place::empty();
                }
                is_own
            });
        }
        // Dropping the senders tells the deliveries.
        self.forwarders.0.waiting.retain(|(connection, _), _| *connection != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::{ForwardFault, ForwardedAnswer, ForwardedPush, Forwarders};
    use bytes::Bytes;
    use model::Appid;
    use std::time::Duration;
    use tokio::time::Instant;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    fn push() -> ForwardedPush {
        ForwardedPush { push: "1.0".into(), ..ForwardedPush::default() }
    }

    fn answer(body: &'static str) -> ForwardedAnswer {
        ForwardedAnswer { status: 200, body: Bytes::from_static(body.as_bytes()) }
    }

    #[tokio::test]
    async fn a_push_is_answered_by_the_connected_machine() {
        let (forwarders, appid, push) = (Forwarders::default(), Appid::stored("wx1".into()), push());
        assert!(!forwarders.has(&appid));
        assert_eq!(forwarders.call(&appid, &push, soon()).await.err(), Some(ForwardFault::Absent));
        let mut machine = forwarders.connect(&appid);
        assert!(forwarders.has(&appid));
        let answering = forwarders.clone();
        let other = Appid::stored("wx2".into());
        let answers = async {
            let got = machine.queue.recv().await.expect("a push");
            assert_eq!(got.push, "1.0");
            assert!(!answering.answer(&other, machine.id, got.id, answer("x")), "another account's");
            assert!(answering.answer(&appid, machine.id, got.id, answer("success")));
            assert!(!answering.answer(&appid, machine.id, got.id, answer("again")));
        };
        let (called, ()) = tokio::join!(forwarders.call(&appid, &push, soon()), answers);
        assert_eq!(called.expect("an answer").body, "success");
    }

    #[tokio::test]
    async fn a_push_goes_out_again_after_a_cut_and_a_newer_machine_replaces_the_older() {
        let (forwarders, appid, push) = (Forwarders::default(), Appid::stored("wx1".into()), push());
        let mut first = forwarders.connect(&appid);
        let cut = async {
            first.queue.recv().await.expect("a push");
            drop(first);
            assert!(forwarders.has(&appid), "it may come back");
            let mut second = forwarders.connect(&appid);
            let got = second.queue.recv().await.expect("the same push");
            assert!(forwarders.answer(&appid, second.id, got.id, answer("late")));
            second
        };
        let (called, second) = tokio::join!(forwarders.call(&appid, &push, soon()), cut);
        assert_eq!(called.expect("an answer").body, "late");
        let third = forwarders.connect(&appid);
        assert!(second.replaced.is_cancelled() && !third.replaced.is_cancelled());
        drop(second);
        let brief = forwarders.call(&appid, &push, Instant::now() + Duration::from_millis(20)).await;
        assert_eq!(brief.err(), Some(ForwardFault::Late), "the older one's end is not the newer one's");
    }
}
