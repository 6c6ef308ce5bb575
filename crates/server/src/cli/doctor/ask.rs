//! Asks the server that listens at an address.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Time limit for a server's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Connects to an address, with a time limit for the answer.
pub(super) fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

/// Whether a desk answers there that all is well.
pub(super) fn ask(mut stream: impl Read + Write, path: &str) -> bool {
    let asked = write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let read = asked.and_then(|()| stream.take(4096).read_to_string(&mut answer));
    read.is_ok() && answer.starts_with("HTTP/1.1 200") && answer.contains(r#""errcode":0"#)
}
