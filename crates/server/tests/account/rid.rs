//! Request ids: what an account's developers are told of a call that was refused.

use crate::actors::{App, Platform, Shop, code};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// The request id in a refusal.
fn rid(refusal: &Value) -> String {
    let text = refusal["errmsg"].as_str().unwrap_or_else(|| panic!("{refusal}"));
    text.split_once(" rid: ").expect("a request id").1.to_owned()
}

async fn asks(shop: &Shop, rid: &str) -> Value {
    shop.post("/cgi-bin/openapi/rid/get", json!({"rid": rid})).await
}

/// A call that is refused.
async fn refused(shop: &Shop) -> String {
    let body = json!({"kf_account": shop.kf("nobody"), "nickname": "x"});
    rid(&shop.post("/customservice/kfaccount/update", body).await)
}

on_both_engines! {
    a_refusal_can_be_asked_about_as_soon_as_it_is_told,
    a_call_without_a_body_has_none,
    only_the_account_itself_is_told_and_whoever_acts_for_it,
    what_is_unknown_and_what_is_none_is_told_apart,
    a_refusal_is_kept_for_seven_days,
    of_ten_thousand_and_one_refusals_the_first_is_forgotten,
    secrets_are_not_kept,
}

async fn a_refusal_can_be_asked_about_as_soon_as_it_is_told(app: App) {
    let shop = app.account().await;
    let rid = refused(&shop).await;
    let mut answer = asks(&shop, &rid).await;
    assert!(answer["request"]["cost_in_ms"].as_i64().is_some_and(|ms| (0..10_000).contains(&ms)), "{answer}");
    answer["request"]["cost_in_ms"] = 30.into();
    let begin = &shop.token[3..6];
    let expected = json!({
        "errcode": 0, "errmsg": "ok",
        "request": {
            "client_ip": "127.0.0.1", "cost_in_ms": 30, "invoke_time": 1800000000,
            "request_body": r#"{"kf_account":"nobody@shop1","nickname":"x"}"#,
            "request_url": format!("access_token=50_{begin}xxxx"),
            "response_body": format!(r#"{{"errcode":65401,"errmsg":"invalid custom service account rid: {rid}"}}"#)
        }
    });
    assert_eq!(answer, expected);
}

async fn a_call_without_a_body_has_none(app: App) {
    let shop = app.account().await;
    let refusal = shop.get("/customservice/kfsession/getsession", &[("openid", "bad")]).await;
    let request = asks(&shop, &rid(&refusal)).await["request"].clone();
    assert_eq!(
        (
            request["request_body"].as_str(),
            request["request_url"].as_str().unwrap().split_once('&').unwrap().1
        ),
        (Some(""), "openid=bad")
    );
}

async fn only_the_account_itself_is_told_and_whoever_acts_for_it(app: App) {
    let (shop, other, platform) = (app.account().await, app.account().await, Platform::new(&app).await);
    let rid = refused(&shop).await;
    platform.is_granted(&shop, &[]).await;
    let theirs = shop.with_token(&platform.token_for(&shop).await);
    assert_eq!(
        [code(&asks(&shop, &rid).await), code(&asks(&theirs, &rid).await), code(&asks(&other, &rid).await)],
        [0, 0, 76003]
    );
    let own = shop.with_token(&platform.own_token().await);
    assert_eq!(code(&asks(&own, &rid).await), 76003);
    let refusal = own.get("/cgi-bin/customservice/getkflist", &[]).await;
    assert_eq!(code(&refusal), 61015);
    assert_eq!(code(&asks(&own, &self::rid(&refusal)).await), 0, "a platform asks about its own");
}

async fn what_is_unknown_and_what_is_none_is_told_apart(app: App) {
    let shop = app.account().await;
    assert_eq!(code(&asks(&shop, "61725984-6126f6f9-040f19c4").await), 76001);
    for odd in ["", "61725984", "61725984-6126f6f9-040f19cz", "61725984-6126f6f9-040f19c4 "] {
        assert_eq!(code(&asks(&shop, odd).await), 76002, "{odd}");
    }
    let stranger = shop.with_token("50_nobody").get("/cgi-bin/customservice/getkflist", &[]).await;
    assert_eq!(code(&asks(&shop, &rid(&stranger)).await), 76001, "nobody's call is nobody's business");
}

async fn a_refusal_is_kept_for_seven_days(app: App) {
    let shop = app.account().await;
    let first = refused(&shop).await;
    app.advance(HOUR).await;
    let second = refused(&shop).await;
    app.advance(7 * 24 * HOUR - HOUR).await;
    let shop = shop.with_token(&shop.fetch_token().await);
    assert_eq!([code(&asks(&shop, &first).await), code(&asks(&shop, &second).await)], [0, 0]);
    app.advance(1).await;
    assert_eq!([code(&asks(&shop, &first).await), code(&asks(&shop, &second).await)], [76001, 0]);
    app.advance(HOUR).await;
    assert_eq!(code(&asks(&shop, &second).await), 76001);
}

async fn of_ten_thousand_and_one_refusals_the_first_is_forgotten(app: App) {
    let shop = app.account().await;
    let first = refused(&shop).await;
    let second = refused(&shop).await;
    assert_eq!(code(&asks(&shop, &first).await), 0);
    for _ in 0..20 {
        for _ in 0..500 {
            app.inner.desk.rids.note(refusal(&shop, &app));
        }
        kefu::due::settle_all(&app.inner).await.unwrap();
    }
    // Two and ten thousand were noted, and the questions were no refusals.
    assert_eq!([code(&asks(&shop, &first).await), code(&asks(&shop, &second).await)], [76001, 76001]);
    let last = refused(&shop).await;
    assert_eq!(code(&asks(&shop, &last).await), 0);
}

async fn secrets_are_not_kept(app: App) {
    let shop = app.account().await;
    let (appsecret, note) = (&shop.secret, json!({"access_token": shop.token}));
    let body = json!({"kf_account": "x", "nickname": "x", "appsecret": appsecret, "note": note});
    let path = format!("/customservice/kfaccount/add?secret={}&access_token={}", shop.secret, shop.token);
    let refusal = shop.raw("POST", &path, body.to_string().into_bytes()).await;
    let answer = asks(&shop, &rid(&refusal)).await.to_string();
    assert!(!answer.contains(&shop.secret) && !answer.contains(&shop.token[8..]), "{answer}");
    assert!(answer.contains("secret=xxxx&access_token=50_wx"), "{answer}");
}

/// A refusal, as the edge notes it.
fn refusal(shop: &Shop, app: &App) -> kefu::desk::rid::Refused {
    let text = |text: &str| text.to_owned();
    kefu::desk::rid::Refused {
        owner: model::Appid::parse(&shop.appid).unwrap(),
        rid: format!("{:08x}-{}-{}", 0, app.inner.desk.rng.hex::<4>(), app.inner.desk.rng.hex::<4>()),
        at: app.clock.now(),
        cost_ms: 0,
        query: text(""),
        body: text(""),
        answer: text(""),
        address: text("127.0.0.1"),
    }
}
