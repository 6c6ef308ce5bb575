//! Change feed → Server-Sent Events.
//!
//! One reader per owner and node reads each change once and hands it to that owner's streams. A
//! stream that is behind (it has just begun, or it lagged) reads for itself until it has caught up:
//! numbers have no gaps, so it knows.

use crate::desk::Desk;
use crate::desk::feed::{self, After, Change};
use dashmap::DashMap;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Changes a stream may be behind before it reads for itself.
const LAG: usize = 256;
/// How often to look although no hint came: hints between nodes may be lost, those of one process
/// are not.
const POLL_SHARED: Duration = Duration::from_secs(5);
const POLL_ALONE: Duration = Duration::from_secs(60);

/// The readers. Clones share them.
#[derive(Clone)]
pub struct Feeds {
    desk: Desk,
    stop: CancellationToken,
    readers: Arc<DashMap<String, Sender<Arc<Change>>>>,
}

/// What a stream gets.
#[derive(Clone, Debug)]
pub enum Step {
    /// The next change.
    Change(Arc<Change>),
    /// Load everything again.
    Lost,
}

impl Feeds {
    /// No readers yet.
    #[must_use]
    pub fn new(desk: Desk, stop: CancellationToken) -> Self {
        Feeds { desk, stop, readers: Arc::default() }
    }

    /// The changes of `owner` after number `since`, as they come. It ends after [`Step::Lost`].
    pub fn follow(&self, owner: String, since: i64) -> impl Stream<Item = Step> + Send + use<> {
        let live = self.subscribe(&owner);
        let follower = Follower {
            desk: self.desk.clone(),
            owner,
            cursor: since,
            live,
            behind: true,
            read: VecDeque::new(),
        };
        unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next().await {
                Some(step @ Step::Change(_)) => Some((step, Some(follower))),
                Some(Step::Lost) => Some((Step::Lost, None)),
                None => None,
            }
        })
    }

    fn subscribe(&self, owner: &str) -> Receiver<Arc<Change>> {
        let mut is_new = false;
        let reader = self.readers.entry(owner.to_owned()).or_insert_with(|| {
            is_new = true;
            channel(LAG).0
        });
        let live = reader.subscribe();
        drop(reader);
        if is_new {
            tokio::spawn(self.clone().read_on(owner.to_owned()));
        }
        live
    }

    /// The one reader of an owner, until nobody follows.
    async fn read_on(self, owner: String) {
        let mut hint = self.desk.store.subscribe(&owner);
        let poll = if self.desk.store.is_shared() { POLL_SHARED } else { POLL_ALONE };
        let mut cursor = None;
        while !self.stop.is_cancelled() && !self.is_over(&owner) {
            hint.mark_unchanged();
            match self.read_round(&owner, cursor).await {
                Some((next, true)) => cursor = Some(next),
                other => {
                    cursor = other.map(|(next, _)| next).or(cursor);
                    tokio::select! {
                        _ = hint.changed() => {}
                        () = tokio::time::sleep(poll) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
            }
        }
        drop(hint);
        self.desk.store.unsubscribe(&owner);
    }

    /// Reads what comes after the cursor and hands it on; answers the new cursor, and whether there
    /// may be more.
    async fn read_round(&self, owner: &str, cursor: Option<i64>) -> Option<(i64, bool)> {
        let after = match cursor {
            Some(cursor) => feed::after(&self.desk, owner, cursor).await,
            None => Ok(After::Lost),
        };
        match after {
            Ok(After::Changes(changes)) => {
                let last = changes.last().map(|change| change.seq);
                if let Some(reader) = self.readers.get(owner) {
                    for change in changes {
                        // Nobody listens at the moment: whoever comes reads for herself.
                        let _ = reader.send(Arc::new(change));
                    }
                }
                Some((last.or(cursor)?, last.is_some()))
            }
            // Streams see the gap and read for themselves.
            Ok(After::Lost) => {
                let head = self.desk.store.head(owner).await.ok()??;
                Some((head.seq, false))
            }
            Err(error) => {
                tracing::error!(?error, "the change feed could not be read; trying again");
                None
            }
        }
    }

    /// Ends the reader when nobody follows; whoever comes later starts another.
    fn is_over(&self, owner: &str) -> bool {
        self.readers.remove_if(owner, |_, reader| reader.receiver_count() == 0).is_some()
    }
}

struct Follower {
    desk: Desk,
    owner: String,
    cursor: i64,
    live: Receiver<Arc<Change>>,
    behind: bool,
    read: VecDeque<Change>,
}

impl Follower {
    async fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(change) = self.read.pop_front() {
                return Some(self.take(Arc::new(change)));
            }
            if self.behind {
                match feed::after(&self.desk, &self.owner, self.cursor).await {
                    Ok(After::Changes(changes)) => {
                        self.behind = !changes.is_empty();
                        self.read = changes.into();
                    }
                    Ok(After::Lost) => return Some(Step::Lost),
                    Err(error) => {
                        tracing::error!(
                            ?error,
                            "a stream could not read its feed; it ends, and the page comes back"
                        );
                        return None;
                    }
                }
                continue;
            }
            match self.live.recv().await {
                Ok(change) if change.seq == self.cursor + 1 => return Some(self.take(change)),
                Ok(change) => self.behind = change.seq > self.cursor,
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn take(&mut self, change: Arc<Change>) -> Step {
        self.cursor = change.seq;
        Step::Change(change)
    }
}
