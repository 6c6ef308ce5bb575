//! Logins: a worker lists them and ends them, and an ended browser learns why.

use crate::actors::{TestAgent, TestApp, cookie_of, run};
use crate::fixture::engine::Fresh;
use kefu::admin::Command;
use kefu::admin::remove::{RemoveCommand, Subject};
use kefu::config::{Rules, Settings};
use serde_json::{Value, json};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60";

/// Logs a worker in with a browser; the cookie.
async fn logs_in(app: &TestApp, name: &str, browser: &str) -> String {
    let request =
        app.http.post(format!("{}/desk/api/login", app.base)).header("sec-fetch-site", "same-origin");
    let request =
        request.header("user-agent", browser).json(&json!({"name": name, "password": "correct horse"}));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    cookie_of(&response).unwrap()
}

async fn logins(app: &TestApp, cookie: &str) -> Vec<Value> {
    let answer: Value = app.ask("/desk/api/logins", cookie).await.json().await.unwrap();
    answer["logins"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn ends(app: &TestApp, cookie: &str, which: Value) -> u16 {
    app.send("/desk/api/login/end", cookie, &which).await.status().as_u16()
}

async fn is_in(app: &TestApp, cookie: &str) -> bool {
    app.ask("/desk/api/snapshot", cookie).await.status() == 200
}

/// What a call and a stream answer to a browser whose login has ended.
async fn why(app: &TestApp, cookie: &str) -> Option<String> {
    let mut reasons = Vec::new();
    for path in ["/desk/api/snapshot", "/desk/api/stream?since=", "/desk/api/debug"] {
        let response = app.ask(path, cookie).await;
        assert_eq!(response.status(), 401, "{path}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errcode"], 990_002, "{path}");
        reasons.push(answer.get("ended").map(|reason| reason.as_str().unwrap().to_owned()));
    }
    assert!(reasons.windows(2).all(|pair| pair[0] == pair[1]), "{reasons:?}");
    reasons.swap_remove(0)
}

/// The number of ended logins in the store.
async fn remembered(app: &TestApp) -> i64 {
    let count = app.inner.desk.store.read("", |tx| tx.one("select count(*) from ended_login", &[]));
    count.await.unwrap().unwrap().int(0)
}

on_both_engines! {
    a_worker_lists_logins_and_ends_the_others,
    an_ended_login_ends_its_stream,
    a_browser_learns_why_its_login_ended,
    a_browser_learns_that_an_operator_reset_the_password,
    a_browser_learns_that_its_login_expired,
    without_an_ended_login_no_reason_is_given,
    reasons_are_kept_for_as_long_as_logins_last,
    workers_cannot_see_or_end_logins_of_others,
    a_login_shows_the_hour_of_its_last_use,
    an_operator_lists_and_ends_logins,
}

async fn a_worker_lists_logins_and_ends_the_others(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    app.advance(60_000).await;
    let desktop = logs_in(&app, "ann", FIREFOX).await;
    app.advance(60_000).await;
    let phone = logs_in(&app, "ann", PHONE).await;
    let list = logins(&app, &desktop).await;
    let shown: Vec<_> = list
        .iter()
        .map(|it| {
            (
                it["browser"].as_str().unwrap(),
                it["address"].as_str().unwrap(),
                it["current"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("WeChat, iPhone", "127.0.0.1", false),
            ("Firefox, Linux", "127.0.0.1", true),
            ("", "127.0.0.1", false)
        ]
    );
    assert_eq!(list[0]["created_at"].as_i64().unwrap() - list[2]["created_at"].as_i64().unwrap(), 120_000);
    let text = serde_json::to_string(&list).unwrap();
    assert!(!text.contains(desktop.split_once('=').unwrap().1), "an id opens nothing");
    assert_eq!(ends(&app, &desktop, json!({"id": list[0]["id"]})).await, 200);
    assert_eq!(
        (is_in(&app, &phone).await, is_in(&app, &ann.cookie).await, is_in(&app, &desktop).await),
        (false, true, true)
    );
    assert_eq!(ends(&app, &desktop, json!({"id": list[0]["id"]})).await, 404, "it has ended");
    assert_eq!(ends(&app, &desktop, json!({})).await, 200);
    assert_eq!((is_in(&app, &ann.cookie).await, is_in(&app, &desktop).await), (false, true));
    assert_eq!(logins(&app, &desktop).await.len(), 1);
}

async fn an_ended_login_ends_its_stream(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let elsewhere = TestAgent { cookie: logs_in(&app, &ann.name, FIREFOX).await, ..ann.clone() };
    let (here, there) = (ann.comes_online().await, elsewhere.comes_online().await);
    let list = logins(&app, &ann.cookie).await;
    assert_eq!(
        ends(&app, &ann.cookie, json!({"id": list.iter().find(|it| it["current"] == false).unwrap()["id"]}))
            .await,
        200
    );
    there.ends().await;
    assert!(is_in(&app, &ann.cookie).await);
    assert_eq!(account.online().await.len(), 1, "the agent is still online");
    drop(here);
}

async fn a_browser_learns_why_its_login_ended(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let here = ann.cookie.clone();
    let another = async || logs_in(&app, "ann", PHONE).await;
    let [one, others, changed] = [another().await, another().await, another().await];
    let id = async |cookie: &str| {
        let list = logins(&app, cookie).await;
        list.iter().find(|it| it["current"] == true).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(ends(&app, &here, json!({"id": id(&one).await})).await, 200);
    assert_eq!(why(&app, &one).await.as_deref(), Some("device"));
    assert_eq!(ends(&app, &changed, json!({})).await, 200);
    for ended in [&others, &here] {
        assert_eq!(why(&app, ended).await.as_deref(), Some("device"));
    }
    let here = another().await;
    let new = json!({"current": "correct horse", "new": "battery staple"});
    assert_eq!(app.send("/desk/api/password", &here, &new).await.status(), 200);
    assert_eq!(why(&app, &changed).await.as_deref(), Some("password"));
    let log_out = Command::WorkerLogOut { name: "ann".into(), login: Some(id(&here).await) };
    app.command(log_out).await.unwrap();
    assert_eq!(why(&app, &here).await.as_deref(), Some("operator"));
}

async fn a_browser_learns_that_an_operator_reset_the_password(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    app.command(Command::WorkerReset("ann".into())).await.unwrap();
    assert_eq!(why(&app, &ann.cookie).await.as_deref(), Some("reset"));
    let all = TestAgent::signs_up(&app, "bob").await;
    app.command(Command::WorkerLogOut { name: "bob".into(), login: None }).await.unwrap();
    assert_eq!(why(&app, &all.cookie).await.as_deref(), Some("operator"));
}

async fn a_browser_learns_that_its_login_expired(app: TestApp) {
    TestAgent::signs_up(&app, "ann").await;
    let answer = app.send("/desk/api/login", "", &json!({"name": "ann", "password": "correct horse"})).await;
    let header = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(header.contains("Max-Age=691200"), "the browser has it for a day longer: {header}");
    let cookie = cookie_of(&answer).unwrap();
    app.advance(7 * 24 * 3_600_000).await;
    assert_eq!(why(&app, &cookie).await.as_deref(), Some("expired"));
}

async fn without_an_ended_login_no_reason_is_given(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    assert_eq!(why(&app, "").await, None);
    for made_up in ["x".to_owned(), "x".repeat(43), "x".repeat(4_000)] {
        assert_eq!(why(&app, &format!("kefu_login={made_up}")).await, None);
    }
    assert_eq!(app.send("/desk/api/logout", &ann.cookie, &json!({})).await.status(), 200);
    assert_eq!(why(&app, &ann.cookie).await, None, "the browser did it itself");
}

async fn reasons_are_kept_for_as_long_as_logins_last(app: TestApp) {
    TestAgent::signs_up(&app, "ann").await;
    let phone = logs_in(&app, "ann", PHONE).await;
    let ends_all = || Command::WorkerLogOut { name: "ann".into(), login: None };
    app.command(ends_all()).await.unwrap();
    assert_eq!(remembered(&app).await, 2);
    app.advance(7 * 24 * 3_600_000).await;
    assert_eq!(why(&app, &phone).await, None, "its cookie is none any more");
    logs_in(&app, "ann", PHONE).await;
    app.command(ends_all()).await.unwrap();
    assert_eq!(remembered(&app).await, 1, "expired reasons are deleted");
    app.command(Command::Remove(RemoveCommand { subject: Subject::Worker("ann".into()), confirmed: true }))
        .await
        .unwrap();
    assert_eq!(remembered(&app).await, 0);
}

async fn workers_cannot_see_or_end_logins_of_others(app: TestApp) {
    let (ann, bob) = (TestAgent::signs_up(&app, "ann").await, TestAgent::signs_up(&app, "bob").await);
    let listed = logins(&app, &ann.cookie).await;
    assert_eq!(ends(&app, &bob.cookie, json!({"id": listed[0]["id"]})).await, 404);
    assert_eq!(ends(&app, &bob.cookie, json!({})).await, 200, "he has no other");
    assert!(is_in(&app, &ann.cookie).await);
    assert_eq!(logins(&app, &bob.cookie).await.len(), 1);
    assert_eq!(app.ask("/desk/api/logins", "").await.status(), 401);
    assert_eq!(ends(&app, "", json!({})).await, 401);
}

async fn a_login_shows_the_hour_of_its_last_use(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let used = async || logins(&app, &ann.cookie).await[0]["used_at"].as_i64().unwrap();
    let begun = used().await;
    app.advance(59 * 60_000).await;
    assert_eq!(used().await, begun);
    app.advance(60_000).await;
    assert!(is_in(&app, &ann.cookie).await);
    assert_eq!(used().await, begun + 3_600_000);
}

async fn an_operator_lists_and_ends_logins(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let phone = logs_in(&app, "ann", PHONE).await;
    let list = app.command(Command::WorkerLogins("ann".into())).await.unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["current"]), (2, &json!(false)));
    let one = |login: Option<&Value>| Command::WorkerLogOut {
        name: "ann".into(),
        login: login.map(|id| id.as_str().unwrap().into()),
    };
    assert_eq!(
        app.command(one(Some(
            &list.as_array().unwrap().iter().find(|it| it["browser"] == "WeChat, iPhone").unwrap()["id"]
        )))
        .await
        .unwrap()["ended"],
        1
    );
    assert_eq!((is_in(&app, &phone).await, is_in(&app, &ann.cookie).await), (false, true));
    assert_eq!(app.command(one(None)).await.unwrap()["ended"], 1);
    assert!(!is_in(&app, &ann.cookie).await);
    assert!(app.command(one(Some(&json!("nothing")))).await.is_err());
    let unknown = Command::WorkerLogOut { name: "nobody".into(), login: None };
    assert!(app.command(unknown).await.is_err());
}

#[test]
fn a_login_that_is_ended_at_one_node_ends_at_the_other() {
    run(Fresh::schema(), async |here: TestApp| {
        let there = TestApp::start_with(here.fresh.clone(), 8, Settings::default(), Rules::default()).await;
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let elsewhere =
            TestAgent { app: there.clone(), cookie: logs_in(&there, &ann.name, PHONE).await, ..ann.clone() };
        let stream = elsewhere.comes_online().await;
        assert_eq!(ends(&here, &ann.cookie, json!({})).await, 200);
        stream.ends().await;
        assert!(!is_in(&there, &elsewhere.cookie).await);
        there.inner.stop.cancel();
    });
}
