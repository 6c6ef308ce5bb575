//! Change feed → Server-Sent Events.
//!
//! One reader per owner and node reads each change once and broadcasts it to the streams of that owner. A stream that
//! is behind, because it is new or lagged, first catches up with the reader. It detects missing changes by their seq,
//! which has no gaps.

mod catch_up;

use crate::desk::Desk;
use crate::desk::feed::{self, ChangesAfter, FeedChange};
use crate::error::{Error, OutageLog};
use catch_up::{CatchUp, ReaderProgress};
use dashmap::DashMap;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Changes that a stream may miss before it has to catch up.
const LAG_MAX: usize = 256;
/// Changes that a stream may be behind. A stream further behind gets [`FeedStep::Lost`]: its page loads everything
/// again, which costs the store less.
pub const BEHIND_MAX: i64 = 1024;
/// How often a reader polls although nothing woke it: notifications between nodes may be lost; those within a process
/// are not.
const POLL_SHARED: Duration = Duration::from_secs(5);
const POLL_ALONE: Duration = Duration::from_secs(60);
/// How long a reader waits after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// The readers of the change feed. Clones share them.
#[derive(Clone)]
pub struct Feeds {
    desk: Desk,
    stop: CancellationToken,
    readers: Arc<DashMap<String, FeedReader>>,
    outages: Arc<OutageLog>,
    catch_up: CatchUp,
    /// The store's readers that streams may use: all but one, so that API calls never wait for streams alone.
    store_readers: Arc<Semaphore>,
    generations: Arc<AtomicU64>,
}

/// A reader: its streams and its progress.
struct FeedReader {
    streams: Sender<Broadcast>,
    progress: Arc<ReaderProgress>,
}

/// Outcome of one read of the feed.
enum FeedRead {
    /// There may be more to read.
    Full,
    /// Everything was read.
    Last,
    Failed,
}

/// What a reader broadcasts to its streams: a change, or `None` when it has begun anew or failed to, so that the
/// streams compare their positions with it.
type Broadcast = Option<Arc<FeedChange>>;

/// What a stream gets.
#[derive(Clone, Debug)]
pub enum FeedStep {
    /// The next change.
    Change(Arc<FeedChange>),
    /// Changes are missing: the page must load everything again.
    Lost,
}

impl Feeds {
    /// Creates the set of readers, without any.
    #[must_use]
    pub fn new(desk: Desk, stop: CancellationToken) -> Self {
        let store_readers = Arc::new(Semaphore::new(desk.store.readers() - 1));
        Feeds {
            catch_up: CatchUp::new(desk.clone(), store_readers.clone()),
            desk,
            stop,
            readers: Arc::default(),
            outages: Arc::new(OutageLog::new("reading the change feed")),
            store_readers,
            generations: Arc::default(),
        }
    }

