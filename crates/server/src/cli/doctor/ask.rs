//! How the doctor asks what listens at an address.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to say that it lives.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connection to whoever listens there, who has some time to answer.
pub(super) fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

/// Whether a desk says there that all is well; what listens and says nothing is none.
pub(super) fn ask(mut stream: impl Read + Write, path: &str) -> bool {
    let asked = write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let read = asked.and_then(|()| stream.take(4096).read_to_string(&mut answer));
    read.is_ok() && answer.starts_with("HTTP/1.1 200") && answer.contains(r#""errcode":0"#)
}
