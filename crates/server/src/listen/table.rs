//! The table of open connections: those with a slot, those that wait for one, and those without a request yet. Pure
//! bookkeeping, without input or output.

use super::state::ConnectionState;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a request on a connection without a slot gets.
pub(super) enum SlotRequest {
    /// A slot.
    Granted,
    /// A place in the queue. The receiver gets a message with the slot, and closes when another request takes the place
    /// in the queue.
    Queued(oneshot::Receiver<()>),
    /// Nothing: the queue is full.
    QueueFull,
}

struct Waiter {
    state: Arc<ConnectionState>,
    grant: oneshot::Sender<()>,
}

/// All open connections.
pub(super) struct ConnectionTable {
    most: usize,
    reserve: usize,
    queue: usize,
    next: u64,
    /// Slots in use, including those of connections that were cut and have not closed yet.
    taken: usize,
    /// Connections with a slot by network, the oldest first.
    with_slot: HashMap<Option<IpAddr>, BTreeMap<u64, Arc<ConnectionState>>>,
    /// Networks by their number of such connections, without the trusted proxies.
    by_count: BTreeSet<(usize, IpAddr)>,
    /// Connections without a slot that do not wait for one, the oldest first.
    without_slot: Vec<Arc<ConnectionState>>,
    /// Requests that wait for a slot, the oldest first.
    waiting: Vec<Waiter>,
}

