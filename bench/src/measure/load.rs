//! Load by callers, each of which calls again as soon as it gets an answer, over HTTP or in this process.

use anyhow::{Context, bail, ensure};
use bytes::{Bytes, BytesMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One caller.
pub(crate) trait Call: Send + 'static {
    /// Makes the `n`th call, and checks its answer.
    fn call(&mut self, n: usize) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// When callers stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After the calls from this number up to that one, exclusive.
    Number(usize, usize),
    /// After this time.
    Time(Duration),
}

/// The result of a load.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    /// The time of each call in microseconds, sorted.
    took_us: Vec<u32>,
}

impl Tally {
    /// The longest time within the given share of the calls, in microseconds.
    pub(crate) fn within_us(&self, share: f64) -> f64 {
        let last = self.took_us.len().saturating_sub(1);
        self.took_us.get((last as f64 * share) as usize).copied().map_or(0.0, f64::from)
    }
}

/// Runs all callers concurrently; returns them for the next load.
pub(crate) async fn run<C: Call>(callers: Vec<C>, until: Until) -> anyhow::Result<(Vec<C>, Tally)> {
    let (first, end, deadline) = match until {
        Until::Number(first, end) => (first, end, None),
        Until::Time(time) => (0, usize::MAX, Some(Instant::now() + time)),
    };
    let next = Arc::new(AtomicUsize::new(first));
    let tasks: Vec<_> =
        callers.into_iter().map(|caller| tokio::spawn(work(caller, next.clone(), end, deadline))).collect();
    let (mut callers, mut tally) = (Vec::new(), Tally::default());
    for task in tasks {
        let (caller, took_us) = task.await??;
        callers.push(caller);
        tally.took_us.extend(took_us);
    }
    tally.calls = tally.took_us.len();
    tally.took_us.sort_unstable();
    Ok((callers, tally))
}

async fn work<C: Call>(
    mut caller: C,
    next: Arc<AtomicUsize>,
    end: usize,
    deadline: Option<Instant>,
) -> anyhow::Result<(C, Vec<u32>)> {
    let mut took_us = Vec::new();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        if n >= end || deadline.is_some_and(|deadline| begun >= deadline) {
            return Ok((caller, took_us));
        }
        caller.call(n).await.with_context(|| format!("call {n}"))?;
        took_us.push(u32::try_from(begun.elapsed().as_micros())?);
    }
}

/// Prepared requests, which are sent again and again, and the expected answers: one for each request, or one for all.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) requests: Vec<Bytes>,
    pub(crate) answers: Vec<Bytes>,
    /// The number of requests sent in turns before; a turn continues after them.
    pub(crate) passed: AtomicUsize,
}

/// The headers of a program.
const PROGRAM: &str = "Host: kefu\r\n";

/// A prepared GET request.
pub(crate) fn get(path: &str) -> Bytes {
    get_with(path, PROGRAM)
}

/// A prepared GET request with these lines of headers, among them the host.
pub(crate) fn get_with(path: &str, headers: &str) -> Bytes {
    format!("GET {path} HTTP/1.1\r\n{headers}\r\n").into()
}

/// A prepared POST request with JSON.
pub(crate) fn post(path: &str, body: &str) -> Bytes {
    post_with(path, PROGRAM, body)
}

/// A prepared POST request with JSON and these lines of headers, among them the host.
pub(crate) fn post_with(path: &str, headers: &str, body: &str) -> Bytes {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// A persistent connection.
pub(crate) struct Connection {
    stream: TcpStream,
    script: Arc<Script>,
    buffer: BytesMut,
}

/// Opens connections.
pub(crate) async fn connect(
    address: SocketAddr,
    connections: usize,
    script: &Arc<Script>,
) -> anyhow::Result<Vec<Connection>> {
    let mut all = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        all.push(Connection { stream, script: script.clone(), buffer: BytesMut::with_capacity(16 << 10) });
    }
    Ok(all)
}

impl Connection {
    /// Uses another script from now on.
    pub(crate) fn follow(&mut self, script: &Arc<Script>) {
        self.script = script.clone();
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server hung up");
            if let Some(begin) = body(&self.buffer)? {
                return Ok(&self.buffer[begin..]);
            }
        }
    }
}

/// Where the body begins, once the answer is complete.
fn body(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(answer)? else { return Ok(None) };
    ensure!(head.code == Some(200), "HTTP status {:?}", head.code);
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = std::str::from_utf8(length.context("no Content-Length")?.value)?.parse()?;
    ensure!(answer.len() <= begin + length, "the body is longer than Content-Length");
    Ok((answer.len() == begin + length).then_some(begin))
}

impl Call for Connection {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        let script = self.script.clone();
        let n = n + script.passed.load(Ordering::Relaxed);
        let body = self.ask(&script.requests[n % script.requests.len()]).await?;
        if *body != *script.answers[n % script.answers.len()] {
            bail!("a wrong answer: {}", String::from_utf8_lossy(&body[..body.len().min(200)]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Script, Until, body, connect, get, run};
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn an_answer_is_whole_when_its_length_has_come() -> anyhow::Result<()> {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        assert_eq!(body(&answer[..20])?, None);
        assert_eq!(body(&answer[..answer.len() - 1])?, None);
        assert_eq!(body(answer)?, Some(answer.len() - 2));
        assert!(body(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").is_err());
        Ok(())
    }

    #[tokio::test]
    async fn a_wrong_answer_ends_the_run() -> anyhow::Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            for answer in ["ok", "no"] {
                let _ = stream.read(&mut [0; 100]).await?;
                let text = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{answer}");
                stream.write_all(text.as_bytes()).await?;
            }
            anyhow::Ok(())
        });
        let script =
            Arc::new(Script { requests: vec![get("/")], answers: vec!["ok".into()], ..Script::default() });
        let (callers, tally) = run(connect(address, 1, &script).await?, Until::Number(0, 1)).await?;
        assert_eq!(tally.calls, 1);
        assert!(run(callers, Until::Number(1, 2)).await.is_err());
        Ok(())
    }
}
