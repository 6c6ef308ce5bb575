//! What is pushed, in which order, and what the answers do.

use super::receiver::{Received, Receiver, TOKEN, delivers, listens, pushes_after, sets};
use crate::actors::form::PNG;
use crate::actors::picture::shows;
use crate::actors::{TestApp, TestCustomer};
use futures_util::future::join_all;
use kefu::admin::callback::CallbackChange;
use kefu::desk::callback::pushes;
use model::Appid;
use protocol::callback::{EncodingAesKey, Signature, decrypt, encrypt};
use serde_json::Value;

const HAND_OVER: &str = "<MsgType><![CDATA[transfer_customer_service]]></MsgType>";

fn hands_over_at(words: &'static str) -> impl Fn(&Received) -> (u16, String) {
    move |push| {
        let is_asked = push.element("Content") == words;
        (200, if is_asked { push.answered(HAND_OVER) } else { "success".to_owned() })
    }
}

fn texts(received: &[Received]) -> Vec<String> {
    received.iter().map(|push| push.element("Content")).collect()
}

/// The text of the last message on the customer's page, once it is `text`.
async fn sees(customer: &TestCustomer, text: &str) {
    for _ in 0..6000 {
        if customer.last().await["text"] == text {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the page shows {}", customer.last().await);
}

on_both_engines! {
    a_message_goes_to_the_developers_server_alone_and_its_answer_to_the_customer,
    a_customer_who_is_handed_over_waits_at_the_desk_and_is_still_pushed,
    in_a_session_nothing_is_pushed_but_events,
    a_push_that_fails_is_tried_three_times_with_the_same_msgid_and_then_the_next_goes_out,
    an_answer_with_control_characters_fails_and_the_next_push_goes_out,
    messages_of_a_customer_arrive_in_order_and_each_once,
    pushes_go_on_after_a_restart,
    a_backlog_of_more_changes_than_one_read_has_goes_out_whole,
    a_picture_can_be_fetched_by_its_id_and_by_its_address,
    in_safe_mode_pushes_and_answers_are_encrypted,
}

async fn a_message_goes_to_the_developers_server_alone_and_its_answer_to_the_customer(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|push| {
        let text = "<MsgType>text</MsgType><Content><![CDATA[您好]]></Content>";
        (200, push.answered(text))
    });
    delivers(&app);
    let customer = TestCustomer::new(&account);
    let message = customer.says("你好").await;
    let push = &receiver.received(1).await[0];
    assert_eq!(
        push.body,
        format!(
            "<xml><ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>\
             <CreateTime>1800000000</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[你好]]></Content><MsgId>{}</MsgId></xml>",
            push.element("ToUserName"),
            customer.openid(),
            message["id"]
        )
    );
    assert!(push.element("ToUserName").starts_with("gh_"), "{}", push.body);
    assert_eq!(push.query["openid"], customer.openid());
    sees(&customer, "您好").await;
    assert_eq!(account.waiting().await, Vec::<String>::new(), "the desk has nothing of it");
}

async fn a_customer_who_is_handed_over_waits_at_the_desk_and_is_still_pushed(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let agent = account.agent("a").await;
    account.set(|settings| settings.reception = Some("manual".into())).await;
    listens(&account, &receiver).await;
    receiver.answers(hands_over_at("人工"));
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    customer.says("人工").await;
    receiver.received(2).await;
    while account.waiting().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(account.waiting().await, [customer.openid()]);
    customer.says("在吗").await;
    assert_eq!(texts(&receiver.received(3).await), ["你好", "人工", "在吗"]);
    let session = agent.session_with(&customer.openid()).await.expect("a session that waits");
    let (status, answer) = agent.takes(session).await;
    assert_eq!(status, 200, "{answer}");
    let event = receiver.received(4).await.pop().unwrap();
    assert_eq!(event.element("Event"), "kf_create_session");
}

async fn in_a_session_nothing_is_pushed_but_events(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let agent = account.agent("a").await;
    let _online = agent.comes_online().await;
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    receiver.received(1).await;
    assert_eq!(account.creates("a", &customer.openid()).await["errcode"], 0);
    customer.says("只给客服").await;
    assert_eq!(account.closes("a", &customer.openid()).await["errcode"], 0);
    customer.says("再见").await;
    let received = receiver.received(4).await;
    let seen: Vec<String> =
        received.iter().map(|push| push.element("Event") + &push.element("Content")).collect();
    assert_eq!(seen, ["你好", "kf_create_session", "kf_close_session", "再见"]);
    let seconds: Vec<i64> =
        received[1..3].iter().map(|push| push.element("CreateTime").parse().unwrap()).collect();
    assert!(seconds[0] < seconds[1], "clients take events of one second for one: {seconds:?}");
    assert!(received[1].element("KfAccount").starts_with("a@"));
    assert_eq!(received[1].element("MsgId"), "");
}

async fn a_push_that_fails_is_tried_three_times_with_the_same_msgid_and_then_the_next_goes_out(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|push| {
        if push.element("Content") == "坏" { (500, String::new()) } else { (200, String::new()) }
    });
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("坏").await;
    customer.says("好").await;
    let received = receiver.received(4).await;
    assert_eq!(texts(&received), ["坏", "坏", "坏", "好"]);
    let ids: Vec<String> = received.iter().map(|push| push.element("MsgId")).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
}

