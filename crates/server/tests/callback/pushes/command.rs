//! `kefu push`, as operators and scripts run it.

use crate::callback::receiver::{Receiver, TOKEN};
use crate::fixture::engine::Fresh;
use crate::fixture::running::{APPID, DEMO, RunningServer, kefu};
use serde_json::Value;
use std::time::Duration;

fn asks(args: &[&str], fresh: &Fresh) -> Value {
    let (done, said) = kefu(&[args, &["--appid", APPID, "--json"]].concat(), fresh);
    assert!(done, "{args:?}: {said}");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// With a folder, because commands reach the server by its socket there; the engines are compared by the other tests.
#[tokio::test]
async fn scripts_list_show_and_replay_pushes() {
    // The receiver runs on this thread's runtime, so the command that calls it must not block it.
    let fresh = std::sync::Arc::new(Fresh::folder());
    let (demo, receiver) = (RunningServer::start(DEMO, &fresh), Receiver::start().await);
    let url = receiver.url.clone();
    let runs = |args: Vec<String>| {
        let fresh = fresh.clone();
        tokio::task::spawn_blocking(move || {
            asks(&args.iter().map(String::as_str).collect::<Vec<_>>(), &fresh)
        })
    };
    let run = async |line: &str| runs(line.split(' ').map(str::to_owned).collect()).await.unwrap();
    run(&format!("account callback --url {url} --token {TOKEN}")).await;
    receiver.answers(|_| (200, "\u{feff}success".to_owned()));
    let openid = "o".repeat(28);
    run(&format!("customer say --openid {openid} --text hello")).await;
    let mut page = run("push list --since 0.0").await;
    while page["pushes"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = run("push list --since 0.0").await;
    }
    let push = page["pushes"][0].clone();
    let id = push["id"].as_str().unwrap();
    assert_eq!((push["what"].as_str(), push["outcome"].as_str()), (Some("text"), Some("taken")));
    let shown = run(&format!("push show --id {id}")).await;
    assert_eq!(shown["tries"][0]["warnings"][0]["warning"], "byte_order_mark");
    let replayed = run(&format!("push replay --id {id}")).await;
    assert_eq!(replayed[0]["answered"]["understood"]["reply"], "nothing");
    assert_eq!(run("push replay --failed-within 1h").await, Value::Array(Vec::new()));
    assert_eq!(run("push pause").await["paused"], true);
    assert_eq!(run("push list").await["paused"], true);
    assert_eq!(run("push resume").await["paused"], false);
    // For people: one member a line, and what the warning means.
    let human = fresh.clone();
    let shown = ["push", "show", "--appid", APPID, "--id", id].map(str::to_owned);
    let (done, said) = tokio::task::spawn_blocking(move || {
        kefu(&shown.iter().map(String::as_str).collect::<Vec<_>>(), &human)
    })
    .await
    .unwrap();
    assert!(done && said.contains("clear") && said.contains("BOM") && said.contains("outcome"), "{said}");
    demo.stop();
    let (done, said) = kefu(&["push", "show", "--appid", APPID, "--id", "1"], &fresh);
    assert!(!done && said.contains("--help"), "{said}");
    let (done, said) = kefu(&["push", "show", "--appid", APPID, "--id", "999.0"], &fresh);
    assert!(!done && said.contains("kefu push list"), "{said}");
}
