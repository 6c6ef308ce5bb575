//! getAccessToken and getStableAccessToken: when tokens begin, overlap and expire.

use crate::actors::{TestAccount, TestApp, code};
use kefu::admin::Command;
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn tried(account: &TestAccount, token: &str) -> i64 {
    code(&account.with_token(token).get(LIST, &[]).await)
}

fn text(answer: &Value) -> String {
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

on_both_engines! {
    a_token_is_refused_with_the_code_of_its_fault,
    a_new_token_leaves_the_one_before_it_five_minutes,
    a_third_token_ends_the_first_at_once,
    a_token_lives_for_two_hours_to_the_millisecond,
    each_fault_of_a_credential_has_its_code_in_the_documented_order,
    a_stable_token_is_repeated_until_its_last_five_minutes,
    stable_tokens_and_others_never_end_each_other,
    a_forced_refresh_ends_the_old_token_at_once_but_not_too_often,
    an_operator_ends_tokens_to_test_a_refresh,
    a_new_secret_replaces_the_old_one,
    a_setting_counts_from_the_next_call,
}

async fn a_token_is_refused_with_the_code_of_its_fault(app: TestApp) {
    let account = app.account().await;
    assert_eq!(code(&account.raw("GET", LIST, Vec::new()).await), 41001);
    assert_eq!(code(&account.raw("GET", &format!("{LIST}?access_token="), Vec::new()).await), 41001);
    assert_eq!(tried(&account, "a.b").await, 40014);
    assert_eq!(tried(&account, &"x".repeat(513)).await, 40014);
    assert_eq!(tried(&account, "50_never").await, 40001);
    assert_eq!(tried(&account, &format!("50_{}_never", account.appid)).await, 40001);
    assert!(account.token.len() <= 512);
    let refusal = account.with_token("x").get(LIST, &[]).await["errmsg"].as_str().unwrap().to_owned();
    let (said, rid) = refusal.split_once(" rid: ").unwrap();
    assert_eq!(said, "invalid credential, access_token is invalid or not latest");
    assert_eq!(&rid[..8], "6b49d200", "the time in seconds, in hexadecimal");
}

async fn a_new_token_leaves_the_one_before_it_five_minutes(app: TestApp) {
    let account = app.account().await;
    let first = account.token.clone();
    let second = account.fetch_token().await;
    assert_ne!(first, second);
    app.advance(5 * 60_000 - 1).await;
    assert_eq!((tried(&account, &first).await, tried(&account, &second).await), (0, 0));
    app.advance(1).await;
    assert_eq!((tried(&account, &first).await, tried(&account, &second).await), (40001, 0));
}

async fn a_third_token_ends_the_first_at_once(app: TestApp) {
    let account = app.account().await;
    let (second, third) = (account.fetch_token().await, account.fetch_token().await);
    assert_eq!(tried(&account, &account.token).await, 40001);
    assert_eq!((tried(&account, &second).await, tried(&account, &third).await), (0, 0));
}

async fn a_token_lives_for_two_hours_to_the_millisecond(app: TestApp) {
    let account = app.account().await;
    app.advance(7_200_000 - 1).await;
    assert_eq!(tried(&account, &account.token).await, 0);
    app.advance(1).await;
    let refusal = account.get(LIST, &[]).await;
    assert_eq!(code(&refusal), 42001);
    assert!(refusal["errmsg"].as_str().unwrap().starts_with("access_token expired"));
}

async fn each_fault_of_a_credential_has_its_code_in_the_documented_order(app: TestApp) {
    let account = app.account().await;
    let ask = |query: String| {
        let account = account.clone();
        async move { code(&account.raw("GET", &format!("/cgi-bin/token?{query}"), Vec::new()).await) }
    };
    assert_eq!(ask(String::new()).await, 40002);
    assert_eq!(ask("grant_type=password&appid=x&secret=y".into()).await, 40002);
    assert_eq!(ask("grant_type=client_credential".into()).await, 41002);
    assert_eq!(ask("grant_type=client_credential&appid=x".into()).await, 41004);
    assert_eq!(ask("grant_type=client_credential&appid=x&secret=y".into()).await, 40013);
    assert_eq!(ask("grant_type=client_credential&appid=wx00000000000000ff&secret=y".into()).await, 40013);
    assert_eq!(ask(format!("grant_type=client_credential&appid={}&secret=y", account.appid)).await, 40125);
    let good = format!("grant_type=client_credential&appid={}&secret={}", account.appid, account.secret);
    let posted = account
        .raw("POST", &format!("/cgi-bin/token?{good}&access_token=stale&neededText="), Vec::new())
        .await;
    assert_eq!(posted["expires_in"], 7200);
    assert_eq!(code(&account.raw("PUT", &format!("/cgi-bin/token?{good}"), Vec::new()).await), 43001);
    assert_eq!(code(&account.raw("GET", "/cgi-bin/stable_token", Vec::new()).await), 43002);
    assert_eq!(code(&account.raw("POST", "/cgi-bin/stable_token", Vec::new()).await), 44002);
    assert_eq!(code(&account.raw("POST", "/cgi-bin/stable_token", b"{}".to_vec()).await), 40002);
}

async fn a_stable_token_is_repeated_until_its_last_five_minutes(app: TestApp) {
    let account = app.account().await;
    let first = account.fetch_stable_token(false).await;
    assert_eq!(first["expires_in"], 7200);
    app.advance(1_000_000).await;
    assert_eq!(
        account.fetch_stable_token(false).await,
        json!({"access_token": text(&first), "expires_in": 6200})
    );
    app.advance(5_899_000).await;
    assert_eq!(account.fetch_stable_token(false).await["expires_in"], 301);
    app.advance(1_000).await;
    let second = account.fetch_stable_token(false).await;
    assert_ne!(text(&first), text(&second));
    assert_eq!((tried(&account, &text(&first)).await, tried(&account, &text(&second)).await), (0, 0));
}

async fn stable_tokens_and_others_never_end_each_other(app: TestApp) {
    let account = app.account().await;
    let kept = text(&account.fetch_stable_token(false).await);
    for _ in 0..3 {
        account.fetch_token().await;
    }
    assert_eq!(tried(&account, &kept).await, 0);
    let own = account.fetch_token().await;
    account.fetch_stable_token(true).await;
    assert_eq!(tried(&account, &own).await, 0);
}

async fn a_forced_refresh_ends_the_old_token_at_once_but_not_too_often(app: TestApp) {
    let account = app.account().await;
    let first = text(&account.fetch_stable_token(false).await);
    let second = text(&account.fetch_stable_token(true).await);
    assert_ne!(first, second);
    assert_eq!((tried(&account, &first).await, tried(&account, &second).await), (40001, 0));
    assert_eq!(
        text(&account.fetch_stable_token(true).await),
        second,
        "within 30 seconds it is not refreshed"
    );
    for _ in 0..19 {
        app.advance(30_000).await;
        account.fetch_stable_token(true).await;
    }
    let last = text(&account.fetch_stable_token(false).await);
    app.advance(30_000).await;
    assert_eq!(text(&account.fetch_stable_token(true).await), last, "the day's twenty are used up");
    app.advance(24 * 3_600_000).await;
    assert_ne!(text(&account.fetch_stable_token(true).await), last);
}

async fn an_operator_ends_tokens_to_test_a_refresh(app: TestApp) {
    let account = app.account().await;
    let kept = text(&account.fetch_stable_token(false).await);
    app.command(Command::TokenExpire(account.appid.clone())).await.unwrap();
    assert_eq!((tried(&account, &account.token).await, tried(&account, &kept).await), (42001, 42001));
    let fresh = text(&account.fetch_stable_token(false).await);
    assert_eq!(tried(&account, &fresh).await, 0);
    app.command(Command::TokenRevoke(account.appid.clone())).await.unwrap();
    assert_eq!((tried(&account, &account.token).await, tried(&account, &fresh).await), (40001, 40001));
    let issued = text(&app.command(Command::TokenIssue(account.appid.clone())).await.unwrap());
    assert_eq!(tried(&account, &issued).await, 0);
}

async fn a_new_secret_replaces_the_old_one(app: TestApp) {
    let account = app.account().await;
    let kept = text(&account.fetch_stable_token(false).await);
    let command =
        Command::AccountSet { appid: account.appid.clone(), settings: Default::default(), new_secret: true };
    let secret = app.command(command).await.unwrap()["secret"].as_str().unwrap().to_owned();
    assert_eq!(code(&account.fetch_stable_token(false).await), 40125);
    let account = TestAccount { secret, ..account };
    assert_eq!(tried(&account, &account.token).await, 0, "tokens of the old secret live on");
    assert_ne!(text(&account.fetch_stable_token(false).await), kept);
}

async fn a_setting_counts_from_the_next_call(app: TestApp) {
    let account = app.account().await;
    assert_eq!(tried(&account, &account.token).await, 0);
    account.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(tried(&account, &account.token).await, 65400);
    account
        .set(|settings| {
            settings.feature = Some(true);
            settings.certified = Some(false)
        })
        .await;
    assert_eq!(tried(&account, &account.token).await, 48001);
}
