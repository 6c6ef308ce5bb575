//! What agents, the customer and time can do to a session.

use super::{Create, Session, SessionState, close, create};
use crate::Openid;
use crate::session::actor::{Actor, Move, Target};
use crate::session::leave::Cause;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use protocol::Errcode;

/// What agents, the customer and time can do to a session.
#[derive(Clone, Debug)]
enum Act {
    Write,
    Create(u8),
    Close(u8),
    Accept(u8),
    /// The actor, whether the actor is a supervisor, the agent before, the agent after.
    Move(u8, bool, Option<u8>, u8),
    /// The actor, and whether the actor is a supervisor.
    End(u8, bool),
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        proptest::strategy::Just(Act::Write),
        (0..3u8).prop_map(Act::Create),
        (0..3u8).prop_map(Act::Close),
        (0..3u8).prop_map(Act::Accept),
        (0..3u8, proptest::bool::ANY, proptest::option::of(0..3u8), 0..3u8)
            .prop_map(|(by, supervisor, from, to)| Act::Move(by, supervisor, from, to)),
        (0..3u8, proptest::bool::ANY).prop_map(|(by, supervisor)| Act::End(by, supervisor)),
        (0..200_000_000i64).prop_map(Act::Pass),
    ]
}

fn agent(number: u8) -> String {
    format!("a{number}@shop")
}

fn openid() -> Openid {
    Openid::stored(format!("o{}", "x".repeat(27)))
}

fn invariants(session: &Session, now: i64) {
    assert_eq!(
        session.state == SessionState::Waiting,
        session.kf_account.is_empty(),
        "an agent is named once the session is taken"
    );
    assert_eq!(session.opened_at == 0, session.kf_account.is_empty());
    assert!(session.active_at >= session.latest_at && session.active_at <= now);
    assert_eq!(session.ends_at(30).is_none(), session.state == SessionState::Closed);
}

#[test]
fn a_session_is_made_where_there_is_none_taken_where_one_waits_and_left_where_it_is_served() {
    let waits = Session::begin(1, openid(), 1_000).after_customer_message(1_000);
    let served = waits.clone().open("a1@shop", 2_000);
    assert_eq!(served.active_at, 2_000, "its half hour begins when it is opened");
    assert_eq!(create(None, "a1@shop"), Ok(Create::New));
    assert_eq!(create(Some(&waits), "a1@shop"), Ok(Create::Take));
    assert_eq!(create(Some(&served), "a1@shop"), Ok(Create::Already));
    assert_eq!(create(Some(&served), "b1@shop"), Err(Errcode::OtherAgent));
    assert_eq!(create(Some(&served.clone().close()), "a1@shop"), Ok(Create::New));
    assert_eq!(served.must_be_of("a1@shop"), Ok(()));
    assert_eq!(served.must_be_of("b1@shop"), Err(Errcode::CustomerTaken));
    assert_eq!(waits.must_be_of(""), Err(Errcode::CustomerTaken), "a waiting customer has no agent");
    assert_eq!(served.close().must_be_of("a1@shop"), Err(Errcode::SessionClosed));
}

proptest! {
    #[test]
    fn no_sequence_of_actions_breaks_a_session(acts in proptest::collection::vec(act(), 0..60)) {
        let mut scene = Scene { now: 1_000, current: None, last: 0 };
        acts.into_iter().for_each(|act| scene.run(act));
    }
}

/// A customer's session over time.
struct Scene {
    now: i64,
    current: Option<Session>,
    last: i64,
}

impl Scene {
    fn run(&mut self, act: Act) {
        let before = self.current.clone();
        let is_moved = self.act(act);
        if let Some(session) = &self.current {
            invariants(session, self.now);
        }
        if let (Some(a), Some(b)) = (&before, &self.current)
            && a.id == b.id
            && a.state == SessionState::Open
        {
            assert!(
                is_moved || a.kf_account == b.kf_account,
                "an open session never changes hands by itself"
            );
            assert_eq!((b.state, a.latest_at <= b.latest_at), (SessionState::Open, true), "nor goes back");
        }
    }

