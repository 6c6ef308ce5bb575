//! The debugging page's calls: an administrator gets tokens of her account, and nobody's program loses one by it.

use crate::actors::{TestAccount, TestAgent, TestApp, code};
use kefu::admin::Order;
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn administers(app: &TestApp, account: &TestAccount, who: &TestAgent, revoke: bool) -> Value {
    let order = Order::AccountAdmin { appid: account.appid.clone(), worker: who.name.clone(), revoke };
    app.order(order).await.expect("an administrator")
}

async fn token(account: &TestAccount, who: &TestAgent) -> (u16, Value) {
    who.sends("/desk/api/debug/token", json!({"appid": account.appid})).await
}

/// The account, called with a token of hers.
async fn calls(account: &TestAccount, who: &TestAgent) -> TestAccount {
    let (status, answer) = token(account, who).await;
    assert_eq!((status, answer["expires_in"].as_i64()), (200, Some(7200)), "{answer}");
    account.with_token(answer["access_token"].as_str().expect("a token"))
}

on_both_engines! {
    an_administrator_calls_the_api_with_a_token_she_is_given,
    to_be_an_agent_is_not_enough,
    one_account_entrusted_is_no_other,
    her_tokens_end_none_that_programs_use,
    whoever_is_no_administrator_any_more_has_no_token_any_more,
    tokens_are_not_made_without_end,
    an_operator_sees_who_administers_an_account,
}

async fn an_administrator_calls_the_api_with_a_token_she_is_given(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    assert_eq!(token(&account, &eve).await.0, 403);
    let granted = administers(&app, &account, &eve, false).await;
    assert_eq!(granted, json!({"account": account.appid, "administrators": ["eve"]}));
    assert_eq!(code(&calls(&account, &eve).await.get(LIST, &[]).await), 0);
    assert_eq!(eve.snapshot().await["worker"]["administers"], true);
    let listed: Value = app.ask("/desk/api/debug", &eve.cookie).await.json().await.unwrap();
    let shown = json!({"appid": account.appid, "name": account.appid, "kind": "service", "certified": true});
    assert_eq!(listed, json!({"worker": {"name": "eve"}, "accounts": [shown]}));
}

async fn to_be_an_agent_is_not_enough(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let (status, answer) = token(&account, &ann).await;
    assert_eq!((status, code(&answer)), (403, 990_003));
    assert_eq!(ann.snapshot().await["worker"]["administers"], false, "an agent by itself is none");
    let listed: Value = app.ask("/desk/api/debug", &ann.cookie).await.json().await.unwrap();
    assert_eq!(listed["accounts"], json!([]));
}

async fn one_account_entrusted_is_no_other(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let eve = TestAgent::signs_up(&app, "eve").await;
    administers(&app, &account, &eve, false).await;
    assert_eq!(token(&other, &eve).await.0, 403);
    assert_eq!(eve.sends("/desk/api/debug/token", json!({"appid": "nothing"})).await.0, 403);
}

async fn her_tokens_end_none_that_programs_use(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    administers(&app, &account, &eve, false).await;
    let first = calls(&account, &eve).await;
    for _ in 0..3 {
        calls(&account, &eve).await;
    }
    app.advance(300_000).await;
    assert_eq!(code(&account.get(LIST, &[]).await), 0, "the program's own");
    assert_eq!(code(&first.get(LIST, &[]).await), 40001, "two of hers live at once");
}

async fn whoever_is_no_administrator_any_more_has_no_token_any_more(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    let zoe = TestAgent::signs_up(&app, "zoe").await;
    administers(&app, &account, &eve, false).await;
    administers(&app, &account, &zoe, false).await;
    let (hers, others) = (calls(&account, &eve).await, calls(&account, &zoe).await);
    let left = administers(&app, &account, &eve, true).await;
    assert_eq!(left["administrators"], json!(["zoe"]));
    assert_eq!(code(&hers.get(LIST, &[]).await), 40001);
    assert_eq!(code(&others.get(LIST, &[]).await), 0);
    assert_eq!(token(&account, &eve).await.0, 403);
}

async fn tokens_are_not_made_without_end(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    administers(&app, &account, &eve, false).await;
    for _ in 0..20 {
        assert_eq!(token(&account, &eve).await.0, 200);
    }
    assert_eq!(token(&account, &eve).await.0, 429);
    app.advance(3_000).await;
    assert_eq!(token(&account, &eve).await.0, 200);
}

async fn an_operator_sees_who_administers_an_account(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    administers(&app, &account, &eve, false).await;
    let shown = app.order(Order::AccountShow(account.appid.clone())).await.unwrap();
    assert_eq!(shown["administrators"], json!(["eve"]));
    let nobody = Order::AccountAdmin { appid: account.appid.clone(), worker: "nobody".into(), revoke: false };
    assert!(app.order(nobody).await.unwrap_err().contains("no such worker"));
    let nowhere =
        Order::AccountAdmin { appid: "wx0000000000000000".into(), worker: "eve".into(), revoke: false };
    assert!(app.order(nowhere).await.unwrap_err().contains("no such account"));
}
