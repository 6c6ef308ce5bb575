//! The calls of /debug: an administrator gets tokens for the account, and no program loses its token by that.

use crate::actors::{TestAccount, TestAgent, TestApp, code};
use kefu::admin::Command;
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn administers(app: &TestApp, account: &TestAccount, who: &TestAgent, revoke: bool) -> Value {
    let command = Command::AccountAdmin { appid: account.appid.clone(), worker: who.name.clone(), revoke };
    app.command(command).await.expect("an administrator")
}

async fn token(account: &TestAccount, who: &TestAgent) -> (u16, Value) {
    who.sends("/desk/api/debug/token", json!({"appid": account.appid})).await
}

/// The account, called with a debug token of the worker.
async fn calls(account: &TestAccount, who: &TestAgent) -> TestAccount {
    let (status, answer) = token(account, who).await;
    assert_eq!((status, answer["expires_in"].as_i64()), (200, Some(7200)), "{answer}");
    account.with_token(answer["access_token"].as_str().expect("a token"))
}

on_both_engines! {
    an_administrator_calls_the_api_with_a_debug_token,
    an_agent_who_is_no_administrator_gets_no_debug_token,
    an_administrator_of_one_account_gets_no_token_for_another,
    debug_tokens_do_not_end_tokens_of_programs,
    a_revoked_administrator_loses_the_debug_tokens,
    the_number_of_debug_tokens_is_limited,
    an_operator_sees_who_administers_an_account,
}

async fn an_administrator_calls_the_api_with_a_debug_token(app: TestApp) {
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

async fn an_agent_who_is_no_administrator_gets_no_debug_token(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let (status, answer) = token(&account, &ann).await;
    assert_eq!((status, code(&answer)), (403, 990_003));
    assert_eq!(ann.snapshot().await["worker"]["administers"], false, "an agent by itself is none");
    let listed: Value = app.ask("/desk/api/debug", &ann.cookie).await.json().await.unwrap();
    assert_eq!(listed["accounts"], json!([]));
}

async fn an_administrator_of_one_account_gets_no_token_for_another(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let eve = TestAgent::signs_up(&app, "eve").await;
    administers(&app, &account, &eve, false).await;
    assert_eq!(token(&other, &eve).await.0, 403);
    assert_eq!(eve.sends("/desk/api/debug/token", json!({"appid": "nothing"})).await.0, 403);
}

async fn debug_tokens_do_not_end_tokens_of_programs(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    administers(&app, &account, &eve, false).await;
    let first = calls(&account, &eve).await;
    for _ in 0..3 {
        calls(&account, &eve).await;
    }
    app.advance(300_000).await;
    assert_eq!(code(&account.get(LIST, &[]).await), 0, "the program's own");
    assert_eq!(code(&first.get(LIST, &[]).await), 40001, "a worker has two valid debug tokens at most");
}

async fn a_revoked_administrator_loses_the_debug_tokens(app: TestApp) {
    let (account, eve) = (app.account().await, TestAgent::signs_up(&app, "eve").await);
    let zoe = TestAgent::signs_up(&app, "zoe").await;
    administers(&app, &account, &eve, false).await;
    administers(&app, &account, &zoe, false).await;
    let (own, others) = (calls(&account, &eve).await, calls(&account, &zoe).await);
    let left = administers(&app, &account, &eve, true).await;
    assert_eq!(left["administrators"], json!(["zoe"]));
    assert_eq!(code(&own.get(LIST, &[]).await), 40001);
    assert_eq!(code(&others.get(LIST, &[]).await), 0);
    assert_eq!(token(&account, &eve).await.0, 403);
}

async fn the_number_of_debug_tokens_is_limited(app: TestApp) {
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
    let shown = app.command(Command::AccountShow(account.appid.clone())).await.unwrap();
    assert_eq!(shown["administrators"], json!(["eve"]));
    let unknown =
        Command::AccountAdmin { appid: account.appid.clone(), worker: "nobody".into(), revoke: false };
    assert!(app.command(unknown).await.unwrap_err().contains("no such worker"));
    let nowhere =
        Command::AccountAdmin { appid: "wx0000000000000000".into(), worker: "eve".into(), revoke: false };
    assert!(app.command(nowhere).await.unwrap_err().contains("no such account"));
}
