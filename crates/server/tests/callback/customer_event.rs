//! The events of customers: what an operator's command has a customer do, and entering customer service.

use super::receiver::{Received, Receiver, delivers, listens};
use crate::actors::{TestAccount, TestApp, TestCustomer};
use kefu::admin::Command;
use kefu::admin::push::{PushAction, PushCommand};
use kefu::bind;
use std::collections::HashSet;

const DAY: i64 = 24 * 3_600_000;

async fn of_kind(app: &TestApp, kind: &str) -> TestAccount {
    app.account_with(|settings| settings.kind = Some(kind.into())).await
}

/// The elements of a push from `MsgType` on: names and texts.
fn members(push: &Received) -> Vec<(String, String)> {
    let rest = push.body.split_once("</CreateTime>").expect("CreateTime").1;
    let names = rest.split("</").skip(1).filter_map(|end| end.split_once('>')).map(|(name, _)| name);
    names.filter(|name| *name != "xml").map(|name| (name.to_owned(), push.element(name))).collect()
}

async fn stored(app: &TestApp) -> i64 {
    app.inner
        .desk
        .store
        .read("", |tx| tx.number("select count(*) from customer_event", bind![]))
        .await
        .unwrap()
}

on_both_engines! {
    each_event_that_a_customer_can_cause_is_pushed_in_order,
    entering_customer_service_is_pushed_once_a_visit,
    an_event_is_shown_and_replayed_and_dropped_with_the_feed,
    what_no_event_has_is_refused,
    nothing_is_stored_without_a_developers_server,
}

