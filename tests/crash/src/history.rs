//! The history of all calls and their outcomes, and whether the data agrees with it afterwards.

use std::collections::{BTreeMap, BTreeSet};

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Acknowledged: it must be there.
    Done,
    /// Refused with a code: it must not be there.
    Refused(i64),
    /// -1, or no answer: it may be there or not.
    Unknown,
}

/// What an actor did to the actor's own agent or session.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// Added the agent, with a nickname.
    Add(String),
    /// Renamed the agent.
    Rename(String),
    /// Deleted the agent.
    Delete,
    /// Wrote a message as the customer.
    Say(String),
    /// Closed the customer's session.
    Close,
}

/// A state of the one thing that an actor changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// There is no such agent.
    NoAgent,
    /// An agent with this nickname.
    Agent(String),
    /// The customer has no session.
    Unserved,
    /// The customer waits in the queue, or an agent has just got the customer.
    Waiting,
    /// The customer is being served.
    Served,
}

impl State {
    /// The possible states after a deed; none if its outcome is impossible.
    fn after(&self, deed: &Deed, outcome: Outcome) -> Vec<State> {
        use State::{Agent, NoAgent, Served, Unserved, Waiting};
        match (self, deed, outcome) {
            (state, deed, Outcome::Unknown) => {
                let done = state.after(deed, Outcome::Done);
                [vec![state.clone()], done].concat()
            }
            (NoAgent, Deed::Add(name), Outcome::Done) => vec![Agent(name.clone())],
            (Agent(_), Deed::Add(_), Outcome::Refused(65406)) => vec![self.clone()],
            (Agent(_), Deed::Rename(name), Outcome::Done) => vec![Agent(name.clone())],
            (NoAgent, Deed::Rename(_) | Deed::Delete, Outcome::Refused(65401)) => vec![NoAgent],
            (Agent(_), Deed::Delete, Outcome::Done) => vec![NoAgent],
            (Waiting | Served, Deed::Close, Outcome::Done) => vec![Unserved],
            (Waiting | Unserved, Deed::Close, Outcome::Refused(65413)) => vec![self.clone()],
            (Served, Deed::Say(_), Outcome::Done) => vec![Served],
            (Unserved | Waiting, Deed::Say(_), Outcome::Done) => vec![Waiting, Served],
            (Unserved | Waiting | Served, Deed::Say(_), Outcome::Refused(990019)) => vec![self.clone()],
            _ => Vec::new(),
        }
    }
}

/// All deeds, in each actor's order.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    deeds: BTreeMap<String, Vec<(Deed, Outcome)>>,
    /// The greatest `seq` that was seen.
    pub(crate) seq: i64,
}

/// What is there, read over HTTP.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) states: BTreeMap<String, State>,
    /// Each customer's messages, oldest first.
    pub(crate) messages: BTreeMap<String, Vec<String>>,
    /// Places of those who wait, in the order of the list: since when, and the session.
    pub(crate) waiting: Vec<(i64, i64)>,
    /// Places of those who got the one agent by assignment, and have no answer.
    pub(crate) served: Vec<(i64, i64)>,
    pub(crate) seq: i64,
}

impl History {
    pub(crate) fn note(&mut self, actor: &str, deed: Deed, outcome: Outcome) {
        self.deeds.entry(actor.to_owned()).or_default().push((deed, outcome));
    }

    pub(crate) fn last(&self, actor: &str) -> Option<&(Deed, Outcome)> {
        self.deeds.get(actor)?.last()
    }

    /// The number of deeds with such an outcome.
    pub(crate) fn count(&self, is: impl Fn(Outcome) -> bool) -> usize {
        self.deeds.values().flatten().filter(|(_, outcome)| is(*outcome)).count()
    }

