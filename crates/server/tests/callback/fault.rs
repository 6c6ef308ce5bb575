//! Developers' servers that misbehave, each in its own way.

mod checker;
mod killed;

use super::receiver::{Received, Receiver, TOKEN, delivers, listens, sets};
use crate::actors::{TestApp, TestCustomer, until};
use checker::Said;
use kefu::admin::callback::CallbackChange;
use kefu::callback::{CallBounds, run_within};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with a push that says 坏.
#[derive(Clone, Copy, Debug)]
enum Fault {
    AnswersLate,
    DropsAfterReading,
    AnswersHalf,
    AnswersAnError,
    RedirectsElsewhere,
    Hangs,
    SendsTooMuch,
    NeverEnds,
    Trickles,
}

const FAULTS: [Fault; 9] = [
    Fault::AnswersLate,
    Fault::DropsAfterReading,
    Fault::AnswersHalf,
    Fault::AnswersAnError,
    Fault::RedirectsElsewhere,
    Fault::Hangs,
    Fault::SendsTooMuch,
    Fault::NeverEnds,
    Fault::Trickles,
];

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A server with a fault, and what it received.
struct FaultyServer {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl FaultyServer {
    async fn start(fault: Fault) -> FaultyServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/wx", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let shared = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, fault, shared.clone()));
            }
        });
        FaultyServer { url, received }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// Answers the requests of a connection.
async fn serve(stream: TcpStream, fault: Fault, received: Arc<Mutex<Vec<Received>>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let length_of = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
        let length = head.lines().find_map(length_of);
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let query = head.split(' ').nth(1).and_then(|path| path.split_once('?')).unwrap().1;
        let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if let Some(echo) = query.get("echostr") {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{echo}", echo.len());
            stream.write_all(answer.as_bytes()).await?;
            continue;
        }
        let push = Received { query, body: String::from_utf8(body).unwrap() };
        let is_bad = push.element("Content") == "坏";
        received.lock().unwrap().push(push);
        if is_bad {
            misbehave(&mut stream, fault).await?;
        } else {
            stream.write_all(EMPTY.as_bytes()).await?;
        }
    }
}

/// Misbehaves; the connection closes with an error.
async fn misbehave(stream: &mut BufReader<TcpStream>, fault: Fault) -> io::Result<()> {
    let closes = || io::Error::from(io::ErrorKind::ConnectionAborted);
    match fault {
        Fault::AnswersLate => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return stream.write_all(EMPTY.as_bytes()).await;
        }
        Fault::DropsAfterReading => {}
        Fault::AnswersHalf => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<xml><ToUserName>").await?;
        }
        Fault::AnswersAnError => {
            return stream.write_all(b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops").await;
        }
        Fault::RedirectsElsewhere => {
            let answer = b"HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
            return stream.write_all(answer).await;
        }
        Fault::Hangs => std::future::pending().await,
        Fault::SendsTooMuch => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n").await?;
            for _ in 0..160 {
                stream.write_all(&[b' '; 65_536]).await?;
            }
        }
        Fault::NeverEnds => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nsuccess").await?;
            std::future::pending().await
        }
        Fault::Trickles => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    Err(closes())
}

on_both_engines! {
    whatever_a_server_does_costs_three_tries_and_then_the_next_push_goes_out,
    a_host_that_hangs_takes_no_places_of_others,
}

/// All faults side by side, each at a server of another account.
async fn whatever_a_server_does_costs_three_tries_and_then_the_next_push_goes_out(app: TestApp) {
    let mut servers = Vec::new();
    for fault in FAULTS {
        let (account, server) = (app.account().await, FaultyServer::start(fault).await);
        let (url, token) = (Some(server.url.clone()), Some(TOKEN.to_owned()));
        sets(&account, CallbackChange { url, token, ..CallbackChange::default() }).await.expect("verified");
        let (customer, mut said) = (TestCustomer::new(&account), Said::default());
        for text in ["一", "坏", "二"] {
            said.note(&customer.says(text).await);
        }
        servers.push((fault, server, customer, said));
    }
    delivers(&app);
    for (fault, server, customer, said) in servers {
        until(&format!("the last push goes out: {fault:?}"), || async {
            server.received().last().is_some_and(|push| push.element("Content") == "二")
        })
        .await;
        let received = server.received();
        assert_eq!(said.check(&received), Ok(()), "{fault:?}");
        let tries = received.iter().filter(|push| push.element("Content") == "坏").count();
        let expected = if matches!(fault, Fault::AnswersLate) { 1 } else { 3 };
        assert_eq!(tries, expected, "{fault:?}");
        let page = customer.snapshot().await;
        let notices = page["messages"].as_array().unwrap().iter().filter(|it| it["from"] == "system").count();
        assert_eq!(notices, usize::from(expected == 3), "{fault:?}: {page}");
    }
}

/// The places of a host and of all are fewer than the pushes that hang.
async fn a_host_that_hangs_takes_no_places_of_others(app: TestApp) {
    let (hanging, sound) = (Receiver::start().await, Receiver::start().await);
    let (account, other) = (app.account().await, app.account().await);
    listens(&account, &hanging).await;
    listens(&other, &sound).await;
    hanging.releases(0);
    let mut said = Said::default();
    for _ in 0..8 {
        said.note(&TestCustomer::new(&account).says("你好").await);
    }
    tokio::spawn(run_within(app.inner.clone(), app.base.clone(), CallBounds { all: 3, host: 2 }));
    hanging.received(2).await;
    for number in 1..=4 {
        TestCustomer::new(&other).says("在吗").await;
        sound.received(number).await;
    }
    hanging.releases(usize::MAX);
    until("what hung is delivered", || async { said.check(&hanging.so_far()).is_ok() }).await;
}