async fn each_event_that_a_customer_can_cause_is_pushed_in_order(app: TestApp) {
    let (account, receiver) = (of_kind(&app, "service").await, Receiver::start().await);
    listens(&account, &receiver).await;
    // The first try of each fails: a repeated event is the same.
    let seen = std::sync::Mutex::new(HashSet::new());
    receiver.answers(move |push| {
        let is_first = seen.lock().unwrap().insert(push.body.clone());
        (if is_first { 500 } else { 200 }, String::new())
    });
    delivers(&app);
    let openid = account.creates_customer().await;
    let acts: [(&str, &[(&str, &str)]); 7] = [
        ("follow", &[]),
        ("follow", &[("EventKey", "qrscene_7"), ("Ticket", "t<1>")]),
        ("scan", &[("EventKey", "7"), ("Ticket", "t")]),
        ("menu", &[("EventKey", "帮助")]),
        ("view", &[("EventKey", "https://a.example/?a=1&b=2")]),
        ("pay", &[]),
        ("unfollow", &[]),
    ];
    for (action, members) in acts {
        account.customer_acts_with(&openid, action, members).await.unwrap();
    }
    let received = receiver.received(12).await;
    let expected: [&[(&str, &str)]; 6] = [
        &[("Event", "subscribe")],
        &[("Event", "subscribe"), ("EventKey", "qrscene_7"), ("Ticket", "t<1>")],
        &[("Event", "SCAN"), ("EventKey", "7"), ("Ticket", "t")],
        &[("Event", "CLICK"), ("EventKey", "帮助")],
        &[("Event", "VIEW"), ("EventKey", "https://a.example/?a=1&b=2")],
        &[("Event", "unsubscribe")],
    ];
    let mut times = HashSet::new();
    for (pair, expected) in received.chunks(2).zip(expected) {
        assert_eq!(pair[0].body, pair[1].body, "a repeated event is the same");
        let mut all = vec![("MsgType".to_owned(), "event".to_owned())];
        all.extend(expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        assert_eq!(members(&pair[0]), all, "{}", pair[0].body);
        assert_eq!(pair[0].element("FromUserName"), openid);
        assert!(times.insert(pair[0].element("CreateTime")), "clients tell events apart by the second");
    }
}

async fn entering_customer_service_is_pushed_once_a_visit(app: TestApp) {
    let (account, receiver) = (of_kind(&app, "mini-program").await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    receiver.received(1).await;
    app.advance(31 * 60_000).await;
    customer.snapshot().await;
    customer.snapshot().await;
    customer.says("在吗").await;
    let openid = customer.openid();
    account.customer_acts_with(&openid, "enter", &[("SessionFrom", "order/7")]).await.unwrap();
    let received = receiver.received(4).await;
    let said: Vec<_> =
        received.iter().map(|push| (push.element("Event"), push.element("SessionFrom"))).collect();
    let expected =
        [("", ""), ("user_enter_tempsession", ""), ("", ""), ("user_enter_tempsession", "order/7")];
    assert_eq!(said, expected.map(|(event, from)| (event.to_owned(), from.to_owned())));
    assert!(received[1].body.contains("<SessionFrom>"), "{}", received[1].body);
}

async fn an_event_is_shown_and_replayed_and_dropped_with_the_feed(app: TestApp) {
    let (account, receiver) = (of_kind(&app, "subscription").await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let openid = account.creates_customer().await;
    account.customer_acts_with(&openid, "menu", &[("EventKey", "K")]).await.unwrap();
    let body = receiver.received(1).await[0].body.clone();
    let orders = async |action: PushAction| {
        app.command(Command::Push(PushCommand { appid: account.appid.clone(), action })).await
    };
    let appid = account.appid.clone();
    let seq = app
        .inner
        .desk
        .store
        .read("", move |tx| tx.number("select seq from head where owner = $1", bind![&appid]));
    let id = format!("{}.0", seq.await.unwrap());
    crate::actors::until("the push has ended", || async {
        orders(PushAction::Show(id.clone())).await.is_ok()
    })
    .await;
    let shown = orders(PushAction::Show(id.clone())).await.unwrap();
    assert_eq!((&shown["push"]["what"], &shown["request"]["clear"]), (&"CLICK".into(), &body.clone().into()));
    let replay = PushAction::Replay { ids: vec![id], failed_within_s: None, after: None, acts: true };
    orders(replay).await.unwrap();
    assert_eq!(receiver.received(2).await[1].body, body);
    assert_eq!(stored(&app).await, 1);
    app.advance(6 * DAY).await;
    assert_eq!(stored(&app).await, 1);
    app.advance(2 * DAY).await;
    assert_eq!(stored(&app).await, 0);
}

async fn what_no_event_has_is_refused(app: TestApp) {
    let (account, mini) = (of_kind(&app, "service").await, of_kind(&app, "mini-game").await);
    let openid = account.creates_customer().await;
    let refused = async |of: &TestAccount, action: &str, name: &str, value: &str| {
        of.customer_acts_with(&openid, action, &[(name, value)]).await.unwrap_err()
    };
    assert!(refused(&account, "menu", "Ticket", "t").await.contains("EventKey"));
    assert!(refused(&account, "pay", "EventKey", "k").await.contains("none"));
    let long = "k".repeat(2049);
    assert!(refused(&account, "scan", "EventKey", &long).await.contains("2048"));
    for (of, action) in [(&account, "enter"), (&mini, "view"), (&mini, "follow"), (&mini, "menu")] {
        let said = of.customer_acts(&openid, action).await.unwrap_err();
        assert!(said.contains(&format!("cannot {action}")), "{said}");
    }
}

async fn nothing_is_stored_without_a_developers_server(app: TestApp) {
    let (account, receiver) = (of_kind(&app, "service").await, Receiver::start().await);
    let openid = account.creates_customer().await;
    account.customer_acts(&openid, "menu").await.unwrap();
    assert_eq!(stored(&app).await, 0);
    listens(&account, &receiver).await;
    delivers(&app);
    account.customer_acts(&openid, "menu").await.unwrap();
    let push = receiver.received(1).await[0].clone();
    assert_eq!((push.element("Event").as_str(), push.element("EventKey").as_str()), ("CLICK", "EVENTKEY"));
    assert_eq!(stored(&app).await, 1);
}
