//! More connections than the limit: which wait, which are closed, and what is answered meanwhile.

use crate::actors::{PATIENCE, TestApp};
use crate::edge::limits::set;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kefu::config::{Rules, Settings};
use kefu::desk::hashing::Requester;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Requests that wait for a place; stated in docs/operating.md.
const LINE: usize = 256;

async fn with_room_for(app: &TestApp, connections_max: u32) -> TestApp {
    set(app, Settings { connections_max, ..Settings::default() }, Rules::default()).await
}

/// A connection from an address of this machine.
async fn connects(app: &TestApp, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let address: SocketAddr = app.base.strip_prefix("http://").unwrap().parse().unwrap();
    socket.connect(address).await.unwrap()
}

/// Sends a GET on a connection that stays open: the answer, empty if the connection was closed.
async fn asks(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_err() {
        return String::new();
    }
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(b"}") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return String::new(),
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Sends a GET on a new connection and reads until it is closed.
async fn asks_once(app: TestApp, request: String) -> String {
    let mut stream = connects(&app, "127.0.0.1").await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

on_both_engines! {
    an_address_that_holds_all_connections_does_not_lock_others_out,
    a_call_beyond_the_waiting_limit_is_answered_busy,
    a_refused_body_leaves_the_connection_usable,
    a_large_body_is_not_read_where_no_file_is_accepted,
}

async fn an_address_that_holds_all_connections_does_not_lock_others_out(app: TestApp) {
    let app = with_room_for(&app, 100).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        let mut stream = connects(&app, "127.0.0.1").await;
        assert!(asks(&mut stream, "/cgi-bin/token").await.starts_with("HTTP/1.1 200"));
        flood.push(stream);
    }
    // A request from time to time keeps each connection open.
    let open = Arc::new(AtomicUsize::new(flood.len()));
    let counted = open.clone();
    let keeps_alive = tokio::spawn(async move {
        loop {
            let mut alive = Vec::new();
            for mut stream in flood {
                if !asks(&mut stream, "/cgi-bin/token").await.is_empty() {
                    alive.push(stream);
                }
            }
            flood = alive;
            counted.store(flood.len(), Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let served = async {
        let mut honest = Vec::new();
        for _ in 0..10 {
            let mut stream = connects(&app, "127.0.0.2").await;
            assert!(asks(&mut stream, "/cgi-bin/token").await.contains("40002"));
            honest.push(stream);
            for from in ["127.0.0.1", "127.0.0.3"] {
                let health = asks(&mut connects(&app, from).await, "/healthz").await;
                assert!(
                    health.starts_with("HTTP/1.1 200") && health.contains("connection: close"),
                    "{health}"
                );
            }
        }
        for stream in &mut honest {
            assert!(asks(stream, "/cgi-bin/token").await.contains("40002"), "it keeps its place");
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("another address is served");
    crate::actors::until("ten connections of the flood were cut, and no more", || async {
        open.load(Ordering::Relaxed) == 90
    })
    .await;
    keeps_alive.abort();
    app.inner.stop.cancel();
}

async fn a_call_beyond_the_waiting_limit_is_answered_busy(app: TestApp) {
    let app = with_room_for(&app, 1).await;
    // A log-in holds the only place while the test holds all turns for hashing.
    let passwords = app.inner.desk.passwords.clone();
    let turns = [passwords.turn(Requester::Known).await.ok(), passwords.turn(Requester::Known).await.ok()];
    let body = r#"{"name":"ann","password":"guess"}"#;
    let log_in = format!(
        "POST /desk/api/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let holder = tokio::spawn(asks_once(app.clone(), log_in));
    let health = || async { asks(&mut connects(&app, "127.0.0.1").await, "/healthz").await };
    crate::actors::until("the place is taken", || async { health().await.contains("connection: close") })
        .await;
    let mut waiting: FuturesUnordered<_> = (0..LINE + 4)
        .map(|number| {
            let path = if number % 2 == 0 { "/cgi-bin/token" } else { "/desk/api/snapshot" };
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let asked = asks_once(app.clone(), request);
            async move { (path, asked.await) }
        })
        .collect();
    for _ in 0..4 {
        let (path, answer) = waiting.next().await.unwrap();
        let expected = match path {
            "/cgi-bin/token" => ("HTTP/1.1 200 ", r#"{"errcode":-1,"#),
            _ => ("HTTP/1.1 503 ", r#"{"errcode":990008,"#),
        };
        assert!(answer.starts_with(expected.0) && answer.contains(expected.1), "{path}: {answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(answer.contains("retry-after: 2"), path != "/cgi-bin/token", "{answer}");
    }
    assert!(health().await.starts_with("HTTP/1.1 200"), "the line takes no place of health");
    drop(turns);
    assert!(holder.await.unwrap().starts_with("HTTP/1.1 401"));
    while let Some((path, answer)) = waiting.next().await {
        let expected = if path == "/cgi-bin/token" { "40002" } else { "990002" };
        assert!(answer.contains(expected), "{path}: {answer}");
    }
    app.inner.stop.cancel();
}

async fn a_refused_body_leaves_the_connection_usable(app: TestApp) {
    for (path, length) in [
        ("/nowhere", 200 << 10),
        ("/cgi-bin/nowhere", 200 << 10),
        ("/healthz", 200 << 10),
        ("/cgi-bin/token?x=1", 200 << 10),
        ("/cgi-bin/media/upload?access_token=none", 5 << 20),
        ("/desk/api/image", 5 << 20),
        ("/chat/api/wx0123456789abcdef/image", 5 << 20),
    ] {
        let mut stream = connects(&app, "127.0.0.1").await;
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'a'; length]).await.unwrap();
        let mut answers = asks(&mut stream, "/healthz").await;
        if !answers.contains(r#""errmsg":"ok""#) {
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).await.unwrap();
            answers.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        assert!(answers.ends_with(r#"{"errcode":0,"errmsg":"ok"}"#), "{path}: {answers}");
    }
}

async fn a_large_body_is_not_read_where_no_file_is_accepted(app: TestApp) {
    for path in ["/nowhere", "/cgi-bin/message/custom/send", "/desk/api/login"] {
        let mut stream = connects(&app, "127.0.0.1").await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: 5242880\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{path} is answered, and the connection closes: {answer}");
    }
}
