//! Methods and paths.

use super::samples;
use crate::actors::{TestApp, code};

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];

on_both_engines! {
    a_method_that_an_endpoint_does_not_take_is_43001_or_43002,
    head_is_refused_like_any_other_method_though_without_a_body,
    an_unknown_address_under_weixins_roots_is_40066,
    elsewhere_an_unknown_address_is_404,
}

async fn a_method_that_an_endpoint_does_not_take_is_43001_or_43002(app: TestApp) {
    let account = app.account().await;
    for sample in samples(&account) {
        let refusal = if sample.methods.contains(&"GET") { 43001 } else { 43002 };
        for path in sample.paths {
            for method in METHODS.iter().filter(|method| !sample.methods.contains(method)) {
                // The method is checked before the token.
                for query in ["", "?access_token=", &format!("?access_token={}", account.token)] {
                    let answer = account.raw(method, &format!("{path}{query}"), b"{}".to_vec()).await;
                    assert_eq!(code(&answer), refusal, "{method} {path}");
                }
            }
            for method in sample.methods {
                let answer = code(&account.raw(method, path, b"{}".to_vec()).await);
                assert_eq!(answer, if sample.has_token { 41001 } else { 40002 }, "{method} {path}");
            }
        }
    }
}

async fn head_is_refused_like_any_other_method_though_without_a_body(app: TestApp) {
    let account = app.account().await;
    for sample in samples(&account) {
        let refusal = if sample.methods.contains(&"GET") {
            "43001 require GET method"
        } else {
            "43002 require POST method"
        };
        // The answer would be {"errcode":43001,"errmsg":"… rid: 61725984-6126f6f9-040f19c4"}.
        let length = r#"{"errcode":,"errmsg":" rid: 61725984-6126f6f9-040f19c4"}"#.len() + refusal.len() - 1;
        let response =
            app.http.head(format!("{}{}", app.base, sample.address(&account))).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-length"]),
            (200, &length.to_string().parse().unwrap())
        );
        assert_eq!(response.headers()["content-type"], "application/json; encoding=utf-8");
        assert_eq!(response.text().await.unwrap(), "");
    }
}

async fn an_unknown_address_under_weixins_roots_is_40066(app: TestApp) {
    let account = app.account().await;
    let mut paths: Vec<String> = [
        "/cgi-bin",
        "/cgi-bin/",
        "/customservice",
        "/customservice/",
        "/cgi-bin/customservice",
        "/cgi-bin/token2",
        "/cgi-bin/Token",
        "/customservice/kfaccount",
        "/customservice/kfaccount/",
        "/customservice/kfaccount/nothing",
        "/customservice/token",
        "/cgi-bin/customservice/kfsession/getsession",
        "/cgi-bin/kfaccount/add",
        "/cgi-bin/desk",
        "/cgi-bin/../desk/api/snapshot",
        "/cgi-bin/%00",
        "/cgi-bin/%FF",
        "/cgi-bin/客服",
        "/cgi-bin/%74oken",
        "/customservice/msgrecord/%20getmsglist%20",
    ]
    .map(str::to_owned)
    .to_vec();
    for sample in samples(&account) {
        for path in sample.paths {
            paths.extend([
                format!("{path}/"),
                format!("{path}/x"),
                format!("{path}%20"),
                format!("{path};x=1"),
            ]);
            paths.extend([path
                .to_uppercase()
                .replace("CGI-BIN", "cgi-bin")
                .replace("/CUSTOMSERVICE", "/customservice")]);
        }
    }
    // The HTTP client normalizes this path before it sends it.
    paths.retain(|path| {
        !path.contains("..") && !samples(&account).iter().any(|sample| sample.paths.contains(&path.as_str()))
    });
    for path in &paths {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let answer =
                account.raw(method, &format!("{path}?access_token={}", account.token), b"{}".to_vec()).await;
            let said = answer["errmsg"].as_str().unwrap_or("").split(" rid: ").next();
            assert_eq!((code(&answer), said), (40066, Some("invalid url")), "{method} {path}");
        }
    }
}

async fn elsewhere_an_unknown_address_is_404(app: TestApp) {
    for path in [
        "/nothing",
        "/cgi-binary",
        "/customservices",
        "/CGI-BIN/token",
        "/x/cgi-bin/token",
        "/desk/cgi-bin/token",
        "/robots.txt",
        "//",
        "//robots.txt",
        "/sns/userinfo",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let url = format!("{}{path}", app.base);
            let response = app.http.request(method.parse().unwrap(), url).send().await.unwrap();
            assert_eq!(response.status(), 404, "{method} {path}");
            assert_eq!(code(&response.json().await.unwrap()), 990_004, "{method} {path}");
        }
    }
}
