//! The queue: in which order customers who wait are served, and which agent gets whom.

use crate::agent::Presence;
use crate::{HOUR, KfAccount, TextEnum, Time};

/// How long a customer goes to the same agent again, where the account wants that, milliseconds.
pub const SAME_AGENT: i64 = 7 * 24 * HOUR;

/// A customer who waits for an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The session's number.
    pub session: i64,
    /// When the customer wrote the first word that has no answer: the earliest is served first.
    pub since: Time,
    /// The group whose agents serve the customer; 0: all agents do.
    pub group: i64,
    /// Agents who do not get the customer by assignment: they did not answer in time, or handed the customer back.
    pub tried: Vec<String>,
    /// The agent who served the customer last, if the account prefers that agent; otherwise empty.
    pub last_agent: String,
}

/// What assignment considers of an agent.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The agent's id.
    pub kf_account: KfAccount,
    /// The agent's number.
    pub kf_id: i64,
    /// Whether the agent is there.
    pub presence: Presence,
    /// Whether the agent takes customers by assignment.
    pub is_automatic: bool,
    /// The number of open sessions.
    pub open: i64,
    /// The most open sessions to which assignment brings the agent.
    pub limit: i64,
    /// When the agent's last session ended, or the agent came online.
    pub free_since: Time,
    /// When the agent last got a customer by assignment; 0 if never.
    pub assigned_at: Time,
    /// The groups that the agent belongs to.
    pub groups: Vec<i64>,
}

/// Which of several agents with room gets the next customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The one with the fewest sessions, then the one who is idle for longest.
    #[default]
    LeastSessions,
    /// The one whose last assignment is longest ago.
    RoundRobin,
}

impl TextEnum for Strategy {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("least_sessions", Strategy::LeastSessions), ("round_robin", Strategy::RoundRobin)];
}

impl Candidate {
    /// An agent who is offline, and takes up to `limit` customers by assignment when online.
    #[must_use]
    pub fn new(kf_account: KfAccount, kf_id: i64, limit: i64) -> Self {
        Candidate {
            kf_account,
            kf_id,
            presence: Presence::Offline,
            is_automatic: true,
            open: 0,
            limit,
            free_since: 0,
            assigned_at: 0,
            groups: Vec::new(),
        }
    }

    /// Whether assignment may give the agent one more customer.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.is_automatic && self.presence == Presence::Online && self.open < self.limit
    }

    /// Whether the agent serves the group that the customer waits for.
    #[must_use]
    pub fn is_member(&self, place: &Place) -> bool {
        place.group == 0 || self.groups.contains(&place.group)
    }

    /// Whether the agent did not answer the customer in time, or handed the customer back.
    #[must_use]
    pub fn was_tried(&self, place: &Place) -> bool {
        place.tried.iter().any(|tried| tried == self.kf_account.as_str())
    }

    /// Whether assignment may give the agent this customer.
    #[must_use]
    pub fn may_get(&self, place: &Place) -> bool {
        self.has_room() && self.is_member(place) && !self.was_tried(place)
    }
}

/// The agent who gets this customer; `None` if no agent may get the customer now.
#[must_use]
pub fn choose<'c>(place: &Place, agents: &'c [Candidate], strategy: Strategy) -> Option<&'c Candidate> {
    let free = || agents.iter().filter(|agent| agent.may_get(place));
    let last = free().find(|agent| agent.kf_account.as_str() == place.last_agent);
    last.or_else(|| match strategy {
        Strategy::LeastSessions => free().min_by_key(|agent| (agent.open, agent.free_since, agent.kf_id)),
        Strategy::RoundRobin => free().min_by_key(|agent| (agent.assigned_at, agent.kf_id)),
    })
}

