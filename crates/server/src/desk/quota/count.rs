//! The calls of one endpoint for one account, as this node counts them: two atomic words on the way of every
//! request, and what is known of the row in the store behind a lock.

use model::Time;
use model::quota;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

/// Two numbers in one word: which day or minute, and how many calls.
const fn pack(when: u32, calls: u32) -> u64 {
    (when as u64) << 32 | calls as u64
}

#[allow(clippy::cast_possible_truncation, reason = "the two halves")]
const fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

/// Whether a call belongs to the time a word is of. Another call may have begun the next time a moment ago.
fn fits(of_word: u32, of_call: u32) -> bool {
    of_word == of_call || of_word == of_call + 1
}

/// What is counted of one endpoint.
pub(super) struct Count {
    /// The day, and how many calls may still be counted in it before the store is asked.
    left: AtomicU64,
    /// The daily limit that was reckoned with.
    limit: AtomicU32,
    /// The minute, and the account's own calls in it.
    own: AtomicU64,
    /// The minute, and platforms' calls for the account in it.
    platforms: AtomicU64,
    /// Whether calls wait to be told to the store.
    is_queued: AtomicBool,
    books: Mutex<Books>,
}

/// What is known of the row. Whoever holds it is alone with the row, as far as this node goes.
pub(super) struct Books {
    /// Calls of the day that might be counted here in all.
    granted: u32,
    /// Those the row has.
    settled: u32,
    /// Until when there is nothing to ask for under this limit.
    empty: Option<(u32, Time)>,
}

/// Calls the store has not heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) day: u32,
    pub(super) calls: u32,
}

/// What the row said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Calls of the day, by all nodes, with those kept back.
    pub(super) used: u32,
    /// A call that the row has already, kept back for this node.
    pub(super) kept: u32,
}

impl Count {
    /// A counter that knows how many calls of the day were counted before.
    pub(super) fn new(day: u32, limit: u32, used: u32, is_shared: bool) -> Self {
        let granted = quota::slice(limit, used, is_shared);
        Count {
            left: AtomicU64::new(pack(day, granted)),
            limit: AtomicU32::new(limit),
            own: AtomicU64::new(0),
            platforms: AtomicU64::new(0),
            is_queued: AtomicBool::new(false),
            books: Mutex::new(Books { granted, settled: 0, empty: None }),
        }
    }

    /// Counts a call of the day; `false` when the store is to be asked first.
    pub(super) fn spend(&self, day: u32, limit: u32) -> bool {
        let one = |word| {
            let (of_word, left) = unpack(word);
            (left > 0 && fits(of_word, day)).then(|| word - 1)
        };
        self.limit.load(Ordering::Relaxed) == limit
            && self.left.fetch_update(Ordering::SeqCst, Ordering::Relaxed, one).is_ok()
    }

    /// The call did not take place.
    pub(super) fn unspend(&self, day: u32) {
        let one = |word| fits(unpack(word).0, day).then(|| word + 1);
        let _ = self.left.fetch_update(Ordering::SeqCst, Ordering::Relaxed, one);
    }

