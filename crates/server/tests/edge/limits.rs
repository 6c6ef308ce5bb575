//! Limits on people: attempts to log in, new customers, the names under which the desk answers, operators' settings.

use crate::actors::{TestAgent, TestApp, code};
use crate::fixture::running::{APPID, RunningServer};
use kefu::admin::Command;
use kefu::config::{Rules, Settings};
use serde_json::{Value, json};

/// A second node over the same data, with these settings.
pub async fn set(app: &TestApp, settings: Settings, rules: Rules) -> TestApp {
    // SQLite's data has one owner.
    let fresh = match app.inner.desk.store.is_shared() {
        true => app.fresh.clone(),
        false => std::sync::Arc::new(crate::fixture::engine::Fresh::folder()),
    };
    TestApp::start_with(fresh, 9, settings, rules).await
}

/// A log-in from an address that a trusted proxy names: the status, and the Retry-After in seconds.
pub async fn tries(app: &TestApp, name: &str, password: &str, from: &str) -> (u16, Option<i64>) {
    let request =
        app.http.post(format!("{}/desk/api/login", app.base)).header("sec-fetch-site", "same-origin");
    let request = request.header("x-forwarded-for", from).json(&json!({"name": name, "password": password}));
    let answer = request.send().await.unwrap();
    let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), wait)
}

pub fn behind_a_proxy() -> Settings {
    Settings { trusted_proxy: vec!["127.0.0.1".parse().unwrap()], ..Settings::default() }
}

on_both_engines! {
    guessing_a_password_is_slow_and_the_worker_can_still_log_in,
    an_address_has_a_limit_of_log_ins_over_all_names,
    a_network_has_a_limit_of_log_ins_over_all_its_addresses,
    without_a_trusted_proxy_no_header_sets_the_address,
    an_address_creates_a_limited_number_of_customers,
    an_operator_sets_how_long_invitations_last_and_how_many_agents_a_worker_may_be,
    a_sign_up_link_ends_when_the_operator_says,
    pages_are_served_under_configured_host_names_only,
    every_page_and_every_refusal_of_one_has_security_headers,
}

async fn guessing_a_password_is_slow_and_the_worker_can_still_log_in(app: TestApp) {
    let app = set(&app, Settings { log_ins_per_minute: 20, ..behind_a_proxy() }, Rules::default()).await;
    let ann = TestAgent::signs_up(&app, "ann").await;
    let (mine, theirs) = ("192.0.2.1", "192.0.2.66");
    let right = |from: &'static str| tries(&app, "ann", "correct horse", from);
    assert_eq!(right(mine).await.0, 200);
    for _ in 0..5 {
        assert_eq!(tries(&app, "ann", "guess", theirs).await, (401, None));
    }
    assert_eq!(tries(&app, "ann", "guess", theirs).await, (429, Some(12)), "also when the guess is right:");
    assert_eq!(right(theirs).await.0, 429);
    assert_eq!(tries(&app, "nobody", "guess", theirs).await.0, 401, "an address has its own limit");
    assert_eq!(right(mine).await.0, 200);
    app.advance(12_000).await;
    assert_eq!(tries(&app, "ann", "guess", theirs).await.0, 401);
    assert_eq!(tries(&app, "ann", "guess", theirs).await.0, 429);
    // Guesses from many addresses: strangers wait, a known address of the worker does not.
    for number in 0..100 {
        tries(&app, "ann", "guess", &format!("198.51.{number}.1")).await;
    }
    assert_eq!(tries(&app, "ann", "guess", "203.0.113.1").await.0, 429);
    assert_eq!(right(mine).await.0, 200);
    assert_eq!(ann.snapshot().await["worker"]["name"], "ann", "a worker who is logged in stays logged in");
    app.inner.stop.cancel();
}

