//! Arbitrary bytes.

use super::samples;
use crate::actors::TestApp;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// Random bodies for each endpoint.
const CASES: usize = 60;

/// Random bytes; random bytes after the beginning of JSON; a valid body with one part replaced.
fn bodies(sound: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let sound = sound.as_bytes().to_vec();
    let length = sound.len();
    let spoiled =
        (Just(sound), 0..=length, 0..4_usize, vec(any::<u8>(), 0..4)).prop_map(|(mut body, at, cut, put)| {
            let end = (at + cut).min(body.len());
            body.splice(at..end, put);
            body
        });
    let json = "\\{(\"[a-z_@\\\\]{0,4}\":(\"[^\"]{0,8}\"|[0-9e.-]{1,5}|null|true|\\{\\}|\\[[0-9,]{0,5}\\]),?){0,4}\\}?";
    proptest::prop_oneof![vec(any::<u8>(), 0..200), json.prop_map(String::into_bytes), spoiled]
}

on_both_engines! {
    arbitrary_bytes_get_an_errcode_from_weixins_paths,
    arbitrary_bytes_get_a_fitting_status_from_the_pages,
    arbitrary_tokens_and_names_get_a_refusal,
}

async fn arbitrary_bytes_get_an_errcode_from_weixins_paths(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let mut runner = TestRunner::deterministic();
    for number in 0..samples(&account).len() {
        let account = account.with_token(&account.fetch_token().await);
        let sample = &samples(&account)[number];
        let sound = if sample.body.is_null() { "{}".to_owned() } else { sample.body.to_string() };
        for _ in 0..CASES {
            let body = bodies(&sound).new_tree(&mut runner).unwrap().current();
            // `raw` asserts the form of the answer: 200, the content type, one line of JSON.
            let answer = if sample.methods.contains(&"POST") {
                sample.takes(&account, body.clone()).await
            } else {
                account.raw(sample.methods[0], &sample.address(&account), body.clone()).await
            };
            let is_data = answer.get("errcode").is_none() && sample.body.is_null()
                || answer.get("access_token").is_some();
            let number = answer.get("errcode").and_then(Value::as_i64);
            assert!(
                is_data || number.is_some_and(|number| number != -1),
                "{} {answer} to {body:?}",
                sample.paths[0]
            );
        }
    }
}

async fn arbitrary_bytes_get_a_fitting_status_from_the_pages(app: TestApp) {
    let account = app.account().await;
    let agent = account.agent("a1").await;
    let chat = format!("/chat/api/{}/message", account.appid);
    let mut runner = TestRunner::deterministic();
    for (path, sound) in [
        ("/desk/api/signup", r#"{"invite":"x","name":"ann","password":"long enough"}"#),
        ("/desk/api/invitation", r#"{"appid":"wx0123456789abcdef","kf_account":"a1@b","accept":true}"#),
        ("/desk/api/presence", r#"{"appid":"wx0123456789abcdef","away":true}"#),
        ("/desk/api/session/accept", r#"{"appid":"wx0123456789abcdef","session":1}"#),
        ("/desk/api/message", r#"{"appid":"wx0123456789abcdef","session":1,"client_id":"1","text":"hi"}"#),
        (&chat, r#"{"client_id":"1","text":"hi"}"#),
    ] {
        for _ in 0..CASES {
            let body = bodies(sound).new_tree(&mut runner).unwrap().current();
            let request =
                app.http.post(format!("{}{path}", app.base)).header("sec-fetch-site", "same-origin");
            let request = request.header("content-type", "application/json").header("cookie", &agent.cookie);
            let response = request.body(body.clone()).send().await.unwrap();
            let status = response.status().as_u16();
            assert!([200, 400, 403, 404, 409].contains(&status), "{path} {status} to {body:?}");
            let answer: Value = response.json().await.unwrap();
            assert!(status == 200 || answer["errcode"].is_i64(), "{path} {answer}");
        }
    }
}

async fn arbitrary_tokens_and_names_get_a_refusal(app: TestApp) {
    let account = app.account().await;
    let mut runner = TestRunner::deterministic();
    let escaped =
        vec(any::<u8>(), 0..40).prop_map(|bytes| form_urlencoded::byte_serialize(&bytes).collect::<String>());
    for (path, codes) in [
        ("/cgi-bin/customservice/getkflist?access_token=", &[41001, 40014, 40001][..]),
        ("/customservice/kfsession/getsessionlist?access_token=TOKEN&kf_account=", &[65401]),
        ("/customservice/kfaccount/del?access_token=TOKEN&kf_account=", &[65401]),
        ("/customservice/kfsession/getsession?access_token=TOKEN&openid=", &[40003]),
        ("/cgi-bin/token?grant_type=client_credential&secret=x&appid=", &[41002, 40013]),
    ] {
        for _ in 0..CASES {
            let value = escaped.new_tree(&mut runner).unwrap().current();
            let path = format!("{}{value}", path.replace("TOKEN", &account.token));
            let answer = account.raw("GET", &path, Vec::new()).await;
            assert!(codes.contains(&answer["errcode"].as_i64().unwrap()), "{path} {answer}");
        }
    }
}