    /// All contradictions between what was found and what was answered.
    pub(crate) fn violations(&self, found: &Found) -> Vec<String> {
        let mut wrong = Vec::new();
        if found.seq < self.seq {
            wrong.push(format!("change {} was seen, and the last is {}", self.seq, found.seq));
        }
        for (actor, deeds) in &self.deeds {
            if let Some(state) = found.states.get(actor) {
                let start = if matches!(state, State::Agent(_) | State::NoAgent) {
                    State::NoAgent
                } else {
                    State::Unserved
                };
                let mut possible = BTreeSet::from([start]);
                for (number, (deed, outcome)) in deeds.iter().enumerate() {
                    let next = possible.iter().flat_map(|state| state.after(deed, *outcome)).collect();
                    if std::mem::replace(&mut possible, next).is_empty() {
                        break;
                    }
                    if possible.is_empty() {
                        wrong.push(format!("{actor}: {deed:?}, deed {number}, cannot be {outcome:?}"));
                    }
                }
                // The queue gives customers to agents, and gets them back from agents who are gone.
                let is_moved = match state {
                    State::Served => possible.contains(&State::Waiting),
                    State::Waiting => possible.contains(&State::Served),
                    _ => false,
                };
                if !possible.is_empty() && !possible.contains(state) && !is_moved {
                    wrong.push(format!("{actor} is {state:?}, which {:?} does not allow", deeds.last()));
                }
            }
            let none = Vec::new();
            let messages = found.messages.get(actor).unwrap_or(&none);
            wrong.extend(wrong_messages(deeds, messages).into_iter().map(|what| format!("{actor}: {what}")));
        }
        if !found.waiting.is_sorted() {
            wrong.push(format!("the queue is not in the order of its places: {:?}", found.waiting));
        }
        // All customers wait in one queue for one agent, and none is handed back.
        let earlier = |served: &&(i64, i64)| found.waiting.iter().any(|waiting| waiting < *served);
        wrong.extend(found.served.iter().filter(earlier).map(|served| {
            format!("{served:?} is served, and one who came earlier waits: {:?}", found.waiting)
        }));
        wrong
    }
}

/// Messages must be in the order of sending, each once, with all acknowledged ones and no refused one.
fn wrong_messages(deeds: &[(Deed, Outcome)], found: &[String]) -> Vec<String> {
    let mut outcomes: Vec<(&str, Vec<Outcome>)> = Vec::new();
    for (deed, outcome) in deeds {
        let Deed::Say(text) = deed else { continue };
        match outcomes.iter_mut().find(|(said, _)| said == text) {
            Some((_, again)) => again.push(*outcome),
            None => outcomes.push((text, vec![*outcome])),
        }
    }
    let mut wrong = Vec::new();
    for (text, outcomes) in &outcomes {
        let times = found.iter().filter(|there| there == text).count();
        let most = usize::from(outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Refused(_))));
        let least = usize::from(outcomes.contains(&Outcome::Done));
        if times < least || times > most {
            wrong.push(format!("{text:.40} is there {times} times after {outcomes:?}"));
        }
    }
    let place = |there: &String| outcomes.iter().position(|(text, _)| text == there);
    if !found.iter().map(place).is_sorted() {
        wrong.push("messages are in another order".to_owned());
    }
    if found.iter().any(|there| place(there).is_none()) {
        wrong.push("there is a message that no actor wrote".to_owned());
    }
    wrong
}

/// Ways to falsify what was found. Each must be noticed.
pub(crate) const SABOTAGES: &[&str] = &[
    "lost-agent",
    "lost-message",
    "kept-message",
    "doubled",
    "swapped",
    "renamed",
    "seq",
    "reopened",
    "lost-customer",
    "overtaken",
    "served-early",
];

