//! The events of sessions: every way in which a session begins, moves or ends is pushed, with the agents it concerns.

mod told;

use super::receiver::{Received, Receiver, delivers, listens};
use crate::actors::{Stream, TestAccount, TestAgent, TestApp, TestCustomer, code};
use kefu::admin::Command;
use kefu::admin::group::GroupCommand;
use kefu::admin::remove::{RemoveCommand, Subject};
use kefu::desk::group::{GroupChange, GroupRef};
use serde_json::json;
use std::collections::HashMap;

/// When a session without messages ends.
const IDLE: i64 = 30 * 60_000;

/// An account with a developer's server, two agents online and a supervisor; customers wait until an agent takes them.
struct SessionFixture {
    app: TestApp,
    account: TestAccount,
    receiver: Receiver,
    ann: TestAgent,
    bob: TestAgent,
    sue: TestAgent,
    streams: Vec<Stream>,
    /// How many events of each customer were looked at. Those of several customers come in any order.
    seen: HashMap<String, usize>,
}

/// What the developer's server answers: it hands the customer over at these words, to the named seat or to any.
fn answer(push: &Received) -> (u16, String) {
    let to = "<MsgType>transfer_customer_service</MsgType>";
    match push.element("Content").split_once(' ') {
        Some(("人工", "")) => (200, push.answered(to)),
        Some(("人工", seat)) => {
            let seat = format!("<TransInfo><KfAccount>{seat}</KfAccount></TransInfo>");
            (200, push.answered(&format!("{to}{seat}")))
        }
        _ => (200, String::new()),
    }
}

impl SessionFixture {
    async fn begins(app: TestApp) -> SessionFixture {
        delivers(&app);
        SessionFixture::of(app).await
    }

    /// The same at a server that delivers already.
    async fn of(app: TestApp) -> SessionFixture {
        let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
        let receiver = Receiver::start().await;
        listens(&account, &receiver).await;
        receiver.answers(answer);
        let (ann, bob, sue) = (account.agent("a").await, account.agent("b").await, account.agent("s").await);
        let supervisor = json!({"kf_account": account.kf("s")});
        assert_eq!(code(&account.post("/customservice/kfaccount/setadmin", supervisor).await), 0);
        let streams = vec![ann.comes_online().await, bob.comes_online().await, sue.comes_online().await];
        SessionFixture { app, account, receiver, ann, bob, sue, streams, seen: HashMap::new() }
    }

