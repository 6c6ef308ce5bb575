//! Uploads that stop halfway, and unreadable forms: they do not disturb other uploads.

use crate::actors::form::{FORM, JPEG, PNG, form, sized};
use crate::actors::{CapturedErrors, PATIENCE, TestAccount, TestApp, code, until};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PART: &str = "--xX0Xx\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\n";

/// Begins an upload of a picture, sends its first bytes, and stops.
async fn begins(app: &TestApp, path: &str, headers: &str, before: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: 3000000\r\n\r\n{before}"
    );
    stream.write_all(&[head.as_bytes(), &sized(PNG, bytes)].concat()).await.unwrap();
    stream
}

/// The answer to a request that is not complete.
async fn answers(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while !answer.ends_with(b"}") {
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "it was closed");
            answer.extend_from_slice(&buffer[..length]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("an answer");
    String::from_utf8(answer).unwrap()
}

async fn sends_picture(app: &TestApp, path: &str, cookie: &str, bytes: Vec<u8>) -> (u16, Value) {
    let request = app.http.post(format!("{}{path}", app.base)).header("sec-fetch-site", "same-origin");
    let request = request.header("cookie", cookie).header("content-type", "image/png").body(bytes);
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// Uploads of every kind, all of them complete.
async fn honest_uploads_go_through(app: &TestApp, account: &TestAccount) {
    assert_eq!(code(&account.uploads("image", &sized(PNG, 1 << 20)).await), 0, "a program");
    let fields = [("access_token", account.token.as_str()), ("type", "image")];
    let answer = account.posts("/cgi-bin/media/upload", FORM, form(&fields, Some(("media", JPEG)))).await;
    assert_eq!(code(&answer), 0, "a program whose token comes last");
    let customer = account.customer();
    customer.says("look").await;
    let path = format!("/chat/api/{}/image?client_id=p1", account.appid);
    assert_eq!(sends_picture(app, &path, &customer.cookie(), sized(PNG, 1 << 20)).await.0, 200, "a customer");
}

on_both_engines! {
    stalled_uploads_do_not_block_other_uploads,
    uploads_of_one_account_do_not_block_those_of_another,
    a_token_in_the_form_is_checked_before_the_file_is_read,
    a_type_without_a_boundary_is_read_by_the_bodys_first_line,
    a_form_is_not_read_past_its_first_fault,
}

async fn stalled_uploads_do_not_block_other_uploads(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    // Uploads that wait for a place too long are refused, and a warning is logged.
    let (_, _guard) = CapturedErrors::expected();
    let kind = format!("Content-Type: {FORM}\r\n");
    let customer = other.customer();
    customer.says("hello").await;
    let mut open = Vec::new();
    let own = format!("/cgi-bin/media/upload?type=image&access_token={}", other.token);
    let page = format!("/chat/api/{}/image?client_id=p1", other.appid);
    let cookie = format!(
        "Sec-Fetch-Site: same-origin\r\nContent-Type: image/png\r\nCookie: {}\r\n",
        customer.cookie()
    );
    for _ in 0..40 {
        // One byte, as in a real attack, and enough bytes to be counted.
        for bytes in [1, 5000] {
            open.push(begins(&app, "/cgi-bin/media/upload?type=image", &kind, PART, bytes).await);
            open.push(begins(&app, &own, &kind, PART, bytes).await);
            open.push(begins(&app, &page, &cookie, "", bytes).await);
        }
    }
    honest_uploads_go_through(&app, &account).await;
    until("nothing of the others' is on the disk", || async { app.files() == 2 }).await;
    drop(open);
}

async fn uploads_of_one_account_do_not_block_those_of_another(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let own = format!("/cgi-bin/media/upload?type=image&access_token={}", other.token);
    let mut open = Vec::new();
    for _ in 0..48 {
        // More than one block: each upload has written a block and holds the bytes after it.
        open.push(begins(&app, &own, &format!("Content-Type: {FORM}\r\n"), PART, 400_000).await);
    }
    until("they have written", || async { app.files() == open.len() }).await;
    honest_uploads_go_through(&app, &account).await;
    assert_eq!(code(&other.uploads("image", PNG).await), 0, "nor of its own, as long as its share lasts");
    drop(open);
    until("nothing of them is left", || async { app.files() == 3 }).await;
}

async fn a_token_in_the_form_is_checked_before_the_file_is_read(app: TestApp) {
    let account = app.account().await;
    let kind = format!("Content-Type: {FORM}\r\n");
    for (token, expected) in [("50_never", 40001), ("a.b", 40014)] {
        let field = format!(
            "--xX0Xx\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{token}\r\n{PART}"
        );
        let answer =
            answers(begins(&app, "/cgi-bin/media/upload?type=image", &kind, &field, 100).await).await;
        assert!(answer.contains(&format!("{{\"errcode\":{expected},")), "{answer}");
    }
    let field = format!(
        "--xX0Xx\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{}\r\n",
        account.token
    );
    let body = [field.as_bytes(), &form(&[("type", "image")], Some(("media", PNG)))].concat();
    assert_eq!(code(&account.posts("/cgi-bin/media/upload", FORM, body).await), 0);
}

async fn a_type_without_a_boundary_is_read_by_the_bodys_first_line(app: TestApp) {
    let account = app.account().await;
    let path = format!("/cgi-bin/media/upload?access_token={}&type=image", account.token);
    for kind in ["multipart/form-data", "multipart/form-data; charset=ISO-8859-1"] {
        let answer = account.posts(&path, kind, form(&[], Some(("media", JPEG)))).await;
        assert_eq!(
            account.fetches(answer["media_id"].as_str().unwrap()).await.bytes().await.unwrap(),
            JPEG,
            "{kind}"
        );
        let last = [PART.as_bytes(), JPEG].concat();
        for none in [JPEG.to_vec(), b"--\r\n".to_vec(), Vec::new(), last] {
            assert_eq!(code(&account.posts(&path, kind, none).await), 41005, "{kind}");
        }
    }
}

async fn a_form_is_not_read_past_its_first_fault(app: TestApp) {
    let account = app.account().await;
    let bomb = [b"--xX0Xx\r\n".to_vec(), b"a\n".repeat(1 << 20)].concat();
    assert_eq!(code(&account.posts("/cgi-bin/media/upload?type=image", FORM, bomb.clone()).await), 41001);
    let path = format!("/cgi-bin/media/upload?access_token={}&type=image", account.token);
    assert_eq!(code(&account.posts(&path, FORM, bomb).await), 41005);
    // After a fault nothing more is parsed, even if it looks like a form.
    let behind = [b"--xX0Xx\r\n".to_vec(), b"a\n".repeat(5000), form(&[], Some(("media", PNG)))].concat();
    assert_eq!(code(&account.posts(&path, FORM, behind).await), 41005);
    assert_eq!(app.files(), 0);
}