impl ConnectionTable {
    /// An empty table. Of the `reserve + queue` connections without a slot, `queue` may wait for one.
    pub(super) fn new(most: usize, reserve: usize, queue: usize) -> Self {
        ConnectionTable {
            most,
            reserve,
            queue,
            next: 0,
            taken: 0,
            with_slot: HashMap::new(),
            by_count: BTreeSet::new(),
            without_slot: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Number of free slots.
    pub(super) fn free(&self) -> usize {
        self.most - self.taken
    }

    /// Admits a connection. Where too many are without a slot, it cuts the oldest idle one of the network that has most
    /// of them. Returns `None` when none can be cut.
    pub(super) fn admit(&mut self, network: Option<IpAddr>) -> Option<Arc<ConnectionState>> {
        let state = ConnectionState::new(self.next, network);
        if self.taken < self.most {
            self.give(&state);
        } else {
            if self.without_slot.len() + self.waiting.len() >= self.reserve + self.queue {
                self.cut_silent(network)?;
            }
            self.without_slot.push(state.clone());
        }
        self.next += 1;
        Some(state)
    }

    fn cut_silent(&mut self, comes: Option<IpAddr>) -> Option<()> {
        let mut counts: HashMap<_, usize> = HashMap::from([(comes, 1)]);
        for state in &self.without_slot {
            *counts.entry(state.network).or_default() += 1;
        }
        let mut order: Vec<usize> = (0..self.without_slot.len()).collect();
        // Between equals the network of the new connection loses: it harms only itself.
        order.sort_by_key(|at| {
            let network = self.without_slot[*at].network;
            Reverse((counts[&network], network == comes))
        });
        let cut = order.into_iter().find(|at| self.without_slot[*at].cut_idle())?;
        self.without_slot.remove(cut);
        Some(())
    }

    /// Requests a slot for a connection without one. A network that holds more slots loses a connection.
    pub(super) fn request_slot(&mut self, state: &Arc<ConnectionState>) -> SlotRequest {
        self.without_slot.retain(|other| other.number != state.number);
        if self.taken < self.most {
            self.give(state);
            return SlotRequest::Granted;
        }
        if self.waiting.len() >= self.queue && !self.drop_waiter(state.network) {
            self.without_slot.push(state.clone());
            return SlotRequest::QueueFull;
        }
        self.cut_with_slot(state.network);
        let (grant, granted) = oneshot::channel();
        self.waiting.push(Waiter { state: state.clone(), grant });
        SlotRequest::Queued(granted)
    }

    /// Drops the youngest waiting request of the network that has most of them, if the requesting network has fewer.
    /// Returns whether one was dropped.
    fn drop_waiter(&mut self, comes: Option<IpAddr>) -> bool {
        let mut counts: HashMap<_, usize> = HashMap::new();
        for waiter in &self.waiting {
            *counts.entry(waiter.state.network).or_default() += 1;
        }
        let own = counts.get(&comes).copied().unwrap_or(0);
        let Some(most) = counts.values().copied().max().filter(|most| *most > own + 1) else { return false };
        let Some(at) = self.waiting.iter().rposition(|waiter| counts[&waiter.state.network] == most) else {
            return false;
        };
        let waiter = self.waiting.remove(at);
        self.without_slot.push(waiter.state);
        true
    }

    /// Cuts a connection of the network that holds most slots, if the requesting network will hold fewer: the oldest
    /// idle one, else the oldest that no handler works for.
    fn cut_with_slot(&mut self, comes: Option<IpAddr>) {
        let with_slot = if comes.is_some() { self.with_slot.get(&comes).map_or(0, BTreeMap::len) } else { 0 };
        let own = with_slot + self.waiting.iter().filter(|waiter| waiter.state.network == comes).count();
        let heavier = self.by_count.iter().rev().take_while(|(count, _)| *count > own + 1);
        let cut = heavier.filter_map(|(_, network)| self.with_slot.get(&Some(*network))).find_map(|states| {
            let idle = states.values().find(|state| state.cut_idle());
            idle.or_else(|| states.values().find(|state| state.cut())).cloned()
        });
        if let Some(state) = cut {
            // Its slot stays in use until it has closed.
            self.remove_with_slot(&state);
        }
    }

    /// A request stops waiting.
    pub(super) fn stop_waiting(&mut self, state: &Arc<ConnectionState>) {
        if let Some(at) = self.waiting.iter().position(|waiter| waiter.state.number == state.number) {
            self.waiting.remove(at);
            self.without_slot.push(state.clone());
        }
    }

    /// Removes a connection that has closed. Its slot goes to the waiting request of the network that holds fewest.
    pub(super) fn leave(&mut self, state: &Arc<ConnectionState>) {
        if state.has_slot() {
            self.remove_with_slot(state);
            self.taken -= 1;
        } else {
            self.stop_waiting(state);
            self.without_slot.retain(|other| other.number != state.number);
        }
        while self.taken < self.most && !self.waiting.is_empty() {
            self.grant();
        }
    }

    fn grant(&mut self) {
        let held = |state: &ConnectionState| match state.network {
            Some(_) => self.with_slot.get(&state.network).map_or(0, BTreeMap::len),
            None => 0,
        };
        let all = self.waiting.iter().enumerate();
        let next = all.min_by_key(|(_, waiter)| (held(&waiter.state), waiter.state.number)).map(|(at, _)| at);
        if let Some(at) = next {
            let Waiter { state, grant } = self.waiting.remove(at);
            self.give(&state);
            // If the receiver is gone, the connection leaves and the slot goes to the next.
            let _ = grant.send(());
        }
    }

    fn give(&mut self, state: &Arc<ConnectionState>) {
        state.take_slot();
        self.taken += 1;
        let states = self.with_slot.entry(state.network).or_default();
        states.insert(state.number, state.clone());
        count(&mut self.by_count, state.network, states.len() - 1, states.len());
    }

    fn remove_with_slot(&mut self, state: &Arc<ConnectionState>) {
        let Some(states) = self.with_slot.get_mut(&state.network) else { return };
        if states.remove(&state.number).is_none() {
            return;
        }
        let left = states.len();
        count(&mut self.by_count, state.network, left + 1, left);
        if left == 0 {
            self.with_slot.remove(&state.network);
        }
    }
}

fn count(by_count: &mut BTreeSet<(usize, IpAddr)>, network: Option<IpAddr>, before: usize, now: usize) {
    let Some(network) = network else { return };
    by_count.remove(&(before, network));
    if now > 0 {
        by_count.insert((now, network));
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionState, ConnectionTable, SlotRequest};
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::sync::oneshot::error::TryRecvError;

    fn network(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// Four slots, all used by the first network; two more connections and a queue of two.
    fn full() -> (ConnectionTable, Vec<Arc<ConnectionState>>) {
        let mut table = ConnectionTable::new(4, 2, 2);
        let states: Vec<_> = (0..4).map(|_| table.admit(network(1)).unwrap()).collect();
        assert!(states.iter().all(|state| state.has_slot()));
        (table, states)
    }

    fn is_cut(state: &ConnectionState) -> bool {
        !state.begin(false)
    }

    fn asks(table: &mut ConnectionTable, from: Option<IpAddr>) -> (Arc<ConnectionState>, SlotRequest) {
        let state = table.admit(from).expect("a connection");
        assert!(state.begin(false));
        let slot = table.request_slot(&state);
        (state, slot)
    }

    #[test]
    fn a_network_that_holds_fewer_takes_the_oldest_idle_connection_of_the_one_that_holds_most() {
        let (mut table, states) = full();
        assert!(states[0].begin(false), "a handler runs");
        let (other, slot) = asks(&mut table, network(2));
        let SlotRequest::Queued(mut granted) = slot else { panic!("no slot yet") };
        assert!(granted.try_recv().is_err());
        table.leave(&states[1]);
        assert!(granted.try_recv().is_ok() && other.has_slot());
        assert_eq!(states.iter().map(|state| is_cut(state)).collect::<Vec<_>>(), [false, true, false, false]);
    }

    #[test]
    fn networks_take_from_each_other_no_more_than_half() {
        let (mut table, states) = full();
        let mut held = Vec::new();
        for state in &states[..2] {
            let (mine, slot) = asks(&mut table, network(2));
            held.push((mine, slot));
            table.leave(state);
        }
        assert!(held.iter().all(|(mine, _)| mine.has_slot()));
        let (_third, slot) = asks(&mut table, network(2));
        assert!(matches!(slot, SlotRequest::Queued(_)), "it waits");
        assert!(!is_cut(&states[2]) && !is_cut(&states[3]));
    }

    #[test]
    fn a_network_takes_nothing_from_itself_and_nobody_from_a_trusted_proxy() {
        let (mut table, states) = full();
        let _waits = asks(&mut table, network(1));
        assert!(states.iter().all(|state| !is_cut(state)));
        let mut table = ConnectionTable::new(4, 2, 2);
        let proxy: Vec<_> = (0..4).map(|_| table.admit(None).unwrap()).collect();
        let _waits = asks(&mut table, network(1));
        assert!(proxy.iter().all(|state| !is_cut(state)));
    }

    #[test]
    fn a_place_goes_to_the_request_of_the_network_that_holds_fewest() {
        let (mut table, states) = full();
        assert!(states.iter().all(|state| state.begin(false)), "handlers run: none is cut");
        let (own, _own_queue) = asks(&mut table, network(1));
        let (other, _queue) = asks(&mut table, network(2));
        table.leave(&states[0]);
        assert!(other.has_slot() && !own.has_slot());
        table.leave(&other);
        assert!(own.has_slot());
    }

    #[test]
    fn a_full_line_is_shared_by_networks() {
        let (mut table, states) = full();
        assert!(states.iter().all(|state| state.begin(false)), "handlers run: none is cut");
        let (_, SlotRequest::Queued(mut first)) = asks(&mut table, network(3)) else {
            panic!("the queue has a place")
        };
        let (second, SlotRequest::Queued(mut turn)) = asks(&mut table, network(3)) else {
            panic!("the queue has a place")
        };
        let (third, slot) = asks(&mut table, network(3));
        assert!(matches!(slot, SlotRequest::QueueFull), "the queue is full");
        table.leave(&third);
        assert!(
            matches!(asks(&mut table, network(4)).1, SlotRequest::Queued(_)),
            "the network has fewer in the queue"
        );
        assert_eq!(first.try_recv(), Err(TryRecvError::Empty), "the older one waits on");
        assert_eq!(turn.try_recv(), Err(TryRecvError::Closed), "the younger one made room");
        table.leave(&second);
        assert!(
            matches!(asks(&mut table, network(5)).1, SlotRequest::QueueFull),
            "all networks have as many"
        );
    }

    #[test]
    fn silent_connections_give_way_those_of_the_largest_network_first() {
        let (mut table, _seats) = full();
        let silent: Vec<_> = (0..3).map(|_| table.admit(network(1)).unwrap()).collect();
        let other = table.admit(network(2)).unwrap();
        let _more: Vec<_> = (0..3).map(|_| table.admit(network(1)).unwrap()).collect();
        assert!(silent.iter().all(|state| is_cut(state)), "the flood's own oldest");
        assert!(!is_cut(&other));
    }

    #[test]
    fn health_is_answered_while_the_line_is_full_and_what_cannot_be_cut_stays() {
        let (mut table, states) = full();
        assert!(states.iter().all(|state| state.begin(false)));
        let _queue = [asks(&mut table, network(1)), asks(&mut table, network(1))];
        let health: Vec<_> = (0..2).map(|_| table.admit(network(1)).unwrap()).collect();
        assert!(health.iter().all(|state| state.begin(false)), "they are being answered");
        assert!(table.admit(network(2)).is_none(), "it closes at once");
        table.leave(&health[0]);
        assert!(table.admit(network(2)).is_some());
    }
}
