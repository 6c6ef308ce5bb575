//! Request ids: what an account's developers can read about a refused call.

use crate::actors::{TestAccount, TestApp, TestComponent, code};
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
ridget | POST | /cgi-bin/openapi/rid/get
    | subscription service mini-program mini-game | any 76003 | 76003 | - | 0
    | {"rid":"$rid"}
"#;

const HOUR: i64 = 3_600_000;

/// The request id in a refusal.
fn rid(refusal: &Value) -> String {
    let text = refusal["errmsg"].as_str().unwrap_or_else(|| panic!("{refusal}"));
    text.split_once(" rid: ").expect("a request id").1.to_owned()
}

async fn asks(account: &TestAccount, rid: &str) -> Value {
    account.post("/cgi-bin/openapi/rid/get", json!({"rid": rid})).await
}

/// A call that is refused.
async fn refused(account: &TestAccount) -> String {
    let body = json!({"kf_account": account.kf("nobody"), "nickname": "x"});
    rid(&account.post("/customservice/kfaccount/update", body).await)
}

on_both_engines! {
    a_refusal_can_be_read_as_soon_as_it_is_answered,
    a_call_without_a_body_has_none,
    only_the_account_and_its_components_can_read_a_refusal,
    an_unknown_and_an_invalid_request_id_have_different_codes,
    a_refusal_is_kept_for_seven_days,
    of_ten_thousand_and_one_refusals_the_first_is_forgotten,
    secrets_are_not_kept,
}

async fn a_refusal_can_be_read_as_soon_as_it_is_answered(app: TestApp) {
    let account = app.account().await;
    let rid = refused(&account).await;
    let mut answer = asks(&account, &rid).await;
    assert!(answer["request"]["cost_in_ms"].as_i64().is_some_and(|ms| (0..10_000).contains(&ms)), "{answer}");
    answer["request"]["cost_in_ms"] = 30.into();
    let begin = &account.token[3..6];
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

async fn a_call_without_a_body_has_none(app: TestApp) {
    let account = app.account().await;
    let refusal = account.get("/customservice/kfsession/getsession", &[("openid", "bad")]).await;
    let request = asks(&account, &rid(&refusal)).await["request"].clone();
    assert_eq!(
        (
            request["request_body"].as_str(),
            request["request_url"].as_str().unwrap().split_once('&').unwrap().1
        ),
        (Some(""), "openid=bad")
    );
}

async fn only_the_account_and_its_components_can_read_a_refusal(app: TestApp) {
    let (account, other, component) =
        (app.account().await, app.account().await, TestComponent::new(&app).await);
    let rid = refused(&account).await;
    component.gets_grant(&account, &[]).await;
    let theirs = account.with_token(&component.token_for(&account).await);
    assert_eq!(
        [
            code(&asks(&account, &rid).await),
            code(&asks(&theirs, &rid).await),
            code(&asks(&other, &rid).await)
        ],
        [0, 0, 76003]
    );
    let own = account.with_token(&component.own_token().await);
    assert_eq!(code(&asks(&own, &rid).await), 76003);
    let refusal = own.get("/cgi-bin/customservice/getkflist", &[]).await;
    assert_eq!(code(&refusal), 61015);
    assert_eq!(code(&asks(&own, &self::rid(&refusal)).await), 0, "a component can ask about its own calls");
}

async fn an_unknown_and_an_invalid_request_id_have_different_codes(app: TestApp) {
    let account = app.account().await;
    assert_eq!(code(&asks(&account, "61725984-6126f6f9-040f19c4").await), 76001);
    for odd in ["", "61725984", "61725984-6126f6f9-040f19cz", "61725984-6126f6f9-040f19c4 "] {
        assert_eq!(code(&asks(&account, odd).await), 76002, "{odd}");
    }
    let stranger = account.with_token("50_nobody").get("/cgi-bin/customservice/getkflist", &[]).await;
    assert_eq!(
        code(&asks(&account, &rid(&stranger)).await),
        76001,
        "a call without a token belongs to no account"
    );
}

async fn a_refusal_is_kept_for_seven_days(app: TestApp) {
    let account = app.account().await;
    let first = refused(&account).await;
    app.advance(HOUR).await;
    let second = refused(&account).await;
    app.advance(7 * 24 * HOUR - HOUR).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!([code(&asks(&account, &first).await), code(&asks(&account, &second).await)], [0, 0]);
    app.advance(1).await;
    assert_eq!([code(&asks(&account, &first).await), code(&asks(&account, &second).await)], [76001, 0]);
    app.advance(HOUR).await;
    assert_eq!(code(&asks(&account, &second).await), 76001);
}

async fn of_ten_thousand_and_one_refusals_the_first_is_forgotten(app: TestApp) {
    let account = app.account().await;
    let first = refused(&account).await;
    let second = refused(&account).await;
    assert_eq!(code(&asks(&account, &first).await), 0);
    for _ in 0..20 {
        for _ in 0..500 {
            app.inner.desk.refusal_log.add(refusal(&account, &app));
        }
        kefu::due::flush_all_counts(&app.inner).await.unwrap();
    }
    // The log holds 10,002 refusals now; the two questions succeeded and are not in it.
    assert_eq!([code(&asks(&account, &first).await), code(&asks(&account, &second).await)], [76001, 76001]);
    let last = refused(&account).await;
    assert_eq!(code(&asks(&account, &last).await), 0);
}

async fn secrets_are_not_kept(app: TestApp) {
    let account = app.account().await;
    let (appsecret, note) = (&account.secret, json!({"access_token": account.token}));
    let body = json!({"kf_account": "x", "nickname": "x", "appsecret": appsecret, "note": note});
    let path =
        format!("/customservice/kfaccount/add?secret={}&access_token={}", account.secret, account.token);
    let refusal = account.raw("POST", &path, body.to_string().into_bytes()).await;
    let answer = asks(&account, &rid(&refusal)).await.to_string();
    assert!(!answer.contains(&account.secret) && !answer.contains(&account.token[8..]), "{answer}");
    assert!(answer.contains("secret=xxxx&access_token=50_wx"), "{answer}");
}

/// A refusal as the edge logs it.
fn refusal(account: &TestAccount, app: &TestApp) -> kefu::desk::refusal_log::LoggedRefusal {
    let text = |text: &str| text.to_owned();
    kefu::desk::refusal_log::LoggedRefusal {
        owner: model::Appid::parse(&account.appid).unwrap(),
        rid: format!("{:08x}-{}-{}", 0, app.inner.desk.rng.hex::<4>(), app.inner.desk.rng.hex::<4>()),
        at: app.clock.now(),
        cost_ms: 0,
        query: text(""),
        body: text(""),
        answer: text(""),
        address: text("127.0.0.1"),
    }
}
