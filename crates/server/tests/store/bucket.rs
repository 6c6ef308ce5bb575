//! Files in a bucket: the same behaviour as in a folder, shared by nodes, and what happens when the bucket fails.

use crate::actors::form::{AMR, FORM, GIF, JPEG, MP4, PNG, form, sized};
use crate::actors::{TestAccount, TestApp, code, run, until};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{DEMO, KEFU, RunningServer};
use crate::fixture::s3::{BucketHealth, BucketServer};
use crate::operating::doctor::{asks, free, state};
use kefu::due;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DAY: i64 = 86_400_000;
const MB: usize = 1 << 20;
/// The place of the tests' files.
const PLACE: &str = "s3://desk/shops/one";

/// Runs a test over `fresh` data whose files are in a bucket.
fn with_a_bucket(fresh: Fresh, test: impl AsyncFnOnce(TestApp, BucketServer)) {
    let s3 = BucketServer::start();
    let fresh = fresh.with_files_in(&s3, PLACE);
    run(fresh, async |app| test(app, s3).await);
}

/// The names of the objects, without their common prefix.
fn names(s3: &BucketServer) -> Vec<String> {
    let all = s3.names();
    all.iter()
        .map(|name| name.strip_prefix("shops/one/").unwrap_or_else(|| panic!("{name}")).to_owned())
        .collect()
}

async fn comes_back(account: &TestAccount, kind: &str, file: &[u8]) {
    let media_id = account.media(kind, file).await;
    let back = account.fetches(&media_id).await;
    assert_eq!(back.headers()["content-length"], file.len().to_string());
    assert!(back.bytes().await.unwrap() == file, "{kind} of {} came back otherwise", file.len());
}

on_both_engines! {
    with_a_bucket:
    a_file_in_a_bucket_is_given_back_as_it_was,
    an_upload_to_a_bucket_that_breaks_off_leaves_nothing,
    expired_objects_are_deleted_and_foreign_objects_stay,
    due_rows_do_not_wait_for_a_bucket,
}

async fn a_file_in_a_bucket_is_given_back_as_it_was(app: TestApp, s3: BucketServer) {
    let account = app.account().await;
    account.adds("a1").await;
    for (kind, bytes) in [("image", PNG), ("image", GIF), ("voice", AMR), ("thumb", JPEG)] {
        comes_back(&account, kind, bytes).await;
    }
    assert!(
        !s3.held().asked.iter().any(|asked| asked.contains("uploadId")),
        "small ones are written in one go"
    );
    let url = account
        .get("/cgi-bin/media/get", &[("media_id", &account.media("video", &sized(MP4, 300_000)).await)])
        .await;
    let film = app
        .http
        .get(url["video_url"].as_str().unwrap())
        .header("range", "bytes=299990-")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (film.status().as_u16(), film.headers()["content-range"].to_str().unwrap()),
        (206, "bytes 299990-299999/300000")
    );
    assert_eq!(film.bytes().await.unwrap(), sized(MP4, 300_000)[299_990..]);
    assert_eq!(code(&account.pictures("a1", JPEG).await), 0);
    until("the second object with the same content is deleted", || async { names(&s3).len() == 5 }).await;
    assert!(names(&s3).iter().all(|name| name.len() == 35 && name[..2] == name[3..5]), "{:?}", names(&s3));
    // Sizes around one part, and the largest file.
    for size in [5 * MB - 1, 5 * MB, 5 * MB + 1, 10 * MB] {
        comes_back(&account, "image", &sized(PNG, size)).await;
    }
    assert_eq!(s3.counts(), (9, 0));
    assert_eq!(code(&account.uploads("image", &sized(PNG, 10 * MB + 1)).await), 45001);
    assert_eq!(code(&account.uploads("voice", &sized(b"hello", 6 * MB)).await), 40005);
    until("refused uploads are deleted", || async { s3.counts() == (9, 0) }).await;
}

async fn an_upload_to_a_bucket_that_breaks_off_leaves_nothing(app: TestApp, s3: BucketServer) {
    let account = app.account().await;
    let body = form(&[], Some(("media", &sized(PNG, 9 * MB))));
    let head = format!(
        "POST /cgi-bin/media/upload?access_token={}&type=image HTTP/1.1\r\nHost: x\r\n\
         Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n",
        account.token,
        body.len()
    );
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..6 * MB]).await.unwrap();
    until("a part is written", || async { s3.held().uploads.values().any(|parts| !parts.is_empty()) }).await;
    drop(stream);
    until("nothing is left", || async { s3.counts() == (0, 0) }).await;
    comes_back(&account, "image", PNG).await;
}

