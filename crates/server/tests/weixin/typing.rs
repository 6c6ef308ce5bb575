//! The typing command: a customer sees that somebody is typing.

use crate::actors::{TestAccount, TestApp, code};
use serde_json::json;

const BUSINESS: &str = "/cgi-bin/message/custom/business/typing";

/// An account, and a customer who has just written.
async fn account_with_customer(app: &TestApp) -> (TestAccount, String) {
    let account = app.account().await;
    let openid = account.creates_customer().await;
    account.customer_says(&openid, "hello").await;
    (account, openid)
}

on_both_engines! {
    the_customer_sees_typing_begin_and_end,
    typing_needs_a_message_of_the_last_half_minute,
    typing_lasts_15_seconds_and_is_not_repeated_before,
    an_agents_reply_ends_typing_and_lets_it_begin_again,
    typing_needs_a_window_and_a_command,
    the_other_path_is_for_mini_programs_and_games,
}

async fn the_customer_sees_typing_begin_and_end(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    let mut page = customer.watches().await;
    let stranger = account.customer();
    stranger.says("hello").await;
    let other = stranger.watches().await;
    let answer = account
        .post("/cgi-bin/message/custom/typing", json!({"touser": customer.openid(), "command": "Typing"}))
        .await;
    insta::assert_snapshot!(answer.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
    page.waits_for("typing", |event| event.event == "typing" && event.data == json!({"typing": true})).await;
    assert_eq!(account.sends_typing(&customer.openid(), "CancelTyping").await, 0);
    page.waits_for("no typing", |event| event.event == "typing" && event.data == json!({"typing": false}))
        .await;
    // After a cancel the typing can begin again, and a message ends it.
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 0);
    account.sends_text(&customer.openid(), "here it is").await;
    page.sees("here it is").await;
    let order: Vec<_> =
        page.events().iter().map(|event| (event.event.clone(), event.data["typing"].clone())).collect();
    let typing = |on: bool| ("typing".to_owned(), json!(on));
    let change = ("change".to_owned(), json!(null));
    assert_eq!(order, [typing(true), typing(false), typing(true), typing(false), change]);
    assert!(other.events().iter().all(|event| event.event != "typing"));
}

async fn typing_needs_a_message_of_the_last_half_minute(app: TestApp) {
    let (account, openid) = account_with_customer(&app).await;
    app.advance(29_999).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
    app.advance(15_000).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45080);
    // A message to the customer counts like a message of the customer.
    assert_eq!(account.sends_text(&openid, "a moment").await, 0);
    app.advance(30_000).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45080);
    account.customer_says(&openid, "hello?").await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
}

async fn typing_lasts_15_seconds_and_is_not_repeated_before(app: TestApp) {
    let (account, openid) = account_with_customer(&app).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
    app.advance(14_999).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45081);
    app.advance(1).await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
    // A message of the customer does not end the typing, a message to the customer does.
    account.customer_says(&openid, "hello?").await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45081);
    account.sends_text(&openid, "here").await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
}

async fn an_agents_reply_ends_typing_and_lets_it_begin_again(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    app.advance(40_000).await;
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 45080);
    ann.replies(session, "yes?").await;
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 0);
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 45081);
    ann.replies(session, "well").await;
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 0);
}

async fn typing_needs_a_window_and_a_command(app: TestApp) {
    let account = app.account().await;
    let openid = account.creates_customer().await;
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45015, "the customer has done nothing yet");
    account.customer_acts(&openid, "scan").await.unwrap();
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45080, "no message was written");
    for command in ["", "typing", "Stop"] {
        assert_eq!(account.sends_typing(&openid, command).await, 45072, "{command}");
    }
    account.customer_says(&openid, "hello").await;
    account.customer_acts(&openid, "unfollow").await.unwrap();
    assert_eq!(account.sends_typing(&openid, "Typing").await, 45015);
    assert_eq!(account.sends_typing(&openid, "CancelTyping").await, 0, "there is nothing to cancel");
    for body in
        [json!({"touser": openid}), json!({"command": "Typing"}), json!({"touser": 1, "command": "Typing"})]
    {
        assert_eq!(code(&account.post("/cgi-bin/message/custom/typing", body).await), 47001);
    }
    // A window whose messages are used up is still open.
    account.customer_says(&openid, "hello").await;
    for _ in 0..5 {
        account.sends_text(&openid, "hello").await;
    }
    assert_eq!(account.sends_text(&openid, "hello").await, 45047);
    assert_eq!(account.sends_typing(&openid, "Typing").await, 0);
}

async fn the_other_path_is_for_mini_programs_and_games(app: TestApp) {
    for (kind, answer) in [("mini-program", 0), ("mini-game", 0), ("service", 40200), ("subscription", 40200)]
    {
        let account = app.account_with(|settings| settings.kind = Some(kind.into())).await;
        let openid = account.creates_customer().await;
        account.customer_says(&openid, "hello").await;
        let ask = |openid: &str, command: &str| {
            let (account, body) =
                (account.clone(), json!({"touser": openid, "command": command, "businessid": 1}));
            async move { code(&account.post(BUSINESS, body).await) }
        };
        assert_eq!(ask(&openid, "Typing").await, answer, "{kind}");
        if answer == 0 {
            assert_eq!(ask(&openid, "Typing").await, 45081);
            assert_eq!(ask(&openid, "type").await, 45072);
            assert_eq!(ask("o", "Typing").await, 40003);
            let (quiet, late) = (account.creates_customer().await, account.creates_customer().await);
            assert_eq!(ask(&quiet, "Typing").await, 45015);
            account.customer_says(&late, "hello").await;
            app.advance(30_000).await;
            assert_eq!(ask(&late, "Typing").await, 45080);
        }
        assert_eq!(
            account.sends_typing(&openid, "CancelTyping").await,
            0,
            "the common path is for all kinds of account"
        );
    }
}