    /// A customer who waits, and the session.
    async fn waits(&self) -> (TestCustomer, i64) {
        let customer = TestCustomer::new(&self.account);
        customer.says("人工 ").await;
        for _ in 0..6000 {
            if let Some(session) = self.ann.session_with(&customer.openid()).await {
                return (customer, session);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the customer does not wait");
    }

    /// A customer whom the agent `a` serves, and the session. Its event has been seen.
    async fn is_served(&mut self) -> (TestCustomer, i64) {
        let (customer, session) = self.waits().await;
        assert_eq!(self.ann.takes(session).await.0, 200);
        self.sees("an agent takes it", &customer, "kf_create_session", &["a"]).await;
        (customer, session)
    }

    /// Asserts the next event: its name, its customer, and its agents.
    async fn sees(&mut self, way: &str, customer: &TestCustomer, name: &str, agents: &[&str]) {
        let (mut pushes, openid) = (1, customer.openid());
        let seen = self.seen.entry(openid.clone()).or_default();
        let event = loop {
            let received = self.receiver.received(pushes).await;
            let is_theirs =
                |push: &&Received| push.element("MsgType") == "event" && push.query["openid"] == openid;
            if let Some(event) = received.iter().filter(is_theirs).nth(*seen) {
                break event.clone();
            }
            pushes = received.len() + 1;
        };
        *seen += 1;
        let members: &[&str] = match name {
            "kf_switch_session" => &["FromKfAccount", "ToKfAccount"],
            _ => &["KfAccount"],
        };
        let found: Vec<String> = members.iter().map(|member| event.element(member)).collect();
        let expected: Vec<String> = agents.iter().map(|agent| self.account.kf(agent)).collect();
        assert_eq!((event.element("Event").as_str(), found), (name, expected), "{way}");
        assert_eq!(event.element("FromUserName"), openid, "{way}");
    }
}

on_both_engines! {
    every_way_a_session_begins_is_pushed,
    a_program_sends_a_customer_to_a_group_by_its_name,
    every_way_a_session_moves_is_pushed,
    a_transfer_to_a_group_ends_the_session_and_the_next_agent_begins_one,
    every_way_a_session_ends_is_pushed,
    an_agent_who_signs_out_keeps_the_session_until_it_ends_by_time,
    a_session_ends_by_time_while_the_feature_is_off,
    a_session_that_had_no_agent_is_not_pushed,
}

async fn every_way_a_session_begins_is_pushed(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let customer = TestCustomer::new(&at.account);
    customer.says("你好").await;
    assert_eq!(code(&at.account.creates("a", &customer.openid()).await), 0);
    at.sees("kfsession/create", &customer, "kf_create_session", &["a"]).await;
    let (customer, _) = at.waits().await;
    assert_eq!(code(&at.account.creates("b", &customer.openid()).await), 0);
    at.sees("kfsession/create while waiting", &customer, "kf_create_session", &["b"]).await;
    let (customer, session) = at.waits().await;
    assert_eq!(at.bob.takes(session).await.0, 200);
    at.sees("an agent accepts", &customer, "kf_create_session", &["b"]).await;
    let (customer, session) = at.waits().await;
    assert_eq!(at.sue.moves(session, "", &at.account.kf("b")).await.0, 200);
    at.sees("a supervisor assigns", &customer, "kf_create_session", &["b"]).await;
    let customer = TestCustomer::new(&at.account);
    customer.says(&format!("人工 {}", at.account.kf("a"))).await;
    at.sees("TransInfo names an agent", &customer, "kf_create_session", &["a"]).await;
    let (customer, _) = at.waits().await;
    customer.says(&format!("人工 {}", at.account.kf("b"))).await;
    at.sees("TransInfo while waiting", &customer, "kf_create_session", &["b"]).await;
    for gone in ["a", "b"] {
        at.account.get("/customservice/kfaccount/del", &[("kf_account", &at.account.kf(gone))]).await;
    }
    at.account.set(|settings| settings.reception = Some("automatic".into())).await;
    let customer = TestCustomer::new(&at.account);
    customer.says("人工 ").await;
    at.sees("an agent has room", &customer, "kf_create_session", &["s"]).await;
}

/// Makes a group of the agent `b`; its number.
async fn group_of_b(at: &SessionFixture) -> i64 {
    let group = at.account.appid.clone();
    let change = |change| Command::Group(GroupCommand { appid: group.clone(), change: Some(change) });
    let add = GroupChange::Add { name: "售后".into(), menu_id: "9".into() };
    let made = at.app.command(change(add)).await.unwrap()[0]["id"].as_i64().unwrap();
    let join = GroupChange::Join { group: GroupRef::Id(made), kf_account: at.account.kf("b") };
    at.app.command(change(join)).await.unwrap();
    made
}

/// The group for which the customer waits, once it is this one.
async fn waits_for(at: &SessionFixture, customer: &TestCustomer, group: i64) {
    for _ in 0..6000 {
        let shown = at.ann.first_account().await["waiting"].clone();
        let mut waiting = shown.as_array().unwrap().iter();
        if waiting.any(|it| it["openid"] == customer.openid() && it["group"] == group) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the customer does not wait for the group {group}");
}

async fn a_program_sends_a_customer_to_a_group_by_its_name(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let group = group_of_b(&at).await;
    let names = ["售后".to_owned(), at.account.kf("售后")];
    for name in &names {
        let customer = TestCustomer::new(&at.account);
        customer.says(&format!("人工 {name}")).await;
        waits_for(&at, &customer, group).await;
    }
    for unknown in ["售前", "售后@elsewhere"] {
        let customer = TestCustomer::new(&at.account);
        customer.says(&format!("人工 {unknown}")).await;
        waits_for(&at, &customer, 0).await;
    }
    let (customer, _) = at.waits().await;
    customer.says("人工 售后").await;
    waits_for(&at, &customer, group).await;
    at.account.set(|settings| settings.reception = Some("automatic".into())).await;
    let customer = TestCustomer::new(&at.account);
    customer.says("人工 售后").await;
    at.sees("an agent of the group has room", &customer, "kf_create_session", &["b"]).await;
    // The developer's server gets a menu choice like any other word.
    let (customer, session) = at.is_served().await;
    let menu = json!({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "9", "content": "售后"}]}});
    assert_eq!(code(&at.account.sends(&customer.openid(), menu).await), 0);
    let menu = customer.last().await;
    assert_eq!(at.ann.closes(session).await.0, 200);
    at.sees("the agent ends it", &customer, "kf_close_session", &["a"]).await;
    let (status, chosen) = customer.chooses(&menu, "9").await;
    assert_eq!((status, &chosen["message"]["session"]), (200, &json!(0)));
}

