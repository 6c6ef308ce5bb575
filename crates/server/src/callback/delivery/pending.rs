//! Pushes that were read and are not done: those of a customer one after the other, those of several side by side.

use crate::desk::callback::{Push, PushId};
use model::Openid;
use model::callback::PARALLEL;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Customers with a push that has started and whose end is not recorded. Those whose calls have ended take no place of
/// others, so that calls go on while ends are recorded.
const STARTED: usize = 4 * PARALLEL;

#[derive(Default)]
pub(super) struct Pending {
    /// Pushes that wait, for each customer in order.
    waiting: HashMap<Openid, VecDeque<Push>>,
    /// Customers with a push that waits and none that has started, in the order in which they began to wait.
    ready: VecDeque<Openid>,
    /// The push of each customer that has started and whose end is not recorded.
    started: HashMap<Openid, PushId>,
    /// How many of them are being called.
    calls: usize,
    /// All pushes.
    open: BTreeSet<PushId>,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Adds the customer's next push. One that has started is read again after the lease was lost and taken.
    pub(super) fn add(&mut self, push: Push) {
        if !self.open.insert(push.id) {
            return;
        }
        let openid = push.openid.clone();
        let queue = self.waiting.entry(openid.clone()).or_default();
        queue.push_back(push);
        if queue.len() == 1 && !self.started.contains_key(&openid) {
            self.ready.push_back(openid);
        }
    }

    /// The next push that may start, of a customer of whom none has.
    pub(super) fn start_next(&mut self) -> Option<Push> {
        if self.calls >= PARALLEL || self.started.len() >= STARTED {
            return None;
        }
        let openid = self.ready.pop_front()?;
        let queue = self.waiting.get_mut(&openid)?;
        let push = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&openid);
        }
        self.started.insert(openid, push.id);
        self.calls += 1;
        Some(push)
    }

    /// A push that has started is not called any more.
    pub(super) fn called(&mut self) {
        // After a panic all is forgotten, also what is still called.
        self.calls = self.calls.saturating_sub(1);
    }

    /// The end of a push is recorded: the customer's next one may start.
    pub(super) fn done(&mut self, id: PushId, openid: &Openid) {
        self.started.remove(openid);
        self.open.remove(&id);
        if self.has_waiting(openid) {
            self.ready.push_back(openid.clone());
        }
    }

    /// Whether a push of the customer waits.
    pub(super) fn has_waiting(&self, openid: &Openid) -> bool {
        self.waiting.contains_key(openid)
    }

    /// Forgets those that have not started.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
        self.ready.clear();
        self.open = self.started.values().copied().collect();
    }

    /// The change up to which all pushes are done once these are, of those that were read up to `read`.
    pub(super) fn done_upto(&self, these: &[PushId], read: i64) -> i64 {
        let lowest = self.open.iter().find(|open| !these.contains(open));
        lowest.map_or(read, |open| read.min(open.seq - 1))
    }
}

/// A customer's event of this change, for tests.
#[cfg(test)]
pub(super) fn push(seq: i64, customer: i64) -> Push {
    use protocol::callback::{Body, BodyContent, Event};
    let openid = Openid::stored(format!("o{customer}"));
    let event = Event::KfCreateSession { kf_account: "a1@shop".to_owned() };
    let body = Body {
        to_user_name: String::new(),
        from_user_name: openid.to_string(),
        create_time: 0,
        content: BodyContent::Event(event),
    };
    Push { id: PushId { seq, fact: 0 }, openid, at: 0, body }
}

#[cfg(test)]
mod tests {
    use super::{Openid, PARALLEL, Pending, PushId, STARTED, push};

    fn pending(customers: impl IntoIterator<Item = i64>) -> Pending {
        let mut pending = Pending::default();
        for (customer, seq) in customers.into_iter().zip(1..) {
            pending.add(push(seq, customer));
        }
        pending
    }

    fn started(pending: &mut Pending) -> Vec<i64> {
        std::iter::from_fn(|| pending.start_next()).map(|push| push.id.seq).collect()
    }

    fn done(pending: &mut Pending, seq: i64, customer: i64) {
        pending.called();
        pending.done(PushId { seq, fact: 0 }, &Openid::stored(format!("o{customer}")));
    }

    #[test]
    fn a_customers_next_push_starts_when_the_one_before_is_recorded() {
        let mut pending = pending([1, 1, 2, 1]);
        assert_eq!(started(&mut pending), [1, 3]);
        pending.called();
        assert_eq!(started(&mut pending), [0; 0], "its end is not recorded");
        pending.done(PushId { seq: 1, fact: 0 }, &Openid::stored("o1".to_owned()));
        assert_eq!(started(&mut pending), [2]);
        done(&mut pending, 3, 2);
        done(&mut pending, 2, 1);
        assert_eq!(started(&mut pending), [4]);
        done(&mut pending, 4, 1);
        assert!(pending.is_empty());
    }

    #[test]
    fn calls_go_on_while_ends_are_recorded_up_to_a_bound() {
        let mut pending = pending(1..=2 * STARTED as i64);
        let mut last = 0;
        for _ in 0..STARTED / PARALLEL {
            let now = started(&mut pending);
            assert_eq!(now.len(), PARALLEL);
            last = *now.last().unwrap();
            now.iter().for_each(|_| pending.called());
        }
        assert_eq!(started(&mut pending), [0; 0], "too many ends are not recorded");
        pending.done(PushId { seq: 1, fact: 0 }, &Openid::stored("o1".to_owned()));
        assert_eq!(started(&mut pending), [last + 1]);
    }

    #[test]
    fn what_has_started_is_not_read_twice() {
        let mut pending = pending([1, 2, 1]);
        assert_eq!(started(&mut pending), [1, 2]);
        pending.forget_waiting();
        for (seq, customer) in [(1, 1), (2, 2), (3, 1)] {
            pending.add(push(seq, customer));
        }
        assert_eq!((pending.len(), started(&mut pending)), (3, Vec::new()));
        done(&mut pending, 1, 1);
        assert_eq!(started(&mut pending), [3]);
    }

    #[test]
    fn the_cursor_passes_no_push_that_is_open_or_was_not_read() {
        let id = |seq| PushId { seq, fact: 0 };
        let mut pending = Pending::default();
        [3, 5, 9].into_iter().for_each(|seq| pending.add(push(seq, seq)));
        assert_eq!(pending.done_upto(&[id(3)], 20), 4);
        assert_eq!(pending.done_upto(&[id(5)], 20), 2);
        assert_eq!(pending.done_upto(&[id(5), id(3)], 20), 8);
        assert_eq!(pending.done_upto(&[id(3), id(5)], 6), 6, "9 was read before the delivery started over");
        assert_eq!(pending.done_upto(&[id(3), id(5), id(9)], 20), 20);
    }
}
