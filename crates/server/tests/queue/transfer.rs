//! Transfers to a group, and the notes that go with transfers.

use super::group::group;
use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code};
use serde_json::{Value, json};

struct TransferFixture {
    account: TestAccount,
    ann: TestAgent,
    bob: TestAgent,
    group: i64,
    customer: TestCustomer,
    session: i64,
}

impl TransferFixture {
    /// A customer whom Ann serves since the beginning, and a group of Ann and Bob.
    async fn begins(app: &TestApp) -> (TransferFixture, crate::actors::Stream) {
        let account = app.account().await;
        let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
        let group = group(&account, "after-sale", "", &["a1", "b1"]).await;
        let desk = ann.comes_online().await;
        let customer = account.customer();
        customer.says("it is broken").await;
        let session = ann.session_with(&customer.openid()).await.unwrap();
        app.advance(1_000).await;
        (TransferFixture { account, ann, bob, group, customer, session }, desk)
    }

    async fn sends_to_group(&self, by: &TestAgent, from: &str, note: &str) -> (u16, Value) {
        let (appid, session, group) = (&self.account.appid, self.session, self.group);
        let body = json!({"appid": appid, "session": session, "from": from, "group": group, "note": note});
        by.sends("/desk/api/session/transfer", body).await
    }

    async fn history(&self, by: &TestAgent) -> (u16, Value) {
        let (appid, session) = (&self.account.appid, self.session);
        by.asks(&format!("/desk/api/messages?appid={appid}&session={session}&before=0")).await
    }
}

on_both_engines! {
    a_customer_who_goes_to_a_group_keeps_the_place_and_gets_another_agent,
    a_customer_who_was_answered_waits_since_the_transfer,
    a_supervisor_moves_a_customer_to_another_queue,
    a_note_is_read_by_agents_and_by_no_one_else,
    a_transfer_that_cannot_be_is_refused,
    an_answer_of_another_agent_lets_every_agent_have_the_customer_again,
}

async fn a_customer_who_goes_to_a_group_keeps_the_place_and_gets_another_agent(app: TestApp) {
    let (at, mut desk) = TransferFixture::begins(&app).await;
    let a = at.ann.kf_account.clone();
    let mut page = at.customer.watches().await;
    assert_eq!(at.sends_to_group(&at.ann, &a, "").await.0, 200);
    assert_eq!(at.sends_to_group(&at.ann, &a, "").await.0, 200, "safe to repeat");
    desk.sees_fact("the customer waits", |fact| {
        let session = &fact["session"];
        session["state"] == "waiting"
            && session["group"] == at.group
            && session["since"] == 1_800_000_000_000_i64
    })
    .await;
    page.sees_fact("the customer waits", |fact| fact["session"]["state"] == "waiting").await;
    assert_eq!(
        at.account.waiting().await,
        [at.customer.openid()],
        "the agent does not get the customer back"
    );
    let _other = at.bob.comes_online().await;
    assert_eq!(at.account.sessions("b1").await, [at.customer.openid()]);
    let b = at.bob.kf_account.clone();
    assert_eq!(at.sends_to_group(&at.bob, &b, "").await.0, 200, "back to the same group");
    assert_eq!(
        at.account.sessions("a1").await,
        [at.customer.openid()],
        "the first agent was not tried since"
    );
}

async fn a_customer_who_was_answered_waits_since_the_transfer(app: TestApp) {
    let (at, _desk) = TransferFixture::begins(&app).await;
    assert_eq!(at.ann.replies(at.session, "one moment").await.0, 200);
    app.advance(1_000).await;
    assert_eq!(at.sends_to_group(&at.ann, &at.ann.kf_account, "").await.0, 200);
    let waiting = at.ann.first_account().await["waiting"].clone();
    assert_eq!(waiting[0]["since"], 1_800_000_002_000_i64);
}

async fn a_supervisor_moves_a_customer_to_another_queue(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let id = group(&account, "after-sale", "", &["b1"]).await;
    let customer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    let body = json!({"appid": account.appid, "session": session, "from": "", "group": id});
    assert_eq!(ann.sends("/desk/api/session/transfer", body.clone()).await.0, 403);
    account.post("/customservice/kfaccount/setadmin", json!({"kf_account": account.kf("a1")})).await;
    assert_eq!(ann.sends("/desk/api/session/transfer", body).await.0, 200);
    let _desk = ann.comes_online().await;
    assert_eq!(account.waiting().await, [customer.openid()]);
    let _other = bob.comes_online().await;
    assert_eq!(account.sessions("b1").await, [customer.openid()]);
    let from = account.kf("b1");
    let back = json!({"appid": account.appid, "session": session, "from": from, "group": 0});
    assert_eq!(ann.sends("/desk/api/session/transfer", back).await.0, 200, "to all agents");
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
}