    /// Counts a call of the minute; `false` when there were too many.
    pub(super) fn hurry(&self, is_platform: bool, minute: u32, limit: u32) -> bool {
        let words = if is_platform { &self.platforms } else { &self.own };
        let one = |word| {
            let (of_word, calls) = unpack(word);
            if !fits(of_word, minute) {
                return (limit > 0).then_some(pack(minute, 1));
            }
            (calls < limit).then(|| word + 1)
        };
        words.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one).is_ok()
    }

    /// Whether this call is the first that waits to be told to the store.
    pub(super) fn is_first(&self) -> bool {
        !self.is_queued.load(Ordering::SeqCst) && !self.is_queued.swap(true, Ordering::SeqCst)
    }

    /// What waits is told now; a call from here on waits for the next time.
    pub(super) fn leave_queue(&self) {
        self.is_queued.swap(false, Ordering::SeqCst);
    }

    /// Whether a call was counted in this minute.
    pub(super) fn is_busy(&self, minute: u32) -> bool {
        [&self.own, &self.platforms].iter().any(|word| unpack(word.load(Ordering::Relaxed)).0 >= minute)
    }

    /// The day a call of `day` is counted in.
    pub(super) fn day(&self, day: u32) -> u32 {
        let of_word = unpack(self.left.load(Ordering::Relaxed)).0;
        if fits(of_word, day) { of_word } else { day }
    }

    /// The daily limit that is reckoned with.
    pub(super) fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(super) async fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().await
    }

    /// What the row lacks.
    pub(super) fn owed(&self, books: &Books) -> Owed {
        let (day, left) = unpack(self.left.load(Ordering::SeqCst));
        let spent = books.granted.saturating_sub(left);
        Owed { day, calls: spent.saturating_sub(books.settled) }
    }

    /// The row has what was owed, and said how much room there is.
    pub(super) fn grant(&self, books: &mut Books, owed: Owed, day: u32, limit: u32, room: Room, slice: u32) {
        let settled = if owed.day == day { books.settled + owed.calls } else { 0 };
        let granted = if owed.day == day { books.granted } else { 0 };
        let target = settled.saturating_add(room.kept).saturating_add(slice);
        let mut reckon = |word| {
            let (of_word, left) = unpack(word);
            let spent = if of_word == day { granted.saturating_sub(left) } else { 0 };
            let left = target.saturating_sub(spent);
            books.granted = spent + left;
            Some(pack(day, left))
        };
        let _ = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, &mut reckon);
        self.limit.store(limit, Ordering::Relaxed);
        books.settled = settled + room.kept;
        books.empty = None;
    }

    /// All calls of the day are forgotten.
    pub(super) fn clear(&self, books: &mut Books, day: u32, is_shared: bool) {
        let granted = quota::slice(self.limit(), 0, is_shared);
        self.left.store(pack(day, granted), Ordering::SeqCst);
        *books = Books { granted, settled: 0, empty: None };
    }

    /// Calls that the row has and that did not take place yet.
    pub(super) fn kept(&self, books: &Books) -> u32 {
        let left = unpack(self.left.load(Ordering::SeqCst)).1;
        books.settled.saturating_sub(books.granted.saturating_sub(left))
    }
}

impl Books {
    /// The row has no room under this limit; it is not asked before then.
    pub(super) fn note_empty(&mut self, limit: u32, until: Time) {
        self.empty = Some((limit, until));
    }

    /// Whether there is no room, as far as is known.
    pub(super) fn is_empty(&self, limit: u32, now: Time) -> bool {
        self.empty.is_some_and(|(of, until)| of == limit && now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Owed, Room, fits};

    #[test]
    fn a_call_belongs_to_its_time_or_to_one_that_has_just_begun() {
        assert!(fits(7, 7) && fits(8, 7) && !fits(9, 7) && !fits(6, 7));
    }

    #[test]
    fn calls_are_counted_until_the_store_is_to_be_asked() {
        let count = Count::new(5, 3, 1, false);
        assert!(count.spend(5, 3) && count.spend(5, 3));
        assert!(!count.spend(5, 3), "used up");
        count.unspend(5);
        assert!(!count.spend(5, 4), "another limit");
        assert!(!count.spend(6, 3), "another day");
        assert!(count.spend(5, 3));
    }

    #[test]
    fn minutes_are_counted_apart_for_the_account_and_for_platforms() {
        let count = Count::new(5, 9, 0, false);
        assert!(count.hurry(false, 1, 2) && count.hurry(false, 1, 2) && !count.hurry(false, 1, 2));
        assert!(count.hurry(true, 1, 2));
        assert!(
            count.hurry(false, 2, 1) && !count.hurry(false, 1, 1),
            "a late call counts in the next minute"
        );
        assert!(count.is_busy(2) && !count.is_busy(3));
    }

    #[tokio::test]
    async fn what_is_owed_is_told_once() {
        let count = Count::new(5, 1600, 0, true);
        let mut books = count.books().await;
        assert_eq!(count.owed(&books), Owed { day: 5, calls: 0 });
        assert!(count.spend(5, 1600) && count.spend(5, 1600));
        let owed = count.owed(&books);
        assert_eq!(owed, Owed { day: 5, calls: 2 });
        assert!(count.spend(5, 1600), "while the store is told");
        count.grant(&mut books, owed, 5, 1600, Room { used: 1598, kept: 1 }, 0);
        assert_eq!(count.owed(&books).calls, 0, "one was kept for it");
        assert_eq!(count.kept(&books), 0);
        assert!(!count.spend(5, 1600));
    }

    #[tokio::test]
    async fn a_new_day_begins_with_nothing_counted() {
        let count = Count::new(5, 10, 0, false);
        assert!(count.spend(5, 10));
        let mut books = count.books().await;
        let owed = count.owed(&books);
        assert_eq!(owed, Owed { day: 5, calls: 1 });
        count.grant(&mut books, owed, 6, 10, Room { used: 0, kept: 0 }, 10);
        assert_eq!(count.owed(&books), Owed { day: 6, calls: 0 });
        assert!(count.spend(6, 10));
        assert_eq!(count.owed(&books), Owed { day: 6, calls: 1 });
    }
}