async fn an_answer_with_control_characters_fails_and_the_next_push_goes_out(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    receiver.answers(|push| {
        let wrong = "<MsgType>text</MsgType><Content>&\0\u{1};\0</Content>";
        (200, if push.element("Content") == "一" { push.answered(wrong) } else { "\0".to_owned() })
    });
    delivers(&app);
    let customer = TestCustomer::new(&account);
    for text in ["一", "二", "三"] {
        customer.says(text).await;
    }
    assert_eq!(texts(&receiver.received(9).await), ["一", "一", "一", "二", "二", "二", "三", "三", "三"]);
}

async fn messages_of_a_customer_arrive_in_order_and_each_once(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let customers: Vec<_> = (0..5).map(|_| TestCustomer::new(&account)).collect();
    for n in 0..8 {
        for customer in &customers {
            customer.says(&n.to_string()).await;
        }
    }
    let received = receiver.received(40).await;
    for customer in &customers {
        let own: Vec<_> =
            received.iter().filter(|push| push.query["openid"] == customer.openid()).cloned().collect();
        assert_eq!(texts(&own), (0..8).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

async fn pushes_go_on_after_a_restart(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("一").await;
    receiver.received(1).await;
    let again = app.restarts(true).await;
    let customer = customer.at(&again);
    let second: Value = customer.says("二").await;
    delivers(&again);
    // The first one may come again.
    let mut received = receiver.received(2).await;
    while received.last().unwrap().element("Content") != "二" {
        received = receiver.received(received.len() + 1).await;
    }
    assert_eq!(received.last().unwrap().element("MsgId"), second["id"].to_string());
    let once = received.iter().filter(|push| push.element("Content") == "一").count();
    assert!((1..=2).contains(&once), "at least once, and with the same MsgId");
}

async fn a_backlog_of_more_changes_than_one_read_has_goes_out_whole(app: TestApp) {
    const CUSTOMERS: usize = 20;
    let each = usize::try_from(pushes::ROUND).unwrap() / CUSTOMERS + 1;
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let customers: Vec<_> = (0..CUSTOMERS).map(|_| TestCustomer::new(&account)).collect();
    join_all(customers.iter().map(|customer| async {
        for n in 0..each {
            customer.says(&n.to_string()).await;
        }
    }))
    .await;
    let (desk, appid) = (&app.inner.desk, Appid::parse(&account.appid).unwrap());
    let first = pushes_after(desk, &appid, 0).await;
    let rest = pushes_after(desk, &appid, first.upto).await;
    assert_eq!((first.more, rest.more), (true, false));
    delivers(&app);
    let received = receiver.received(CUSTOMERS * each).await;
    for customer in &customers {
        let own: Vec<_> =
            received.iter().filter(|push| push.query["openid"] == customer.openid()).cloned().collect();
        assert_eq!(texts(&own), (0..each).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

async fn a_picture_can_be_fetched_by_its_id_and_by_its_address(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("看图").await;
    let (status, answer) = shows(&app, &account, &customer, PNG, "p1").await;
    assert_eq!(status, 200, "{answer}");
    let push = receiver.received(2).await.pop().unwrap();
    assert_eq!(
        (push.element("MsgType"), push.element("MsgId")),
        ("image".into(), answer["message"]["id"].to_string())
    );
    let by_address = app.http.get(push.element("PicUrl")).send().await.unwrap();
    assert_eq!(by_address.headers()["content-type"], "image/png");
    let path =
        format!("/cgi-bin/media/get?access_token={}&media_id={}", account.token, push.element("MediaId"));
    let by_id = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    assert_eq!(by_id.bytes().await.unwrap(), by_address.bytes().await.unwrap());
}

async fn in_safe_mode_pushes_and_answers_are_encrypted(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let (mode, aes_key) = (Some("safe".to_owned()), Some(key.to_owned()));
    let (url, token) = (Some(receiver.url.clone()), Some(TOKEN.to_owned()));
    sets(&account, CallbackChange { url, token, mode, aes_key, format: None }).await.unwrap();
    let appid = account.appid.clone();
    receiver.answers(move |push| {
        let key = EncodingAesKey::parse(key).unwrap();
        let encrypted = push.element("Encrypt");
        let stamp = [&push.query["timestamp"], &push.query["nonce"]];
        let signature = Signature::of_encrypted(TOKEN, stamp[0], stamp[1], &encrypted);
        assert!(signature.matches(&push.query["msg_signature"]) && push.element("Content").is_empty());
        let clear = String::from_utf8(decrypt(&key, &encrypted).unwrap().message).unwrap();
        let clear = Received { query: push.query.clone(), body: clear };
        assert_eq!(clear.element("Content"), "密");
        let text = clear.answered("<MsgType>text</MsgType><Content>收到</Content>");
        let encrypted = encrypt(&key, &[7; 16], text.as_bytes(), &appid);
        let signature = Signature::of_encrypted(TOKEN, "1", "2", &encrypted);
        let rest = "<TimeStamp>1</TimeStamp><Nonce>2</Nonce>";
        let answer = format!("<Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>{rest}");
        (200, format!("<xml>{answer}</xml>"))
    });
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("密").await;
    receiver.received(1).await;
    sees(&customer, "收到").await;
}
