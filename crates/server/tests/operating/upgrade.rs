//! Data of an older program: this program opens it, and people continue where they were.

use crate::actors::{TestApp, run};
use crate::fixture::engine::Fresh;
use kefu::config::Place;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const APPID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The customers: kf1 serves the first, the second's session is closed, the third waits.
const CUSTOMERS: [&str; 3] =
    ["oNd2ksOpi5lu4Du2649srOaXr3YD", "ocmC7Skfn4khZ9bbFrTJlcw_g7Dp", "oauZkW6efkf8uSdLxHuhYgI2FXKk"];
/// The customers' cookies.
const COOKIES: [&str; 3] = [
    "L7aHDZ7whZEEJkAjI5_fjXLHKREuZFyVcjmsHaPNu40",
    "vx9IUqT2ETcBSNeEZr-pANUvwYyV2639ddUbWo4UJdM",
    "2UF6mPIywIANgDou5Pj6ov10C4KUPvbnS1LpNTmHnks",
];
/// The worker's cookie.
const LOGIN: &str = "kefu_login=WnJM0kF9OVgu2YIoAw1N6Zxrz71pf5sMMXS5iZz-yjM";

/// Creates the tables and rows of the first build, including its rows about migrations.
fn written_by_the_first_build(fresh: Fresh) -> Fresh {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let migrations = crates.join("../store/migrations");
    let mut files: Vec<_> = fs::read_dir(migrations).unwrap().map(|file| file.unwrap().path()).collect();
    let version = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name[1..name.find("__").unwrap()].parse::<u32>().unwrap()
    };
    files.sort_by_key(|path| version(path));
    let history = "create table refinery_schema_history \
                   (version int4 primary key, name text, applied_on text, checksum text);";
    let tables = files.iter().filter(|path| version(path) <= 9).map(|path| fs::read_to_string(path).unwrap());
    let rows = fs::read_to_string(crates.join("tests/operating/upgrade/v9.sql")).unwrap();
    let sql = [history.to_owned()].into_iter().chain(tables).chain([rows]).collect::<Vec<_>>().join("\n");
    if let Place::Folder(folder) = &fresh.place {
        fs::create_dir_all(folder).unwrap();
    }
    fresh.runs(sql);
    fresh
}

fn texts(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect()
}

on_both_engines! { with_old_data: people_continue_with_data_of_the_first_build }

/// Runs a test over data that the first build wrote.
fn with_old_data(fresh: Fresh, test: impl AsyncFnOnce(TestApp)) {
    run(written_by_the_first_build(fresh), test);
}

async fn people_continue_with_data_of_the_first_build(app: TestApp) {
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    let token = app.ask(&path, "").await.json::<Value>().await.unwrap()["access_token"].clone();
    let token = token.as_str().unwrap();
    let get = async |path: &str| -> Value {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joint}access_token={token}");
        app.ask(&path, "").await.json().await.unwrap()
    };
    let list = get("/cgi-bin/customservice/getkflist").await;
    let names: Vec<_> = list["kf_list"].as_array().unwrap().iter().map(|kf| kf["kf_nick"].clone()).collect();
    assert_eq!(names, ["客服1", "售后小李", "Invited"]);
    let path = format!("/customservice/kfsession/getsession?openid={}", CUSTOMERS[0]);
    assert_eq!(get(&path).await["kf_account"], "kf1@demo");
    let waiting = get("/customservice/kfsession/getwaitcase").await;
    assert_eq!((&waiting["count"], &waiting["waitcaselist"][0]["openid"]), (&json!(1), &json!(CUSTOMERS[2])));

    // The worker is still logged in, and can log in again.
    let snapshot: Value = app.ask("/desk/api/snapshot", LOGIN).await.json().await.unwrap();
    let account = &snapshot["accounts"][0];
    assert_eq!((&account["agent"]["kf_account"], &account["waiting_count"]), (&json!("kf1@demo"), &json!(1)));
    assert_eq!(account["unread"], json!({}), "the agent has answered");
    let session = account["sessions"][0]["id"].as_i64().unwrap();
    let password = json!({"name": "kf_demo", "password": "demo"});
    assert_eq!(app.send("/desk/api/login", "", &password).await.status(), 200);
    let reply = json!({"appid": APPID, "session": session, "client_id": "after", "text": "still here"});
    assert_eq!(app.send("/desk/api/message", LOGIN, &reply).await.status(), 200);

    // The customers continue their sessions.
    let history = ["你好，我的订单在哪里？", "您好，it's on its way", "[msgmenu] 满意吗？", "still here"];
    let cookie = |n: usize| format!("kefu_{APPID}={}", COOKIES[n]);
    let page = async |n: usize| -> Value {
        app.ask(&format!("/chat/api/{APPID}/snapshot"), &cookie(n)).await.json().await.unwrap()
    };
    let served = page(0).await;
    assert_eq!((served["state"].as_str(), texts(&served["messages"])), (Some("open"), history.to_vec()));
    assert_eq!(page(1).await["state"], "closed");
    assert_eq!(page(2).await["state"], "waiting");
    for (n, openid) in CUSTOMERS.iter().enumerate() {
        let written = json!({"client_id": format!("after{n}"), "text": "are you there?"});
        let sent = app.send(&format!("/chat/api/{APPID}/message"), &cookie(n), &written).await;
        assert_eq!(sent.json::<Value>().await.unwrap()["message"]["openid"], *openid);
    }
}
