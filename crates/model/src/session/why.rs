//! Why a customer waits, and why an agent gets no customer.

use crate::TextEnum;
use crate::agent::Presence;
use crate::session::queue::{Candidate, Place};
use serde::Serialize;

/// Why an agent does not get a customer who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AgentReason {
    /// The agent's workbench is not open.
    Offline,
    /// The agent chose to be away.
    Away,
    /// The agent has as many open sessions as assignment may give.
    Full,
    /// The agent takes customers by hand.
    Manual,
    /// The customer waits for the agents of a group, to which the agent does not belong.
    OtherGroup,
    /// The agent did not answer the customer in time, or handed the customer back.
    Tried,
    /// Nothing keeps the agent from getting the customer.
    Free,
}

/// Why a customer waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The account's customer-service feature is off.
    FeatureOff,
    /// The server has just started, and agents have a few seconds to come back.
    Starting,
    /// The account has no agent with a worker.
    NoAgent,
    /// No agent's workbench is open.
    Offline,
    /// Every agent who is there is away.
    Away,
    /// Every agent who is there has as many sessions as assignment may give.
    Full,
    /// Every agent takes customers by hand.
    Manual,
    /// The customer's group has no agents.
    EmptyGroup,
    /// No agent of the customer's group is there.
    OtherGroup,
    /// Every agent who is there had the customer already, and did not answer in time or handed the customer back.
    Tried,
    /// The agents have different reasons.
    Several,
    /// An agent gets the customer in a moment.
    Soon,
}

impl TextEnum for WaitReason {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("feature_off", WaitReason::FeatureOff),
        ("starting", WaitReason::Starting),
        ("no_agent", WaitReason::NoAgent),
        ("offline", WaitReason::Offline),
        ("away", WaitReason::Away),
        ("full", WaitReason::Full),
        ("manual", WaitReason::Manual),
        ("empty_group", WaitReason::EmptyGroup),
        ("other_group", WaitReason::OtherGroup),
        ("tried", WaitReason::Tried),
        ("several", WaitReason::Several),
        ("soon", WaitReason::Soon),
    ];
}

/// Why an agent does not get a customer.
#[must_use]
pub fn why_not(agent: &Candidate, place: &Place) -> AgentReason {
    if !agent.is_member(place) {
        return AgentReason::OtherGroup;
    }
    match agent.presence {
        Presence::Offline => AgentReason::Offline,
        Presence::Away => AgentReason::Away,
        Presence::Online if !agent.is_automatic => AgentReason::Manual,
        Presence::Online if agent.was_tried(place) => AgentReason::Tried,
        Presence::Online if !agent.has_room() => AgentReason::Full,
        Presence::Online => AgentReason::Free,
    }
}

/// Why a customer waits, by the account's agents who have a worker. Agents of other groups do not count, and agents who
/// are offline count only if no other agent is there.
#[must_use]
pub fn why_waits(place: &Place, agents: &[Candidate], is_feature_on: bool, is_starting: bool) -> WaitReason {
    if !is_feature_on {
        return WaitReason::FeatureOff;
    }
    let (mut members, is_grouped) = (agents.iter().filter(|agent| agent.is_member(place)), place.group != 0);
    let mut there =
        members.clone().map(|agent| why_not(agent, place)).filter(|it| *it != AgentReason::Offline);
    let Some(first) = there.next() else {
        return match (members.next(), is_grouped) {
            (None, true) => WaitReason::EmptyGroup,
            (None, false) => WaitReason::NoAgent,
            (Some(_), true) => WaitReason::OtherGroup,
            (Some(_), false) => WaitReason::Offline,
        };
    };
    if members.any(|agent| why_not(agent, place) == AgentReason::Free) {
        return if is_starting { WaitReason::Starting } else { WaitReason::Soon };
    }
    if there.any(|reason| reason != first) {
        return WaitReason::Several;
    }
    match first {
        AgentReason::Offline => WaitReason::Offline,
        AgentReason::Away => WaitReason::Away,
        AgentReason::Full => WaitReason::Full,
        AgentReason::Manual => WaitReason::Manual,
        AgentReason::OtherGroup => WaitReason::OtherGroup,
        AgentReason::Tried => WaitReason::Tried,
        AgentReason::Free => WaitReason::Soon,
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentReason, WaitReason, why_not, why_waits};
    use crate::agent::Presence;
    use crate::session::queue::{Candidate, Place, assign};
    use crate::{KfAccount, TextEnum};

    fn agent() -> Candidate {
        let presence = Presence::Online;
        Candidate { presence, ..Candidate::new(KfAccount::stored("a@x".into()), 1, 2) }
    }

    fn cases() -> Vec<(Candidate, Place, AgentReason, WaitReason)> {
        let (plain, place) = (agent, Place::default);
        vec![
            (
                Candidate { presence: Presence::Offline, ..plain() },
                place(),
                AgentReason::Offline,
                WaitReason::Offline,
            ),
            (Candidate { presence: Presence::Away, ..plain() }, place(), AgentReason::Away, WaitReason::Away),
            (Candidate { open: 2, ..plain() }, place(), AgentReason::Full, WaitReason::Full),
            (Candidate { is_automatic: false, ..plain() }, place(), AgentReason::Manual, WaitReason::Manual),
            (plain(), Place { group: 7, ..place() }, AgentReason::OtherGroup, WaitReason::EmptyGroup),
            (plain(), Place { tried: vec!["a@x".into()], ..place() }, AgentReason::Tried, WaitReason::Tried),
            (plain(), place(), AgentReason::Free, WaitReason::Soon),
        ]
    }

    #[test]
    fn every_reason_is_reached_and_agrees_with_assignment() {
        let mut reached = Vec::new();
        for (agent, place, why, waits) in cases() {
            assert_eq!(why_not(&agent, &place), why);
            assert_eq!(why_waits(&place, std::slice::from_ref(&agent), true, false), waits);
            let is_assigned = !assign(vec![place], &mut [agent], Default::default(), 1).is_empty();
            assert_eq!(is_assigned, why == AgentReason::Free);
            reached.push(waits);
        }
        let place = Place::default();
        let away = Candidate { presence: Presence::Away, ..agent() };
        let full = Candidate { open: 2, ..agent() };
        let offline = Candidate { presence: Presence::Offline, ..agent() };
        let mut say = |agents: &[Candidate], is_on, is_starting| {
            let reason = why_waits(&place, agents, is_on, is_starting);
            reached.push(reason);
            reason
        };
        assert_eq!(say(&[agent()], false, false), WaitReason::FeatureOff);
        assert_eq!(say(&[agent()], true, true), WaitReason::Starting);
        assert_eq!(say(&[], true, false), WaitReason::NoAgent);
        assert_eq!(say(&[away, full.clone()], true, false), WaitReason::Several);
        assert_eq!(say(&[offline, full], true, false), WaitReason::Full, "who is offline does not count");
        let group = Place { group: 7, ..Place::default() };
        let member = Candidate { presence: Presence::Offline, groups: vec![7], ..agent() };
        let reason = why_waits(&group, &[agent(), member.clone()], true, false);
        assert_eq!(reason, WaitReason::OtherGroup, "the agent who is there belongs to no group");
        reached.push(reason);
        let full = Candidate { presence: Presence::Online, open: 2, ..member };
        let away = Candidate { presence: Presence::Away, ..agent() };
        assert_eq!(why_waits(&group, &[agent(), away, full], true, false), WaitReason::Full);
        for (_, reason) in WaitReason::TEXTS {
            assert!(reached.contains(reason), "{reason:?}");
        }
    }
}