/// Gives customers who wait to agents with room, the earliest first, at `now`. Returns who gets whom, in this order.
#[must_use]
pub fn assign(
    mut waiting: Vec<Place>,
    agents: &mut [Candidate],
    strategy: Strategy,
    now: Time,
) -> Vec<(i64, KfAccount)> {
    waiting.sort_by_key(|place| (place.since, place.session));
    let mut assigned = Vec::new();
    for place in waiting {
        let Some(chosen) = choose(&place, agents, strategy).map(|agent| agent.kf_id) else { continue };
        let Some(agent) = agents.iter_mut().find(|agent| agent.kf_id == chosen) else { continue };
        agent.open += 1;
        agent.assigned_at = now;
        assigned.push((place.session, agent.kf_account.clone()));
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Place, Strategy, assign};
    use crate::KfAccount;
    use crate::agent::Presence;
    use proptest::prelude::{Strategy as _, proptest};

    fn agent(id: i64) -> Candidate {
        let presence = Presence::Online;
        Candidate { presence, ..Candidate::new(KfAccount::stored(format!("a{id}@x")), id, 3) }
    }

    fn place(session: i64, since: i64) -> Place {
        Place { session, since, ..Place::default() }
    }

    fn assigned(waiting: &[Place], agents: &[Candidate], strategy: Strategy) -> Vec<(i64, String)> {
        let given = assign(waiting.to_vec(), &mut agents.to_vec(), strategy, 9);
        given.into_iter().map(|(session, agent)| (session, agent.to_string())).collect()
    }

    fn first(agents: &[Candidate]) -> Option<String> {
        assigned(&[place(1, 1)], agents, Strategy::LeastSessions).pop().map(|(_, agent)| agent)
    }

    #[test]
    fn least_sessions_first_then_longest_idle_then_the_lowest_number() {
        let with = |id, open, free_since| Candidate { open, free_since, ..agent(id) };
        assert_eq!(first(&[with(1, 2, 0), with(2, 1, 9)]), Some("a2@x".into()));
        assert_eq!(first(&[with(1, 1, 9), with(2, 1, 5)]), Some("a2@x".into()));
        assert_eq!(first(&[with(2, 1, 5), with(1, 1, 5)]), Some("a1@x".into()));
    }

    #[test]
    fn agents_who_are_away_offline_manual_or_full_get_no_customer() {
        let (away, offline) = (Presence::Away, Presence::Offline);
        let none = [
            Candidate { presence: away, ..agent(1) },
            Candidate { presence: offline, ..agent(2) },
            Candidate { open: 3, ..agent(3) },
            Candidate { open: 11, limit: 10, ..agent(4) },
            Candidate { is_automatic: false, ..agent(5) },
        ];
        assert_eq!(first(&none), None);
    }

    #[test]
    fn the_earliest_is_served_first_until_there_is_no_room() {
        let waiting = [place(3, 30), place(1, 20), place(2, 10), place(4, 30)];
        let two = Candidate { limit: 2, ..agent(1) };
        assert_eq!(
            assigned(&waiting, &[two, Candidate { limit: 1, ..agent(2) }], Strategy::LeastSessions),
            [(2, "a1@x".into()), (1, "a2@x".into()), (3, "a1@x".into())]
        );
    }

    #[test]
    fn a_customer_of_a_group_waits_for_its_agents_and_delays_no_other() {
        let waiting = [Place { group: 7, ..place(1, 1) }, place(2, 2)];
        assert_eq!(assigned(&waiting, &[agent(1)], Strategy::LeastSessions), [(2, "a1@x".into())]);
        let member = Candidate { groups: vec![7], limit: 1, ..agent(2) };
        assert_eq!(assigned(&waiting, &[member], Strategy::LeastSessions), [(1, "a2@x".into())]);
    }

    #[test]
    fn an_agent_who_did_not_answer_in_time_does_not_get_the_customer_again() {
        let waiting = [Place { tried: vec!["a1@x".into()], ..place(1, 1) }, place(2, 2)];
        let one = Candidate { limit: 1, ..agent(1) };
        assert_eq!(assigned(&waiting, &[one], Strategy::LeastSessions), [(2, "a1@x".into())]);
    }

    #[test]
    fn the_last_agent_goes_first_among_those_with_room() {
        let waiting = [Place { last_agent: "a2@x".into(), ..place(1, 1) }];
        let busy = Candidate { open: 2, ..agent(2) };
        assert_eq!(
            assigned(&waiting, &[agent(1), busy.clone()], Strategy::LeastSessions),
            [(1, "a2@x".into())]
        );
        let full = Candidate { open: 3, ..busy };
        assert_eq!(assigned(&waiting, &[agent(1), full], Strategy::LeastSessions), [(1, "a1@x".into())]);
    }

    #[test]
    fn round_robin_goes_on_with_the_agent_whose_last_assignment_is_longest_ago() {
        let with = |id, assigned_at, open| Candidate { assigned_at, open, ..agent(id) };
        let waiting: Vec<Place> = (1..4).map(|n| place(n, n)).collect();
        let agents = [with(1, 5, 0), with(2, 3, 2), with(3, 4, 0)];
        let order: Vec<String> =
            assigned(&waiting, &agents, Strategy::RoundRobin).into_iter().map(|(_, agent)| agent).collect();
        assert_eq!(order, ["a2@x", "a3@x", "a1@x"]);
    }

    fn some_agent() -> impl proptest::strategy::Strategy<Value = Candidate> {
        let presence = proptest::sample::select(vec![Presence::Online, Presence::Away, Presence::Offline]);
        let groups = proptest::collection::vec(1..3i64, 0..3);
        (presence, proptest::bool::weighted(0.8), 0..4i64, 0..4i64, groups).prop_map(
            |(presence, is_automatic, open, limit, groups)| Candidate {
                presence,
                is_automatic,
                open,
                limit,
                groups,
                ..agent(0)
            },
        )
    }

    proptest! {
        #[test]
        fn no_limit_is_exceeded_no_order_broken_and_no_room_left_while_somebody_waits(
            agents in proptest::collection::vec(some_agent(), 0..6),
            places in proptest::collection::vec((0..9i64, 0..3i64), 0..12),
            round_robin: bool,
        ) {
            let mut agents = agents;
            for (agent, id) in agents.iter_mut().zip(1..) {
                agent.kf_id = id;
                agent.kf_account = KfAccount::stored(format!("a{id}@x"));
            }
            let waiting: Vec<Place> =
                places.iter().zip(1..).map(|((since, group), n)| Place { group: *group, ..place(n, *since) }).collect();
            let strategy = if round_robin { Strategy::RoundRobin } else { Strategy::LeastSessions };
            let before = agents.clone();
            let given = assign(waiting.clone(), &mut agents, strategy, 9);
            for (agent, before) in agents.iter().zip(&before) {
                assert!(agent.open == before.open || agent.open <= agent.limit && before.has_room());
            }
            let of = |session| waiting.iter().find(|place| place.session == session).expect("it waits");
            for place in waiting.iter().filter(|place| given.iter().all(|(session, _)| *session != place.session)) {
                assert!(agents.iter().all(|agent| !agent.may_get(place)), "there is room for {place:?}");
                for (session, agent) in &given {
                    let served = of(*session);
                    let could = before.iter().find(|one| one.kf_account == *agent).expect("it is an agent");
                    let is_later = (served.since, served.session) > (place.since, place.session);
                    assert!(!is_later || !could.may_get(place), "{served:?} is served before {place:?}");
                }
            }
        }
    }
}
