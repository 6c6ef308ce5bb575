//! getAccessToken and getStableAccessToken: how tokens begin, overlap and end.

use crate::actors::{App, Shop, code};
use kefu::admin::Order;
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn tried(shop: &Shop, token: &str) -> i64 {
    code(&shop.with_token(token).get(LIST, &[]).await)
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
    an_operator_ends_tokens_so_that_a_refresh_can_be_tried,
    a_new_secret_replaces_the_old_one,
    a_setting_counts_from_the_next_call,
}

async fn a_token_is_refused_with_the_code_of_its_fault(app: App) {
    let shop = app.account().await;
    assert_eq!(code(&shop.raw("GET", LIST, Vec::new()).await), 41001);
    assert_eq!(code(&shop.raw("GET", &format!("{LIST}?access_token="), Vec::new()).await), 41001);
    assert_eq!(tried(&shop, "a.b").await, 40014);
    assert_eq!(tried(&shop, &"x".repeat(513)).await, 40014);
    assert_eq!(tried(&shop, "50_never").await, 40001);
    assert_eq!(tried(&shop, &format!("50_{}_never", shop.appid)).await, 40001);
    assert!(shop.token.len() <= 512);
    let refusal = shop.with_token("x").get(LIST, &[]).await["errmsg"].as_str().unwrap().to_owned();
    let (said, rid) = refusal.split_once(" rid: ").unwrap();
    assert_eq!(said, "invalid credential, access_token is invalid or not latest");
    assert_eq!(&rid[..8], "6b49d200", "the time in seconds, in hexadecimal");
}

async fn a_new_token_leaves_the_one_before_it_five_minutes(app: App) {
    let shop = app.account().await;
    let first = shop.token.clone();
    let second = shop.fetch_token().await;
    assert_ne!(first, second);
    app.advance(5 * 60_000 - 1).await;
    assert_eq!((tried(&shop, &first).await, tried(&shop, &second).await), (0, 0));
    app.advance(1).await;
    assert_eq!((tried(&shop, &first).await, tried(&shop, &second).await), (40001, 0));
}

async fn a_third_token_ends_the_first_at_once(app: App) {
    let shop = app.account().await;
    let (second, third) = (shop.fetch_token().await, shop.fetch_token().await);
    assert_eq!(tried(&shop, &shop.token).await, 40001);
    assert_eq!((tried(&shop, &second).await, tried(&shop, &third).await), (0, 0));
}

async fn a_token_lives_for_two_hours_to_the_millisecond(app: App) {
    let shop = app.account().await;
    app.advance(7_200_000 - 1).await;
    assert_eq!(tried(&shop, &shop.token).await, 0);
    app.advance(1).await;
    let refusal = shop.get(LIST, &[]).await;
    assert_eq!(code(&refusal), 42001);
    assert!(refusal["errmsg"].as_str().unwrap().starts_with("access_token expired"));
}

async fn each_fault_of_a_credential_has_its_code_in_the_documented_order(app: App) {
    let shop = app.account().await;
    let ask = |query: String| {
        let shop = shop.clone();
        async move { code(&shop.raw("GET", &format!("/cgi-bin/token?{query}"), Vec::new()).await) }
    };
    assert_eq!(ask(String::new()).await, 40002);
    assert_eq!(ask("grant_type=password&appid=x&secret=y".into()).await, 40002);
    assert_eq!(ask("grant_type=client_credential".into()).await, 41002);
    assert_eq!(ask("grant_type=client_credential&appid=x".into()).await, 41004);
    assert_eq!(ask("grant_type=client_credential&appid=x&secret=y".into()).await, 40013);
    assert_eq!(ask("grant_type=client_credential&appid=wx00000000000000ff&secret=y".into()).await, 40013);
    assert_eq!(ask(format!("grant_type=client_credential&appid={}&secret=y", shop.appid)).await, 40125);
    let good = format!("grant_type=client_credential&appid={}&secret={}", shop.appid, shop.secret);
    let posted =
        shop.raw("POST", &format!("/cgi-bin/token?{good}&access_token=stale&neededText="), Vec::new()).await;
    assert_eq!(posted["expires_in"], 7200);
    assert_eq!(code(&shop.raw("PUT", &format!("/cgi-bin/token?{good}"), Vec::new()).await), 43001);
    assert_eq!(code(&shop.raw("GET", "/cgi-bin/stable_token", Vec::new()).await), 43002);
    assert_eq!(code(&shop.raw("POST", "/cgi-bin/stable_token", Vec::new()).await), 44002);
    assert_eq!(code(&shop.raw("POST", "/cgi-bin/stable_token", b"{}".to_vec()).await), 40002);
}

