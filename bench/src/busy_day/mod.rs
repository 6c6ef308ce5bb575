//! `bench desk`: a simulated busy day at a desk, by the rules that the product uses (`model::session::rehearsal`), for
//! each strategy of assignment. It measures no time of the machine.

mod chance;

use chance::Chance;
use model::account::QueueRules;
use model::agent::Presence;
use model::session::leave::Cause;
use model::session::queue::{Candidate, Strategy};
use model::session::rehearsal::Rehearsal;
use model::session::{Session, SessionState};
use model::{HOUR, KfAccount, MINUTE, Openid, SECOND, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Agents, and the most customers that each gets by assignment.
const AGENTS: i64 = 8;
const LIMIT: i64 = 5;
/// From the first to the last customer.
const DAY: Time = 9 * HOUR;
/// The mean time between two customers, in a quiet and in a busy hour.
const QUIET: f64 = 60.0 * SECOND as f64;
const BUSY: f64 = 32.0 * SECOND as f64;
/// The busy hours.
const PEAKS: [std::ops::Range<i64>; 2] = [2..4, 6..8];
/// How long an agent takes for an answer: median, and deviation of the logarithm.
const ANSWER: (f64, f64) = (40.0 * SECOND as f64, 0.7);
/// How often a customer goes on after an answer, and the mean time until then.
const GOES_ON: f64 = 0.75;
const THINKS: f64 = 50.0 * SECOND as f64;
/// How long after the last answer the agent ends the session.
const ENDS: Time = 20 * SECOND;
/// The share of customers who have been here before.
const RETURNS: f64 = 0.3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives,
    Writes(i64),
    Answers(i64, i64),
    Ends(i64, i64),
    GoesOffline(i64),
    Comes(i64),
}

/// What a strategy brought about.
struct Outcome {
    name: &'static str,
    /// From the first word to the first answer, milliseconds, sorted.
    first_answer: Vec<Time>,
    /// From each word without an answer to its answer, milliseconds, sorted.
    answers: Vec<Time>,
    /// Sessions that each agent has served.
    served: Vec<i64>,
    /// Returning customers, and those of them whom the agent of before served.
    returned: (usize, usize),
    missed: usize,
}

/// Prints a table with a row for each strategy.
pub(crate) fn print() {
    println!(
        "{AGENTS} agents, {LIMIT} sessions each, {} hours; two agents have lunch for an hour, one goes offline for ten \
         minutes.\n",
        DAY / HOUR
    );
    println!(
        "| strategy | customers | first answer p50, p90, p99 | any answer p50, p99 | sessions of an agent | \
         same agent again | missed |"
    );
    println!("|---|---|---|---|---|---|---|");
    let least = QueueRules::default();
    let rules = [
        ("least sessions", least),
        ("round robin", QueueRules { strategy: Strategy::RoundRobin, ..least }),
        ("last agent first", QueueRules { last_agent_first: true, ..least }),
        ("answer within 120 s", QueueRules { answer_s: 120, ..least }),
    ];
    for (name, rules) in rules {
        println!("{}", Day::new(rules, 20_261_201).run(name).row());
    }
}

struct Day {
    desk: Rehearsal,
    /// Who comes when, alike for every strategy.
    arrivals: Chance,
    chance: Chance,
    events: BinaryHeap<Reverse<(Time, Event)>>,
    customers: i64,
    /// Agents who write an answer.
    busy: HashSet<i64>,
    /// Customers who have an answer in their present session, by session.
    answered: HashSet<i64>,
    last_agent: HashMap<i64, String>,
    outcome: Outcome,
}

impl Day {
    fn new(rules: QueueRules, seed: u64) -> Self {
        let agent = |kf_id: i64| Candidate::new(KfAccount::stored(name(kf_id)), kf_id, LIMIT);
        let mut desk = Rehearsal::begin(HOUR, rules, (1..=AGENTS).map(agent).collect());
        (1..=AGENTS).for_each(|kf_id| desk.connect(kf_id));
        let mut events = BinaryHeap::from([Reverse((HOUR, Event::Arrives))]);
        let absences = [(1, 4 * HOUR, HOUR), (2, 5 * HOUR, HOUR), (3, 3 * HOUR, 10 * MINUTE)];
        for (kf_id, after, long) in absences {
            events.push(Reverse((HOUR + after, Event::GoesOffline(kf_id))));
            events.push(Reverse((HOUR + after + long, Event::Comes(kf_id))));
        }
        let outcome = Outcome {
            name: "",
            first_answer: Vec::new(),
            answers: Vec::new(),
            served: vec![0; usize::try_from(AGENTS).unwrap_or(0)],
            returned: (0, 0),
            missed: 0,
        };
        let (busy, answered, last_agent) = Default::default();
        Day {
            desk,
            arrivals: Chance(seed),
            chance: Chance(!seed),
            events,
            customers: 0,
            busy,
            answered,
            last_agent,
            outcome,
        }
    }

    fn run(mut self, name: &'static str) -> Outcome {
        while let Some(Reverse((at, event))) = self.events.pop() {
            self.desk.advance(at - self.desk.now);
            self.happens(event);
            self.desk.assert_invariants();
            self.agents_go_on();
        }
        self.desk.advance(72 * HOUR);
        self.outcome.missed = self.desk.missed.len();
        self.outcome.first_answer.sort_unstable();
        self.outcome.answers.sort_unstable();
        Outcome { name, ..self.outcome }
    }