/// Falsifies what was found; `false` if that is impossible in this way.
pub(crate) fn sabotage(kind: &str, history: &History, found: &mut Found) -> bool {
    let acknowledged = |text: &String| {
        let said = |(deed, outcome): &(Deed, Outcome)| {
            matches!(deed, Deed::Say(said) if said == text) && *outcome == Outcome::Done
        };
        history.deeds.values().flatten().any(said)
    };
    let refused = history.deeds.iter().find_map(|(actor, deeds)| {
        deeds.iter().find_map(|(deed, outcome)| match (deed, outcome) {
            (Deed::Say(text), Outcome::Refused(_)) => Some((actor.clone(), text.clone())),
            _ => None,
        })
    });
    // Only a certain outcome can be contradicted.
    let certain =
        |actor: &String| history.last(actor).is_some_and(|(_, outcome)| *outcome != Outcome::Unknown);
    match kind {
        "lost-agent" | "renamed" => {
            let agent = found
                .states
                .iter_mut()
                .find(|(actor, state)| certain(actor) && matches!(state, State::Agent(_)));
            let new =
                if kind == "renamed" { State::Agent("another name".to_owned()) } else { State::NoAgent };
            agent.map(|(_, state)| *state = new).is_some()
        }
        "reopened" => {
            let closed = |actor: &String| matches!(history.last(actor), Some((Deed::Close, Outcome::Done)));
            let session = found.states.iter_mut().find(|(actor, _)| closed(actor));
            session.map(|(_, state)| *state = State::Served).is_some()
        }
        "lost-customer" => {
            let wrote = |actor: &String| matches!(history.last(actor), Some((Deed::Say(_), Outcome::Done)));
            let session = found.states.iter_mut().find(|(actor, _)| wrote(actor));
            session.map(|(_, state)| *state = State::Unserved).is_some()
        }
        "overtaken" => {
            found.waiting.extend([(i64::MAX, 2), (i64::MAX, 1)]);
            true
        }
        "served-early" => {
            let last = found.waiting.last().copied();
            found.served.extend(last.map(|(since, session)| (since, session + 1)));
            last.is_some()
        }
        "lost-message" => found.messages.values_mut().any(|messages| {
            let last = messages.iter().rposition(acknowledged);
            last.map(|last| messages.remove(last)).is_some()
        }),
        "doubled" => found.messages.values_mut().any(|messages| {
            let last = messages.last().cloned();
            last.map(|last| messages.push(last)).is_some()
        }),
        "swapped" => found.messages.values_mut().any(|messages| {
            let enough = messages.len() > 1;
            if enough {
                messages.swap(0, 1);
            }
            enough
        }),
        "kept-message" => {
            refused.map(|(actor, text)| found.messages.entry(actor).or_default().push(text)).is_some()
        }
        "seq" => {
            found.seq = history.seq - 1;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Deed, Found, History, Outcome, SABOTAGES, State, sabotage};

    fn sound() -> (History, Found) {
        let mut history = History { seq: 9, ..History::default() };
        history.note("a", Deed::Add("one".into()), Outcome::Done);
        history.note("a", Deed::Add("two".into()), Outcome::Refused(65406));
        history.note("b", Deed::Add("one".into()), Outcome::Unknown);
        history.note("c", Deed::Say("1".into()), Outcome::Done);
        history.note("c", Deed::Say("2".into()), Outcome::Refused(990019));
        history.note("c", Deed::Say("3".into()), Outcome::Unknown);
        history.note("c", Deed::Say("3".into()), Outcome::Done);
        history.note("d", Deed::Say("1".into()), Outcome::Done);
        history.note("d", Deed::Close, Outcome::Done);
        let mut found = Found { seq: 12, ..Found::default() };
        found.states.insert("a".into(), State::Agent("one".into()));
        found.states.insert("b".into(), State::NoAgent);
        found.states.insert("c".into(), State::Served);
        found.states.insert("d".into(), State::Unserved);
        (found.served, found.waiting) = (vec![(3, 7), (5, 8)], vec![(5, 9), (6, 4)]);
        found.messages.insert("d".into(), vec!["1".into()]);
        found.messages.insert("c".into(), vec!["1".into(), "3".into()]);
        (history, found)
    }

    #[test]
    fn a_sound_history_has_no_violations_whatever_became_of_the_unknown() {
        let (history, mut found) = sound();
        assert_eq!(history.violations(&found), Vec::<String>::new());
        found.states.insert("b".into(), State::Agent("one".into()));
        assert_eq!(history.violations(&found), Vec::<String>::new());
        found.states.insert("b".into(), State::Agent("another".into()));
        assert_eq!(history.violations(&found).len(), 1);
    }

    #[test]
    fn every_sabotage_is_noticed() {
        for kind in SABOTAGES {
            let (history, mut found) = sound();
            assert!(sabotage(kind, &history, &mut found), "{kind}");
            assert!(!history.violations(&found).is_empty(), "{kind}");
        }
    }

    #[test]
    fn an_impossible_answer_is_noticed() {
        let (mut history, found) = sound();
        history.note("a", Deed::Add("three".into()), Outcome::Done);
        assert_eq!(history.violations(&found).len(), 1, "the agent exists already");
    }
}
