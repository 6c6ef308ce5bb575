//! Bodies, methods and queries of the calls of the workbench and the chat page.

use crate::actors::{Stream, TestAccount, TestAgent, TestApp, code};
use serde_json::{Value, json};

/// The largest body, in bytes.
const MOST: usize = 256 * 1024;

/// A POST of a page, a valid body, and whether it needs a login.
struct PageCall {
    path: String,
    body: Value,
    needs_login: bool,
}

fn calls(account: &TestAccount) -> Vec<PageCall> {
    let (appid, kf_account) = (&account.appid, account.kf("a1"));
    let call = |path: &str, needs_login, body| PageCall { path: path.into(), body, needs_login };
    vec![
        call("/desk/api/login", false, json!({"name": "ann", "password": "wrong password"})),
        call("/desk/api/signup", false, json!({"invite": "none", "name": "ann", "password": "long enough"})),
        call("/desk/api/password", true, json!({"current": "wrong password", "new": "long enough"})),
        call("/desk/api/logout", true, json!({})),
        call("/desk/api/invitation", true, json!({"appid": appid, "kf_account": kf_account, "accept": true})),
        call("/desk/api/presence", true, json!({"appid": appid, "away": false})),
        call("/desk/api/draft", true, json!({"appid": appid, "session": 1, "text": "hi"})),
        call("/desk/api/read", true, json!({"appid": appid, "session": 1, "message": 1})),
        call("/desk/api/session/accept", true, json!({"appid": appid, "session": 1})),
        call("/desk/api/session/close", true, json!({"appid": appid, "session": 1})),
        call(
            "/desk/api/message",
            true,
            json!({"appid": appid, "session": 1, "client_id": "1", "text": "hi"}),
        ),
        call(&format!("/chat/api/{appid}/message"), false, json!({"client_id": "1", "text": "hi"})),
    ]
}

/// An account with an agent who is online.
async fn staffed(app: &TestApp) -> (TestAccount, TestAgent, Stream) {
    let account = app.account().await;
    let agent = account.agent("a1").await;
    let desk = agent.comes_online().await;
    (account, agent, desk)
}

/// Posts bytes; the status. Asserts that every refusal has an errcode and an errmsg.
async fn takes(app: &TestApp, call: &PageCall, cookie: &str, body: impl Into<Vec<u8>>) -> (u16, i64) {
    let request = app.http.post(format!("{}{}", app.base, call.path)).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/json").header("cookie", cookie);
    let response = request.body(body.into()).send().await.unwrap();
    let status = response.status().as_u16();
    let answer: Value = response.json().await.unwrap_or_else(|_| panic!("not JSON: {}", call.path));
    assert!(status == 200 || answer["errmsg"].as_str().unwrap().contains(" rid: "), "{answer}");
    (status, code(&answer))
}

on_both_engines! {
    an_unreadable_body_is_400,
    a_member_that_is_missing_or_of_another_type_is_400,
    a_member_with_an_odd_value_is_refused_and_nothing_fails,
    a_call_of_a_page_ends_at_256_kib,
    without_a_login_the_desk_is_closed,
    a_method_that_a_call_does_not_take_is_400,
    an_odd_address_or_query_of_a_page_is_refused,
}

async fn an_unreadable_body_is_400(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(128), "]".repeat(128));
    let bad: [&[u8]; 16] = [
        b"",
        b" ",
        b"[]",
        b"null",
        b"1",
        b"\"x\"",
        b"{",
        b"{} {}",
        b"\xff",
        b"{\"x\":\"\xff\"}",
        br#"{"x":1,"x":1}"#,
        br#"{"x":{"y":1,"y":1}}"#,
        br#"{"x":"\u0000"}"#,
        b"{\"x\":\"a\nb\"}",
        b"name=ann",
        deep.as_bytes(),
    ];
    for call in calls(&account) {
        for body in bad {
            let answer = takes(&app, &call, &agent.cookie, body).await;
            assert_eq!(answer, (400, 990_001), "{} {}", call.path, String::from_utf8_lossy(body));
        }
    }
    assert_eq!(agent.snapshot().await["worker"]["name"], agent.name, "the worker is still logged in");
}

async fn a_member_that_is_missing_or_of_another_type_is_400(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    let values =
        [Value::Null, json!([]), json!({}), json!(1.5), json!("1"), json!(true), json!(1), json!(1e300)];
    for call in calls(&account) {
        for (name, right) in call.body.as_object().unwrap() {
            let mut body = call.body.clone();
            let same = |value: &Value| {
                std::mem::discriminant(value) == std::mem::discriminant(right)
                    && (!right.is_i64() || value.is_i64())
            };
            for value in values.iter().filter(|value| !same(value)) {
                body[name] = value.clone();
                assert_eq!(
                    takes(&app, &call, &agent.cookie, body.to_string()).await,
                    (400, 990_001),
                    "{} {body}",
                    call.path
                );
            }
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(
                takes(&app, &call, &agent.cookie, body.to_string()).await,
                (400, 990_001),
                "{} {body}",
                call.path
            );
        }
    }
}

async fn a_member_with_an_odd_value_is_refused_and_nothing_fails(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    let texts = [
        "",
        " ",
        "x@y",
        "wx0000000000000000",
        "../..",
        "客服",
        "'; drop table worker; --",
        &"x".repeat(100_000),
    ];
    let numbers = [0, -1, 999_999, i64::MAX, i64::MIN];
    for call in calls(&account) {
        for (name, right) in
            call.body.as_object().unwrap().iter().filter(|(name, _)| *name != "text" && *name != "password")
        {
            let values: Vec<Value> = match right {
                Value::String(_) => texts.iter().map(|text| json!(text)).collect(),
                Value::Number(_) => numbers.iter().map(|number| json!(number)).collect(),
                _ => continue,
            };
            for value in values {
                let mut body = call.body.clone();
                body[name] = value;
                let (status, _) = takes(&app, &call, &agent.cookie, body.to_string()).await;
                let fine = name == "client_id" && status == 200;
                assert!((400..=413).contains(&status) || fine, "{} {status} {body:.200}", call.path);
            }
        }
    }
}

