//! Change feed → Server-Sent Events.
//!
//! One reader per owner and node reads each change once and hands it to that owner's streams. A
//! stream that is behind (it has just begun, or it lagged) reads for itself until it has caught up:
//! numbers have no gaps, so it knows.

use crate::desk::Desk;
use crate::desk::feed::{self, After, Change};
use crate::error::Spell;
use dashmap::DashMap;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
    readers: Arc<DashMap<String, Reader>>,
    spell: Arc<Spell>,
}

/// A reader: its streams, and how far it is.
struct Reader {
    streams: Sender<Heard>,
    cursor: AtomicI64,
}

/// What a reader hands to its streams: a change, or `None` when it has just begun, so that they read
/// for themselves what came before.
type Heard = Option<Arc<Change>>;

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
        Feeds { desk, stop, readers: Arc::default(), spell: Arc::new(Spell::of("reading the change feed")) }
    }

    /// The changes of `owner` after number `since`, as they come. It ends after [`Step::Lost`].
    pub fn follow(&self, owner: String, since: i64) -> impl Stream<Item = Step> + Send + use<> {
        let live = self.subscribe(&owner);
        let follower = Follower {
            desk: self.desk.clone(),
            spell: self.spell.clone(),
            owner,
            cursor: since,
            live,
            behind: true,
            read: VecDeque::new(),
        };
        unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next().await {
                step @ Step::Change(_) => Some((step, Some(follower))),
                Step::Lost => Some((Step::Lost, None)),
            }
        })
    }

    fn subscribe(&self, owner: &str) -> Receiver<Heard> {
        let mut is_new = false;
        let reader = self.readers.entry(owner.to_owned()).or_insert_with(|| {
            is_new = true;
            Reader { streams: channel(LAG).0, cursor: AtomicI64::new(i64::MAX) }
        });
        let live = reader.streams.subscribe();
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
            let hinted = *hint.borrow_and_update();
            if self.read_round(&owner, &mut cursor).await {
                continue;
            }
            if let Some(reader) = self.readers.get(&owner) {
                reader.cursor.store(cursor.unwrap_or(i64::MAX), Ordering::Relaxed);
            }
            let done = cursor.unwrap_or(0).max(if hinted == i64::MAX { 0 } else { hinted });
            tokio::select! {
                // A hint of what was read already, from this node by way of the database, is none.
                _ = hint.wait_for(|hinted| *hinted > done) => {}
                () = tokio::time::sleep(poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
        drop(hint);
        self.desk.store.unsubscribe(&owner);
    }

    /// Reads what comes after the cursor, hands it on, and moves the cursor; answers whether there may
    /// be more.
    async fn read_round(&self, owner: &str, cursor: &mut Option<i64>) -> bool {
        let after = match *cursor {
            Some(cursor) => self.spell.note(feed::after(&self.desk, owner, cursor).await),
            None => Ok(After::Lost),
        };
        match after {
            Ok(After::Changes(changes)) => {
                let is_full = changes.len() == feed::ROUND;
                *cursor = changes.last().map(|change| change.seq).or(*cursor);
                for change in changes {
                    self.hand(owner, Some(Arc::new(change)));
                }
                is_full
            }
            Ok(After::Lost) => {
                if let Ok(head) = self.spell.note(self.desk.store.head(owner).await) {
                    *cursor = Some(head.map_or(0, |head| head.seq));
                }
                self.hand(owner, None);
                false
            }
            Err(_) => false,
        }
    }

    /// How many readers there are, and how many changes the one that is furthest behind has still to read.
    #[must_use]
    pub fn lag(&self) -> (usize, i64) {
        let behind = |owner: &str, reader: &Reader| {
            let head = self.desk.store.heard(owner).map_or(0, |head| head.seq);
            head.saturating_sub(reader.cursor.load(Ordering::Relaxed)).max(0)
        };
        let worst = self.readers.iter().map(|reader| behind(reader.key(), reader.value())).max();
        (self.readers.len(), worst.unwrap_or(0))
    }

    fn hand(&self, owner: &str, heard: Heard) {
        if let Some(reader) = self.readers.get(owner) {
            // Nobody listens at the moment: whoever comes reads for herself.
            let _ = reader.streams.send(heard);
        }
    }

    /// Ends the reader when nobody follows; whoever comes later starts another.
    fn is_over(&self, owner: &str) -> bool {
        self.readers.remove_if(owner, |_, reader| reader.streams.receiver_count() == 0).is_some()
    }
}

struct Follower {
    desk: Desk,
    spell: Arc<Spell>,
    owner: String,
    cursor: i64,
    live: Receiver<Heard>,
    behind: bool,
    read: VecDeque<Change>,
}

impl Follower {
    async fn next(&mut self) -> Step {
        loop {
            if let Some(change) = self.read.pop_front() {
                return self.take(Arc::new(change));
            }
            if self.behind {
                let after = feed::after(&self.desk, &self.owner, self.cursor).await;
                match self.spell.note(after) {
                    Ok(After::Changes(changes)) => {
                        self.behind = changes.len() == feed::ROUND;
                        self.read = changes.into();
                        continue;
                    }
                    // Its page loads everything again.
                    Ok(After::Lost) | Err(_) => return Step::Lost,
                }
            }
            match self.live.recv().await {
                Ok(Some(change)) if change.seq == self.cursor + 1 => return self.take(change),
                Ok(Some(change)) => self.behind = change.seq > self.cursor,
                Ok(None) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Step::Lost,
            }
        }
    }

    fn take(&mut self, change: Arc<Change>) -> Step {
        self.cursor = change.seq;
        Step::Change(change)
    }
}
