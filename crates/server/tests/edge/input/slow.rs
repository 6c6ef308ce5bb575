//! Clients that never finish a request. These tests run at once and take ten seconds.

use crate::actors::{PATIENCE, TestApp};
use crate::fixture::engine::Fresh;
use kefu::config::{Rules, Settings};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest time of a head or a body.
const MOST: Duration = Duration::from_secs(10);

/// Sends the beginning of a request, then a byte a second, until the server closes; the answer.
async fn dawdles(app: &TestApp, begin: String) -> String {
    let began = Instant::now();
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(begin.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(length)) => answer.extend_from_slice(&buffer[..length]),
            Err(_) => {
                // The connection may be closed already.
                let _ = stream.write_all(b"x").await;
            }
        }
        assert!(began.elapsed() < MOST + PATIENCE, "never closed: {begin:.60}");
    }
    assert!(began.elapsed() > MOST - Duration::from_millis(500), "closed too early: {begin:.60}");
    String::from_utf8(answer).unwrap()
}

on_both_engines! {
    a_connection_beyond_the_limit_waits_until_another_closes,
    a_request_slower_than_ten_seconds_is_cut_off,
}

async fn a_connection_beyond_the_limit_waits_until_another_closes(app: TestApp) {
    let settings = Settings { connections_max: 8, ..Settings::default() };
    // SQLite's data has one owner.
    let fresh = match app.inner.desk.store.is_shared() {
        true => app.fresh.clone(),
        false => std::sync::Arc::new(Fresh::folder()),
    };
    let app = TestApp::start_with(fresh, 9, settings, Rules::default()).await;
    let address = app.base.strip_prefix("http://").unwrap();
    let mut crowd = Vec::new();
    for _ in 0..8 {
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    let mut asks = Box::pin(app.ask("/cgi-bin/token", ""));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut asks).await;
    assert!(early.is_err(), "there was no room");
    for path in ["/healthz", "/readyz"] {
        let health = app.ask(path, "").await;
        assert_eq!(
            (health.status().as_u16(), health.headers()["connection"].to_str().unwrap()),
            (200, "close")
        );
    }
    crowd.pop();
    assert_eq!(asks.await.status(), 200);
    app.inner.stop.cancel();
}

async fn a_request_slower_than_ten_seconds_is_cut_off(app: TestApp) {
    let account = app.account().await;
    let body = |path: String, more: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: 1000\r\n\r\n{{")
    };
    let page = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
    let chunked = "POST /cgi-bin/stable_token HTTP/1.1\r\nHost: localhost\r\n\
                   Transfer-Encoding: chunked\r\n\r\n3e8\r\n{";
    let (head, nothing, weixin, del, chunked, login, chat) = tokio::join!(
        dawdles(&app, "GET /cgi-bin/token?x=".into()),
        dawdles(&app, String::new()),
        dawdles(&app, body("/cgi-bin/stable_token".into(), "")),
        dawdles(&app, body(format!("/customservice/kfaccount/del?access_token={}", account.token), "")),
        dawdles(&app, chunked.into()),
        dawdles(&app, body("/desk/api/login".into(), page)),
        dawdles(&app, body(format!("/chat/api/{}/message", account.appid), page)),
    );
    assert!(!head.contains(" 200 ") && !nothing.contains(" 200 "), "{head} {nothing}");
    for answer in [weixin, del, chunked] {
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(r#"{"errcode":47001,"#), "{answer}");
    }
    for answer in [login, chat] {
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}
