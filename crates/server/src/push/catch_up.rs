//! Catching up: blocks of a feed that streams read when they are behind, and share.

use crate::desk::Desk;
use crate::desk::feed::{self, BLOCK, FeedBlock, FeedChange};
use crate::error::Error;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::sync::{Mutex, Semaphore};

/// Bytes of blocks that are kept for other streams: some 500 blocks of plain messages.
const KEPT_BYTES: u64 = 16 << 20;
/// Number of blocks for which the cache preallocates.
const KEPT_BLOCKS: usize = 256;

/// Progress of a feed reader, as its streams see it.
pub(super) struct ReaderProgress {
    /// The last seq that was read; [`i64::MAX`] before the reader has begun.
    pub(super) read: AtomicI64,
    /// Identifies the reader since it began last. Blocks of an older generation are not used.
    pub(super) generation: AtomicU64,
    /// Held by the stream that reads on behalf of all streams of the owner that are behind.
    pub(super) turn: Arc<Mutex<()>>,
}

impl ReaderProgress {
    pub(super) fn read(&self) -> Option<i64> {
        Some(self.read.load(Ordering::Acquire)).filter(|read| *read < i64::MAX)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// Blocks of feeds that were read for streams that are behind. Clones share them.
#[derive(Clone)]
pub(super) struct CatchUp {
    desk: Desk,
    /// Keyed by the reader's generation and the seq before the block's first.
    kept: Arc<Cache<(u64, i64), Arc<FeedBlock>, BlockWeight>>,
    /// Permits one read at a time for streams that are behind, over all owners.
    turn: Arc<Semaphore>,
    /// The store's readers that streams may use: all but one.
    readers: Arc<Semaphore>,
}

#[derive(Clone)]
struct BlockWeight;

impl Weighter<(u64, i64), Arc<FeedBlock>> for BlockWeight {
    fn weight(&self, _: &(u64, i64), block: &Arc<FeedBlock>) -> u64 {
        (size_of::<FeedBlock>() + block.changes.iter().map(|change| change.bytes()).sum::<usize>()) as u64
    }
}

impl CatchUp {
    /// Creates an empty cache. `readers` are the store's readers that streams may use.
    pub(super) fn new(desk: Desk, readers: Arc<Semaphore>) -> Self {
        let kept = Arc::new(Cache::with_weighter(KEPT_BLOCKS, KEPT_BYTES, BlockWeight));
        CatchUp { desk, kept, turn: Arc::new(Semaphore::new(1)), readers }
    }

    /// The changes after `cursor`, at least one, up to seq `upto` or a little further. `None` when the feed no longer
    /// holds them.
    ///
    /// # Errors
    /// Internal only.
    pub(super) async fn after(
        &self,
        owner: &str,
        progress: &ReaderProgress,
        cursor: i64,
        upto: i64,
    ) -> Result<Option<Vec<Arc<FeedChange>>>, Error> {
        let from = cursor - cursor % BLOCK;
        let key = (progress.generation(), from);
        let kept = || self.kept.get(&key).filter(|block| block.upto >= upto.min(from + BLOCK));
        if let Some(block) = kept() {
            return Ok(rest(&block, cursor));
        }
        // Waits for the owner's turn before the turn of all, so that each owner waits for the latter once.
        let own = progress.turn.clone().lock_owned().await;
        if let Some(block) = kept() {
            return Ok(rest(&block, cursor));
        }
        let turn =
            (own, self.turn.clone().acquire_owned().await?, self.readers.clone().acquire_owned().await?);
        let (this, owner) = (self.clone(), owner.to_owned());
        // A task, so that the read ends even if the stream is dropped: the store's reader and the turn are taken until
        // then.
        let read = tokio::spawn(async move {
            let block = Arc::new(feed::block(&this.desk, &owner, from).await?);
            this.kept.insert(key, block.clone());
            drop(turn);
            Ok::<_, Error>(block)
        });
        Ok(rest(&*read.await??, cursor))
    }
}

/// The changes of a block after `cursor`; `None` when the block lacks the next one.
fn rest(block: &FeedBlock, cursor: i64) -> Option<Vec<Arc<FeedChange>>> {
    let rest: Vec<_> = block.changes.iter().filter(|change| change.seq > cursor).cloned().collect();
    rest.first().is_some_and(|first| first.seq == cursor + 1).then_some(rest)
}
