//! Backups while the desk runs, and moves of data between engines: nothing is lost, and `verify` shows it.

use crate::actors::form::{FORM, PNG, form};
use crate::actors::{PATIENCE, Stream, TestAccount, TestAgent, TestApp, client_id, cookie_of};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, RunningServer, kefu};
use kefu::config::Place;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A customer of the demo who writes, and the cookie and the texts so far.
#[derive(Clone)]
struct WritingCustomer {
    base: String,
    http: reqwest::Client,
    cookie: Arc<Mutex<String>>,
}

impl WritingCustomer {
    async fn at(demo: &RunningServer) -> WritingCustomer {
        let http = reqwest::Client::new();
        let first = http.get(format!("{}/chat/api/{APPID}/snapshot", demo.base)).send().await.unwrap();
        WritingCustomer {
            base: demo.base.clone(),
            http,
            cookie: Arc::new(Mutex::new(cookie_of(&first).unwrap())),
        }
    }

    async fn says(&self, text: &str) {
        let sent = self.http.post(format!("{}/chat/api/{APPID}/message", self.base));
        let sent = sent.header("sec-fetch-site", "same-origin").header("cookie", self.cookie());
        let sent = sent.json(&json!({"client_id": client_id(text), "text": text})).send().await.unwrap();
        assert_eq!(sent.status(), 200, "{text}");
        if let Some(cookie) = cookie_of(&sent) {
            *self.cookie.lock().unwrap() = cookie;
        }
    }

    fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    /// The texts that the customer's page shows at a server.
    async fn reads(&self, demo: &RunningServer) -> Vec<String> {
        let asked =
            self.http.get(format!("{}/chat/api/{APPID}/snapshot", demo.base)).header("cookie", self.cookie());
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        answer["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["text"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A demo without limits on people, because the tests write a lot.
const UNLIMITED: &[&str] = &["demo", "--listen", "127.0.0.1:0", "--messages-per-minute", "0"];

/// Runs a command that prints JSON.
fn says(args: &[&str], fresh: &Fresh) -> Value {
    let (done, said) = kefu(&[args, &["--json"]].concat(), fresh);
    assert!(done, "{said}");
    serde_json::from_str(&said).unwrap()
}

/// Runs `verify`, which takes no flags for data.
fn verify(file: &Path) -> (bool, String) {
    let output = Command::new(crate::fixture::running::KEFU).arg("verify").arg(file).output().unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// The flags of a place, as `store move --to` takes it.
fn named(fresh: &Fresh) -> String {
    fresh.flags().pop().unwrap()
}

/// Makes the demo a Mini Program with a sub-merchant and a binding to WeCom.
async fn has_a_sub_merchant_and_a_binding(demo: &RunningServer, fresh: &Fresh) {
    let (set, said) = kefu(&["account", "set", "--appid", APPID, "--kind", "mini-program"], fresh);
    assert!(set, "{said}");
    let (token, http) = (demo.token().await, reqwest::Client::new());
    let posts = async |path: &str, kind: &str, body: Vec<u8>| {
        let request =
            http.post(format!("{}{path}access_token={token}", demo.base)).header("content-type", kind);
        let answer: Value = request.body(body).send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errcode").is_none_or(|code| code == 0), "{path}: {answer}");
        answer
    };
    let media = posts("/cgi-bin/media/upload?type=image&", FORM, form(&[], Some(("media", PNG)))).await;
    let account =
        json!({"account_name": "apple_store", "nickname": "苹果商店", "icon_media_id": media["media_id"]});
    posts("/cgi-bin/business/register?", "application/json", account.to_string().into()).await;
    let corp = json!({"corpid": "wwee11111xxxxxxx"});
    posts("/customservice/work/bind?", "application/json", corp.to_string().into()).await;
}

/// An empty place on the other engine.
fn another(fresh: &Fresh) -> Fresh {
    if matches!(fresh.place, Place::Folder(_)) { Fresh::schema() } else { Fresh::folder() }
}

async fn head(account: &TestAccount) -> i64 {
    account.app.inner.desk.store.head(&account.appid).await.unwrap().unwrap().seq
}

/// Asserts that the page gets `reset` and nothing else.
async fn is_reset(mut stream: Stream) {
    stream.waits_for("reset", |event| event.event == "reset").await;
    assert_eq!(stream.events().len(), 1);
    stream.ends().await;
}

on_both_engines! {
    after_a_restore_open_pages_load_everything_again,
}

/// The restored store uses the numbers of lost changes again. Open browsers must not miss the new changes.
async fn after_a_restore_open_pages_load_everything_again(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let account = app.account().await;
    let (ann, customer) = (account.agent("a1").await, account.customer());
    customer.says("kept").await;
    let (mut desk, mut page) = (ann.comes_online().await, customer.watches().await);
    let file = folder.path().join("backup").display().to_string();
    let made = says(&["backup", &file], &app.fresh);
    customer.says("lost").await;
    customer.says("lost as well").await;
    let (bench_at, page_at) = (desk.sees("lost as well").await.id, page.sees("lost as well").await.id);
    let lost = head(&account).await;
    for (number, place) in [Fresh::folder(), Fresh::schema()].into_iter().enumerate() {
        assert_eq!(says(&["restore", &file], &place), made);
        let copy = folder.path().join(format!("copy {number}")).display().to_string();
        // The first start creates the epoch, which `verify` does not compare.
        assert!(kefu(&["account", "list"], &place).0);
        assert_eq!(says(&["backup", &copy], &place), made);
        let restored = TestApp::start(Arc::new(place), 8 + number as u64).await;
        let there = TestAccount { app: restored.clone(), ..account.clone() };
        let ann = TestAgent { app: restored.clone(), ..ann.clone() };
        let stream = |cursor: &str| format!("/chat/api/{}/stream?since={cursor}", account.appid);
        // The store's number is below the browsers' cursor, then equal, then above.
        for said in 0..4 {
            is_reset(ann.resumes(&bench_at).await).await;
            is_reset(Stream::open(&restored, &stream(&page_at), &customer.cookie()).await).await;
            there.customer().says(&format!("new {said}")).await;
        }
        let bench = ann.snapshot().await["since"].as_str().unwrap().to_owned();
        assert_ne!(bench.split_once(';').unwrap().0, bench_at.split_once(';').unwrap().0, "another epoch");
        assert!(head(&there).await > lost, "the store has passed the cursors");
        let mut bench = ann.resumes(&bench).await;
        there.customer().says("hello").await;
        bench.sees("hello").await;
        restored.inner.stop.cancel();
    }
}

/// A node whose data in PostgreSQL is replaced while it runs.
#[tokio::test]
async fn a_server_whose_data_is_replaced_stops() {
    let (fresh, folder) = (Fresh::schema(), tempfile::tempdir().unwrap());
    let file = folder.path().join("backup").display().to_string();
    let mut demo = RunningServer::start(DEMO, &fresh);
    let writer = WritingCustomer::at(&demo).await;
    writer.says("kept").await;
    assert!(kefu(&["backup", &file], &fresh).0);
    writer.says("lost").await;
    let path = format!("{}/chat/api/{APPID}/stream", demo.base);
    let mut page = writer.http.get(path).header("cookie", writer.cookie()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let anew = "do $$ declare own text := current_schema(); begin
        execute format('drop schema %I cascade', own); execute format('create schema %I', own); end $$";
    fresh.runs(anew.to_owned());
    let (done, said) = kefu(&["restore", &file], &fresh);
    assert!(done, "{said}");
    let ended = async { while let Ok(Some(_)) = page.chunk().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the stream ends with its server");
    assert!(
        !demo.child.wait().unwrap().success(),
        "the process fails, so that its supervisor starts it again"
    );
    let demo = RunningServer::start(DEMO, &fresh);
    assert_eq!(writer.reads(&demo).await, ["kept"]);
}

on_both_engines! {
    with_fresh_data:
    a_backup_under_load_holds_all_that_was_acknowledged_before_it,
    data_that_moved_there_and_back_is_the_same,
    a_file_that_is_no_backup_is_refused_with_a_remedy,
}

async fn a_backup_under_load_holds_all_that_was_acknowledged_before_it(fresh: Fresh) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.kefu");
    let demo = RunningServer::start(UNLIMITED, &fresh);
    let (writer, other) = (WritingCustomer::at(&demo).await, WritingCustomer::at(&demo).await);
    let odd = "tab\there, line\nthere, back\\slash \\N, 客服 🙂, quote ' and \" and \r\n end";
    writer.says(odd).await;
    for number in 0..30 {
        writer.says(&format!("before {number}")).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (stops, goes_on) = (stop.clone(), async move {
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            other.says(&format!("meanwhile {number}")).await;
            number += 1;
        }
        (other, number)
    });
    let (path, flags) = (file.display().to_string(), fresh.flags());
    let making = tokio::task::spawn_blocking(move || {
        let output =
            Command::new(crate::fixture::running::KEFU).args(["backup", &path]).args(flags).output().unwrap();
        stops.store(true, Ordering::Relaxed);
        output
    });
    let (made, (other, written)) = tokio::join!(making, goes_on);
    assert!(made.unwrap().status.success());
    assert!(written > 0, "customers could write during the backup");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left over");
    let (sound, said) = verify(&file);
    assert!(sound && said.contains("message") && said.contains("sha256"), "{said}");
    drop(demo);
    // The backup is restored on either engine, and the cookies are still valid.
    for place in [Fresh::folder(), Fresh::schema()] {
        let (done, said) = kefu(&["restore", &file.display().to_string()], &place);
        assert!(done && said.contains("restored"), "{said}");
        let demo = RunningServer::start(DEMO, &place);
        let read = writer.reads(&demo).await;
        assert_eq!((read.len(), read[0].as_str(), read[30].as_str()), (31, odd, "before 29"));
        let found = other.reads(&demo).await;
        let numbers: Vec<i32> =
            found.iter().map(|text| text.strip_prefix("meanwhile ").unwrap().parse().unwrap()).collect();
        assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1), "without a gap: {numbers:?}");
        assert!(numbers.last().is_none_or(|last| *last < written));
        WritingCustomer { base: demo.base.clone(), ..writer.clone() }.says("and on").await;
    }
}

async fn data_that_moved_there_and_back_is_the_same(fresh: Fresh) {
    let demo = RunningServer::start(DEMO, &fresh);
    WritingCustomer::at(&demo).await.says("hello").await;
    has_a_sub_merchant_and_a_binding(&demo, &fresh).await;
    let (moved, said) = kefu(&["store", "move", "--to", &named(&another(&fresh))], &fresh);
    assert!(
        !moved && (said.contains("another Kefu uses the data") || said.contains("a server uses")),
        "{said}"
    );
    demo.stop();
    let there = another(&fresh);
    let out = says(&["store", "move", "--to", &named(&there)], &fresh);
    for table in ["message", "account", "business", "work"] {
        assert_eq!(out["tables"][table], 1, "{table}: {out}");
    }
    let back = if matches!(fresh.place, Place::Folder(_)) { Fresh::folder() } else { Fresh::schema() };
    assert_eq!(says(&["store", "move", "--to", &named(&back)], &there), out);
    let (moved, said) = kefu(&["store", "move", "--to", &named(&back)], &there);
    assert!(!moved && said.contains("holds data already"), "{said}");
    let demo = RunningServer::start(DEMO, &back);
    assert!(!demo.token().await.is_empty());
}

async fn a_file_that_is_no_backup_is_refused_with_a_remedy(fresh: Fresh) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    if matches!(fresh.place, Place::Folder(_)) {
        let (made, said) = kefu(&["backup", &path("none")], &fresh);
        assert!(!made && said.contains("there is no"), "{said}");
    }
    let demo = RunningServer::start(DEMO, &fresh);
    WritingCustomer::at(&demo).await.says("remember me").await;
    assert!(kefu(&["backup", &path("good")], &fresh).0);
    let (made, said) = kefu(&["backup", &path("good")], &fresh);
    assert!(!made && said.contains("exists"), "{said}");
    let (made, said) = kefu(&["backup", &path("nowhere/good")], &fresh);
    assert!(!made && said.contains("creating"), "{said}");
    let (done, said) = kefu(&["restore", &path("good")], &fresh);
    assert!(
        !done && (said.contains("another Kefu uses the data") || said.contains("holds data already")),
        "{said}"
    );
    demo.stop();
    let (done, said) = kefu(&["restore", &path("good")], &fresh);
    assert!(!done && said.contains("holds data already"), "{said}");
    // A wrong file is refused before any row is written.
    std::fs::write(path("text"), "not a database").unwrap();
    rusqlite::Connection::open(path("other")).unwrap().execute_batch("create table t (x)").unwrap();
    let mut bytes = std::fs::read(path("good")).unwrap();
    let text = bytes.windows(11).rposition(|part| part == b"remember me").unwrap();
    bytes[text] = b'R';
    std::fs::write(path("flipped"), &bytes).unwrap();
    std::fs::write(path("cut"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::copy(path("good"), path("newer")).unwrap();
    let later = "insert into refinery_schema_history (version, name, applied_on, checksum)
                 values (99, 'later', '2030-01-01T00:00:00Z', '1')";
    rusqlite::Connection::open(path("newer")).unwrap().execute_batch(later).unwrap();
    let empty = if matches!(fresh.place, Place::Folder(_)) { Fresh::folder() } else { Fresh::schema() };
    for (name, why) in [
        ("missing", "there is no"),
        ("text", "no backup"),
        ("other", "no backup"),
        ("flipped", "is damaged"),
        ("cut", "damaged"),
        ("newer", "version 99"),
    ] {
        let (sound, said) = verify(Path::new(&path(name)));
        assert!(!sound && said.contains(why), "{name}: {said}");
        let (done, said) = kefu(&["restore", &path(name)], &empty);
        assert!(!done && said.contains(why), "{name}: {said}");
    }
    assert!(kefu(&["restore", &path("good")], &empty).0, "it stayed empty");
}
