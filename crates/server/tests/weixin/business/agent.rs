//! Calls about agents that name a sub-merchant.

use super::{mini, registers};
use crate::actors::{TestAccount, TestApp, code};
use serde_json::{Value, json};

on_both_engines! {
    calls_about_agents_accept_the_accounts_sub_merchants,
    an_unknown_sub_merchant_is_refused_before_any_rule_and_after_the_feature,
}

/// Calls that name agents: method, path, query, and the body if one is read.
fn about_agents(
    account: &TestAccount,
    kf_openid: &str,
) -> Vec<(&'static str, &'static str, String, Option<Value>)> {
    let (add, gone) =
        (json!({"kf_account": account.kf("a2"), "nickname": "n"}), json!({"kf_account": account.kf("gone")}));
    let nothing = String::new;
    vec![
        ("POST", "/customservice/kfaccount/add", nothing(), Some(add)),
        ("POST", "/customservice/kfaccount/del", nothing(), Some(gone)),
        (
            "POST",
            "/customservice/kfaccount/del",
            format!("&kf_account={}", account.kf("gone")),
            Some(json!({})),
        ),
        ("GET", "/customservice/kfaccount/del", format!("&kf_account={}", account.kf("gone")), None),
        ("POST", "/customservice/kfaccount/setadmin", nothing(), Some(json!({"kf_openid": kf_openid}))),
        ("GET", "/customservice/kfaccount/setadmin", format!("&kf_openid={kf_openid}"), None),
        ("POST", "/customservice/kfaccount/canceladmin", nothing(), Some(json!({"kf_openid": kf_openid}))),
        ("GET", "/customservice/kfaccount/canceladmin", format!("&kf_openid={kf_openid}"), None),
        ("GET", "/cgi-bin/customservice/getkflist", nothing(), None),
        ("POST", "/cgi-bin/customservice/getkflist", nothing(), None),
        ("GET", "/cgi-bin/customservice/getonlinekflist", nothing(), None),
        ("POST", "/customservice/getonlinekflist", nothing(), None),
    ]
}

async fn calls_about_agents_accept_the_accounts_sub_merchants(app: TestApp) {
    let (account, other) = (mini(&app).await, mini(&app).await);
    account.agent("a1").await;
    registers(&account, "apple_store", "apple").await;
    let kf_openid = account.kf_list().await[0]["kf_openid"].as_str().unwrap().to_owned();
    let calls = async |account: &TestAccount, in_query: &str, in_body: Value| {
        let mut codes = Vec::new();
        for (method, path, query, body) in about_agents(account, &kf_openid) {
            let body = body.map(|mut body| {
                body["business_id"] = in_body.clone();
                body
            });
            // The body of a GET, and of some lists, is not read.
            if !in_body.is_null() && (body.is_none() || method == "GET")
                || !in_query.is_empty() && path.ends_with("/add")
            {
                continue;
            }
            let address = format!("{path}?access_token={}{query}{in_query}", account.token);
            let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
            codes.push((path, code(&account.raw(method, &address, body).await)));
        }
        assert!(codes.len() >= 4, "{codes:?}");
        codes
    };
    for (query, body) in [
        ("", json!(1)),
        ("", json!("1")),
        ("", json!("")),
        ("&business_id=1", Value::Null),
        ("&business_id=", Value::Null),
        ("", Value::Null),
    ] {
        for (path, answer) in calls(&account, query, body.clone()).await {
            assert!([0, 65406, 65401].contains(&answer), "{path} {query} {body}: {answer}");
        }
    }
    for body in [json!(2), json!(0), json!(-1), json!("2"), json!("one"), json!(" 1"), json!(i64::MAX)] {
        for (path, answer) in calls(&account, "", body.clone()).await {
            assert_eq!(answer, 40097, "{path} {body}");
        }
    }
    for query in [
        "&business_id=2",
        "&business_id=x",
        "&business_id=1%00",
        "&business%5Fid=2",
        "&business_id=99999999999999999999",
    ] {
        for (path, answer) in calls(&account, query, Value::Null).await {
            assert_eq!(answer, 40097, "{path} {query}");
        }
    }
    for body in [json!(1.5), json!(true), json!([1]), json!({})] {
        for (path, answer) in calls(&account, "", body.clone()).await {
            // If the agent is in the query, no body is needed.
            let is_passed_over = path.ends_with("/del") && answer == 65401;
            assert!(answer == 47001 || is_passed_over, "{path} {body}: {answer}");
        }
    }
    for (path, answer) in calls(&other, "&business_id=1", Value::Null).await {
        assert_eq!(answer, 40097, "{path}: a sub-merchant of another account");
    }
    let refused = account.get("/cgi-bin/customservice/getonlinekflist", &[("business_id", "2")]).await;
    assert!(refused.to_string().starts_with(r#"{"errcode":40097,"errmsg":"invalid args rid: "#), "{refused}");
}

async fn an_unknown_sub_merchant_is_refused_before_any_rule_and_after_the_feature(app: TestApp) {
    let account = mini(&app).await;
    let add = |kf_account: &str| json!({"kf_account": kf_account, "nickname": "", "business_id": 7});
    assert_eq!(code(&account.post("/customservice/kfaccount/add", add("@@")).await), 40097);
    let del = format!("/customservice/kfaccount/del?access_token={}&business_id=7", account.token);
    for (method, body) in
        [("GET", &b""[..]), ("POST", b""), ("POST", b"{}"), ("POST", br#"{"kf_account":"nobody@x"}"#)]
    {
        assert_eq!(code(&account.raw(method, &del, body.to_vec()).await), 40097, "{method}");
    }
    assert_eq!(code(&account.raw("POST", &del, b"{".to_vec()).await), 47001, "the body is read first");
    account.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(code(&account.post("/customservice/kfaccount/add", add("@@")).await), 65400);
    assert_eq!(code(&account.get("/cgi-bin/customservice/getkflist", &[("business_id", "7")]).await), 65400);
}
