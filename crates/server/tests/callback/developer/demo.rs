//! `kefu demo --callback`: a program on this machine is the demo's developer's server from the start.

use crate::actors::first_cookie;
use crate::callback::receiver::{Receiver, TOKEN};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, RunningServer, kefu};
use serde_json::{Value, json};

on_both_engines! {
    with_fresh_data:
    a_demo_pushes_to_a_program_that_is_there,
    a_demo_waits_for_a_program_and_says_what_is_wrong_with_one,
}

fn demo(url: &str, token: &str, fresh: &Fresh) -> RunningServer {
    RunningServer::start(&[DEMO, &["--callback", url, "--callback-token", token]].concat(), fresh)
}

async fn a_demo_pushes_to_a_program_that_is_there(fresh: Fresh) {
    let receiver = Receiver::apart("127.0.0.1:0".parse().unwrap());
    let demo = demo(&receiver.url, TOKEN, &fresh);
    assert_eq!(demo.says("Messages go"), format!("{}, token {TOKEN}", receiver.url));
    assert!(demo.says("Message push").contains("answers"));
    let path = format!("{}/chat/api/{APPID}/message", demo.base);
    let message = reqwest::Client::new().post(path).header("sec-fetch-site", "same-origin");
    let message =
        message.header("cookie", first_cookie(APPID)).json(&json!({"client_id": "1", "text": "你好"}));
    assert_eq!(message.send().await.unwrap().status(), 200);
    assert_eq!(receiver.received(1).await[0].element("Content"), "你好");
    demo.stop();
}

async fn a_demo_waits_for_a_program_and_says_what_is_wrong_with_one(fresh: Fresh) {
    let receiver = Receiver::apart("127.0.0.1:0".parse().unwrap());
    let demo = demo(&receiver.url, "another1", &fresh);
    let said = demo.says("Message push");
    assert!(said.contains("status 403") && said.contains("the signature was"), "{said}");
    demo.says("Start or mend the program.");
    receiver.has_token("another1");
    // With PostgreSQL the command calls by itself.
    let networks = ["--callback-network", "127.0.0.0/8"];
    let verify = ["account", "callback", "--appid", APPID, "--verify", "--json"];
    let (done, said) = kefu(&[&verify[..], &networks].concat(), &fresh);
    let shown: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    assert!(done && shown["url"] == receiver.url, "{said}");
    demo.stop();
    // The next demo starts before the program.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let demo = self::demo(&format!("http://{address}/wx?of=mine"), TOKEN, &fresh);
    demo.says("Messages go");
    let late = Receiver::apart(address);
    assert!(demo.says("Message push").contains(&late.url));
    demo.stop();
}
