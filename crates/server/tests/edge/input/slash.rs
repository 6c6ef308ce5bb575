//! Paths with repeated slashes, and that Weixin's paths never answer with one of our own codes.

use super::samples;
use crate::actors::{TestAccount, TestApp, code};
use protocol::Errcode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The path with more slashes, each of which is the same endpoint.
fn with_slashes(path: &str) -> Vec<String> {
    vec![
        format!("/{path}"),
        format!("///{path}"),
        path.replacen('/', "//", 2)[1..].to_owned(),
        path.replace('/', "//"),
        path.replace('/', "////"),
    ]
}

/// Similar paths that are no endpoint's.
fn elsewhere(path: &str) -> Vec<String> {
    let last = path.rsplit('/').next().unwrap();
    vec![
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}//"),
        format!("/{path}/x"),
        format!("{path};x=1"),
        format!("{path}*"),
        format!("{path}/*"),
        format!("{path}/."),
        format!("{path}/x/.."),
        format!("{path}%2F"),
        format!("{path}%FF"),
        format!("{path}%"),
        format!("{path}%00"),
        format!("{path}%C0%AF"),
        path.replace(last, &format!("%2e/{last}")),
        path.replace(last, &format!("./{last}")),
        path.replace(last, &format!("%2F{last}")),
        path.replacen("/c", "/%63", 1),
        path.replacen('/', "%2F", 2).replacen("%2F", "/", 1),
        path.replacen('/', "/./", 1),
        path.replacen('/', "/;x/../", 1),
        format!("{path}{}", "x".repeat(8_000)),
        format!("{path}{}", "/".repeat(8_000)),
    ]
}

/// Sends these bytes and reads the answer. Asserts HTTP 200 and Weixin's envelope.
async fn says(app: &TestApp, request: &[u8]) -> Value {
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(crate::actors::PATIENCE, read).await.expect("it closes").unwrap();
    let (answer, shown) = (String::from_utf8(answer).unwrap(), String::from_utf8_lossy(request).into_owned());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{shown:.200}: {answer}");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{shown:.200}: {answer}"));
    let number = code(&body);
    let known = Errcode::ALL.iter().find(|known| known.number() == number);
    assert!(known.is_some_and(|known| !known.is_own()), "{shown:.200}: {body}");
    body
}

/// A request without a body.
async fn asks(app: &TestApp, method: &str, target: &str, headers: &str) -> i64 {
    let request = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    code(&says(app, request.as_bytes()).await)
}

on_both_engines! {
    runs_of_slashes_in_a_path_count_as_one,
    a_refusal_at_a_path_with_more_slashes_is_kept_like_any_other,
    no_path_below_weixins_roots_answers_a_code_of_ours,
    odd_methods_headers_and_bodies_get_a_code_of_weixins,
}

async fn runs_of_slashes_in_a_path_count_as_one(app: TestApp) {
    let account = app.account().await;
    for row in protocol::endpoint::ALL {
        for path in row.paths() {
            let method = row.main_method().to_uppercase();
            let plain = asks(&app, &method, path, "").await;
            for path in with_slashes(path) {
                assert_eq!(asks(&app, &method, &path, "").await, plain, "{path}");
                let odd = asks(&app, "PUT", &path, "").await;
                assert!([43001, 43002].contains(&odd), "{path}: {odd}");
            }
        }
    }
    let list = |path: &str| format!("{path}?access_token={}&x=//", account.token);
    account.adds("a1").await;
    let plain = account.raw("GET", &list("/cgi-bin/customservice/getkflist"), Vec::new()).await;
    assert_eq!(plain["kf_list"].as_array().map(Vec::len), Some(1));
    for target in [
        "//cgi-bin//customservice/getkflist",
        "http://api.weixin.qq.com//cgi-bin/customservice///getkflist",
        "//customservice/getkflist",
    ] {
        let request = format!("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", list(target));
        assert_eq!(says(&app, request.as_bytes()).await, plain, "{target}");
    }
    let query = format!("grant_type=client_credential&appid={}&secret={}", account.appid, account.secret);
    for path in ["//cgi-bin/token", "/cgi-bin//token"] {
        let answer = account.raw("GET", &format!("{path}?{query}"), Vec::new()).await;
        assert_eq!(answer["expires_in"], 7200, "{path}: {answer}");
    }
}

