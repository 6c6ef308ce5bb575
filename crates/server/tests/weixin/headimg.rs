//! uploadkfheadimg: the forms of SDKs, refusals, and who sees the picture.

use crate::actors::form::{FORM, GIF, JPEG, PNG, form, sized};
use crate::actors::{TestAccount, TestApp, code};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATH: &str = "/customservice/kfaccount/uploadheadimg";
const MB: usize = 1 << 20;

/// The content type of most forms below.
const PLAIN: &str = "multipart/form-data; boundary=b0undary";

/// The forms of SDKs, byte by byte: name, content type, bytes before the file, bytes after it.
const FORMS: &[(&str, &str, &str, &str)] = &[
    (
        "wechatpy with a bare file: the part has no type",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"media\"; filename=\"media\"\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "EasyWeChat 6: the disposition is the last header",
        PLAIN,
        "--b0undary\r\nContent-Type: image/jpeg\r\n\
         Content-Transfer-Encoding: 8bit\r\n\
         Content-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "itchatmp: the field is called file",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "node-weixin: an empty text field before the file",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"nonce\"\r\n\r\n\r\n\
         --b0undary\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n",
        "\r\n--b0undary--",
    ),
    (
        "silenceper: the file's name has a path",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"media\"; filename=\"/home/me/../me/a.jpg\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "formstream and WxJava (RFC 6532): the file's name is raw UTF-8",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"media\"; filename=\"客服 头像.jpg\"\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "the file's name by RFC 5987",
        PLAIN,
        "--b0undary\r\nContent-Disposition: form-data; name=\"media\"; filename*=UTF-8''%E5%AE%A2.jpg\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
    (
        "a boundary in quotes, with what only quotes allow",
        "multipart/form-data; charset=utf-8; boundary=\"--=_b0undary (1)\"",
        "----=_b0undary (1)\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n",
        "\r\n----=_b0undary (1)--\r\n",
    ),
    (
        "text before the first part and behind the last",
        PLAIN,
        "This is a message with multiple parts in MIME format.\r\n\
         --b0undary\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n",
        "\r\n--b0undary--\r\nand more --b0undary\r\n",
    ),
    (
        "lines that end with a bare LF",
        PLAIN,
        "--b0undary\nContent-Disposition: form-data; name=\"media\"\n\n",
        "\n--b0undary--\n",
    ),
    (
        "names in other letters",
        "Multipart/Form-Data; Boundary=b0undary",
        "--b0undary\r\nCONTENT-DISPOSITION: FORM-DATA; NAME=media\r\n\r\n",
        "\r\n--b0undary--\r\n",
    ),
];

/// Each form as it is sent: name, query, content type, body.
fn written(account: &TestAccount) -> Vec<(&'static str, String, &'static str, Vec<u8>)> {
    let (token, kf_account) = (&account.token, account.kf("a1"));
    let query = format!("access_token={token}&kf_account={kf_account}");
    let whole = |before: &str, after: &str| [before.as_bytes(), JPEG, after.as_bytes()].concat();
    let forms =
        FORMS.iter().map(|(name, kind, before, after)| (*name, query.clone(), *kind, whole(before, after)));
    let fields = form(&[("access_token", token), ("kf_account", &kf_account)], Some(("media", JPEG)));
    let last = ("weixin-popular: token and agent are fields, behind the file", String::new(), FORM, fields);
    forms.chain([last]).collect()
}

/// Sends these bytes, and reads the body of the answer.
async fn says(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(crate::actors::PATIENCE, stream.read_to_string(&mut answer))
        .await
        .expect("it closes")
        .unwrap();
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

async fn picture(app: &TestApp, url: &str) -> (u16, Vec<u8>) {
    let response = app.http.get(url).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

/// The address of the picture of the account's only agent.
async fn headimgurl(account: &TestAccount) -> String {
    account.kf_list().await[0]["kf_headimgurl"].as_str().unwrap().to_owned()
}

on_both_engines! {
    every_way_sdks_write_the_form_is_understood,
    a_picture_is_at_an_address_that_is_its_content,
    colleagues_and_customers_see_the_picture,
    each_refusal_has_its_code_and_its_place,
}

async fn every_way_sdks_write_the_form_is_understood(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    for (name, query, kind, body) in written(&account) {
        for path in [PATH, "/cgi-bin/customservice/kfaccount/uploadheadimg"] {
            for is_chunked in [false, true] {
                assert_eq!(code(&account.pictures("a1", PNG).await), 0);
                let before = headimgurl(&account).await;
                let mut request = format!(
                    "POST {path}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n"
                )
                .into_bytes();
                if is_chunked {
                    // fastwego streams the form, without a length.
                    request.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                    for chunk in body.chunks(7) {
                        request
                            .extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
                    }
                    request.extend(b"0\r\n\r\n");
                } else {
                    request.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
                    request.extend(&body);
                }
                assert_eq!(
                    says(&app, &request).await.trim_end_matches("\r\n0\r\n"),
                    r#"{"errcode":0,"errmsg":"ok"}"#,
                    "{name}, chunked {is_chunked}"
                );
                let url = headimgurl(&account).await;
                assert_ne!(url, before, "{name}");
                assert_eq!(picture(&app, &url).await, (200, JPEG.to_vec()), "{name}");
            }
        }
    }
}

async fn a_picture_is_at_an_address_that_is_its_content(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    assert_eq!(account.pictures("a1", PNG).await.to_string(), r#"{"errcode":0,"errmsg":"ok"}"#);
    let first = headimgurl(&account).await;
    let sha256 = first.strip_prefix(&format!("{}/headimg/", app.base)).unwrap();
    insta::assert_snapshot!(sha256, @"36c907715b80d7cdad0e196256966a3353b771387aefb1116d8769dacc81b675");
    let response = app.http.get(&first).header("host", "api.weixin.qq.com").send().await.unwrap();
    let header =
        |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(
        (header("x-content-type-options"), header("content-security-policy")),
        ("nosniff".into(), "default-src 'none'; sandbox".into())
    );
    assert_eq!(response.bytes().await.unwrap(), PNG);
    // Another picture replaces the first, which no agent has any more.
    assert_eq!(code(&account.pictures("a1", JPEG).await), 0);
    assert_ne!(headimgurl(&account).await, first);
    assert_eq!(picture(&app, &first).await.0, 404);
    app.advance(0).await;
    assert_eq!(app.files(), 1);
    // A temporary file has no address under /headimg, nor has an unknown one.
    let sent = sized(GIF, 100);
    account.media("image", &sent).await;
    for sha256 in [
        kefu::clock::hex(&<sha2::Sha256 as sha2::Digest>::digest(&sent)),
        String::new(),
        "x".into(),
        "%00".into(),
        "..%2f..%2fkefu.db".into(),
    ] {
        assert_eq!(picture(&app, &format!("{}/headimg/{sha256}", app.base)).await.0, 404, "{sha256}");
    }
}

async fn colleagues_and_customers_see_the_picture(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    desk.sees("hello").await;
    assert_eq!(customer.snapshot().await["agent"].get("headimg"), None);
    account.pictures("a1", PNG).await;
    let url = headimgurl(&account).await;
    let path: Value = url.strip_prefix(&app.base).unwrap().into();
    assert_eq!(customer.snapshot().await["agent"]["headimg"], path);
    assert_eq!(customer.snapshot().await["messages"][0].get("headimg"), None, "customers have none");
    let session = customer.snapshot().await["messages"][0]["session"].as_i64().unwrap();
    let (_, answer) = ann.replies(session, "hi").await;
    assert_eq!(answer["message"]["headimg"], path, "{answer}");
    assert_eq!(customer.snapshot().await["messages"][1]["headimg"], path);
    let shown = ann.first_account().await;
    assert_eq!((&shown["agent"]["headimg"], &shown["sessions"][0]["headimg"]), (&path, &path));
}

async fn each_refusal_has_its_code_and_its_place(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let with = |token: &str, kf_account: &str| format!("{PATH}?access_token={token}&kf_account={kf_account}");
    let own = with(&account.token, &account.kf("a1"));
    for (path, body, expected) in [
        (with("", ""), form(&[], None), 41001),
        (with("50_never", ""), form(&[], None), 40001),
        (with("a.b", ""), form(&[], None), 40014),
        (with(&account.token, ""), form(&[], None), 41005),
        (own.clone(), form(&[], Some(("picture", PNG))), 41005),
        (own.clone(), form(&[], Some(("media", b""))), 41005),
        (own.clone(), form(&[], Some(("media", &sized(PNG, 5 * MB + 1)))), 40006),
        (own.clone(), form(&[], Some(("media", &sized(PNG, 12 * MB)))), 40006),
        (own.clone(), form(&[], Some(("media", GIF))), 40005),
        (own.clone(), form(&[], Some(("media", b"<svg onload=alert(1)>"))), 40005),
        (with(&account.token, ""), form(&[], Some(("media", GIF))), 40005),
        (with(&account.token, ""), form(&[], Some(("media", PNG))), 65401),
        (with(&account.token, "nobody"), form(&[], Some(("media", PNG))), 65401),
        (with(&account.token, ""), form(&[("kf_account", "nobody")], Some(("media", PNG))), 65401),
        (own.clone(), form(&[("kf_account", "nobody")], Some(("media", PNG))), 0),
        (own.clone(), form(&[], Some(("media", &sized(PNG, 5 * MB)))), 0),
    ] {
        assert_eq!(code(&account.posts(&path, FORM, body).await), expected, "{path}");
    }
    assert_eq!(code(&account.raw("GET", &own, Vec::new()).await), 43002);
    account.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(code(&account.pictures("a1", PNG).await), 65401);
    assert_eq!(code(&account.pictures("a1", GIF).await), 40005);
    app.advance(0).await;
    crate::actors::until("nothing is left of what was refused", || async { app.files() == 1 }).await;
}
