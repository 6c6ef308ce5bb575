//! The server never holds whole files in memory, even with many uploads and downloads at once.

use crate::actors::form::{FORM, PNG, form, sized};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{DEMO, RunningServer};
use crate::fixture::s3::BucketServer;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::Mutex;

/// Uploads at once.
const AT_ONCE: u8 = 16;
/// The memory that they may add, in KiB; stated in docs/operating.md.
const MOST_KIB: u64 = 128 << 10;
/// The memory that they may add with a bucket, which needs a part of 5 MiB for each upload.
const MOST_KIB_WITH_A_BUCKET: u64 = MOST_KIB + AT_ONCE as u64 * (5 << 10);

/// The highest and the present memory of a process, in KiB.
fn resident(demo: &RunningServer) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", demo.child.id())).unwrap();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (value("VmHWM:"), value("VmRSS:"))
}

fn upload(
    demo: &RunningServer,
    http: &reqwest::Client,
    token: &str,
    file: &[u8],
) -> impl Future<Output = String> + use<> {
    let url = format!("{}/cgi-bin/media/upload?access_token={token}&type=image", demo.base);
    let request = http.post(url).header("content-type", FORM).body(form(&[], Some(("media", file))));
    async move {
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["media_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

fn download(
    demo: &RunningServer,
    http: &reqwest::Client,
    token: &str,
    media_id: &str,
) -> impl Future<Output = usize> + use<> {
    let request =
        http.get(format!("{}/cgi-bin/media/get?access_token={token}&media_id={media_id}", demo.base));
    async move {
        let (mut response, mut size) = (request.send().await.unwrap(), 0);
        while let Some(part) = response.chunk().await.unwrap() {
            size += part.len();
        }
        size
    }
}

on_both_engines! {
    with_fresh_data:
    sixteen_large_files_at_once_take_little_memory,
    sixteen_large_files_at_once_take_little_memory_to_a_bucket,
}

async fn sixteen_large_files_at_once_take_little_memory(fresh: Fresh) {
    takes_little(&fresh, MOST_KIB).await;
}

async fn sixteen_large_files_at_once_take_little_memory_to_a_bucket(fresh: Fresh) {
    let s3 = BucketServer::start();
    takes_little(&fresh.with_files_in(&s3, "s3://desk"), MOST_KIB_WITH_A_BUCKET).await;
}

async fn takes_little(fresh: &Fresh, most: u64) {
    // One after the other, because a download that waits for the machine holds more.
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    let demo = RunningServer::start(DEMO, fresh);
    let (token, http) = (demo.token().await, reqwest::Client::new());
    let file = sized(PNG, 10 << 20);
    let (_, before) = resident(&demo);
    // More bytes than the bound, so that kept memory would show.
    let mut media = Vec::new();
    for round in 0..2_u8 {
        media.extend(
            join_all((0..AT_ONCE).map(|number| {
                let mut own = file.clone();
                own[100..102].copy_from_slice(&[round, number]);
                upload(&demo, &http, &token, &own)
            }))
            .await,
        );
    }
    let (uploaded, _) = resident(&demo);
    for round in media.chunks(AT_ONCE.into()) {
        let sizes = join_all(round.iter().map(|media_id| download(&demo, &http, &token, media_id))).await;
        assert!(sizes.iter().all(|size| *size == file.len()), "{sizes:?}");
    }
    let (downloaded, _) = resident(&demo);
    println!(
        "before {before} KiB, at most {uploaded} while {AT_ONCE} came at once, {downloaded} while they went"
    );
    assert!(downloaded - before < most, "{before} KiB grew to {uploaded} and {downloaded}");
    demo.stop();
}