async fn an_address_has_a_limit_of_log_ins_over_all_names(app: TestApp) {
    let app = set(&app, Settings { log_ins_per_minute: 8, ..behind_a_proxy() }, Rules::default()).await;
    for number in 0..8 {
        assert_eq!(tries(&app, &format!("n{number}"), "x", "2001:db8::1").await.0, 401);
    }
    assert_eq!(tries(&app, "n9", "x", "2001:db8::2").await.0, 429, "the same house");
    assert_eq!(tries(&app, "n9", "x", "2001:db8:0:1::1").await.0, 401);
    // What the client writes into the header does not count: the proxy appends the last address.
    assert_eq!(tries(&app, "n9", "x", "198.51.100.1, 2001:db8::1").await.0, 429);
    assert_eq!(tries(&app, "n9", "x", "2001:db8::1, 127.0.0.1").await.0, 429, "a second proxy of ours");
    let sign_up = json!({"invite": "x", "name": "n", "password": "correct horse"});
    let request =
        app.http.post(format!("{}/desk/api/signup", app.base)).header("sec-fetch-site", "same-origin");
    let answer = request.header("x-forwarded-for", "2001:db8::1").json(&sign_up).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    app.inner.stop.cancel();
}

async fn a_network_has_a_limit_of_log_ins_over_all_its_addresses(app: TestApp) {
    let app = set(&app, Settings { log_ins_per_minute: 4, ..behind_a_proxy() }, Rules::default()).await;
    let ann = TestAgent::signs_up(&app, "ann").await;
    assert_eq!(tries(&app, &ann.name, "correct horse", "2001:db8:0:fff::1").await.0, 200);
    assert_eq!(tries(&app, &ann.name, "correct horse", "192.0.2.200").await.0, 200);
    for number in 1..20 {
        assert_eq!(tries(&app, &format!("n{number}"), "x", &format!("2001:db8:0:{number}::1")).await.0, 401);
        assert_eq!(tries(&app, &format!("m{number}"), "x", &format!("192.0.2.{number}")).await.0, 401);
    }
    for site in ["2001:db8:0:99::1", "192.0.2.99"] {
        let (status, wait) = tries(&app, "n99", "x", site).await;
        assert!(status == 429 && wait.is_some(), "{site} {status}");
    }
    assert_eq!(tries(&app, "n99", "x", "2001:db8:1::1").await.0, 401, "another site");
    assert_eq!(
        tries(&app, &ann.name, "correct horse", "2001:db8:0:fff::2").await.0,
        200,
        "known at the site"
    );
    assert_eq!(tries(&app, &ann.name, "correct horse", "192.0.2.200").await.0, 200);
    app.inner.stop.cancel();
}

async fn without_a_trusted_proxy_no_header_sets_the_address(app: TestApp) {
    let app = set(&app, Settings { log_ins_per_minute: 4, ..Settings::default() }, Rules::default()).await;
    for number in 0..4 {
        assert_eq!(tries(&app, &format!("n{number}"), "x", &format!("192.0.2.{number}")).await.0, 401);
    }
    assert_eq!(tries(&app, "n9", "x", "192.0.2.9").await.0, 429);
    app.inner.stop.cancel();
}

async fn an_address_creates_a_limited_number_of_customers(app: TestApp) {
    let settings = Settings { new_customers_per_hour: 2, messages_per_minute: 6, ..Settings::default() };
    let app = set(&app, settings, Rules::default()).await;
    let account = app.account().await;
    let (ann, bob) = (account.customer(), account.customer());
    ann.says("hello").await;
    bob.says("hello").await;
    let path = format!("/chat/api/{}/message", account.appid);
    let third = app.send(&path, "", &json!({"client_id": "1", "text": "hello"})).await;
    assert_eq!((third.status().as_u16(), third.headers()["retry-after"].to_str().unwrap()), (429, "1800"));
    let refusal: Value = third.json().await.unwrap();
    assert_eq!(code(&refusal), 990006);
    for number in 0..3 {
        ann.says(&format!("and {number}")).await;
    }
    let more = app.send(&path, &ann.cookie(), &json!({"client_id": "m", "text": "more"})).await;
    assert_eq!(more.status(), 429, "the address's messages of this minute");
    app.advance(1_800_000).await;
    account.customer().says("hello").await;
    app.inner.stop.cancel();
}

