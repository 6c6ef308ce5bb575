//! The anonymous host that floods, with an address of its own and requests written by hand.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// The address of the flooding host; honest people have others.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
/// The address of a trusted proxy, through which many IPv6 clients call.
pub(super) const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// Most bytes that are kept of an answer.
const KEPT: usize = 64 << 10;

/// The server, and the flooded account.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) server: SocketAddr,
    pub(super) appid: &'static str,
    /// The cookie of a customer of the account.
    pub(super) cookie: String,
    /// A cursor at the end of the feed.
    pub(super) since: String,
}

impl Target {
    pub(super) async fn connect(&self) -> io::Result<TcpStream> {
        self.connect_from(HOST).await
    }

    pub(super) async fn connect_from(&self, from: Ipv4Addr) -> io::Result<TcpStream> {
        assert!(self.server.ip().is_loopback(), "floods go to this machine only");
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        timeout(CONNECT, socket.connect(self.server)).await?
    }

    /// Sends one request on a new connection; returns the beginning of the answer.
    pub(super) async fn call(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        self.call_from(HOST, request).await
    }

    pub(super) async fn call_from(&self, from: Ipv4Addr, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = self.connect_from(from).await?;
        stream.write_all(request).await?;
        read_answer(&mut stream).await
    }

    /// A GET request, after whose answer the connection closes.
    pub(super) fn get(&self, path: &str, headers: &str) -> Vec<u8> {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").into_bytes()
    }

    /// The head of a POST request with so many bytes, as one of Kefu's pages sends it.
    pub(super) fn post(&self, path: &str, kind: &str, length: usize, headers: &str) -> Vec<u8> {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n{headers}\r\n"
        )
        .into_bytes()
    }

    /// The customer's cookie as a header.
    pub(super) fn cookie_header(&self) -> String {
        format!("Cookie: {}\r\n", self.cookie)
    }

    /// Reads the customer's stream from a cursor on, until the server ends it.
    pub(super) async fn follow_stream(&self, since: &str) -> io::Result<()> {
        let path = format!("/chat/api/{}/stream?since={since}", self.appid);
        let mut stream = self.connect().await?;
        stream.write_all(&self.get(&path, &self.cookie_header())).await?;
        let mut buffer = vec![0; 8 << 10];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(())
    }
}

/// Reads an answer to its end.
pub(super) async fn read_answer(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    let read = async {
        loop {
            let count = stream.read(&mut buffer).await?;
            if count == 0 {
                return Ok::<(), io::Error>(());
            }
            let room = KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&buffer[..count.min(room)]);
        }
    };
    timeout(ANSWER, read).await??;
    Ok(kept)
}

/// Repeats something `times` times, one after the other, with a pause after a failure.
pub(super) async fn repeat(times: usize, mut once: impl AsyncFnMut(usize) -> io::Result<()>) {
    const PAUSE: Duration = Duration::from_millis(100);
    for n in 0..times {
        if once(n).await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
