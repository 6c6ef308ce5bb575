//! Customers who were assigned and get no answer, and what counts as an answer.

use crate::actors::{TestAccount, TestAgent, TestApp};
use serde_json::{Value, json};

on_both_engines! {
    a_customer_who_gets_no_answer_goes_to_another_agent_with_the_place,
    an_answer_in_time_keeps_the_customer,
    a_shorter_time_to_answer_holds_for_customers_who_are_assigned,
    an_agent_who_took_the_customer_by_hand_may_take_any_time,
    what_needs_no_reply_is_answered,
}

async fn account_that_waits_a_minute(app: &TestApp) -> (TestAccount, TestAgent, TestAgent) {
    let account = app.account_with(|settings| settings.answer_s = Some(60)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    (account, ann, bob)
}

async fn since(agent: &TestAgent, openid: &str) -> Value {
    let account = agent.first_account().await;
    let sessions = account["sessions"].as_array().unwrap();
    sessions.iter().find(|session| session["openid"] == openid).unwrap()["since"].clone()
}

async fn a_customer_who_gets_no_answer_goes_to_another_agent_with_the_place(app: TestApp) {
    let (account, ann, bob) = account_that_waits_a_minute(&app).await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(59_999).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    app.advance(1).await;
    assert_eq!(account.sessions("a1").await, Vec::<String>::new());
    desk.sees_fact("the agent is away", |fact| fact["agent"]["presence"] == "away").await;
    assert_eq!(ann.first_account().await["agent"]["is_set_away"], true);
    assert_eq!(account.waiting().await, [customer.openid()]);
    ann.sets_away(false).await;
    assert_eq!(ann.first_account().await["agent"]["is_set_away"], false);
    assert_eq!(account.waiting().await, [customer.openid()], "the agent was tried already");
    let session = ann.session_with(&customer.openid()).await.unwrap();
    let path = format!("/desk/api/why/waiting?appid={}&session={session}", account.appid);
    assert_eq!(ann.asks(&path).await.1["reason"], "tried");
    let _other = bob.comes_online().await;
    assert_eq!(account.sessions("b1").await, [customer.openid()]);
    assert_eq!(since(&bob, &customer.openid()).await, 1_800_000_000_000_i64);
}

async fn an_answer_in_time_keeps_the_customer(app: TestApp) {
    let (account, ann, _) = account_that_waits_a_minute(&app).await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(30_000).await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, "hello!").await.0, 200);
    customer.says("thanks, and").await;
    app.advance(120_000).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
}

async fn a_shorter_time_to_answer_holds_for_customers_who_are_assigned(app: TestApp) {
    let (account, ann, _) = account_that_waits_a_minute(&app).await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    account.set(|settings| settings.answer_s = Some(20)).await;
    app.advance(19_999).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    app.advance(1).await;
    assert_eq!(account.waiting().await, [customer.openid()]);
}

async fn an_agent_who_took_the_customer_by_hand_may_take_any_time(app: TestApp) {
    let (account, ann, _) = account_that_waits_a_minute(&app).await;
    account.set(|settings| settings.reception = Some("manual".into())).await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(ann.takes(ann.session_with(&customer.openid()).await.unwrap()).await.0, 200);
    app.advance(120_000).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
}

async fn what_needs_no_reply_is_answered(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("thanks").await;
    assert_eq!(since(&ann, &customer.openid()).await, 1_800_000_000_000_i64);
    let session = ann.session_with(&customer.openid()).await.unwrap();
    let says_so = async |agent: &TestAgent| {
        let body = json!({"appid": account.appid, "session": session});
        agent.sends("/desk/api/session/answered", body).await.0
    };
    assert_eq!(says_so(&bob).await, 409, "it is another agent's");
    assert_eq!(says_so(&ann).await, 200);
    desk.sees_fact("nothing waits for an answer", |fact| fact["session"]["since"] == 0).await;
    assert_eq!(says_so(&ann).await, 200, "safe to repeat");
    app.advance(30 * 60_000).await;
    assert_eq!(account.waiting().await, Vec::<String>::new(), "so silence ends the session");
}
