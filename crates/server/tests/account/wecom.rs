//! The binding of a Mini Program to WeCom.

use crate::actors::{TestAccount, TestApp, code};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
work/get | GET | /customservice/work/get
    | mini-program mini-program/individual=10130030 | 161 | - | - | 0
    | -
work/bind | POST | /customservice/work/bind
    | mini-program mini-program/individual=10130030 | 161 | - | - | 0
    | {"corpid":"wwee11111xxxxxxx"}
work/unbind | POST | /customservice/work/unbind
    | mini-program mini-program/individual=10130604 | 161 | - | - | 0
    | {"corpid":"wwee11111xxxxxxx"}
"#;

const GET: &str = "/customservice/work/get";
const CORP: &str = "wwee11111xxxxxxx";

async fn mini(app: &TestApp, principal: &str) -> TestAccount {
    app.account_with(|settings| {
        settings.kind = Some("mini-program".into());
        settings.name = Some("示例有限公司".into());
        settings.principal = Some(principal.into());
        settings.certified = Some(false);
    })
    .await
}

async fn binds(account: &TestAccount, corpid: &str) -> Value {
    account.post("/customservice/work/bind", json!({"corpid": corpid})).await
}

async fn unbinds(account: &TestAccount, corpid: &str) -> Value {
    account.post("/customservice/work/unbind", json!({"corpid": corpid})).await
}

on_both_engines! {
    a_mini_program_is_bound_shows_it_and_is_unbound,
    it_is_bound_to_one_enterprise_at_a_time,
    a_corpid_is_missing_or_of_the_wrong_shape,
    a_persons_mini_program_cannot_be_bound,
    another_method_or_token_is_refused,
}

async fn a_mini_program_is_bound_shows_it_and_is_unbound(app: TestApp) {
    let account = mini(&app, "enterprise").await;
    assert_snapshot!(account.get(GET, &[]).await, @r#"{"errcode":0,"errmsg":"ok"}"#);
    assert_snapshot!(binds(&account, CORP).await, @r#"{"errcode":0,"errmsg":"ok"}"#);
    let expected = json!({
        "bindTime": 1800000000, "corpid": "wwee11111xxxxxxx", "entityName": "示例有限公司", "errcode": 0,
        "errmsg": "ok"
    });
    assert_eq!(account.get(GET, &[]).await, expected);
    assert_eq!(account.post(GET, json!({})).await, account.get(GET, &[]).await, "as some SDKs ask");
    assert_snapshot!(unbinds(&account, CORP).await, @r#"{"errcode":0,"errmsg":"ok"}"#);
    assert_snapshot!(account.get(GET, &[]).await, @r#"{"errcode":0,"errmsg":"ok"}"#);
}

async fn it_is_bound_to_one_enterprise_at_a_time(app: TestApp) {
    let (account, other) = (mini(&app, "enterprise").await, mini(&app, "enterprise").await);
    assert_eq!(code(&unbinds(&account, CORP).await), 10_130_604);
    assert_eq!(code(&binds(&account, CORP).await), 0);
    for corpid in [CORP, "ww0123456789abcdef"] {
        assert_eq!(code(&binds(&account, corpid).await), 10_130_603, "{corpid}");
    }
    assert_eq!(code(&unbinds(&account, "ww0123456789abcdef").await), 10_130_602);
    assert_eq!(account.get(GET, &[]).await["corpid"], CORP);
    assert_eq!(code(&unbinds(&other, CORP).await), 10_130_604, "another account's");
    assert_eq!(code(&binds(&other, CORP).await), 0, "an enterprise may have several");
    assert_eq!(code(&unbinds(&account, CORP).await), 0);
    assert_eq!(code(&binds(&account, "ww0123456789abcdef").await), 0);
}

async fn a_corpid_is_missing_or_of_the_wrong_shape(app: TestApp) {
    let account = mini(&app, "enterprise").await;
    for path in ["/customservice/work/bind", "/customservice/work/unbind"] {
        for missing in [json!({}), json!({"corpid": ""}), json!({"corpid": null}), json!({"kf_openid": "o"})]
        {
            assert_eq!(code(&account.post(path, missing).await), 10_130_002, "{path}");
        }
        for odd in ["ww", "0123456789abcdef", "ww0123456789 abcdef", "企业微信企业微信企业微信企业微信"]
        {
            assert_eq!(code(&account.post(path, json!({"corpid": odd})).await), 10_130_600, "{path} {odd}");
        }
    }
}

async fn a_persons_mini_program_cannot_be_bound(app: TestApp) {
    let account = mini(&app, "individual").await;
    assert_eq!(code(&binds(&account, "of no shape").await), 10_130_030);
    assert_eq!(code(&account.get(GET, &[]).await), 10_130_030);
    assert_eq!(code(&unbinds(&account, CORP).await), 10_130_604);
    account.set(|settings| settings.principal = Some("enterprise".into())).await;
    assert_eq!(code(&binds(&account, CORP).await), 0);
    account.set(|settings| settings.principal = Some("individual".into())).await;
    assert_eq!(code(&unbinds(&account, CORP).await), 0, "what was bound can end");
}

async fn another_method_or_token_is_refused(app: TestApp) {
    let account = mini(&app, "enterprise").await;
    assert_eq!(
        code(&account.raw("PUT", &format!("{GET}?access_token={}", account.token), Vec::new()).await),
        43001
    );
    assert_eq!(code(&account.with_token("50_never").get(GET, &[]).await), 40001);
    assert_eq!(code(&account.with_token("a.b").get(GET, &[]).await), 40014);
}
