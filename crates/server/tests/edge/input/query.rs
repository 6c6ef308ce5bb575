//! Queries of Weixin's endpoints.

use super::samples;
use crate::actors::{TestApp, code};

/// Odd values of a parameter.
fn odd() -> Vec<String> {
    let texts = [
        "",
        "%00",
        "a%00b",
        "%FF",
        "%",
        "%zz",
        "%C0%80",
        "+",
        "%20",
        "'",
        "%22",
        "%0A",
        "{}",
        "a@",
        "@",
        "@@",
        "客服",
        "-1",
        "null",
        "undefined",
        "%F0%9F%A6%8A",
    ];
    texts.iter().map(ToString::to_string).chain(["x".repeat(5_000), "%E5".repeat(2_000)]).collect()
}

on_both_engines! {
    an_odd_value_in_the_query_names_no_agent_or_customer,
    an_odd_token_is_missing_malformed_or_unknown,
    every_endpoint_checks_its_token,
    an_odd_credential_has_the_code_of_what_is_odd,
    of_a_parameter_given_twice_the_first_counts,
}

async fn an_odd_value_in_the_query_names_no_agent_or_customer(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let token = format!("access_token={}", account.token);
    for value in odd() {
        for (path, expected) in [
            (format!("/customservice/kfaccount/del?{token}&kf_account={value}"), 65401),
            (format!("/customservice/kfsession/getsessionlist?{token}&kf_account={value}"), 65401),
            (
                format!(
                    "/customservice/kfsession/getsessionlist?kf_account={value}@{}&{token}",
                    account.suffix
                ),
                65401,
            ),
            (format!("/customservice/kfsession/getsession?{token}&openid={value}"), 40003),
        ] {
            assert_eq!(code(&account.raw("GET", &path, Vec::new()).await), expected, "{path:.120}");
        }
    }
    assert_eq!(account.kf_list().await.as_array().unwrap().len(), 1);
}

async fn an_odd_token_is_missing_malformed_or_unknown(app: TestApp) {
    let account = app.account().await;
    for value in odd() {
        let expected = match value.as_str() {
            "" => 41001,
            "-1" | "null" | "undefined" => 40001,
            _ => 40014,
        };
        let answer = account
            .raw("GET", &format!("/cgi-bin/customservice/getkflist?access_token={value}"), Vec::new())
            .await;
        assert_eq!(code(&answer), expected, "{value:.60}");
    }
}

async fn every_endpoint_checks_its_token(app: TestApp) {
    let account = app.account().await;
    for sample in samples(&account).iter().filter(|sample| sample.has_token) {
        for (token, expected) in [("50_never", 40001), ("a.b", 40014)] {
            let answer = sample.takes(&account.with_token(token), sample.body.to_string()).await;
            let method = if sample.methods.contains(&"POST") { expected } else { 43001 };
            assert_eq!(code(&answer), method, "{}", sample.paths[0]);
            if sample.methods.contains(&"GET") {
                let answer =
                    account.raw("GET", &sample.address(&account.with_token(token)), Vec::new()).await;
                assert_eq!(code(&answer), expected, "{}", sample.paths[0]);
            }
        }
    }
}

async fn an_odd_credential_has_the_code_of_what_is_odd(app: TestApp) {
    let account = app.account().await;
    for value in odd() {
        for (query, expected, empty) in [
            (format!("grant_type={value}&appid={}&secret={}", account.appid, account.secret), 40002, 40002),
            (format!("grant_type=client_credential&appid={value}&secret={}", account.secret), 40013, 41002),
            (format!("grant_type=client_credential&appid={}&secret={value}", account.appid), 40125, 41004),
        ] {
            let answer = code(&account.raw("GET", &format!("/cgi-bin/token?{query}"), Vec::new()).await);
            assert_eq!(answer, if value.is_empty() { empty } else { expected }, "{query:.120}");
        }
    }
}

async fn of_a_parameter_given_twice_the_first_counts(app: TestApp) {
    let account = app.account().await;
    let (list, token) = ("/cgi-bin/customservice/getkflist", &account.token);
    for (query, expected) in [
        (format!("access_token={token}&access_token=x"), 0),
        (format!("access_token=x&access_token={token}"), 40001),
        (format!("access_token=&access_token={token}"), 41001),
        (format!("access_token[]={token}"), 41001),
        (format!("&&=&access_token={token}&&x&=y"), 0),
        (format!("access%5Ftoken={token}"), 0),
        (format!("access_token={token}%20"), 40014),
    ] {
        assert_eq!(
            code(&account.raw("GET", &format!("{list}?{query}"), Vec::new()).await),
            expected,
            "{query}"
        );
    }
}
