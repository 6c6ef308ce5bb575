//! Regular places, those who wait for one, and those who have not said what they want: pure bookkeeping.

use super::seat::Seat;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What becomes of a request on a connection without a regular place.
pub(super) enum Place {
    /// There is one.
    Given,
    /// There may be one later: this hears when, and closes when another request takes the place in the line.
    Later(oneshot::Receiver<()>),
    /// The line is full.
    None,
}

struct Waiter {
    seat: Arc<Seat>,
    grant: oneshot::Sender<()>,
}

/// All open connections.
pub(super) struct Lobby {
    most: usize,
    reserve: usize,
    line: usize,
    next: u64,
    /// Regular places that are taken, by connections that were cut and have not closed, too.
    taken: usize,
    /// Connections with a regular place by network, the oldest first.
    placed: HashMap<Option<IpAddr>, BTreeMap<u64, Arc<Seat>>>,
    /// Networks by how many of those they have; not the trusted proxies.
    by_count: BTreeSet<(usize, IpAddr)>,
    /// Connections without a place that do not wait for one, the oldest first.
    unplaced: Vec<Arc<Seat>>,
    /// Requests that wait for a place, the oldest first.
    waiting: Vec<Waiter>,
}

impl Lobby {
    /// Without connections. Of `reserve + line` connections without a regular place, `line` may wait for one.
    pub(super) fn new(most: usize, reserve: usize, line: usize) -> Self {
        Lobby {
            most,
            reserve,
            line,
            next: 0,
            taken: 0,
            placed: HashMap::new(),
            by_count: BTreeSet::new(),
            unplaced: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Regular places that are free.
    pub(super) fn free(&self) -> usize {
        self.most - self.taken
    }

    /// A connection comes. Without a regular place it may say what it wants; where too many do, the oldest silent one
    /// of the network that has most of them is cut. `None` when there is none to cut.
    pub(super) fn admit(&mut self, network: Option<IpAddr>) -> Option<Arc<Seat>> {
        let seat = Seat::new(self.next, network);
        if self.taken < self.most {
            self.give(&seat);
        } else {
            if self.unplaced.len() + self.waiting.len() >= self.reserve + self.line {
                self.cut_silent(network)?;
            }
            self.unplaced.push(seat.clone());
        }
        self.next += 1;
        Some(seat)
    }

    fn cut_silent(&mut self, comes: Option<IpAddr>) -> Option<()> {
        let mut counts: HashMap<_, usize> = HashMap::from([(comes, 1)]);
        for seat in &self.unplaced {
            *counts.entry(seat.network).or_default() += 1;
        }
        let mut order: Vec<usize> = (0..self.unplaced.len()).collect();
        // Of two that have as many, that of the one that comes: it harms only itself.
        order.sort_by_key(|at| {
            let network = self.unplaced[*at].network;
            Reverse((counts[&network], network == comes))
        });
        let cut = order.into_iter().find(|at| self.unplaced[*at].cut_idle())?;
        self.unplaced.remove(cut);
        Some(())
    }

    /// A request has come on a connection without a regular place. A network that holds more loses a connection to it.
    pub(super) fn ask(&mut self, seat: &Arc<Seat>) -> Place {
        self.unplaced.retain(|other| other.number != seat.number);
        if self.taken < self.most {
            self.give(seat);
            return Place::Given;
        }
        if self.waiting.len() >= self.line && !self.drop_waiter(seat.network) {
            self.unplaced.push(seat.clone());
            return Place::None;
        }
        self.cut_placed(seat.network);
        let (grant, granted) = oneshot::channel();
        self.waiting.push(Waiter { seat: seat.clone(), grant });
        Place::Later(granted)
    }

    /// The network that has most requests in the line loses the youngest, if the one that comes has fewer.
    fn drop_waiter(&mut self, comes: Option<IpAddr>) -> bool {
        let mut counts: HashMap<_, usize> = HashMap::new();
        for waiter in &self.waiting {
            *counts.entry(waiter.seat.network).or_default() += 1;
        }
        let own = counts.get(&comes).copied().unwrap_or(0);
        let Some(most) = counts.values().copied().max().filter(|most| *most > own + 1) else { return false };
        let Some(at) = self.waiting.iter().rposition(|waiter| counts[&waiter.seat.network] == most) else {
            return false;
        };
        let waiter = self.waiting.remove(at);
        self.unplaced.push(waiter.seat);
        true
    }

    /// Cuts a connection of the network that holds most, if that is more than the one that comes will hold: the oldest
    /// idle one, else the oldest whose request no handler has in hand.
    fn cut_placed(&mut self, comes: Option<IpAddr>) {
        let placed = if comes.is_some() { self.placed.get(&comes).map_or(0, BTreeMap::len) } else { 0 };
        let own = placed + self.waiting.iter().filter(|waiter| waiter.seat.network == comes).count();
        let heavier = self.by_count.iter().rev().take_while(|(count, _)| *count > own + 1);
        let cut = heavier.filter_map(|(_, network)| self.placed.get(&Some(*network))).find_map(|seats| {
            let idle = seats.values().find(|seat| seat.cut_idle());
            idle.or_else(|| seats.values().find(|seat| seat.cut())).cloned()
        });
        if let Some(seat) = cut {
            // Its place is taken until it has closed.
            self.remove_placed(&seat);
        }
    }

    /// A request waits no longer.
    pub(super) fn gives_up(&mut self, seat: &Arc<Seat>) {
        if let Some(at) = self.waiting.iter().position(|waiter| waiter.seat.number == seat.number) {
            self.waiting.remove(at);
            self.unplaced.push(seat.clone());
        }
    }

    /// A connection has closed; its place goes to the request of the network that holds fewest.
    pub(super) fn leave(&mut self, seat: &Arc<Seat>) {
        if seat.is_placed() {
            self.remove_placed(seat);
            self.taken -= 1;
        } else {
            self.gives_up(seat);
            self.unplaced.retain(|other| other.number != seat.number);
        }
        while self.taken < self.most && !self.waiting.is_empty() {
            self.grant();
        }
    }

    fn grant(&mut self) {
        let held = |seat: &Seat| match seat.network {
            Some(_) => self.placed.get(&seat.network).map_or(0, BTreeMap::len),
            None => 0,
        };
        let all = self.waiting.iter().enumerate();
        let next = all.min_by_key(|(_, waiter)| (held(&waiter.seat), waiter.seat.number)).map(|(at, _)| at);
        if let Some(at) = next {
            let Waiter { seat, grant } = self.waiting.remove(at);
            self.give(&seat);
            // Who went away meanwhile leaves, and the place goes on.
            let _ = grant.send(());
        }
    }

    fn give(&mut self, seat: &Arc<Seat>) {
        seat.place();
        self.taken += 1;
        let seats = self.placed.entry(seat.network).or_default();
        seats.insert(seat.number, seat.clone());
        count(&mut self.by_count, seat.network, seats.len() - 1, seats.len());
    }

    fn remove_placed(&mut self, seat: &Arc<Seat>) {
        let Some(seats) = self.placed.get_mut(&seat.network) else { return };
        if seats.remove(&seat.number).is_none() {
            return;
        }
        let left = seats.len();
        count(&mut self.by_count, seat.network, left + 1, left);
        if left == 0 {
            self.placed.remove(&seat.network);
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
    use super::{Lobby, Place, Seat};
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::sync::oneshot::error::TryRecvError;

    fn network(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// Four places, all taken by the first network; two more connections and a line of two.
    fn full() -> (Lobby, Vec<Arc<Seat>>) {
        let mut lobby = Lobby::new(4, 2, 2);
        let seats: Vec<_> = (0..4).map(|_| lobby.admit(network(1)).unwrap()).collect();
        assert!(seats.iter().all(|seat| seat.is_placed()));
        (lobby, seats)
    }

    fn is_cut(seat: &Seat) -> bool {
        !seat.begin(false)
    }

    fn asks(lobby: &mut Lobby, from: Option<IpAddr>) -> (Arc<Seat>, Place) {
        let seat = lobby.admit(from).expect("a connection");
        assert!(seat.begin(false));
        let place = lobby.ask(&seat);
        (seat, place)
    }

    #[test]
    fn a_network_that_holds_fewer_takes_the_oldest_idle_connection_of_the_one_that_holds_most() {
        let (mut lobby, seats) = full();
        assert!(seats[0].begin(false), "a handler runs");
        let (other, place) = asks(&mut lobby, network(2));
        let Place::Later(mut granted) = place else { panic!("no place yet") };
        assert!(granted.try_recv().is_err());
        lobby.leave(&seats[1]);
        assert!(granted.try_recv().is_ok() && other.is_placed());
        assert_eq!(seats.iter().map(|seat| is_cut(seat)).collect::<Vec<_>>(), [false, true, false, false]);
    }

    #[test]
    fn networks_take_from_each_other_no_more_than_half() {
        let (mut lobby, seats) = full();
        let mut held = Vec::new();
        for seat in &seats[..2] {
            let (mine, place) = asks(&mut lobby, network(2));
            held.push((mine, place));
            lobby.leave(seat);
        }
        assert!(held.iter().all(|(mine, _)| mine.is_placed()));
        let (_third, place) = asks(&mut lobby, network(2));
        assert!(matches!(place, Place::Later(_)), "it waits");
        assert!(!is_cut(&seats[2]) && !is_cut(&seats[3]));
    }

    #[test]
    fn a_network_takes_nothing_from_itself_and_nobody_from_a_trusted_proxy() {
        let (mut lobby, seats) = full();
        let _waits = asks(&mut lobby, network(1));
        assert!(seats.iter().all(|seat| !is_cut(seat)));
        let mut lobby = Lobby::new(4, 2, 2);
        let proxy: Vec<_> = (0..4).map(|_| lobby.admit(None).unwrap()).collect();
        let _waits = asks(&mut lobby, network(1));
        assert!(proxy.iter().all(|seat| !is_cut(seat)));
    }

    #[test]
    fn a_place_goes_to_the_request_of_the_network_that_holds_fewest() {
        let (mut lobby, seats) = full();
        assert!(seats.iter().all(|seat| seat.begin(false)), "handlers run: none is cut");
        let (own, _own_line) = asks(&mut lobby, network(1));
        let (other, _line) = asks(&mut lobby, network(2));
        lobby.leave(&seats[0]);
        assert!(other.is_placed() && !own.is_placed());
        lobby.leave(&other);
        assert!(own.is_placed());
    }

    #[test]
    fn a_full_line_is_shared_by_networks() {
        let (mut lobby, seats) = full();
        assert!(seats.iter().all(|seat| seat.begin(false)), "handlers run: none is cut");
        let (_, Place::Later(mut first)) = asks(&mut lobby, network(3)) else { panic!("room in the line") };
        let (second, Place::Later(mut turn)) = asks(&mut lobby, network(3)) else {
            panic!("room in the line")
        };
        let (third, place) = asks(&mut lobby, network(3));
        assert!(matches!(place, Place::None), "the line is full");
        lobby.leave(&third);
        assert!(
            matches!(asks(&mut lobby, network(4)).1, Place::Later(_)),
            "the network has fewer in the line"
        );
        assert_eq!(first.try_recv(), Err(TryRecvError::Empty), "the older one waits on");
        assert_eq!(turn.try_recv(), Err(TryRecvError::Closed), "the younger one made room");
        lobby.leave(&second);
        assert!(matches!(asks(&mut lobby, network(5)).1, Place::None), "all networks have as many");
    }

    #[test]
    fn silent_connections_give_way_those_of_the_largest_network_first() {
        let (mut lobby, _seats) = full();
        let silent: Vec<_> = (0..3).map(|_| lobby.admit(network(1)).unwrap()).collect();
        let other = lobby.admit(network(2)).unwrap();
        let _more: Vec<_> = (0..3).map(|_| lobby.admit(network(1)).unwrap()).collect();
        assert!(silent.iter().all(|seat| is_cut(seat)), "the flood's own oldest");
        assert!(!is_cut(&other));
    }

    #[test]
    fn health_is_answered_while_the_line_is_full_and_what_cannot_be_cut_stays() {
        let (mut lobby, seats) = full();
        assert!(seats.iter().all(|seat| seat.begin(false)));
        let _line = [asks(&mut lobby, network(1)), asks(&mut lobby, network(1))];
        let health: Vec<_> = (0..2).map(|_| lobby.admit(network(1)).unwrap()).collect();
        assert!(health.iter().all(|seat| seat.begin(false)), "they are being answered");
        assert!(lobby.admit(network(2)).is_none(), "it closes at once");
        lobby.leave(&health[0]);
        assert!(lobby.admit(network(2)).is_some());
    }
}
