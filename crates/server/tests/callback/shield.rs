//! A developer's server that fails much is left alone for a minute, and alarms tell of it.

use super::receiver::{Received, Receiver, delivers, listens};
use crate::actors::{CapturedErrors, TestAccount, TestAgent, TestApp, TestCustomer, until};
use kefu::admin::Command;
use kefu::admin::callback::CallbackCommand;
use kefu::admin::push::{PushAction, PushCommand};
use serde_json::{Value, json};

/// As many pushes fail as shield: each is tried three times.
const MANY: usize = 10;

/// Makes pushes with this text fail.
fn fails_at(words: &'static str) -> impl Fn(&Received) -> (u16, String) {
    move |push| (if push.element("Content") == words { 500 } else { 200 }, String::new())
}

/// The account's alarms, as its administrator sees them.
async fn alarms(account: &TestAccount, administrator: &TestAgent) -> Value {
    let (status, answer) =
        administrator.asks(&format!("/desk/api/debug/callback/alarms?appid={}", account.appid)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn administrator(account: &TestAccount) -> TestAgent {
    let worker = account.agent("adm").await;
    let (appid, name) = (account.appid.clone(), worker.name.clone());
    account.app.command(Command::AccountAdmin { appid, worker: name, revoke: false }).await.unwrap();
    worker
}

/// Customers whose messages the server does not take, until it is left alone.
async fn fail(account: &TestAccount, receiver: &Receiver) {
    let before = receiver.so_far().len();
    for _ in 0..MANY {
        TestCustomer::new(account).says("坏").await;
    }
    receiver.received(before + 3 * MANY).await;
}

/// An account whose developer's server has failed much, and an administrator.
async fn failing(app: &TestApp) -> (TestAccount, Receiver, TestAgent) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let watcher = administrator(&account).await;
    listens(&account, &receiver).await;
    receiver.answers(fails_at("坏"));
    delivers(app);
    fail(&account, &receiver).await;
    (account, receiver, watcher)
}

on_both_engines! {
    a_server_that_fails_much_is_left_alone_for_a_minute_and_then_tried_again,
    alarms_say_what_failed_and_how_often,
    new_settings_end_a_shield,
    customers_wait_at_the_desk_while_the_server_is_left_alone_if_the_account_wants_it,
    a_node_that_takes_over_leaves_the_server_alone_as_long_as_the_one_before,
    other_settings_of_a_stopped_node_end_a_shield,
    a_pause_during_a_shield_holds_the_pushes_that_were_tried,
}

async fn a_server_that_fails_much_is_left_alone_for_a_minute_and_then_tried_again(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let watcher = administrator(&account).await;
    listens(&account, &receiver).await;
    receiver.answers(fails_at("坏"));
    delivers(&app);
    let shielded = async || alarms(&account, &watcher).await["shielded_until"].as_i64().unwrap();
    for _ in 0..2 {
        fail(&account, &receiver).await;
        until("the server is left alone", || async { shielded().await == app.clock.now() + 60_000 }).await;
        let before = receiver.so_far().len();
        let customer = TestCustomer::new(&account);
        for text in ["一", "二"] {
            customer.says(text).await;
        }
        // Another account's pushes go out, and the node has seen these changes long before its push is done.
        let (other, listener) = (app.account().await, Receiver::start().await);
        listens(&other, &listener).await;
        TestCustomer::new(&other).says("你好").await;
        listener.received(1).await;
        app.clock.advance(59_999);
        TestCustomer::new(&other).says("还在").await;
        listener.received(2).await;
        assert_eq!(receiver.so_far().len(), before, "nothing is tried for a minute");
        app.clock.advance(1);
        let received = receiver.received(before + 2).await;
        let texts: Vec<_> = received[before..].iter().map(|push| push.element("Content")).collect();
        assert_eq!(texts, ["一", "二"], "nothing is lost, and the order is kept");
        until("the shield is over", || async { shielded().await == 0 }).await;
    }
}

async fn alarms_say_what_failed_and_how_often(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let watcher = administrator(&account).await;
    listens(&account, &receiver).await;
    let healthy = alarms(&account, &watcher).await;
    assert_eq!((&healthy["alarms"], &healthy["shielded_until"]), (&json!([]), &json!(0)));
    assert_eq!(healthy["appid"], account.appid);
    receiver.answers(|_| (200, "<html>坏了".to_owned()));
    let (logged, _guard) = CapturedErrors::warnings();
    delivers(&app);
    fail(&account, &receiver).await;
    until("both alarms are there", || async {
        alarms(&account, &watcher).await["alarms"].as_array().unwrap().len() == 2
    })
    .await;
    let shown = alarms(&account, &watcher).await;
    let alarm = |kind: &str| {
        let list = shown["alarms"].as_array().unwrap();
        list.iter().find(|alarm| alarm["kind"] == kind).unwrap_or_else(|| panic!("{shown}")).clone()
    };
    let (failed, marked) = (alarm("response_failed"), alarm("mark_fail"));
    assert_eq!((&failed["count"], &marked["count"]), (&json!(30), &json!(1)));
    assert_eq!((&failed["first_at"], &failed["last_at"]), (&json!(app.clock.now()), &json!(app.clock.now())));
    let sample = failed["sample"].as_str().unwrap();
    let host = receiver.url.split('/').nth(2).unwrap();
    assert!(sample.starts_with(&format!("{host}, text: ")) && sample.contains("<html>"), "{sample}");
    assert!(!sample.contains("of=mine"), "the URL may hold secrets: {sample}");
    let logged = logged.0.lock().unwrap().join("\n");
    assert!(logged.contains("response_failed") && logged.contains(&account.appid), "{logged}");
    assert!(!logged.contains("坏") && !logged.contains("<html>"), "no text of a message: {logged}");
}

async fn new_settings_end_a_shield(app: TestApp) {
    let (account, _receiver, watcher) = failing(&app).await;
    until("the server is left alone", || async { alarms(&account, &watcher).await["shielded_until"] != 0 })
        .await;
    TestCustomer::new(&account).says("你好").await;
    let mended = Receiver::start().await;
    listens(&account, &mended).await;
    let push = mended.received(1).await.pop().unwrap();
    assert_eq!(push.element("Content"), "你好");
}

async fn customers_wait_at_the_desk_while_the_server_is_left_alone_if_the_account_wants_it(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let (receiver, watcher) = (Receiver::start().await, administrator(&account).await);
    let appid = account.appid.clone();
    let wants = |on| Command::Callback(CallbackCommand::DeskWhileShielded { appid: appid.clone(), on });
    let said = app.command(wants(true)).await.expect_err("there is no developer's server");
    assert!(said.contains("--url"), "{said}");
    listens(&account, &receiver).await;
    receiver.answers(fails_at("坏"));
    delivers(&app);
    let shielded = async || alarms(&account, &watcher).await["shielded_until"].as_i64().unwrap();
    fail(&account, &receiver).await;
    until("the server is left alone", || async { shielded().await > 0 }).await;
    TestCustomer::new(&account).says("无人").await;
    assert_eq!(account.waiting().await, Vec::<String>::new(), "the account does not want it");
    assert_eq!(app.command(wants(true)).await.unwrap()["desk_while_shielded"], true);
    let customer = TestCustomer::new(&account);
    customer.says("人工").await;
    assert_eq!(account.waiting().await, [customer.openid()]);
    let before = receiver.so_far().len();
    app.clock.advance(60_000);
    let texts = async |number| -> Vec<String> {
        let mut texts: Vec<_> = receiver.received(before + number).await[before..]
            .iter()
            .map(|it| it.element("Content"))
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(2).await, ["人工", "无人"], "the server is told of both");
    until("the shield is over", || async { shielded().await == 0 }).await;
    TestCustomer::new(&account).says("你好").await;
    assert_eq!(texts(3).await, ["人工", "你好", "无人"]);
    assert_eq!(account.waiting().await, [customer.openid()]);
}

async fn a_node_that_takes_over_leaves_the_server_alone_as_long_as_the_one_before(app: TestApp) {
    let (account, receiver, watcher) = failing(&app).await;
    let until_when = async |account: &TestAccount, watcher: &TestAgent| {
        alarms(account, watcher).await["shielded_until"].as_i64().unwrap()
    };
    until("the server is left alone", || async { until_when(&account, &watcher).await > 0 }).await;
    let end = until_when(&account, &watcher).await;
    let before = receiver.so_far().len();
    let app = app.restarts(true).await;
    let account = TestAccount { app: app.clone(), ..account };
    let watcher = TestAgent { app: app.clone(), ..watcher };
    delivers(&app);
    TestCustomer::new(&account).says("一").await;
    let (other, listener) = (app.account().await, Receiver::start().await);
    listens(&other, &listener).await;
    TestCustomer::new(&other).says("你好").await;
    listener.received(1).await;
    app.clock.advance(59_999);
    TestCustomer::new(&other).says("还在").await;
    listener.received(2).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(receiver.so_far().len(), before, "the node before left it alone until {end}");
    assert_eq!(until_when(&account, &watcher).await, end);
    app.clock.advance(1);
    assert_eq!(receiver.received(before + 1).await[before].element("Content"), "一");
    until("the shield is over", || async { until_when(&account, &watcher).await == 0 }).await;
}

async fn other_settings_of_a_stopped_node_end_a_shield(app: TestApp) {
    let (account, _receiver, watcher) = failing(&app).await;
    until("the server is left alone", || async { alarms(&account, &watcher).await["shielded_until"] != 0 })
        .await;
    let app = app.restarts(true).await;
    let account = TestAccount { app: app.clone(), ..account };
    let mended = Receiver::start().await;
    listens(&account, &mended).await;
    delivers(&app);
    TestCustomer::new(&account).says("你好").await;
    assert_eq!(mended.received(1).await[0].element("Content"), "你好");
}

async fn a_pause_during_a_shield_holds_the_pushes_that_were_tried(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let watcher = administrator(&account).await;
    listens(&account, &receiver).await;
    receiver.answers(|_| (500, String::new()));
    receiver.releases(0);
    delivers(&app);
    // All are under way, and their first tries fail together.
    let many = 3 * MANY;
    for _ in 0..many {
        TestCustomer::new(&account).says("一").await;
    }
    receiver.received(many).await;
    receiver.releases(usize::MAX);
    until("the server is left alone", || async { alarms(&account, &watcher).await["shielded_until"] != 0 })
        .await;
    let pause = |is_paused| {
        let action = PushAction::Pause(is_paused);
        app.command(Command::Push(PushCommand { appid: account.appid.clone(), action }))
    };
    pause(true).await.unwrap();
    // The settings are looked at each second.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let before = receiver.so_far().len();
    receiver.answers(|_| (200, String::new()));
    app.clock.advance(60_000);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert_eq!(receiver.so_far().len(), before, "nothing goes out while pushes are paused");
    pause(false).await.unwrap();
    receiver.received(before + many).await;
}
