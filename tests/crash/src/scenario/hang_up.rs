//! Callers who hang up after the last byte of an upload.

use crate::people::People;
use anyhow::{Context, ensure};
use crash::flood::png;
use crash::server::{self, Kefu};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The number of such uploads of each kind.
const UPLOADS: usize = 200;

/// Such uploads must leave no row that names a missing file.
pub(crate) async fn hang_up(kefu: &Path, place: &[String]) -> anyhow::Result<()> {
    let running = Kefu::start(server::command(kefu, place, &[]))?;
    let people = People::meet(&running.base, 0).await?;
    let token = &people.token;
    for number in 0..UPLOADS {
        let wait = Duration::from_micros(number as u64 * 37 % 4_000);
        let file = png(256, number);
        let upload = format!("/cgi-bin/media/upload?access_token={token}&type=image");
        send_and_leave(&running.base, &upload, &file, wait).await?;
        let picture =
            format!("/customservice/kfaccount/uploadheadimg?access_token={token}&kf_account=kf1@demo");
        send_and_leave(&running.base, &picture, &png(512, number), wait).await?;
    }
    // The server waits for uploads under way before it stops.
    running.stop()?;
    let doctor = Command::new(kefu).args(["doctor", "--json"]).args(place).output()?;
    let found: Vec<Value> = serde_json::from_slice(&doctor.stdout)?;
    let gone = found.iter().find(|it| it["what"] == "gone files").context("the doctor looks for files")?;
    ensure!(gone["says"] != "none of the newest 0", "no such upload was stored");
    ensure!(gone["state"] == "ok", "files of such uploads are gone: {}", gone["says"]);
    println!("{} senders hung up, and the doctor says of their files: {}", 2 * UPLOADS, gone["says"]);
    Ok(())
}

async fn send_and_leave(base: &str, path: &str, file: &[u8], wait: Duration) -> anyhow::Result<()> {
    let head = b"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\n";
    let body = [head.as_slice(), file, b"\r\n--x--\r\n"].concat();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).await?;
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    tokio::time::sleep(wait).await;
    Ok(())
}
