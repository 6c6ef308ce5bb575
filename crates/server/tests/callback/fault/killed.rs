//! A server that is killed between a try and the record of its end.

use crate::actors::{cookie_of, first_cookie, until};
use crate::callback::receiver::{Receiver, TOKEN};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, RunningServer};
use serde_json::{Value, json};

on_both_engines! {
    with_fresh_data: a_push_under_way_in_a_server_that_is_killed_comes_again_and_acts_once
}

async fn a_push_under_way_in_a_server_that_is_killed_comes_again_and_acts_once(fresh: Fresh) {
    let receiver = Receiver::start().await;
    receiver.answers(|push| (200, push.answered("<MsgType>text</MsgType><Content>您好</Content>")));
    RunningServer::start(DEMO, &fresh).stop();
    fresh.runs(format!(
        "insert into callback (appid, url, token, mode, format, aes_key, previous_key, set_at)
            values ('{APPID}', '{}', '{TOKEN}', 'plain', 'xml', '', '', 0);
         insert into push_cursor (appid, seq) select owner, seq from head where owner = '{APPID}';",
        receiver.url
    ));
    receiver.releases(0);
    let server = RunningServer::start(DEMO, &fresh);
    let sent = reqwest::Client::new().post(format!("{}/chat/api/{APPID}/message", server.base));
    let sent = sent.header("sec-fetch-site", "same-origin").header("cookie", first_cookie(APPID));
    let sent = sent.json(&json!({"client_id": "1", "text": "你好"})).send().await.unwrap();
    let cookie = cookie_of(&sent).unwrap();
    receiver.received(1).await;
    drop(server);
    let before = receiver.so_far().len();
    receiver.releases(usize::MAX);
    let again = RunningServer::start(DEMO, &fresh);
    let received = receiver.received(before + 1).await;
    assert!(received.iter().all(|push| push.body == received[0].body), "{received:?}");
    let texts = async || -> Vec<String> {
        let page = reqwest::Client::new().get(format!("{}/chat/api/{APPID}/snapshot", again.base));
        let page: Value = page.header("cookie", &cookie).send().await.unwrap().json().await.unwrap();
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    until("the answer is there", || async { texts().await.len() >= 2 }).await;
    assert_eq!(texts().await, ["你好", "您好"], "the answer acts once");
}
