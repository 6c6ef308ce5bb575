//! The program as operators run it: flags, signals, admin socket, log.

use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, RunningServer, SECRET, kefu};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines! {
    with_fresh_data:
    a_second_demo_finds_yesterdays_data,
    commands_work_with_and_without_a_running_server,
    a_server_with_an_open_stream_stops_in_time_and_has_kept_its_secrets,
    data_of_a_newer_kefu_is_refused_with_both_versions,
}

async fn a_second_demo_finds_yesterdays_data(fresh: Fresh) {
    let demo = RunningServer::start(DEMO, &fresh);
    let token = demo.token().await;
    let url = format!("{}/customservice/kfaccount/add?access_token={token}", demo.base);
    let body = json!({"kf_account": "kf2@demo", "nickname": "客服2"}).to_string();
    assert_eq!(
        reqwest::Client::new().post(url).body(body).send().await.unwrap().text().await.unwrap(),
        r#"{"errcode":0,"errmsg":"ok"}"#
    );
    demo.stop();
    let demo = RunningServer::start(DEMO, &fresh);
    let list = demo.get(&format!("/cgi-bin/customservice/getkflist?access_token={token}")).await;
    assert_eq!(list["kf_list"].as_array().unwrap().len(), 2, "and the token lives on");
    assert_eq!(list["kf_list"][0]["kf_wx"], "kf_demo");
    demo.stop();
    let (served, said) = kefu(&["serve", "--listen", "127.0.0.1:0"], &fresh);
    assert!(!served && said.contains("--allow-demo"), "{said}");
}

async fn commands_work_with_and_without_a_running_server(fresh: Fresh) {
    let demo = RunningServer::start(DEMO, &fresh);
    let token = demo.token().await;
    let list = format!("/cgi-bin/customservice/getkflist?access_token={token}");
    assert!(demo.get(&list).await["kf_list"].is_array());
    assert!(kefu(&["token", "expire", "--appid", APPID], &fresh).0);
    assert_eq!(demo.get(&list).await["errcode"], 42001);
    let (made, link) = kefu(&["worker", "invite", "--json"], &fresh);
    assert!(made && link.contains("/desk/#join="), "{link}");
    demo.stop();
    let (listed, accounts) = kefu(&["account", "list", "--json"], &fresh);
    assert!(listed && serde_json::from_str::<Value>(&accounts).unwrap()[0]["appid"] == APPID, "{accounts}");
    let (made, said) =
        kefu(&["account", "create", "--principal", "individual", "--certified", "true"], &fresh);
    assert!(!made && said.contains("cannot be certified"), "{said}");
    let (made, said) = kefu(&["account", "show", "--appid", "wx00000000000000ff"], &fresh);
    assert!(!made && said.contains("account list"), "{said}");
}

async fn a_server_with_an_open_stream_stops_in_time_and_has_kept_its_secrets(fresh: Fresh) {
    let demo = RunningServer::start(DEMO, &fresh);
    let client = reqwest::Client::new();
    let post = |path: &str, cookie: &str, body: Value| {
        client
            .post(format!("{}{path}", demo.base))
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie)
            .json(&body)
            .send()
    };
    let login = post("/desk/api/login", "", json!({"name": "kf_demo", "password": "demo"})).await.unwrap();
    let cookie = crate::actors::cookie_of(&login).unwrap();
    let stream =
        client.get(format!("{}/desk/api/stream", demo.base)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let text = "a very private sentence";
    let sent = post(
        &format!("/chat/api/{APPID}/message"),
        &crate::actors::first_cookie(APPID),
        json!({"client_id": "1", "text": text}),
    )
    .await
    .unwrap();
    let visitor = crate::actors::cookie_of(&sent).unwrap();
    let message: Value = sent.json().await.unwrap();
    let openid = message["message"]["openid"].as_str().unwrap().to_owned();
    let token = demo.token().await;
    demo.get(&format!("/customservice/kfsession/getsession?access_token={token}&openid={openid}")).await;
    demo.get(&format!("/customservice/kfsession/getsession?access_token={token}&openid=bad")).await;
    let (took, log) = demo.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(log.contains("stopping"));
    for secret in
        [text, &openid, &token, SECRET, cookie.split_once('=').unwrap().1, visitor.split_once('=').unwrap().1]
    {
        assert!(!log.contains(secret), "the log contains {secret}");
    }
}

async fn data_of_a_newer_kefu_is_refused_with_both_versions(fresh: Fresh) {
    RunningServer::start(DEMO, &fresh).stop();
    fresh.claims_version(99);
    let (served, said) = kefu(&["serve", "--listen", "127.0.0.1:0"], &fresh);
    assert!(!served && said.contains("version 99") && said.contains("knows versions up to "), "{said}");
}

#[test]
fn a_demo_is_for_this_machine_only() {
    let (served, said) = kefu(&["demo", "--listen", "0.0.0.0:0"], &Fresh::folder());
    assert!(!served && said.contains("loopback"), "{said}");
}

#[tokio::test]
async fn cookies_are_secure_where_people_use_https() {
    let log_in = |demo: &RunningServer, proto: &'static str| {
        let request = reqwest::Client::new().post(format!("{}/desk/api/login", demo.base));
        let request = request.header("sec-fetch-site", "same-origin").header("x-forwarded-proto", proto);
        let sent = request.json(&json!({"name": "kf_demo", "password": "demo"})).send();
        async { sent.await.unwrap().headers()["set-cookie"].to_str().unwrap().contains("; Secure") }
    };
    let trusting =
        RunningServer::start(&[DEMO, &["--trusted-proxy", "127.0.0.1"]].concat(), &Fresh::folder());
    assert!(log_in(&trusting, "https").await && !log_in(&trusting, "http").await);
    let alone = RunningServer::start(DEMO, &Fresh::folder());
    assert!(!log_in(&alone, "https").await, "anybody can send a header");
}

#[test]
fn a_command_without_data_says_how_to_create_it() {
    let (done, said) = kefu(&["account", "list"], &Fresh::folder());
    assert!(!done && said.contains("kefu serve"), "{said}");
}
