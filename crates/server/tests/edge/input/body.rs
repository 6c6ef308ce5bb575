//! Bodies of Weixin's endpoints.

use super::{openid, samples};
use crate::actors::{TestAccount, TestApp, code};
use serde_json::{Value, json};

/// The largest body, in bytes.
const MOST: usize = 256 * 1024;

/// `body` with more members, which are given as text.
fn with(body: &Value, more: &str) -> String {
    let text = body.to_string();
    format!("{}{more}}}", &text[..text.len() - 1])
}

/// Bodies that are no JSON object.
fn unsound() -> Vec<Vec<u8>> {
    let utf16: Vec<u8> = r#"{"kf_account":"a"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts = [
        "[]",
        "[{}]",
        "\"x\"",
        "1",
        "null",
        "true",
        "{",
        "}",
        "{}}",
        "{} {}",
        "{},",
        "{'a':1}",
        "{a:1}",
        r#"{"a":1,}"#,
        r#"{"a" 1}"#,
        r#"{"a":}"#,
        r#"{"a":01}"#,
        r#"{"a":.5}"#,
        r#"{"a":NaN}"#,
        r#"{"a":Infinity}"#,
        r#"{"a":1e999}"#,
        r#"{"a":tru}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\u12"}"#,
        r#"{"a":"open}"#,
        "// {}",
        "{}//",
        "kf_account=a1&nickname=n",
        "<xml><kf_account>a1</kf_account></xml>",
        "\u{feff}",
        "\u{a0}{}",
        "{}\0",
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let bytes: [&[u8]; 6] = [
        b"\xff",
        b"\xff{}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\x80\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\0",
    ];
    all.extend(bytes.iter().map(|bytes| bytes.to_vec()));
    all.push(utf16);
    all.push(format!("{{\"a\":{}", "[".repeat(200_000)).into_bytes());
    all.push("{\"a\":".repeat(40_000).into_bytes());
    all
}