async fn expired_objects_are_deleted_and_foreign_objects_stay(app: TestApp, s3: BucketServer) {
    let account = app.account().await;
    let media_id = account.media("image", PNG).await;
    let (old, young) =
        ("shops/one/aa/aa000000000000000000000000000001", "shops/one/aa/aa000000000000000000000000000002");
    s3.lies(old, "2027-01-14");
    s3.lies(young, "2027-01-16");
    let theirs = [
        "shops/one/aa/letter",
        "shops/one/letter",
        "shops/two/aa/aa000000000000000000000000000001",
        "letter",
    ];
    theirs.iter().for_each(|name| s3.lies(name, "2027-01-01"));
    app.advance(DAY).await;
    assert!(
        !s3.names().contains(&old.to_owned()) && s3.names().contains(&young.to_owned()),
        "{:?}",
        s3.names()
    );
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.fetch_code(&media_id).await, 0);
    app.advance(2 * DAY).await;
    let mut left = s3.names();
    left.sort_by_key(|name| theirs.iter().position(|other| other == name));
    assert_eq!(left, theirs);
}

async fn due_rows_do_not_wait_for_a_bucket(app: TestApp, s3: BucketServer) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let stream = ann.comes_online().await;
    account.media("image", PNG).await;
    s3.held().asked.clear();
    s3.held().mood = BucketHealth::Silent;
    app.clock.advance(3 * DAY);
    tokio::spawn(due::run(app.inner.clone()));
    tokio::spawn(due::run_files(app.inner.clone()));
    tokio::spawn(due::keep_presence(app.inner.clone()));
    until("the bucket is asked, and says nothing", || async { !s3.held().asked.is_empty() }).await;
    let begun = Instant::now();
    drop(stream);
    let account = account.with_token(&account.fetch_token().await);
    until("the agent is offline", || async {
        app.clock.advance(1_000);
        account.online().await.is_empty()
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// The answer to an upload, and how long it took.
async fn uploads(demo: &RunningServer, token: &str, file: &[u8]) -> (i64, Duration, Value) {
    let (url, begun) =
        (format!("{}/cgi-bin/media/upload?access_token={token}&type=image", demo.base), Instant::now());
    let request =
        reqwest::Client::new().post(url).header("content-type", FORM).body(form(&[], Some(("media", file))));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    (code(&answer), begun.elapsed(), answer)
}

async fn gets(demo: &RunningServer, token: &str, media_id: &str) -> Result<bytes::Bytes, i64> {
    let url = format!("{}/cgi-bin/media/get?access_token={token}&media_id={media_id}", demo.base);
    let answer = reqwest::get(url).await.unwrap();
    let is_json = answer.headers()["content-type"].to_str().unwrap().contains("json");
    let bytes = answer.bytes().await.unwrap();
    if is_json { Err(code(&serde_json::from_slice(&bytes).unwrap())) } else { Ok(bytes) }
}

on_both_engines! {
    with_fresh_data:
    a_failing_bucket_stops_nothing_else,
    the_doctor_tries_a_bucket,
}

async fn a_failing_bucket_stops_nothing_else(fresh: Fresh) {
    let s3 = BucketServer::start();
    let demo = RunningServer::start(DEMO, &fresh.with_files_in(&s3, PLACE));
    let token = demo.token().await;
    let media_id = uploads(&demo, &token, PNG).await.2["media_id"].as_str().unwrap().to_owned();
    let seconds = Duration::from_secs(15);
    for mood in [BucketHealth::Silent, BucketHealth::Failing] {
        s3.held().mood = mood;
        let (small, large) = (GIF.to_vec(), sized(GIF, 6 * MB));
        let (small, large, fetched, others) = tokio::join!(
            uploads(&demo, &token, &small),
            uploads(&demo, &token, &large),
            gets(&demo, &token, &media_id),
            async {
                let begun = Instant::now();
                let agents =
                    demo.get(&format!("/cgi-bin/customservice/getkflist?access_token={token}")).await;
                (code(&agents), begun.elapsed())
            }
        );
        for (refused, took, answer) in [small, large] {
            assert!(refused == -1 && took < seconds, "{mood:?} {answer} after {took:?}");
        }
        assert_eq!(fetched, Err(-1));
        assert!(others.0 == 0 && others.1 < Duration::from_secs(10), "{others:?}");
        s3.held().mood = BucketHealth::Well;
        assert_eq!(gets(&demo, &token, &media_id).await.unwrap(), PNG);
        assert_eq!(uploads(&demo, &token, &sized(GIF, 6 * MB)).await.0, 0);
        // The outage is over once nothing has failed for a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(gets(&demo, &token, &media_id).await.unwrap(), PNG);
    }
    s3.goes();
    let (refused, took, answer) = uploads(&demo, &token, PNG).await;
    assert!(refused == -1 && took < seconds, "{answer} after {took:?}");
    s3.comes_back();
    assert_eq!(uploads(&demo, &token, PNG).await.0, 0);
    let (_, log) = demo.stop();
    assert_eq!(
        log.matches("not possible now, and tried again: reading and writing files").count(),
        3,
        "{log}"
    );
    assert_eq!(log.matches("possible again: reading and writing files").count(), 2, "{log}");
    assert!(log.contains("the bucket says SlowDown") && !log.contains("hunter2"), "{log}");
}

async fn the_doctor_tries_a_bucket(fresh: Fresh) {
    let s3 = BucketServer::start();
    let listen = free();
    let found = |s3: &BucketServer, place: &str, more: &[&str]| {
        let flags = [
            &s3.flags(place)[..],
            &["--listen", &listen, "--public-url", "https://desk.example.com"].map(str::to_owned),
        ]
        .concat();
        let flags: Vec<_> = flags.iter().map(String::as_str).filter(|flag| !more.contains(flag)).collect();
        let (_, found) = asks(&Fresh::at(fresh.place.clone()).without_files(), &[&flags[..], more].concat());
        let (is, says) = state(&found, "files");
        (is.to_owned(), says.to_owned())
    };
    let (is, says) = found(&s3, PLACE, &[]);
    assert_eq!((is.as_str(), says.as_str()), ("ok", "s3://desk/shops/one can be written and read"));
    assert_eq!(s3.counts(), (0, 0), "nothing is left of it");
    let (is, says) = found(&s3, "s3://disk", &[]);
    assert!(
        is == "problem"
            && says.contains("s3://disk: writing: the bucket says NoSuchBucket")
            && says.contains("make it"),
        "{says}"
    );
    let (is, says) = found(&s3, PLACE, &["--files-region", "eu-west-1"]);
    assert!(is == "problem" && says.contains("InvalidAccessKeyId") && says.contains("--files-key"), "{says}");
    s3.goes();
    let (is, says) = found(&s3, PLACE, &[]);
    assert!(is == "problem" && says.contains("writing") && says.contains("refused"), "{says}");
}

/// The error text of a start with these flags.
fn refused(flags: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(KEFU)
        .args(["serve", "--listen", &free(), "--data"])
        .arg(folder.path())
        .args(flags)
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing is made");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_start_with_incomplete_bucket_settings_is_refused() {
    for (flags, expected) in [
        (&["--files", "s3://desk"][..], "a bucket needs its key: --files-key file:PATH"),
        (&["--files", "s3://desk", "--files-key", "hunter2"], "--files-key holds no key"),
        (
            &["--files", "s3://desk", "--files-key", "file:/nowhere"],
            "reading the key for the bucket from /nowhere",
        ),
        (&["--files", "s3://a b", "--files-key", "a:b"], "cannot be a bucket's name"),
        (&["--files", "gs://desk"], "--files takes a folder or s3://BUCKET/PREFIX"),
        (
            &["--files", "s3://desk", "--files-key", "a:b", "--files-endpoint", "minio:9000"],
            "--files-endpoint takes http://",
        ),
        (&["--files-endpoint", "http://minio:9000"], "--files-endpoint is for a bucket"),
    ] {
        let said = refused(flags);
        assert!(said.contains(expected) && !said.contains("hunter2"), "{flags:?}: {said}");
    }
}

#[tokio::test]
async fn nodes_share_a_bucket() {
    let s3 = BucketServer::start();
    let fresh = Fresh::schema().with_files_in(&s3, PLACE);
    let (first, second) = (RunningServer::start(DEMO, &fresh), RunningServer::start(DEMO, &fresh));
    let token = first.token().await;
    for file in [PNG.to_vec(), sized(PNG, 8 * MB)] {
        let (refused, _, answer) = uploads(&first, &token, &file).await;
        assert_eq!(refused, 0, "{answer}");
        assert!(gets(&second, &token, answer["media_id"].as_str().unwrap()).await.unwrap() == file);
    }
    assert_eq!(uploads(&second, &token, PNG).await.0, 0);
    until("it is there once", || async { s3.counts() == (2, 0) }).await;
    first.stop();
    second.stop();
}
