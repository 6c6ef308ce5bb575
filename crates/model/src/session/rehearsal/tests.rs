//! Random days of a desk in memory.

use super::Rehearsal;
use crate::account::QueueRules;
use crate::agent::Presence;
use crate::session::SessionState;
use crate::session::actor::Target;
use crate::session::leave::Cause;
use crate::session::queue::Candidate;
use crate::{KfAccount, MINUTE, Openid, Session};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::ops::Range;

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
    ToGroup(i64, i64, usize),
    Choose(u8, i64),
    SetMember(i64, i64, bool),
    DeleteGroup(i64),
    SetManual(i64, bool),
    SetOff(bool),
    Create(i64, u8),
    Close(i64, u8),
    ProgramWrites(u8),
    Pass(i64),
}

fn agent() -> Range<i64> {
    1..4
}

fn which() -> Range<usize> {
    0..8
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        9 => by_people(),
        4 => by_groups_and_programs(),
        2 => (1..20 * MINUTE).prop_map(Act::Pass),
    ]
}

fn by_groups_and_programs() -> impl Strategy<Value = Act> {
    let (group, customer) = (|| 1..3i64, || 0..9u8);
    prop_oneof![
        2 => (customer(), group()).prop_map(|(customer, group)| Act::Choose(customer, group)),
        2 => (agent(), 0..3i64, which()).prop_map(|(from, group, which)| Act::ToGroup(from, group, which)),
        3 => (agent(), group(), any::<bool>()).prop_map(|(agent, group, is)| Act::SetMember(agent, group, is)),
        1 => group().prop_map(Act::DeleteGroup),
        1 => (agent(), any::<bool>()).prop_map(|(agent, manual)| Act::SetManual(agent, manual)),
        1 => proptest::bool::weighted(0.3).prop_map(Act::SetOff),
        2 => (agent(), customer()).prop_map(|(agent, customer)| Act::Create(agent, customer)),
        1 => (agent(), customer()).prop_map(|(agent, customer)| Act::Close(agent, customer)),
        1 => customer().prop_map(Act::ProgramWrites),
    ]
}

fn by_people() -> impl Strategy<Value = Act> {
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
    ]
}

fn openid(customer: u8) -> Openid {
    Openid::stored(format!("o{customer:027}"))
}

/// Asserts that assignment gave an agent no customer while an earlier one waits whom that agent may get.
fn nobody_is_passed_over(before: &Rehearsal, after: &Rehearsal) {
    let was_assigned = |it: &&Session| {
        let old = before.sessions.get(&it.id);
        it.is_assigned && old.is_none_or(|old| old.state == SessionState::Waiting)
    };
    for session in after.sessions.values().filter(was_assigned) {
        let agent =
            after.agents.iter().find(|it| it.kf_account.as_str() == session.kf_account).expect("an agent");
        for waiting in after.waiting() {
            let place = waiting.place(String::new());
            let is_earlier = (waiting.since, waiting.id) < (session.since, session.id);
            assert!(
                !is_earlier || !agent.is_member(&place) || agent.was_tried(&place),
                "{session:?} {waiting:?}"
            );
        }
    }
}

/// Asserts what holds after every step. Time and routing never exceed a limit; a click, a transfer or a program may.
fn holds(before: &Rehearsal, after: &Rehearsal, is_by_hand: bool) {
    after.assert_invariants();
    nobody_is_passed_over(before, after);
    for (agent, old) in after.agents.iter().zip(&before.agents) {
        assert!(agent.open <= agent.limit.max(old.open) || is_by_hand, "{agent:?}");
    }
}

fn run(desk: &mut Rehearsal, act: &Act) {
    let name = |kf_id: i64| format!("a{kf_id}@x");
    let own = |desk: &Rehearsal, agent: i64, which: usize| {
        let own = desk.served_by(&name(agent));
        own.get(which % own.len().max(1)).map_or(0, |session| session.id)
    };
    match *act {
        Act::Write(customer) => desk.write(&openid(customer)),
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
            desk.transfer(&name(from), &Target::Agent(name(to)), own(desk, from, which));
        }
        Act::ToGroup(from, group, which) => {
            desk.transfer(&name(from), &Target::Group(group), own(desk, from, which));
        }
        Act::Choose(customer, group) => desk.write_to(&openid(customer), Some(group)),
        Act::SetMember(agent, group, is_member) => desk.set_member(agent, group, is_member),
        Act::DeleteGroup(group) => desk.delete_group(group),
        Act::SetManual(agent, is_manual) => desk.set_manual(agent, is_manual),
        Act::SetOff(is_off) => desk.set_off(is_off),
        Act::Create(agent, customer) => drop(desk.create(&name(agent), &openid(customer))),
        Act::Close(agent, customer) => drop(desk.close(&name(agent), &openid(customer))),
        Act::ProgramWrites(customer) => desk.program_writes(&openid(customer)),
        Act::Pass(ms) => desk.now += ms,
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
            let is_by_hand = matches!(act, Act::Take(..) | Act::Transfer(..) | Act::Create(..));
            holds(&before, &desk, is_by_hand);
            loop {
                let before = desk.clone();
                if !desk.run_due() {
                    break;
                }
                holds(&before, &desk, false);
            }
        }
    }
}
