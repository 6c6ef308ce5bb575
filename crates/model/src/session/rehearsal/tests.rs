//! Random days of a desk in memory.

use super::Rehearsal;
use crate::account::QueueRules;
use crate::agent::Presence;
use crate::session::leave::Cause;
use crate::session::queue::Candidate;
use crate::{KfAccount, MINUTE, Openid};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

/// What customers, agents and time can do.
#[derive(Clone, Debug)]
enum Act {
    Write(u8),
    Connect(i64),
    Disconnect(i64),
    SetAway(i64, bool),
    SetLimit(i64),
    Take(i64, usize),
    Reply(i64, usize),
    Answered(i64, usize),
    End(i64, usize),
    HandBack(i64, usize),
    Transfer(i64, i64, usize),
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let (agent, which) = (|| 1..4i64, || 0..8usize);
    prop_oneof![
        4 => (0..9u8).prop_map(Act::Write),
        1 => agent().prop_map(Act::Connect),
        1 => agent().prop_map(Act::Disconnect),
        1 => (agent(), any::<bool>()).prop_map(|(agent, away)| Act::SetAway(agent, away)),
        1 => (1..4i64).prop_map(Act::SetLimit),
        1 => (agent(), which()).prop_map(|(agent, which)| Act::Take(agent, which)),
        2 => (agent(), which()).prop_map(|(agent, which)| Act::Reply(agent, which)),
        1 => (agent(), which()).prop_map(|(agent, which)| Act::Answered(agent, which)),
        1 => (agent(), which()).prop_map(|(agent, which)| Act::End(agent, which)),
        1 => (agent(), which()).prop_map(|(agent, which)| Act::HandBack(agent, which)),
        1 => (agent(), agent(), which()).prop_map(|(from, to, which)| Act::Transfer(from, to, which)),
        2 => (1..20 * MINUTE).prop_map(Act::Pass),
    ]
}

fn run(desk: &mut Rehearsal, act: &Act) {
    let name = |kf_id: i64| format!("a{kf_id}@x");
    let own = |desk: &Rehearsal, agent: i64, which: usize| {
        let own = desk.served_by(&name(agent));
        own.get(which % own.len().max(1)).map_or(0, |session| session.id)
    };
    match *act {
        Act::Write(customer) => desk.write(&Openid::stored(format!("o{customer:027}"))),
        Act::Connect(agent) => {
            if desk.agent(agent).is_some_and(|agent| agent.presence == Presence::Offline) {
                desk.connect(agent);
            }
        }
        Act::Disconnect(agent) => {
            if desk.agent(agent).is_some_and(|agent| agent.presence != Presence::Offline) {
                desk.disconnect(agent);
            }
        }
        Act::SetAway(agent, away) => desk.set_away(agent, away),
        Act::SetLimit(limit) => desk.set_limit(limit),
        Act::Take(agent, which) => {
            let waiting = desk.waiting();
            let id = waiting.get(which % waiting.len().max(1)).map_or(0, |session| session.id);
            desk.take(&name(agent), id);
        }
        Act::Reply(agent, which) => drop(desk.reply(&name(agent), own(desk, agent, which))),
        Act::Answered(agent, which) => drop(desk.answered(&name(agent), own(desk, agent, which))),
        Act::End(agent, which) => {
            desk.release_own(&name(agent), own(desk, agent, which), Cause::End);
        }
        Act::HandBack(agent, which) => {
            desk.release_own(&name(agent), own(desk, agent, which), Cause::HandBack);
        }
        Act::Transfer(from, to, which) => {
            desk.transfer(&name(from), &name(to), own(desk, from, which));
        }
        Act::Pass(ms) => desk.advance(ms),
    }
}

proptest! {
    #[test]
    fn no_sequence_loses_a_customer_or_leaves_room_unused(
        acts in proptest::collection::vec(act(), 1..200),
        answer_s in proptest::sample::select(vec![0, 60]),
    ) {
        let agent = |kf_id: i64| Candidate::new(KfAccount::stored(format!("a{kf_id}@x")), kf_id, 2);
        let rules = QueueRules { answer_s, ..QueueRules::default() };
        let mut desk = Rehearsal::begin(1_000, rules, (1..4).map(agent).collect());
        for act in acts {
            let before = desk.clone();
            run(&mut desk, &act);
            desk.assert_invariants();
            // Time and routing never exceed a limit; a click or a transfer may.
            for (agent, old) in desk.agents.iter().zip(&before.agents) {
                let is_by_hand = matches!(act, Act::Take(..) | Act::Transfer(..));
                assert!(agent.open <= agent.limit.max(old.open) || is_by_hand, "{agent:?} after {act:?}");
            }
        }
    }
}