/// Odd members beside those of the endpoint.
fn unsound_members() -> Vec<String> {
    let deep = |levels: usize| format!(r#","x":{}{}"#, "[".repeat(levels), "]".repeat(levels));
    let objects = |levels: usize| format!(r#","x":{}1{}"#, r#"{"y":"#.repeat(levels), "}".repeat(levels));
    let texts = [
        r#","x":1,"x":1"#,
        r#","x":1,"\u0078":2"#,
        r#","x":{"y":1,"y":2}"#,
        r#","x":[1,{"y":1,"z":2,"y":1}]"#,
        r#","x":"\u0000""#,
        r#","\u0000":1"#,
        r#","x":["\u0000"]"#,
        ",\"x\":\"a\0b\"",
        ",\"x\":\"a\nb\"",
        ",\"x\":\"a\tb\"",
        r#","x""#,
    ];
    texts.iter().map(ToString::to_string).chain([deep(128), objects(128)]).collect()
}

/// An account with an agent who is online and an agent without a worker.
async fn staffed(app: &TestApp) -> (TestAccount, crate::actors::Stream) {
    let account = app.account().await;
    let desk = account.agent("a1").await.comes_online().await;
    account.adds("free").await;
    (account, desk)
}

on_both_engines! {
    an_empty_body_is_44002_where_one_is_needed,
    a_body_that_is_not_one_valid_object_is_47001,
    a_line_break_that_an_sdk_forgot_to_escape_is_47001,
    an_odd_but_valid_body_is_read,
    a_body_ends_at_256_kib,
    each_member_must_be_there_and_be_a_string,
    each_member_that_is_empty_or_endless_has_its_code,
    a_body_is_json_whatever_its_type_and_however_it_comes,
}

async fn an_empty_body_is_44002_where_one_is_needed(app: TestApp) {
    let account = app.account().await;
    for number in 0..samples(&account).len() {
        // One of the endpoints issues tokens, which ends older ones.
        let account = account.with_token(&account.fetch_token().await);
        let sample = &samples(&account)[number];
        for body in ["", " ", "\r\n", "\t \n"] {
            let answer = code(&sample.takes(&account, body).await);
            if sample.needs_body() {
                assert_eq!(answer, 44002, "{}", sample.paths[0]);
            } else if sample.methods.contains(&"POST") {
                let expected = if sample.paths[0].ends_with("/del") { 65401 } else { 0 };
                assert_eq!(answer, expected, "{}", sample.paths[0]);
            }
        }
    }
}

async fn a_body_that_is_not_one_valid_object_is_47001(app: TestApp) {
    let (account, _desk) = staffed(&app).await;
    for sample in samples(&account).iter().filter(|sample| !sample.body.is_null()) {
        for body in unsound() {
            let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
            assert_eq!(code(&sample.takes(&account, body).await), 47001, "{} {shown}", sample.paths[0]);
        }
        let (first, value) = sample.body.as_object().unwrap().iter().next().unwrap();
        let again = format!(r#","{first}":{value}"#);
        for more in unsound_members().into_iter().chain([again]) {
            let body = with(&sample.body, &more);
            assert_eq!(code(&sample.takes(&account, body).await), 47001, "{} {more:.60}", sample.paths[0]);
        }
    }
    assert_eq!(account.kf_list().await.as_array().unwrap().len(), 2, "nothing was done");
}

async fn a_line_break_that_an_sdk_forgot_to_escape_is_47001(app: TestApp) {
    // itchatmp unescapes the whole JSON text before it sends it.
    let account = app.account().await;
    let body = format!("{{\"kf_account\": \"{}\", \"nickname\": \"two\nlines\"}}", account.kf("a1"));
    assert_eq!(
        code(
            &account
                .raw(
                    "POST",
                    &format!("/customservice/kfaccount/add?access_token={}", account.token),
                    body.into()
                )
                .await
        ),
        47001
    );
}

async fn an_odd_but_valid_body_is_read(app: TestApp) {
    let (account, _desk) = staffed(&app).await;
    let update = &samples(&account)[3];
    let plain = json!({"kf_account": account.kf("free"), "nickname": "客服"});
    let deep = |levels: usize| format!(r#","x":{}{}"#, "[".repeat(levels), "]".repeat(levels));
    let odd = [
        format!("\u{feff}{plain}"),
        format!("\r\n\t {plain}"),
        format!("{plain}\n"),
        plain.to_string().replace('@', "\\u0040"),
        plain.to_string().replace("客服", "\\u5ba2\\u670d"),
        with(&plain, r#","password":"e10adc","text":null,"kf_nick":1"#),
        with(&plain, r#","x":"\/\ud83e\udd8a","":1,"y":-1.5e300,"z":18446744073709551616"#),
        with(&plain, r#","x":{"y":1},"y":[{"y":1},{"y":1}]"#),
        with(&plain, &deep(127)),
        with(&plain, r#","x":"客服\u007f""#),
        serde_json::to_string_pretty(&plain).unwrap(),
    ];
    for body in odd {
        account
            .post(
                "/customservice/kfaccount/update",
                json!({"kf_account": account.kf("free"), "nickname": "old"}),
            )
            .await;
        assert_eq!(code(&update.takes(&account, body.clone()).await), 0, "{body:.90}");
        assert_eq!(account.kf_list().await[1]["kf_nick"], "客服", "{body:.90}");
    }
}

async fn a_body_ends_at_256_kib(app: TestApp) {
    let (account, _desk) = staffed(&app).await;
    for sample in samples(&account).iter().filter(|sample| !sample.body.is_null()) {
        let small = code(&sample.takes(&account, sample.body.to_string()).await);
        let sized = |size: usize| {
            let frame = with(&sample.body, r#","x":"""#);
            with(&sample.body, &format!(r#","x":"{}""#, "y".repeat(size - frame.len())))
        };
        assert_eq!(sized(MOST).len(), MOST);
        let most = code(&sample.takes(&account, sized(MOST)).await);
        assert!(
            most == small || [0, 65401, 65406, 65408, 65411, 65412].contains(&most),
            "{} {most}",
            sample.paths[0]
        );
        for size in [MOST + 1, 2 * MOST, 16 * MOST] {
            assert_eq!(code(&sample.takes(&account, sized(size)).await), 45002, "{} {size}", sample.paths[0]);
        }
        assert_eq!(code(&sample.takes(&account, " ".repeat(MOST + 1)).await), 45002, "{}", sample.paths[0]);
    }
}

async fn each_member_must_be_there_and_be_a_string(app: TestApp) {
    let (account, _desk) = staffed(&app).await;
    let wrong = [
        json!(1),
        json!(-1.5),
        json!(true),
        json!([]),
        json!({}),
        json!([account.kf("a1")]),
        json!({"a": "b"}),
    ];
    for sample in samples(&account).iter().filter(|sample| !sample.body.is_null()) {
        for name in sample.body.as_object().unwrap().keys() {
            let mut body = sample.body.clone();
            for value in wrong.iter().filter(|value| name != "force_refresh" || !value.is_boolean()) {
                body[name] = value.clone();
                assert_eq!(
                    code(&sample.takes(&account, body.to_string()).await),
                    47001,
                    "{} {body}",
                    sample.paths[0]
                );
            }
            let without = match (sample.paths[0], name.as_str()) {
                ("/cgi-bin/stable_token", "grant_type") => 40002,
                ("/cgi-bin/stable_token", "appid") => 41002,
                ("/cgi-bin/stable_token", "secret") => 41004,
                ("/cgi-bin/stable_token", "force_refresh") => 0,
                ("/customservice/kfaccount/del", _) => 65401,
                _ => 47001,
            };
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(
                code(&sample.takes(&account, body.to_string()).await),
                without,
                "{} without {name}",
                sample.paths[0]
            );
            if name != "force_refresh" {
                body[name] = Value::Null;
                assert_eq!(
                    code(&sample.takes(&account, body.to_string()).await),
                    without,
                    "{} {body}",
                    sample.paths[0]
                );
            }
        }
    }
}

async fn each_member_that_is_empty_or_endless_has_its_code(app: TestApp) {
    let (account, _desk) = staffed(&app).await;
    for sample in samples(&account).iter().filter(|sample| !sample.body.is_null()) {
        for name in sample.body.as_object().unwrap().keys().filter(|name| *name != "force_refresh") {
            let [empty, endless] = match (sample.paths[0], name.as_str()) {
                (_, "grant_type") => [40002, 40002],
                (_, "appid") => [41002, 40013],
                (_, "secret") => [41004, 40125],
                ("/customservice/kfaccount/add", "kf_account") => [65404, 65404],
                (_, "kf_account") => [65401, 65401],
                (_, "nickname") => [65403, 65403],
                (_, "invite_wx") => [65409, 65409],
                ("/cgi-bin/message/custom/business/typing", _) => [40200, 40200],
                (_, "openid" | "touser") => [40003, 40003],
                (_, "msgtype") => [40008, 40008],
                (_, "text") => [47001, 47001],
                (_, "command") => [45072, 45072],
                other => panic!("no value is known for {other:?}"),
            };
            let mut body = sample.body.clone();
            if name == "invite_wx" {
                body["kf_account"] = account.kf("free").into();
            }
            for (value, expected) in
                [("", empty), (&"x".repeat(10_000), endless), (&"客".repeat(10_000), endless)]
            {
                body[name] = value.into();
                assert_eq!(
                    code(&sample.takes(&account, body.to_string()).await),
                    expected,
                    "{} {name} {value:.20}",
                    sample.paths[0]
                );
            }
        }
    }
    assert_eq!(code(&account.creates("a1", &openid()).await), 0);
}

async fn a_body_is_json_whatever_its_type_and_however_it_comes(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let url = format!("{}/customservice/kfaccount/update?access_token={}", app.base, account.token);
    let body = json!({"kf_account": account.kf("a1"), "nickname": "客服"}).to_string();
    let types = [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "text/plain",
        "text/xml",
        "",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "nonsense",
        "application/json; charset=gbk",
    ];
    for given in types {
        let response =
            app.http.post(&url).header("content-type", given).body(body.clone()).send().await.unwrap();
        assert_eq!(code(&TestAccount::read_answer(given, response).await), 0, "{given}");
    }
    assert_eq!(
        code(
            &TestAccount::read_answer("none", app.http.post(&url).body(body.clone()).send().await.unwrap())
                .await
        ),
        0
    );
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> = body.bytes().map(|byte| Ok(vec![byte])).collect();
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let response = app.http.post(&url).body(chunked).send().await.unwrap();
    assert_eq!(
        code(&TestAccount::read_answer("chunked", response).await),
        0,
        "byte by byte, without a length"
    );
    let endless: Vec<Result<Vec<u8>, std::io::Error>> = (0..5).map(|_| Ok(vec![b' '; MOST / 4])).collect();
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(endless));
    let response = app.http.post(&url).body(chunked).send().await.unwrap();
    assert_eq!(code(&TestAccount::read_answer("chunked", response).await), 45002);
}
