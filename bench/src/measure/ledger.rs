//! Checks that no reply is older than the changes acknowledged before its request.
//!
//! The sessions of some agents go up to a number and down again, one at a time, so the number of an agent's sessions
//! tells which change was the last. A reply must contain all changes acknowledged before its request; it may contain
//! changes under way, but none that were not requested.

use crate::measure::load::{Call, Connection};
use crate::measure::ready::AGENTS;
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The number of checked bodies that are remembered, so that equal replies are parsed once.
const KNOWN: usize = 4;

/// The changes of one agent.
#[derive(Default)]
struct Course {
    asked: AtomicUsize,
    acknowledged: AtomicUsize,
}

pub(crate) struct Ledger {
    agents: Vec<String>,
    /// The highest number of sessions of an agent.
    top: usize,
    courses: Vec<Course>,
    known: Mutex<VecDeque<(Bytes, Counts)>>,
    held: AtomicUsize,
}

/// The next change of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The session with this customer opens.
    Open(usize),
    /// The session with this customer closes.
    Close(usize),
}

/// The number of sessions of each agent.
type Counts = Arc<[usize]>;

/// The number of acknowledged changes of each agent, at some moment.
pub(crate) struct Moment(Vec<usize>);

impl Ledger {
    /// A ledger for these agents, who have no sessions yet.
    pub(crate) fn new(agents: Vec<String>, top: usize) -> Self {
        let courses = agents.iter().map(|_| Course::default()).collect();
        Ledger { agents, top, courses, known: Mutex::default(), held: AtomicUsize::new(0) }
    }

    /// Begins an agent's next change.
    pub(crate) fn begin(&self, agent: usize) -> Change {
        let step = self.courses[agent].asked.fetch_add(1, Ordering::Relaxed) % (2 * self.top);
        if step < self.top { Change::Open(step) } else { Change::Close(step - self.top) }
    }

    /// Counts an agent's change as acknowledged.
    pub(crate) fn end(&self, agent: usize) {
        self.courses[agent].acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of sessions of an agent after so many changes.
    fn after(&self, changes: usize) -> usize {
        let step = changes % (2 * self.top);
        if step <= self.top { step } else { 2 * self.top - step }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(self.courses.iter().map(|course| course.acknowledged.load(Ordering::Relaxed)).collect())
    }

    /// The number of acknowledged changes so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.now().0.iter().sum()
    }

    /// The number of checked replies.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Fails if a reply is older than its request, or contains changes that were not requested.
    pub(crate) fn hold(&self, reply: &[u8], asked: &Moment) -> anyhow::Result<()> {
        let counts = self.counts(reply)?;
        for (agent, course) in self.courses.iter().enumerate() {
            let (oldest, newest) = (asked.0[agent], course.asked.load(Ordering::Relaxed));
            let told = counts[agent];
            if !(oldest..=newest).any(|changes| self.after(changes) == told) {
                bail!(
                    "{} has {told} sessions in a reply, and had {} when it was asked, {} when it came",
                    self.agents[agent],
                    self.after(oldest),
                    self.after(newest)
                );
            }
        }
        self.held.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn counts(&self, reply: &[u8]) -> anyhow::Result<Counts> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counts)) = known.iter().find(|(body, _)| *body == reply) {
            return Ok(counts.clone());
        }
        let counts = self.read(reply)?;
        known.truncate(KNOWN - 1);
        known.push_front((Bytes::copy_from_slice(reply), counts.clone()));
        Ok(counts)
    }

    fn read(&self, reply: &[u8]) -> anyhow::Result<Counts> {
        let list: List = serde_json::from_slice(reply)?;
        ensure!(list.kf_online_list.len() == AGENTS, "{} agents are online", list.kf_online_list.len());
        let mut told: HashMap<&str, usize> =
            list.kf_online_list.iter().map(|kf| (kf.kf_account, kf.accepted_case)).collect();
        let count =
            |agent: &String| told.remove(agent.as_str()).with_context(|| format!("{agent} is missing"));
        let counts = self.agents.iter().map(count).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(told.values().all(|count| *count == 0), "an agent has sessions without a request");
        Ok(counts.into())
    }
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    kf_online_list: Vec<Kf<'a>>,
}

#[derive(Deserialize)]
struct Kf<'a> {
    kf_account: &'a str,
    accepted_case: usize,
}

/// A caller whose replies are checked against a ledger.
pub(crate) struct Reader {
    connection: Connection,
    request: Bytes,
    ledger: Arc<Ledger>,
}

impl Reader {
    pub(crate) fn new(connection: Connection, request: &Bytes, ledger: &Arc<Ledger>) -> Self {
        Reader { connection, request: request.clone(), ledger: ledger.clone() }
    }
}

impl Call for Reader {
    async fn call(&mut self, _: usize) -> anyhow::Result<()> {
        let asked = self.ledger.now();
        let reply = self.connection.ask(&self.request).await?;
        self.ledger.hold(reply, &asked)
    }
}

#[cfg(test)]
mod tests {
    use super::{AGENTS, Change, Ledger};
    use serde_json::json;

    fn ledger() -> Ledger {
        Ledger::new(vec!["kf1@shop".into(), "kf2@shop".into()], 3)
    }

    fn change(ledger: &Ledger, agent: usize, times: usize) {
        for _ in 0..times {
            ledger.begin(agent);
            ledger.end(agent);
        }
    }

    fn reply(counts: &[usize]) -> Vec<u8> {
        let kf = |n: usize| {
            let count = counts.get(n).copied().unwrap_or(0);
            json!({ "kf_account": format!("kf{}@shop", n + 1), "accepted_case": count })
        };
        json!({ "kf_online_list": (0..AGENTS).map(kf).collect::<Vec<_>>() }).to_string().into_bytes()
    }

    #[test]
    fn sessions_go_up_and_down_again() {
        let ledger = ledger();
        let changes: Vec<_> = (0..6).map(|_| ledger.begin(0)).collect();
        let (open, close) = (Change::Open, Change::Close);
        assert_eq!(changes, [open(0), open(1), open(2), close(0), close(1), close(2)]);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|changes| ledger.after(changes)), [0, 1, 2, 3, 2, 1, 0, 1]);
    }

    #[test]
    fn a_reply_that_is_older_than_its_question_is_refused() {
        let ledger = ledger();
        change(&ledger, 0, 2);
        let asked = ledger.now();
        assert!(ledger.hold(&reply(&[2, 0]), &asked).is_ok());
        assert!(ledger.hold(&reply(&[1, 0]), &asked).is_err());
        // It may contain or miss what was acknowledged after its request.
        change(&ledger, 0, 1);
        assert!(ledger.hold(&reply(&[2, 0]), &asked).is_ok());
        assert!(ledger.hold(&reply(&[3, 0]), &asked).is_ok());
        assert!(ledger.hold(&reply(&[2, 0]), &ledger.now()).is_err());
        assert_eq!(ledger.held(), 3);
    }

    #[test]
    fn a_reply_may_tell_of_what_is_under_way_and_of_nothing_else() {
        let ledger = ledger();
        ledger.begin(1);
        let asked = ledger.now();
        assert!(ledger.hold(&reply(&[0, 0]), &asked).is_ok());
        assert!(ledger.hold(&reply(&[0, 1]), &asked).is_ok());
        assert!(ledger.hold(&reply(&[0, 2]), &asked).is_err());
        assert!(ledger.hold(&reply(&[1, 0]), &asked).is_err());
        assert!(ledger.hold(&reply(&[0, 0, 1]), &asked).is_err());
        assert!(ledger.hold(br#"{"kf_online_list":[]}"#, &asked).is_err());
    }
}