async fn a_refusal_at_a_path_with_more_slashes_is_kept_like_any_other(app: TestApp) {
    let account = app.account().await;
    let refused = account
        .raw(
            "POST",
            &format!("//customservice//kfaccount/del?access_token={}", account.token),
            b"{}".to_vec(),
        )
        .await;
    assert_eq!(code(&refused), 65401);
    let rid = refused["errmsg"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let logged = account.post("/cgi-bin/openapi/rid/get", serde_json::json!({"rid": rid})).await;
    assert_eq!(logged["request"]["request_body"], "{}", "{logged}");
}

async fn no_path_below_weixins_roots_answers_a_code_of_ours(app: TestApp) {
    for row in protocol::endpoint::ALL {
        for path in row.paths() {
            for path in elsewhere(path) {
                let method = row.main_method().to_uppercase();
                assert_eq!(asks(&app, &method, &path, "").await, 40066, "{path:.120}");
            }
            let target = format!("http://api.weixin.qq.com/{path}/");
            assert_eq!(asks(&app, "GET", &target, "").await, 40066, "{target}");
        }
    }
    for root in ["/cgi-bin", "/customservice"] {
        for rest in [
            "",
            "/",
            "//",
            "/*",
            "/%2F",
            "/%2e%2e",
            "/..",
            "/../desk",
            "/desk/api/snapshot",
            "/debug",
            "/healthz",
            ";x",
            "/%25",
            "/?",
            "/-",
        ] {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW"] {
                assert_eq!(
                    asks(&app, method, &format!("{root}{rest}"), "").await,
                    40066,
                    "{method} {root}{rest}"
                );
                assert_eq!(
                    asks(&app, method, &format!("/{root}{rest}"), "").await,
                    40066,
                    "{method} /{root}{rest}"
                );
            }
        }
    }
}

async fn odd_methods_headers_and_bodies_get_a_code_of_weixins(app: TestApp) {
    let account = app.account().await;
    let long = format!("X-Long: {}\r\n", "x".repeat(16_000));
    let many: String = (0..60).map(|number| format!("X-{number}: {number}\r\n")).collect();
    let headers = [
        "Content-Type: multipart/form-data\r\n",
        "Content-Type: \r\n",
        "Expect: 100-continue\r\n",
        "Content-Encoding: gzip\r\n",
        "Accept: text/html\r\n",
        "Cookie: kefu=x; kefu=y\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "X-Forwarded-For: ,,\r\n",
        "X-Forwarded-Host: [\r\n",
        "Range: bytes=9-1\r\n",
        "If-None-Match: *\r\n",
        "Upgrade: h2c\r\n",
        "Authorization: Bearer x\r\n",
        &long,
        &many,
    ];
    for sample in samples(&account) {
        for headers in headers {
            for method in ["GET", "POST", "OPTIONS", "CONNECT_", "QUERY"] {
                asks(&app, method, sample.paths[0], headers).await;
                asks(&app, method, &format!("/{}", sample.address(&account)), headers).await;
            }
        }
        let odd = [&b"X-Odd: \xff\xfe\r\n"[..], b"Content-Type: \xe5\xae\xa2\r\n"];
        for header in odd {
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n",
                sample.address(&account)
            );
            says(&app, &[head.as_bytes(), header, b"\r\n{}"].concat()).await;
        }
        for size in [256 * 1024, 256 * 1024 + 1, 300 * 1024] {
            for path in [sample.address(&account), format!("/{}", sample.address(&account))] {
                let answer: i64 = code(&account.raw("POST", &path, vec![b' '; size]).await);
                assert!(!(990_000..1_000_000).contains(&answer), "{path}: {answer}");
            }
        }
    }
    // The request names no path.
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    TestAccount::read_answer(
        "afterwards",
        app.http.get(format!("{}/cgi-bin/token", app.base)).send().await.unwrap(),
    )
    .await;
}