async fn a_call_of_a_page_ends_at_256_kib(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    // The call that ends the login is the last.
    let mut calls = calls(&account);
    calls.sort_by_key(|call| call.path.ends_with("logout"));
    for call in calls {
        for (size, refused) in [(MOST + 1, true), (8 * MOST, true), (MOST, false)] {
            let body = call.body.to_string();
            let padded = format!("{body}{}", " ".repeat(size - body.len()));
            let answer = takes(&app, &call, &agent.cookie, padded).await;
            assert_eq!(answer == (413, 990_007), refused, "{} {size} {answer:?}", call.path);
        }
    }
}

async fn without_a_login_the_desk_is_closed(app: TestApp) {
    let (account, _agent, _desk) = staffed(&app).await;
    for call in calls(&account).iter().filter(|call| call.needs_login) {
        for cookie in [
            "",
            "kefu_login=",
            "kefu_login=x",
            "kefu_login=%00",
            "kefu_login",
            "other=x; kefu_login=y",
            ";;=;",
        ] {
            for body in [call.body.to_string(), "{".into(), " ".repeat(MOST + 1)] {
                assert_eq!(takes(&app, call, cookie, body).await, (401, 990_002), "{} {cookie}", call.path);
            }
        }
    }
    for path in ["/desk/api/snapshot", "/desk/api/messages?appid=x&session=1", "/desk/api/stream"] {
        assert_eq!(app.ask(path, "kefu_login=x").await.status(), 401, "{path}");
    }
}

async fn a_method_that_a_call_does_not_take_is_400(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    let reads = ["/desk/api/snapshot", "/desk/api/messages", "/desk/api/stream", "/healthz", "/readyz"]
        .map(str::to_owned);
    let chat = ["snapshot", "messages", "stream"].map(|name| format!("/chat/api/{}/{name}", account.appid));
    let writes = calls(&account).into_iter().map(|call| (call.path, "POST"));
    for (path, taken) in reads.into_iter().chain(chat).map(|path| (path, "GET")).chain(writes) {
        for method in
            ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].into_iter().filter(|method| *method != taken)
        {
            let request = app.http.request(method.parse().unwrap(), format!("{}{path}", app.base));
            let response = request
                .header("cookie", &agent.cookie)
                .header("sec-fetch-site", "same-origin")
                .body("{}")
                .send()
                .await
                .unwrap();
            assert!(response.headers().get("access-control-allow-origin").is_none());
            assert_eq!(response.status(), 400, "{method} {path}");
            assert_eq!(code(&response.json().await.unwrap()), 990_001, "{method} {path}");
        }
    }
}

async fn an_odd_address_or_query_of_a_page_is_refused(app: TestApp) {
    let (account, agent, _desk) = staffed(&app).await;
    let customer = account.customer();
    customer.says("hello").await;
    let (desk, chat) = (
        format!("/desk/api/messages?appid={}", account.appid),
        format!("/chat/api/{}/messages", account.appid),
    );
    let mut tried = vec![
        (desk.clone(), 400),
        ("/desk/api/messages".into(), 400),
        ("/desk/api/messages?session=1".into(), 400),
    ];
    for (value, status) in [
        ("", 400),
        ("x", 400),
        ("1.5", 400),
        ("%00", 400),
        ("99999999999999999999", 400),
        ("0", 404),
        ("-1", 404),
        ("9223372036854775807", 404),
    ] {
        tried.push((format!("{desk}&session={value}"), status));
    }
    for value in ["", "x", "1.5", "%00", "%FF"] {
        tried.push((format!("{chat}?before={value}"), 400));
    }
    for value in ["-1", "0", "9223372036854775807", "-9223372036854775808"] {
        tried.push((format!("{chat}?before={value}"), 200));
    }
    for appid in ["wx", "wx000000000000000g", "%00", "%FF", "..%2F", "wx0123456789abcdeF", "客服"] {
        for call in ["snapshot", "messages", "stream"] {
            tried.push((format!("/chat/api/{appid}/{call}"), 404));
        }
        tried.push((format!("/desk/api/messages?appid={appid}&session=1"), 404));
    }
    for path in [
        "/desk/api",
        "/desk/api/",
        "/desk/api/login/",
        "/chat/api/",
        "/chat/api/x/y/z",
        "/chat",
        "/desk/assets/",
        "/desk/assets/..%2f",
    ] {
        tried.push((path.into(), 404));
    }
    for (path, status) in tried {
        let cookies = format!("{}; {}", agent.cookie, customer.cookie());
        let response = app.ask(&path, &cookies).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(code(&response.json().await.unwrap()) != 0, status != 200, "{path}");
    }
    odd_cursors_are_read(&app, &agent, &account.appid).await;
}

async fn odd_cursors_are_read(app: &TestApp, agent: &TestAgent, appid: &str) {
    let epoch = app.inner.desk.store.epoch();
    for since in [
        "",
        "x",
        ":",
        ";",
        ",,,",
        "a:b",
        "x:1",
        &format!("{}:-1", appid),
        &format!("{}:99999999999999999999", appid),
        "%00:%00",
    ] {
        agent.resumes(since).await;
        agent.resumes(&format!("{epoch};{since}")).await;
    }
}