async fn a_stable_token_is_repeated_until_its_last_five_minutes(app: App) {
    let shop = app.account().await;
    let first = shop.fetch_stable_token(false).await;
    assert_eq!(first["expires_in"], 7200);
    app.advance(1_000_000).await;
    assert_eq!(
        shop.fetch_stable_token(false).await,
        json!({"access_token": text(&first), "expires_in": 6200})
    );
    app.advance(5_899_000).await;
    assert_eq!(shop.fetch_stable_token(false).await["expires_in"], 301);
    app.advance(1_000).await;
    let second = shop.fetch_stable_token(false).await;
    assert_ne!(text(&first), text(&second));
    assert_eq!((tried(&shop, &text(&first)).await, tried(&shop, &text(&second)).await), (0, 0));
}

async fn stable_tokens_and_others_never_end_each_other(app: App) {
    let shop = app.account().await;
    let kept = text(&shop.fetch_stable_token(false).await);
    for _ in 0..3 {
        shop.fetch_token().await;
    }
    assert_eq!(tried(&shop, &kept).await, 0);
    let own = shop.fetch_token().await;
    shop.fetch_stable_token(true).await;
    assert_eq!(tried(&shop, &own).await, 0);
}

async fn a_forced_refresh_ends_the_old_token_at_once_but_not_too_often(app: App) {
    let shop = app.account().await;
    let first = text(&shop.fetch_stable_token(false).await);
    let second = text(&shop.fetch_stable_token(true).await);
    assert_ne!(first, second);
    assert_eq!((tried(&shop, &first).await, tried(&shop, &second).await), (40001, 0));
    assert_eq!(text(&shop.fetch_stable_token(true).await), second, "within 30 seconds it is not refreshed");
    for _ in 0..19 {
        app.advance(30_000).await;
        shop.fetch_stable_token(true).await;
    }
    let last = text(&shop.fetch_stable_token(false).await);
    app.advance(30_000).await;
    assert_eq!(text(&shop.fetch_stable_token(true).await), last, "the day's twenty are used up");
    app.advance(24 * 3_600_000).await;
    assert_ne!(text(&shop.fetch_stable_token(true).await), last);
}

async fn an_operator_ends_tokens_so_that_a_refresh_can_be_tried(app: App) {
    let shop = app.account().await;
    let kept = text(&shop.fetch_stable_token(false).await);
    app.order(Order::TokenExpire(shop.appid.clone())).await.unwrap();
    assert_eq!((tried(&shop, &shop.token).await, tried(&shop, &kept).await), (42001, 42001));
    let fresh = text(&shop.fetch_stable_token(false).await);
    assert_eq!(tried(&shop, &fresh).await, 0);
    app.order(Order::TokenRevoke(shop.appid.clone())).await.unwrap();
    assert_eq!((tried(&shop, &shop.token).await, tried(&shop, &fresh).await), (40001, 40001));
    let issued = text(&app.order(Order::TokenIssue(shop.appid.clone())).await.unwrap());
    assert_eq!(tried(&shop, &issued).await, 0);
}

async fn a_new_secret_replaces_the_old_one(app: App) {
    let shop = app.account().await;
    let kept = text(&shop.fetch_stable_token(false).await);
    let order =
        Order::AccountSet { appid: shop.appid.clone(), settings: Default::default(), new_secret: true };
    let secret = app.order(order).await.unwrap()["secret"].as_str().unwrap().to_owned();
    assert_eq!(code(&shop.fetch_stable_token(false).await), 40125);
    let shop = Shop { secret, ..shop };
    assert_eq!(tried(&shop, &shop.token).await, 0, "tokens of the old secret live on");
    assert_ne!(text(&shop.fetch_stable_token(false).await), kept);
}

async fn a_setting_counts_from_the_next_call(app: App) {
    let shop = app.account().await;
    assert_eq!(tried(&shop, &shop.token).await, 0);
    shop.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(tried(&shop, &shop.token).await, 65400);
    shop.set(|settings| {
        settings.feature = Some(true);
        settings.certified = Some(false)
    })
    .await;
    assert_eq!(tried(&shop, &shop.token).await, 48001);
}
