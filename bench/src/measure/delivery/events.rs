//! A workbench stream: Server-Sent Events over HTTP/1.1, in chunks.

use anyhow::{bail, ensure};
use bytes::{Buf as _, Bytes, BytesMut};
use httparse::Status;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The bytes after each chunk.
const CHUNK_END: usize = 2;

/// An open stream.
pub(crate) struct Events {
    stream: TcpStream,
    /// What has come, in chunks.
    raw: BytesMut,
    /// What was in complete chunks.
    text: BytesMut,
}

impl Events {
    /// Opens a stream by this request.
    pub(crate) async fn open(address: SocketAddr, request: &[u8]) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let (mut raw, text) = (BytesMut::with_capacity(4 << 10), BytesMut::new());
        loop {
            ensure!(stream.read_buf(&mut raw).await? > 0, "the server hung up");
            let mut headers = [httparse::EMPTY_HEADER; 16];
            let mut head = httparse::Response::new(&mut headers);
            if let Status::Complete(begin) = head.parse(&raw)? {
                ensure!(head.code == Some(200), "HTTP status {:?}", head.code);
                raw.advance(begin);
                return Ok(Events { stream, raw, text });
            }
        }
    }

    /// Waits for the next change, and returns its data.
    pub(crate) async fn change(&mut self) -> anyhow::Result<Bytes> {
        loop {
            take_chunks(&mut self.raw, &mut self.text)?;
            while let Some(event) = take_event(&mut self.text) {
                if let Some(data) = data_of_change(&event)? {
                    return Ok(data);
                }
            }
            ensure!(self.stream.read_buf(&mut self.raw).await? > 0, "the server hung up");
        }
    }
}

/// Moves what complete chunks hold into `text`.
fn take_chunks(raw: &mut BytesMut, text: &mut BytesMut) -> anyhow::Result<()> {
    loop {
        let size = httparse::parse_chunk_size(raw).map_err(|_| anyhow::anyhow!("a malformed chunk"))?;
        let Status::Complete((begin, size)) = size else { return Ok(()) };
        let size = usize::try_from(size)?;
        ensure!(size > 0, "the stream has ended");
        if raw.len() < begin + size + CHUNK_END {
            return Ok(());
        }
        text.extend_from_slice(&raw[begin..begin + size]);
        raw.advance(begin + size + CHUNK_END);
    }
}

/// The next complete event, without the empty line after it.
fn take_event(text: &mut BytesMut) -> Option<Bytes> {
    let end = text.windows(2).position(|pair| pair == b"\n\n")?;
    let event = text.split_to(end).freeze();
    text.advance(2);
    Some(event)
}

/// The data of a change; `None` for a beat. The events `reset` and `replaced` end a stream, so they are errors.
fn data_of_change(event: &Bytes) -> anyhow::Result<Option<Bytes>> {
    let (mut name, mut data) = (&b""[..], &b""[..]);
    for line in event.split(|byte| *byte == b'\n') {
        if let Some(value) = line.strip_prefix(b"event: ") {
            name = value;
        } else if let Some(value) = line.strip_prefix(b"data: ") {
            data = value;
        }
    }
    match name {
        b"change" => Ok(Some(event.slice_ref(data))),
        b"beat" => Ok(None),
        _ => bail!("an event {:?}", String::from_utf8_lossy(event)),
    }
}

#[cfg(test)]
mod tests {
    use super::{data_of_change, take_chunks, take_event};
    use bytes::BytesMut;

    #[test]
    fn events_are_read_however_they_are_cut() -> anyhow::Result<()> {
        let events = ["event: beat\ndata: {}\n\nevent: ch", "ange\nid: e;a:1\ndata: {\"a\":1}\n", "\n"];
        let sent: String = events.iter().map(|part| format!("{:x}\r\n{part}\r\n", part.len())).collect();
        for cut in 1..sent.len() {
            let (mut raw, mut text, mut seen) = (BytesMut::new(), BytesMut::new(), Vec::new());
            for part in [&sent[..cut], &sent[cut..]] {
                raw.extend_from_slice(part.as_bytes());
                take_chunks(&mut raw, &mut text)?;
                while let Some(event) = take_event(&mut text) {
                    seen.extend(data_of_change(&event)?);
                }
            }
            assert_eq!(seen, ["{\"a\":1}"], "cut at {cut}");
        }
        Ok(())
    }

    #[test]
    fn what_ends_a_stream_is_an_error() {
        assert!(data_of_change(&"event: reset\ndata: {}".into()).is_err());
        assert!(data_of_change(&"event: replaced\ndata: {}".into()).is_err());
        assert!(take_chunks(&mut "0\r\n\r\n".as_bytes().into(), &mut BytesMut::new()).is_err());
    }
}
