//! A customer sees that somebody types.

use crate::actors::{App, Shop, code};
use serde_json::json;

const BUSINESS: &str = "/cgi-bin/message/custom/business/typing";

/// A shop and a customer who has just written.
async fn scene(app: &App) -> (Shop, String) {
    let shop = app.account().await;
    let openid = shop.has_customer().await;
    shop.hears(&openid, "hello").await;
    (shop, openid)
}

on_both_engines! {
    the_customer_sees_it_and_sees_it_end,
    it_needs_a_message_of_the_last_half_minute,
    it_lasts_a_quarter_of_a_minute_and_is_not_repeated_before,
    an_agents_reply_ends_it_too_and_lets_it_begin,
    it_needs_a_window_and_a_command,
    the_other_path_is_for_mini_programs_and_games,
}

async fn the_customer_sees_it_and_sees_it_end(app: App) {
    let shop = app.account().await;
    let customer = shop.customer();
    customer.says("hello").await;
    let mut page = customer.watches().await;
    let stranger = shop.customer();
    stranger.says("hello").await;
    let other = stranger.watches().await;
    let answer = shop
        .post("/cgi-bin/message/custom/typing", json!({"touser": customer.openid(), "command": "Typing"}))
        .await;
    insta::assert_snapshot!(answer.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
    page.hears("typing", |heard| heard.event == "typing" && heard.data == json!({"typing": true})).await;
    assert_eq!(shop.types(&customer.openid(), "CancelTyping").await, 0);
    page.hears("no typing", |heard| heard.event == "typing" && heard.data == json!({"typing": false})).await;
    // What is cancelled can begin again, and a message ends it.
    assert_eq!(shop.types(&customer.openid(), "Typing").await, 0);
    shop.writes(&customer.openid(), "here it is").await;
    page.sees("here it is").await;
    let order: Vec<_> =
        page.heard().iter().map(|heard| (heard.event.clone(), heard.data["typing"].clone())).collect();
    let typing = |on: bool| ("typing".to_owned(), json!(on));
    let change = ("change".to_owned(), json!(null));
    assert_eq!(order, [typing(true), typing(false), typing(true), typing(false), change]);
    assert!(other.heard().iter().all(|heard| heard.event != "typing"));
}

async fn it_needs_a_message_of_the_last_half_minute(app: App) {
    let (shop, openid) = scene(&app).await;
    app.advance(29_999).await;
    assert_eq!(shop.types(&openid, "Typing").await, 0);
    app.advance(15_000).await;
    assert_eq!(shop.types(&openid, "Typing").await, 45080);
    // One to her counts as well as one of hers.
    assert_eq!(shop.writes(&openid, "a moment").await, 0);
    app.advance(30_000).await;
    assert_eq!(shop.types(&openid, "Typing").await, 45080);
    shop.hears(&openid, "hello?").await;
    assert_eq!(shop.types(&openid, "Typing").await, 0);
}

async fn it_lasts_a_quarter_of_a_minute_and_is_not_repeated_before(app: App) {
    let (shop, openid) = scene(&app).await;
    assert_eq!(shop.types(&openid, "Typing").await, 0);
    app.advance(14_999).await;
    assert_eq!(shop.types(&openid, "Typing").await, 45081);
    app.advance(1).await;
    assert_eq!(shop.types(&openid, "Typing").await, 0);
    // What she writes does not end it, what is written to her does.
    shop.hears(&openid, "hello?").await;
    assert_eq!(shop.types(&openid, "Typing").await, 45081);
    shop.writes(&openid, "here").await;
    assert_eq!(shop.types(&openid, "Typing").await, 0);
}

async fn an_agents_reply_ends_it_too_and_lets_it_begin(app: App) {
    let shop = app.account().await;
    let ann = shop.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = shop.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    app.advance(40_000).await;
    assert_eq!(shop.types(&customer.openid(), "Typing").await, 45080);
    ann.replies(session, "yes?").await;
    assert_eq!(shop.types(&customer.openid(), "Typing").await, 0);
    assert_eq!(shop.types(&customer.openid(), "Typing").await, 45081);
    ann.replies(session, "well").await;
    assert_eq!(shop.types(&customer.openid(), "Typing").await, 0);
}

async fn it_needs_a_window_and_a_command(app: App) {
    let shop = app.account().await;
    let openid = shop.has_customer().await;
    assert_eq!(shop.types(&openid, "Typing").await, 45015, "she has done nothing yet");
    shop.sees_act(&openid, "scan").await.unwrap();
    assert_eq!(shop.types(&openid, "Typing").await, 45080, "nobody has written");
    for command in ["", "typing", "Stop"] {
        assert_eq!(shop.types(&openid, command).await, 45072, "{command}");
    }
    shop.hears(&openid, "hello").await;
    shop.sees_act(&openid, "unfollow").await.unwrap();
    assert_eq!(shop.types(&openid, "Typing").await, 45015);
    assert_eq!(shop.types(&openid, "CancelTyping").await, 0, "there is nothing to cancel");
    for body in
        [json!({"touser": openid}), json!({"command": "Typing"}), json!({"touser": 1, "command": "Typing"})]
    {
        assert_eq!(code(&shop.post("/cgi-bin/message/custom/typing", body).await), 47001);
    }
    // Used up by count, it is open still.
    shop.hears(&openid, "hello").await;
    for _ in 0..5 {
        shop.writes(&openid, "hello").await;
    }
    assert_eq!(shop.writes(&openid, "hello").await, 45047);
    assert_eq!(shop.types(&openid, "Typing").await, 0);
}

async fn the_other_path_is_for_mini_programs_and_games(app: App) {
    for (kind, answer) in [("mini-program", 0), ("mini-game", 0), ("service", 40200), ("subscription", 40200)]
    {
        let shop = app.account_with(|settings| settings.kind = Some(kind.into())).await;
        let openid = shop.has_customer().await;
        shop.hears(&openid, "hello").await;
        let ask = |openid: &str, command: &str| {
            let (shop, body) = (shop.clone(), json!({"touser": openid, "command": command, "businessid": 1}));
            async move { code(&shop.post(BUSINESS, body).await) }
        };
        assert_eq!(ask(&openid, "Typing").await, answer, "{kind}");
        if answer == 0 {
            assert_eq!(ask(&openid, "Typing").await, 45081);
            assert_eq!(ask(&openid, "type").await, 45072);
            assert_eq!(ask("o", "Typing").await, 40003);
            let (quiet, late) = (shop.has_customer().await, shop.has_customer().await);
            assert_eq!(ask(&quiet, "Typing").await, 45015);
            shop.hears(&late, "hello").await;
            app.advance(30_000).await;
            assert_eq!(ask(&late, "Typing").await, 45080);
        }
        assert_eq!(shop.types(&openid, "CancelTyping").await, 0, "the common path is for everybody");
    }
}