async fn a_transfer_to_a_group_ends_the_session_and_the_next_agent_begins_one(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let group = group_of_b(&at).await;
    let (customer, session) = at.is_served().await;
    let body =
        json!({"appid": at.account.appid, "session": session, "from": at.account.kf("a"), "group": group});
    assert_eq!(at.ann.sends("/desk/api/session/transfer", body).await.0, 200);
    at.sees("an agent transfers to a group", &customer, "kf_close_session", &["a"]).await;
    at.account.set(|settings| settings.reception = Some("automatic".into())).await;
    at.sees("an agent of the group gets it", &customer, "kf_create_session", &["b"]).await;
}

async fn every_way_a_session_moves_is_pushed(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let (customer, session) = at.is_served().await;
    let (a, b, s) = (at.account.kf("a"), at.account.kf("b"), at.account.kf("s"));
    assert_eq!(at.ann.moves(session, &a, &b).await.0, 200);
    at.sees("an agent transfers", &customer, "kf_switch_session", &["a", "b"]).await;
    assert_eq!(at.sue.moves(session, &b, &s).await.0, 200);
    at.sees("a supervisor takes over", &customer, "kf_switch_session", &["b", "s"]).await;
    assert_eq!(at.sue.moves(session, &s, &a).await.0, 200);
    at.sees("a supervisor hands on", &customer, "kf_switch_session", &["s", "a"]).await;
    assert_eq!(at.sue.moves(session, &a, &b).await.0, 200);
    at.sees("a supervisor moves", &customer, "kf_switch_session", &["a", "b"]).await;
}

async fn every_way_a_session_ends_is_pushed(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let (customer, _) = at.is_served().await;
    assert_eq!(code(&at.account.closes("a", &customer.openid()).await), 0);
    at.sees("kfsession/close", &customer, "kf_close_session", &["a"]).await;
    let (customer, session) = at.is_served().await;
    assert_eq!(at.ann.closes(session).await.0, 200);
    at.sees("the agent ends it", &customer, "kf_close_session", &["a"]).await;
    let (customer, session) = at.is_served().await;
    assert_eq!(at.sue.closes(session).await.0, 200);
    at.sees("a supervisor ends it", &customer, "kf_close_session", &["a"]).await;
    let (customer, _) = at.is_served().await;
    at.app.advance(IDLE).await;
    at.sees("time ends it", &customer, "kf_close_session", &["a"]).await;
    let (customer, session) = at.waits().await;
    assert_eq!(at.bob.takes(session).await.0, 200);
    at.sees("an agent takes it", &customer, "kf_create_session", &["b"]).await;
    let subject = Subject::Worker(at.bob.name.clone());
    at.app.command(Command::Remove(RemoveCommand { subject, confirmed: true })).await.unwrap();
    at.sees("the worker is removed", &customer, "kf_close_session", &["b"]).await;
    let (customer, _) = at.is_served().await;
    let kf_account = at.account.kf("a");
    let deleted = at.account.get("/customservice/kfaccount/del", &[("kf_account", &kf_account)]).await;
    assert_eq!(code(&deleted), 0);
    at.sees("the agent is deleted", &customer, "kf_close_session", &["a"]).await;
}

async fn an_agent_who_signs_out_keeps_the_session_until_it_ends_by_time(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let (customer, session) = at.is_served().await;
    let stream = at.streams.remove(0);
    at.ann.leaves(stream).await;
    assert_eq!(at.sue.moves(session, &at.account.kf("a"), &at.account.kf("b")).await.0, 200);
    at.sees("no event is between", &customer, "kf_switch_session", &["a", "b"]).await;
    let stream = at.streams.remove(0);
    at.bob.leaves(stream).await;
    at.app.advance(IDLE).await;
    at.sees("time ends it", &customer, "kf_close_session", &["b"]).await;
}

async fn a_session_ends_by_time_while_the_feature_is_off(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let (customer, _) = at.is_served().await;
    at.account.set(|settings| settings.feature = Some(false)).await;
    at.app.advance(IDLE).await;
    at.sees("time ends it", &customer, "kf_close_session", &["a"]).await;
}

async fn a_session_that_had_no_agent_is_not_pushed(app: TestApp) {
    let mut at = SessionFixture::begins(app).await;
    let (customer, session) = at.waits().await;
    assert_eq!(at.sue.closes(session).await.0, 200);
    assert_eq!(code(&at.account.creates("a", &customer.openid()).await), 0);
    at.sees("the first event", &customer, "kf_create_session", &["a"]).await;
}
