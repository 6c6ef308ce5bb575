//! The limit on streams per person: one more replaces the oldest. A person who opens streams without end ends only
//! their own streams.

use dashmap::DashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

/// Streams that a customer, or a login of a worker, may have open at a node. Over HTTP/1.1 a browser opens at most six
/// connections to a desk; two more are for streams that it has left and the desk has not noticed.
pub const STREAMS_MAX: usize = 8;

/// The open streams of this node by person. Clones share them.
#[derive(Clone, Default)]
pub struct StreamLimit(Arc<OpenStreams>);

#[derive(Default)]
struct OpenStreams {
    /// The oldest first.
    open: DashMap<String, VecDeque<(u64, CancellationToken)>>,
    opened: AtomicU64,
}

impl StreamLimit {
    /// Counts a stream of `person` until the returned slot is dropped.
    #[must_use]
    pub fn enter(&self, person: String) -> StreamSlot {
        let (id, replaced) = (self.0.opened.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        let mut open = self.0.open.entry(person.clone()).or_default();
        open.push_back((id, replaced.clone()));
        if open.len() > STREAMS_MAX
            && let Some((_, oldest)) = open.pop_front()
        {
            oldest.cancel();
        }
        drop(open);
        StreamSlot { limit: self.clone(), person, id, replaced }
    }

    /// Number of people with open streams at this node.
    #[must_use]
    pub fn people(&self) -> usize {
        self.0.open.len()
    }
}

/// An open stream of a person.
pub struct StreamSlot {
    limit: StreamLimit,
    person: String,
    id: u64,
    /// Cancelled when a newer stream has replaced this one.
    pub replaced: CancellationToken,
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        if let Some(mut open) = self.limit.0.open.get_mut(&self.person) {
            open.retain(|(id, _)| *id != self.id);
        }
        self.limit.0.open.remove_if(&self.person, |_, open| open.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::{STREAMS_MAX, StreamLimit};

    #[test]
    fn one_more_replaces_the_oldest_of_the_same_person() {
        let limit = StreamLimit::default();
        let other = limit.enter("other".into());
        let mut slots: Vec<_> = (0..STREAMS_MAX).map(|_| limit.enter("ann".into())).collect();
        assert!(slots.iter().all(|slot| !slot.replaced.is_cancelled()));
        slots.push(limit.enter("ann".into()));
        let replaced: Vec<_> = slots.iter().map(|slot| slot.replaced.is_cancelled()).collect();
        assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
        assert!(replaced[0] && !other.replaced.is_cancelled());
        // Closing a replaced stream frees no slot; closing an open one does.
        drop(slots.remove(0));
        drop(slots.remove(3));
        slots.push(limit.enter("ann".into()));
        assert!(slots.iter().all(|slot| !slot.replaced.is_cancelled()));
        drop((slots, other));
        assert_eq!(limit.people(), 0, "nothing is kept of people without streams");
    }
}
