//! Callers who hang up once all is said, and a database that is away while nobody says anything.

use crate::people::People;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use trouble::server::{self, Kefu, Postgres};

/// Uploads whose sender hangs up, of each kind.
const UPLOADS: usize = 200;
/// Streams that have nothing to hear.
const STREAMS: usize = 30;
/// How long the store is watched.
const WATCHED: Duration = Duration::from_secs(5);
/// What the store may be asked in this time: a node's own beats and looks, about ten a second.
const VERBS: f64 = 250.0;

/// Uploads after whose last byte the connection closes name no file that is not there.
pub(crate) async fn hang_up(kefu: &Path, place: &[String]) -> anyhow::Result<()> {
    let running = Kefu::start(server::command(kefu, place, &[]))?;
    let people = People::meet(&running.base, 0).await?;
    let token = &people.token;
    for number in 0..UPLOADS {
        let wait = Duration::from_micros(number as u64 * 37 % 4_000);
        let file = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &number.to_be_bytes()].concat();
        let upload = format!("/cgi-bin/media/upload?access_token={token}&type=image");
        send_and_leave(&running.base, &upload, &file, wait).await?;
        let picture =
            format!("/customservice/kfaccount/uploadheadimg?access_token={token}&kf_account=kf1@demo");
        let file = [&file, b"head".as_slice()].concat();
        send_and_leave(&running.base, &picture, &file, wait).await?;
    }
    // What is under way is waited for.
    running.stop()?;
    let doctor = Command::new(kefu).args(["doctor", "--json"]).args(place).output()?;
    let found: Vec<Value> = serde_json::from_slice(&doctor.stdout)?;
    let gone = found.iter().find(|it| it["what"] == "gone files").context("the doctor looks for files")?;
    ensure!(gone["state"] == "ok", "files of senders who hung up are gone: {}", gone["says"]);
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

/// After PostgreSQL was away, streams that have nothing to hear ask it for nothing.
pub(crate) async fn restart(kefu: &Path) -> anyhow::Result<()> {
    let postgres = Postgres::start()?;
    let place = ["--database".to_owned(), postgres.url()];
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let metrics = format!("127.0.0.1:{port}");
    let mut command = server::command(kefu, &place, &[]);
    command.args(["--metrics-listen", &metrics]);
    let running = Kefu::start(command)?;
    let people = People::meet(&running.base, STREAMS).await?;
    let streams = people.idle_streams(&running.base).await?;
    let calm = verbs(&metrics).await?;
    postgres.stop()?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    postgres.resume()?;
    let mut back = false;
    for _ in 0..100 {
        back = reqwest::get(format!("{}/readyz", running.base)).await.is_ok_and(|it| it.status() == 200);
        if back {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(back, "the desk does not find its database again");
    // Each reader and each loop looks once.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, time) = (verbs(&metrics).await?, processor_time(running.pid())?);
    tokio::time::sleep(WATCHED).await;
    let (asked, time) = (verbs(&metrics).await? - before, processor_time(running.pid())? - time);
    println!(
        "{} idle streams after a restart of PostgreSQL: {asked} verbs and {time} ms of processor time in {WATCHED:?} \
         ({calm} verbs from the start until then)",
        streams.len()
    );
    ensure!(asked < VERBS, "{asked} verbs of streams that have nothing to hear");
    Ok(())
}

/// Verbs the store was asked to run since the start.
async fn verbs(metrics: &str) -> anyhow::Result<f64> {
    let page = reqwest::get(format!("http://{metrics}/metrics")).await?.text().await?;
    let line = page.lines().find_map(|line| line.strip_prefix("kefu_store_verbs_total "));
    Ok(line.context("how many verbs there were")?.parse()?)
}

/// Processor time of a process so far, in milliseconds: a tick is a hundredth of a second.
fn processor_time(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = stat.rsplit_once(") ").context("its name")?.1;
    let ticks: Vec<u64> = behind_name.split(' ').skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    Ok(ticks.iter().sum::<u64>() * 10)
}
