//! What a customer sees when the developer's server does not answer.

use super::receiver::{Receiver, delivers, listens};
use crate::actors::{TestApp, TestCustomer, until};
use serde_json::{Value, json};

const OFFICIAL: &str = "该公众号提供的服务出现故障，请稍后再试";
const PROGRAM: &str = "该小程序客服暂时无法提供服务，请稍后再试";

/// Waits until the page shows as many notices; then who wrote its messages, in order.
async fn authors(customer: &TestCustomer, notices: usize) -> Vec<String> {
    let shown = async || -> Vec<String> {
        let page = customer.snapshot().await;
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|message| message["from"].as_str().unwrap().to_owned()).collect()
    };
    let count = |list: &[String]| list.iter().filter(|from| *from == "system").count();
    until("the customer is told", || async { count(&shown().await) >= notices }).await;
    shown().await
}

on_both_engines! {
    a_customer_is_told_once_for_each_message_that_was_not_answered,
    a_customer_of_a_mini_program_is_told_in_its_words,
    a_customer_is_not_told_of_events,
    a_notice_is_no_message_of_the_account,
}

async fn a_customer_is_told_once_for_each_message_that_was_not_answered(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|_| (500, String::new()));
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("在吗").await;
    assert_eq!(authors(&customer, 1).await, ["customer", "system"]);
    let notice = customer.last().await;
    let expected = (&json!("notice"), &json!(OFFICIAL), &json!(0), &json!(""));
    assert_eq!((&notice["kind"], &notice["text"], &notice["session"], &notice["client_id"]), expected);
    let mut page = customer.watches().await;
    customer.says("还在吗").await;
    page.sees(OFFICIAL).await;
    assert_eq!(authors(&customer, 2).await, ["customer", "system", "customer", "system"]);
    receiver.answers(|_| (200, "success".to_owned()));
    customer.says("好了吗").await;
    receiver.received(7).await;
    customer.says("好了").await;
    receiver.received(8).await;
    assert_eq!(authors(&customer, 2).await[4..], ["customer", "customer"]);
}

async fn a_customer_of_a_mini_program_is_told_in_its_words(app: TestApp) {
    let account = app
        .account_with(|settings| {
            settings.kind = Some("mini-program".into());
            settings.alias = None;
        })
        .await;
    let receiver = Receiver::start().await;
    listens(&account, &receiver).await;
    receiver.answers(|_| (200, "what?".to_owned()));
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("在吗").await;
    assert_eq!(authors(&customer, 1).await, ["customer", "system"]);
    let notice = customer.last().await;
    assert_eq!((&notice["kind"], &notice["text"]), (&json!("app_notice"), &json!(PROGRAM)));
}

async fn a_customer_is_not_told_of_events(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|push| {
        let is_event = push.element("MsgType") == "event" || push.element("Content") == "坏";
        (if is_event { 500 } else { 200 }, String::new())
    });
    delivers(&app);
    let agent = account.agent("a").await;
    let _online = agent.comes_online().await;
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    receiver.received(1).await;
    assert_eq!(account.creates("a", &customer.openid()).await["errcode"], 0);
    assert_eq!(account.closes("a", &customer.openid()).await["errcode"], 0);
    // It is pushed after both events have failed three times.
    customer.says("坏").await;
    assert_eq!(authors(&customer, 1).await, ["customer", "customer", "system"]);
    assert_eq!(receiver.so_far().len(), 1 + 3 + 3 + 3);
}

async fn a_notice_is_no_message_of_the_account(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|_| (500, String::new()));
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("在吗").await;
    authors(&customer, 1).await;
    let (from, to) = (app.clock.now() / 1000 - 60, app.clock.now() / 1000 + 60);
    let body = json!({"starttime": from, "endtime": to, "msgid": 1, "number": 100});
    let records = account.post("/customservice/msgrecord/getmsglist", body).await;
    assert_eq!(records["recordlist"], Value::Array(Vec::new()), "{records}");
    for _ in 0..5 {
        assert_eq!(account.sends_text(&customer.openid(), "稍等").await, 0, "a notice costs no message");
    }
    assert_eq!(account.sends_text(&customer.openid(), "稍等").await, 45047);
    assert_eq!(account.waiting().await, Vec::<String>::new());
}