async fn a_note_is_read_by_agents_and_by_no_one_else(app: TestApp) {
    let (at, _desk) = TransferFixture::begins(&app).await;
    let eve = at.account.agent("e1").await;
    let (mut office, mut page) = (eve.comes_online().await, at.customer.watches().await);
    let (a, b) = (at.ann.kf_account.clone(), at.bob.kf_account.clone());
    assert_eq!(at.sends_to_group(&at.ann, &a, "  wants a refund \n").await.0, 200);
    let is_note = |fact: &Value| fact["note"]["text"] == "wants a refund";
    office.sees_fact("the note, while the customer waits", is_note).await;
    let mut other = at.bob.comes_online().await;
    other.sees_fact("the session", |fact| fact["session"]["kf_account"] == b).await;
    let note = json!({
        "id": at.history(&at.bob).await.1["notes"][0]["id"], "session": at.session, "kf_account": a,
        "openid": at.customer.openid(), "nickname": "a1", "text": "wants a refund", "at": 1_800_000_001_000_i64,
        "to_agent": "", "to_nickname": "", "to_group": at.group,
    });
    assert_eq!(at.history(&at.bob).await.1["notes"], json!([note]));
    assert_eq!(at.bob.first_account().await["notes"], json!([note]));
    assert_eq!(at.bob.takes(at.session).await.1["notes"], json!([note]));
    assert_eq!(at.history(&at.ann).await.0, 403);
    assert_eq!(at.ann.first_account().await["notes"], json!([]));
    // A transfer to an agent, too; agents who do not serve the customer do not see its note.
    let body =
        json!({"appid": at.account.appid, "session": at.session, "from": b, "to": a, "note": "checked"});
    assert_eq!(at.bob.sends("/desk/api/session/transfer", body).await.0, 200);
    at.customer.says("hello?").await;
    page.sees("hello?").await;
    let told = |events: Vec<crate::actors::StreamEvent>| {
        events.iter().map(|event| event.data.to_string()).collect::<String>()
    };
    assert!(!told(office.events()).contains("checked"));
    let texts = at.history(&at.ann).await.1["notes"].clone();
    assert_eq!((&texts[1]["to_agent"], &texts[1]["to_nickname"]), (&json!(a), &json!("a1")));
    let texts: Vec<_> = texts.as_array().unwrap().iter().map(|note| note["text"].clone()).collect();
    assert_eq!(texts, ["wants a refund", "checked"]);
    let customers = [at.customer.snapshot().await, at.customer.asks("messages?before=0").await];
    let all = json!({"starttime": 1_800_000_000, "endtime": 1_800_000_060, "msgid": 1, "number": 100});
    let records = at.account.post("/customservice/msgrecord/getmsglist", all).await;
    for seen in [told(page.events()), json!(customers).to_string(), records.to_string()] {
        assert!(seen.contains("hello?") && !seen.contains("refund") && !seen.contains("checked"), "{seen}");
    }
}

async fn a_transfer_that_cannot_be_is_refused(app: TestApp) {
    let (at, _desk) = TransferFixture::begins(&app).await;
    let (a, b) = (at.ann.kf_account.clone(), at.bob.kf_account.clone());
    let send = async |change: fn(&mut Value)| {
        let mut body =
            json!({"appid": at.account.appid, "session": at.session, "from": a, "group": at.group});
        change(&mut body);
        let (status, answer) = at.ann.sends("/desk/api/session/transfer", body).await;
        (status, code(&answer))
    };
    assert_eq!(send(|body| body["group"] = 99.into()).await, (409, 990_041));
    assert_eq!(send(|body| body["group"] = Value::Null).await, (400, 990_001));
    assert_eq!(send(|body| body["to"] = "b1@x".into()).await, (400, 990_001), "one or the other");
    assert_eq!(send(|body| body["note"] = "记".repeat(501).into()).await, (400, 990_044));
    assert_eq!(send(|body| body["from"] = "".into()).await, (403, 990_003));
    assert_eq!(at.sends_to_group(&at.bob, &b, "").await.0, 409, "it is not the agent's");
    assert_eq!(at.history(&at.ann).await.1["notes"], json!([]));
    assert_eq!(send(|body| body["note"] = "记".repeat(500).into()).await, (200, 0));
}

async fn an_answer_of_another_agent_lets_every_agent_have_the_customer_again(app: TestApp) {
    let (at, _desk) = TransferFixture::begins(&app).await;
    let body = json!({"appid": at.account.appid, "session": at.session});
    let hands_back = async |by: &TestAgent| by.sends("/desk/api/session/hand_back", body.clone()).await.0;
    assert_eq!(hands_back(&at.ann).await, 200);
    let _other = at.bob.comes_online().await;
    assert_eq!(at.account.sessions("b1").await, [at.customer.openid()]);
    assert_eq!(at.bob.replies(at.session, "I look into it").await.0, 200);
    assert_eq!(hands_back(&at.bob).await, 200);
    assert_eq!(at.account.sessions("a1").await, [at.customer.openid()]);
}