    fn after(&mut self, ms: i64, event: Event) {
        self.events.push(Reverse((self.desk.now + ms, event)));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives => self.arrives(),
            Event::Writes(customer) => self.desk.write(&openid(customer)),
            Event::Answers(kf_id, id) => self.answers(kf_id, id),
            Event::Ends(kf_id, id) => {
                let is_open = |it: &&Session| it.state == SessionState::Open && !it.is_unanswered();
                if self.desk.sessions.get(&id).filter(is_open).is_some() {
                    self.desk.release_own(&name(kf_id), id, Cause::End);
                }
            }
            Event::GoesOffline(kf_id) => self.desk.disconnect(kf_id),
            Event::Comes(kf_id) => self.desk.connect(kf_id),
        }
    }

    fn arrives(&mut self) {
        let customer = if self.customers > 0 && self.arrivals.share() < RETURNS {
            (self.arrivals.share() * self.customers as f64) as i64
        } else {
            self.customers += 1;
            self.customers - 1
        };
        if self.desk.current(&openid(customer)).is_none() {
            self.desk.write(&openid(customer));
        }
        let hour = (self.desk.now - HOUR) / HOUR;
        let mean = if PEAKS.iter().any(|peak| peak.contains(&hour)) { BUSY } else { QUIET };
        if self.desk.now < HOUR + DAY {
            let pause = self.arrivals.exponential(mean);
            self.after(pause, Event::Arrives);
        }
    }

    /// Agents who write nothing begin with the customer who has waited longest. An agent whom the desk has set away
    /// comes back.
    fn agents_go_on(&mut self) {
        for kf_id in 1..=AGENTS {
            let Some(agent) = self.desk.agent(kf_id) else { continue };
            if agent.presence == Presence::Offline || self.busy.contains(&kf_id) {
                continue;
            }
            if agent.presence == Presence::Away {
                self.desk.set_away(kf_id, false);
            }
            let own = self.desk.served_by(&name(kf_id));
            let next =
                own.iter().filter(|session| session.is_unanswered()).min_by_key(|session| session.since);
            if let Some(id) = next.map(|session| session.id) {
                self.busy.insert(kf_id);
                let long = self.chance.log_normal(ANSWER.0, ANSWER.1);
                self.after(long, Event::Answers(kf_id, id));
            }
        }
    }

    fn answers(&mut self, kf_id: i64, id: i64) {
        self.busy.remove(&kf_id);
        let Some(session) = self.desk.sessions.get(&id).cloned() else { return };
        let is_there = self.desk.agent(kf_id).is_some_and(|agent| agent.presence != Presence::Offline);
        if !is_there || !session.is_unanswered() || !self.desk.reply(&name(kf_id), id) {
            return;
        }
        let customer: i64 = session.openid.as_str()[1..].parse().unwrap_or(0);
        self.outcome.answers.push(self.desk.now - session.since);
        if self.answered.insert(id) {
            self.outcome.first_answer.push(self.desk.now - session.waiting_since);
            if let Some(served) =
                usize::try_from(kf_id - 1).ok().and_then(|at| self.outcome.served.get_mut(at))
            {
                *served += 1;
            }
            if let Some(before) = self.last_agent.insert(customer, name(kf_id)) {
                self.outcome.returned.0 += 1;
                self.outcome.returned.1 += usize::from(before == name(kf_id));
            }
        }
        if self.chance.share() < GOES_ON {
            let pause = self.chance.exponential(THINKS);
            self.after(pause, Event::Writes(customer));
        } else {
            self.after(ENDS, Event::Ends(kf_id, id));
        }
    }
}

fn name(kf_id: i64) -> String {
    format!("a{kf_id}@desk")
}

fn openid(customer: i64) -> Openid {
    Openid::stored(format!("o{customer:027}"))
}

impl Outcome {
    fn row(&self) -> String {
        let of = |times: &[Time], percent: usize| {
            let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            format!("{} s", times.get(at).map_or(0, |ms| ms / SECOND))
        };
        let first = &self.first_answer;
        let (least, most) = (self.served.iter().min(), self.served.iter().max());
        format!(
            "| {} | {} | {}, {}, {} | {}, {} | {} to {} | {} of {} | {} |",
            self.name,
            first.len(),
            of(first, 50),
            of(first, 90),
            of(first, 99),
            of(&self.answers, 50),
            of(&self.answers, 99),
            least.copied().unwrap_or(0),
            most.copied().unwrap_or(0),
            self.returned.1,
            self.returned.0,
            self.missed,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Day;
    use model::account::QueueRules;

    #[test]
    fn a_day_serves_everybody_and_repeats_itself() {
        let run = || Day::new(QueueRules::default(), 3).run("");
        let (first, second) = (run(), run());
        assert_eq!((first.answers.len(), first.missed), (second.answers.len(), 0));
        assert!(first.first_answer.len() > 300, "{} customers", first.first_answer.len());
        assert_eq!(first.row(), second.row());
    }
}