    /// Does something; returns whether the session was moved to an agent.
    fn act(&mut self, act: Act) -> bool {
        match act {
            Act::Write => {
                let session = self.current.take().unwrap_or_else(|| {
                    self.last += 1;
                    Session::begin(self.last, openid(), self.now)
                });
                self.current = Some(session.after_customer_message(self.now));
            }
            Act::Create(n) => match create(self.current.as_ref(), &agent(n)) {
                Ok(Create::Already) => {
                    assert_eq!(self.current.as_ref().map(|s| s.kf_account.clone()), Some(agent(n)))
                }
                Ok(Create::Take) => self.current = self.current.take().map(|s| s.open(&agent(n), self.now)),
                Ok(Create::New) => {
                    self.last += 1;
                    self.current =
                        Some(Session::begin(self.last, openid(), self.now).open(&agent(n), self.now));
                }
                Err(code) => assert_eq!(code, Errcode::OtherAgent),
            },
            Act::Close(n) => {
                if close(self.current.as_ref(), &agent(n)).is_ok() {
                    let closed = self.current.take().expect("only a session that is there can close").close();
                    assert_eq!(closed.kf_account, agent(n));
                }
            }
            Act::Accept(n) => {
                if let Some(session) = self.current.take() {
                    self.current = Some(match (session.state, session.may_accept(&agent(n))) {
                        (SessionState::Waiting, Ok(())) => session.open(&agent(n), self.now),
                        (_, outcome) => {
                            assert_eq!(outcome.is_ok(), session.kf_account == agent(n));
                            session
                        }
                    });
                }
            }
            Act::Move(by, supervisor, from, to) => {
                let from = from.map(agent).unwrap_or_default();
                return self.reassign(&agent(by), supervisor, &from, &agent(to));
            }
            Act::End(by, supervisor) => self.end(&agent(by), supervisor),
            Act::Pass(ms) => {
                self.now += ms;
                if self.current.as_ref().and_then(|it| it.ends_at(30)).is_some_and(|end| end <= self.now) {
                    self.current = None;
                }
            }
        }
        false
    }

    fn reassign(&mut self, by: &str, supervisor: bool, from: &str, to: &str) -> bool {
        let Some(session) = self.current.take() else { return false };
        match (Actor { kf_account: by, supervisor }).may_move(&session, from, &Target::Agent(to.to_owned())) {
            Ok(Move::Already) => assert_eq!(session.kf_account, to),
            Ok(_) => {
                assert!(session.kf_account == from && (supervisor || from == by));
                self.current = Some(session.open(to, self.now));
                return true;
            }
            Err(_) => {}
        }
        self.current = Some(session);
        false
    }

    fn end(&mut self, by: &str, supervisor: bool) {
        let Some(session) = self.current.take() else { return };
        match (Actor { kf_account: by, supervisor }).may_end(&session) {
            Ok(()) => assert!(supervisor || session.kf_account == by),
            Err(code) => {
                assert_eq!(code, Errcode::CustomerTaken);
                self.current = Some(session);
            }
        }
    }
}

#[test]
fn only_the_agent_who_serves_a_session_closes_it() {
    let waiting = Session::begin(1, openid(), 5);
    assert_eq!(close(None, "a"), Err(Errcode::NoSession));
    assert_eq!(close(Some(&waiting), "a"), Err(Errcode::NoSession));
    let open = waiting.open("a", 6);
    assert_eq!(close(Some(&open), "b"), Err(Errcode::OtherAgent));
    assert!(close(Some(&open), "a").is_ok());
    assert_eq!(open.must_be_of("b"), Err(Errcode::CustomerTaken));
    assert_eq!(open.clone().close().must_be_of("a"), Err(Errcode::SessionClosed));
    assert_eq!(open.close().may_accept("a"), Err(Errcode::SessionClosed));
}

#[test]
fn time_ends_an_open_session_after_half_an_hour_and_a_waiting_one_after_two_days() {
    let waiting = Session::begin(1, openid(), 0).after_customer_message(1_000);
    assert_eq!(waiting.ends_at(30), Some(1_000 + 48 * 3_600_000));
    let open = waiting.open("a", 2_000).after_agent_message(3_000);
    assert_eq!(open.ends_at(30), Some(3_000 + 30 * 60_000));
}

#[test]
fn a_customer_sent_to_a_group_keeps_the_place_until_answered_and_loses_the_agent() {
    let asked = Session::begin(1, openid(), 5).after_customer_message(5).open("a", 6);
    let sent = asked.clone().to_group(7, 9);
    assert_eq!((sent.state, sent.since, sent.group, sent.tried.as_str()), (SessionState::Waiting, 5, 7, "a"));
    let answered = asked.after_agent_message(8).to_group(7, 9);
    assert_eq!((answered.since, answered.tried.as_str()), (9, "a"));
    let moved = sent.clone().to_group(8, 10);
    assert_eq!((moved.since, moved.group, moved.tried.as_str()), (5, 8, ""));
    let back = sent.open("b", 10).hand_back(Cause::Offline, 11);
    assert_eq!(
        (back.since, back.group, back.tried.as_str()),
        (5, 7, "a"),
        "the group stays with the session"
    );
}

#[test]
fn an_answer_of_an_agent_lets_every_agent_have_the_customer_again_and_one_of_a_program_does_not() {
    let asked = Session::begin(1, openid(), 5).after_customer_message(5).open("a", 6);
    let back = asked.hand_back(Cause::HandBack, 7).open("b", 8);
    assert_eq!(back.clone().after_program_message(9).tried, "a");
    assert_eq!(back.after_agent_message(9).tried, "");
}