    /// Streams the changes of `owner` after seq `since`. Ends after [`FeedStep::Lost`], which follows for a `since`
    /// that the owner has not reached, or that is too far back.
    pub fn follow(&self, owner: String, since: i64) -> impl Stream<Item = FeedStep> + Send + use<> {
        let (live, progress) = self.subscribe(&owner);
        let follower = Follower {
            feeds: self.clone(),
            owner,
            cursor: since,
            live,
            progress,
            behind: true,
            read: VecDeque::new(),
        };
        unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next().await {
                step @ FeedStep::Change(_) => Some((step, Some(follower))),
                FeedStep::Lost => Some((FeedStep::Lost, None)),
            }
        })
    }

    fn subscribe(&self, owner: &str) -> (Receiver<Broadcast>, Arc<ReaderProgress>) {
        let mut is_new = false;
        let reader = self.readers.entry(owner.to_owned()).or_insert_with(|| {
            is_new = true;
            let progress = ReaderProgress {
                read: AtomicI64::new(i64::MAX),
                generation: AtomicU64::new(self.next_generation()),
                turn: Arc::default(),
            };
            FeedReader { streams: channel(LAG_MAX).0, progress: Arc::new(progress) }
        });
        let (live, progress) = (reader.streams.subscribe(), reader.progress.clone());
        drop(reader);
        if is_new {
            tokio::spawn(self.clone().read_on(owner.to_owned(), progress.clone()));
        }
        (live, progress)
    }

    fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs the reader of an owner until it has no streams.
    async fn read_on(self, owner: String, progress: Arc<ReaderProgress>) {
        let mut wake = self.desk.store.subscribe(&owner);
        let poll = if self.desk.store.is_shared() { POLL_SHARED } else { POLL_ALONE };
        while !self.stop.is_cancelled() && !self.remove_if_unused(&owner) {
            let woken = *wake.borrow_and_update();
            let pause = match self.read_round(&owner, &progress).await {
                FeedRead::Full => continue,
                FeedRead::Last => poll,
                FeedRead::Failed => RETRY,
            };
            let done = progress.read().unwrap_or(0).max(woken.seq);
            tokio::select! {
                // Own changes, which come back by way of the database, wake no reader that has read them.
                _ = wake.wait_for(|now| now.seq > done || now.losses > woken.losses) => {}
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
        drop(wake);
        self.desk.store.unsubscribe(&owner);
    }

    /// Reads the changes after the last one read, and broadcasts them.
    async fn read_round(&self, owner: &str, progress: &ReaderProgress) -> FeedRead {
        let Some(read) = progress.read() else { return self.begin(owner, progress).await };
        match self.outages.record(self.read_after(owner, read).await) {
            Ok(ChangesAfter::Changes(changes)) => {
                let is_full = changes.len() == feed::ROUND;
                if let Some(last) = changes.last() {
                    // Stored before the broadcast: a stream that subscribes in between must know that they were read.
                    progress.read.store(last.seq, Ordering::Release);
                }
                for change in changes {
                    self.broadcast(owner, Some(Arc::new(change)));
                }
                if is_full { FeedRead::Full } else { FeedRead::Last }
            }
            Ok(ChangesAfter::Lost) => {
                progress.generation.store(self.next_generation(), Ordering::Release);
                self.begin(owner, progress).await
            }
            Err(_) => FeedRead::Failed,
        }
    }

    async fn read_after(&self, owner: &str, read: i64) -> Result<ChangesAfter, Error> {
        let _one = self.store_readers.acquire().await?;
        feed::after(&self.desk, owner, read).await
    }

    /// Begins at the owner's head.
    async fn begin(&self, owner: &str, progress: &ReaderProgress) -> FeedRead {
        let head = self.desk.store.head(owner).await;
        // A head from memory proves nothing about reading, so only a failure is recorded.
        let head = head.or_else(|error| self.outages.record(Err(error)));
        if let Ok(head) = &head {
            progress.read.store(head.map_or(0, |head| head.seq), Ordering::Release);
        }
        self.broadcast(owner, None);
        if head.is_ok() { FeedRead::Last } else { FeedRead::Failed }
    }

    /// The number of readers, and the number of changes that the one furthest behind has not read.
    #[must_use]
    pub fn lag(&self) -> (usize, i64) {
        let behind = |owner: &str, reader: &FeedReader| {
            let head = self.desk.store.known_head(owner).map_or(0, |head| head.seq);
            head.saturating_sub(reader.progress.read.load(Ordering::Relaxed)).max(0)
        };
        let worst = self.readers.iter().map(|reader| behind(reader.key(), reader.value())).max();
        (self.readers.len(), worst.unwrap_or(0))
    }

    fn broadcast(&self, owner: &str, broadcast: Broadcast) {
        if let Some(reader) = self.readers.get(owner) {
            // Fails while no stream is open; a later one catches up.
            let _ = reader.streams.send(broadcast);
        }
    }

    /// Removes the reader if it has no streams, and returns whether it did. A later stream starts another.
    fn remove_if_unused(&self, owner: &str) -> bool {
        self.readers.remove_if(owner, |_, reader| reader.streams.receiver_count() == 0).is_some()
    }
}

struct Follower {
    feeds: Feeds,
    owner: String,
    cursor: i64,
    live: Receiver<Broadcast>,
    progress: Arc<ReaderProgress>,
    behind: bool,
    read: VecDeque<Arc<FeedChange>>,
}

/// Position of a stream relative to its reader.
enum Lag {
    /// The stream has what the reader has.
    Level,
    /// The stream must take these changes first.
    Behind(Vec<Arc<FeedChange>>),
    /// The reader has not begun.
    Unknown,
    Lost,
}

impl Follower {
    async fn next(&mut self) -> FeedStep {
        loop {
            if let Some(change) = self.read.pop_front() {
                return self.take(change);
            }
            if self.behind {
                let lag = self.lag().await;
                // As above: a stream that is level has read nothing.
                match lag.or_else(|error| self.feeds.outages.record(Err(error))) {
                    Ok(Lag::Level) => self.behind = false,
                    Ok(Lag::Behind(changes)) => {
                        self.read = changes.into();
                        continue;
                    }
                    Ok(Lag::Unknown) => {}
                    // The page loads everything again.
                    Ok(Lag::Lost) | Err(_) => return FeedStep::Lost,
                }
            }
            match self.live.recv().await {
                Ok(Some(change)) if change.seq == self.cursor + 1 => return self.take(change),
                Ok(Some(change)) => self.behind |= change.seq > self.cursor,
                // The reader failed to begin.
                Ok(None) if self.progress.read().is_none() => return FeedStep::Lost,
                Ok(None) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return FeedStep::Lost,
            }
        }
    }

    /// Compares the stream with its reader. The stream receives what the reader broadcasts after that.
    async fn lag(&self) -> Result<Lag, Error> {
        let Some(read) = self.progress.read() else { return Ok(Lag::Unknown) };
        if self.cursor < 0 || read.saturating_sub(self.cursor) > BEHIND_MAX {
            return Ok(Lag::Lost);
        }
        if self.cursor > read {
            // Either another node's change that the reader has not noticed yet, or a wrong cursor.
            let head = self.feeds.desk.store.head(&self.owner).await?.map_or(0, |head| head.seq);
            return Ok(if self.cursor > head { Lag::Lost } else { Lag::Level });
        }
        if self.cursor == read {
            return Ok(Lag::Level);
        }
        let next = self.feeds.catch_up.after(&self.owner, &self.progress, self.cursor, read).await?;
        Ok(next.map_or(Lag::Lost, Lag::Behind))
    }

    fn take(&mut self, change: Arc<FeedChange>) -> FeedStep {
        self.cursor = change.seq;
        FeedStep::Change(change)
    }
}