async fn an_operator_sets_how_long_invitations_last_and_how_many_agents_a_worker_may_be(app: TestApp) {
    let app = set(
        &app,
        Settings::default(),
        Rules { invitation_hours: 2, worker_agents_max: 1, ..Rules::default() },
    )
    .await;
    let (account, other) = (app.account().await, app.account().await);
    account.adds("a1").await;
    account.invites("a1", "cat").await;
    assert_eq!(account.kf_list().await[0]["invite_expire_time"], 1_800_000_000 + 2 * 3600);
    app.advance(2 * 3_600_000).await;
    let (account, other) =
        (account.with_token(&account.fetch_token().await), other.with_token(&other.fetch_token().await));
    assert_eq!(account.kf_list().await[0]["invite_status"], "expired");
    let ann = account.agent("b1").await;
    other.adds("a1").await;
    assert_eq!(code(&other.invites("a1", &ann.name).await), 65410);
    app.inner.stop.cancel();
}

async fn a_sign_up_link_ends_when_the_operator_says(app: TestApp) {
    let made = app.command(Command::WorkerInvite { name: None, hours: 1 }).await.unwrap();
    let link = made["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
    app.advance(3_600_000).await;
    let body = json!({"invite": link, "name": "ann", "password": "correct horse"});
    let answer: Value = app.send("/desk/api/signup", "", &body).await.json().await.unwrap();
    assert_eq!(code(&answer), 990012);
}

async fn pages_are_served_under_configured_host_names_only(app: TestApp) {
    let account = app.account().await;
    let chat = format!("/chat/{}", account.appid);
    let snapshot = format!("/chat/api/{}/snapshot", account.appid);
    for path in ["/desk/", "/desk/api/snapshot", &chat, &snapshot] {
        for (host, ours) in [
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("evil.example:80", false),
            ("a b", false),
            ("127.0.0.1", true),
            ("127.0.0.1:1", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("desk.localhost", true),
        ] {
            let answer =
                app.http.get(format!("{}{path}", app.base)).header("host", host).send().await.unwrap();
            assert_eq!(answer.status() == 421, !ours, "{path} {host}");
        }
    }
    let settings = Settings { public_url: Some("https://desk.example.com".into()), ..Settings::default() };
    let app = set(&app, settings, Rules::default()).await;
    for (host, status) in [
        ("desk.example.com", 200),
        ("DESK.example.com:443", 200),
        ("other.example.com", 421),
        ("127.0.0.1", 200),
    ] {
        let answer = app.http.get(format!("{}/desk/", app.base)).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
    }
    app.inner.stop.cancel();
}

async fn every_page_and_every_refusal_of_one_has_security_headers(app: TestApp) {
    let account = app.account().await;
    for path in ["/desk/".to_owned(), format!("/chat/{}", account.appid)] {
        let answer = app.ask(&path, "").await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
    for path in
        ["/desk/api/snapshot".to_owned(), "/nothing".into(), format!("/chat/api/{}/snapshot", account.appid)]
    {
        let answer = app.ask(&path, "").await;
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn a_server_with_default_settings_has_limits() {
    let demo = RunningServer::start(crate::fixture::running::DEMO, &crate::fixture::engine::Fresh::folder());
    let guess = || {
        let request = reqwest::Client::new()
            .post(format!("{}/desk/api/login", demo.base))
            .header("sec-fetch-site", "same-origin");
        request.json(&json!({"name": "kf_demo", "password": "guess"})).send()
    };
    for _ in 0..5 {
        assert_eq!(guess().await.unwrap().status(), 401);
    }
    assert_eq!(guess().await.unwrap().status(), 429);
    assert_eq!(code(&demo.get(&format!("/chat/api/{APPID}/snapshot")).await), 0, "others go on");
}
