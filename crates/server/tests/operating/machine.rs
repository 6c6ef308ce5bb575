//! The program on a real machine: long paths, closed pipes, host names, arguments visible to other users.

use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, KEFU, RunningServer, kefu};
use crate::operating::doctor::{asks, free, state};
use kefu::config::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder whose path has `bytes` bytes, and its temporary parent.
fn long(bytes: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut path = folder.path().canonicalize().unwrap();
    loop {
        match bytes - path.as_os_str().len() {
            0 => break,
            left if left > 101 => path.push("d".repeat(left.min(100) - 1)),
            left => path.push("d".repeat(left - 1)),
        }
    }
    std::fs::create_dir_all(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_data_folder_may_have_a_long_path() {
    for bytes in [85, 97, 98, 200, 490] {
        let (_folder, path) = long(bytes);
        assert_eq!(path.as_os_str().len(), bytes);
        let fresh = Fresh::at(Place::Folder(path.clone()));
        let listen = free();
        let demo = RunningServer::start(&["demo", "--listen", &listen], &fresh);
        let (listed, accounts) = kefu(&["account", "list", "--json"], &fresh);
        assert!(listed && accounts.contains(APPID), "{bytes}: {accounts}");
        // The running server executed the command: its token ends at once.
        let token = demo.token().await;
        assert!(kefu(&["token", "expire", "--appid", APPID], &fresh).0);
        let list = demo.get(&format!("/cgi-bin/customservice/getkflist?access_token={token}")).await;
        assert_eq!(list["errcode"], 42001, "{bytes}");
        let (content, found) = asks(&fresh, &["--listen", &listen]);
        assert!(content && state(&found, "server").1.contains("runs, and answers"), "{bytes}: {found:?}");
        assert!(path.join("admin.sock").exists());
        demo.stop();
    }
}

#[test]
fn a_path_too_long_for_the_database_is_refused_with_a_remedy() {
    let (_folder, path) = long(491);
    let fresh = Fresh::at(Place::Folder(path));
    let (served, said) = kefu(&["serve", "--listen", "127.0.0.1:0"], &fresh);
    assert!(!served && said.contains("has 491 bytes") && said.contains("choose a shorter --data"), "{said}");
    let (content, found) = asks(&fresh, &["--listen", &free()]);
    let is_told =
        |it: &(String, String, String)| it.1 == "problem" && it.2.contains("choose a shorter --data");
    assert!(!content && found.iter().any(is_told), "{found:?}");
}

#[test]
fn a_command_whose_output_is_closed_ends_silently() {
    let fresh = Fresh::folder();
    RunningServer::start(DEMO, &fresh).stop();
    for args in [
        &["account", "list"][..],
        &["account", "quota", "--appid", APPID],
        &["config", "show"],
        &["doctor"],
        &["version"],
        &["--help"],
    ] {
        let flags =
            if ["config", "version", "--help"].contains(&args[0]) { Vec::new() } else { fresh.flags() };
        let mut command = Command::new(KEFU);
        let mut child =
            command.args(args).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked") && !said.contains("Broken pipe"), "{args:?}: {said}");
        assert!(output.status.success(), "{args:?}: {said}");
    }
}

#[test]
fn a_server_with_a_closed_log_continues() {
    let fresh = Fresh::folder();
    let listen = free();
    let mut command = Command::new(KEFU);
    command.args(["serve", "--listen", &listen]).args(fresh.flags()).env("KEFU_LOG", "debug");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listens at") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it serves");
    }
    drop(log);
    let (made, said) = kefu(&["account", "create", "--json"], &fresh);
    assert!(made, "{said}");
    let (listed, accounts) = kefu(&["account", "list", "--json"], &fresh);
    assert!(listed && serde_json::from_str::<Value>(&accounts).unwrap().as_array().unwrap().len() == 1);
    assert!(child.try_wait().unwrap().is_none(), "it serves still");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn an_address_may_be_a_name_of_this_machine() {
    let port = free().rsplit(':').next().unwrap().to_owned();
    let demo = RunningServer::start(&["demo", "--listen", &format!("localhost:{port}")], &Fresh::folder());
    assert_eq!(demo.base, format!("http://127.0.0.1:{port}"));
    assert_eq!(demo.get("/healthz").await["errcode"], 0);
    for (given, cure) in [
        ("localhost", "an address has a port, like 127.0.0.1:8080"),
        ("8080", "an address has a port"),
        ("nowhere.invalid:80", "this machine finds no nowhere.invalid; an address is like 127.0.0.1:8080"),
    ] {
        for flag in ["--listen", "--as-https", "--as-http", "--metrics-listen"] {
            let (served, said) = kefu(&["serve", flag, given], &Fresh::folder());
            assert!(!served && said.contains(cure), "{flag} {given}: {said}");
        }
    }
}

#[test]
fn a_password_visible_to_other_users_is_warned_about() {
    let url = format!("postgres://kefu:hunter2@{}/kefu", free());
    let (served, said) = kefu(&["serve", "--database", &url], &Fresh::folder());
    assert!(!served && said.contains("give --database file:PATH"), "{said}");
    let (_, found) = asks(&Fresh::at(Place::Postgres(url)), &["--listen", &free()]);
    let (state, says) = state(&found, "command line");
    assert!(state == "warning" && says.contains("file:PATH") && !says.contains("hunter2"), "{says}");
}

on_both_engines! {
    with_fresh_data:
    times_are_readable_unless_json_is_requested,
    the_doctor_names_accounts_that_share_an_alias,
}

async fn times_are_readable_unless_json_is_requested(fresh: Fresh) {
    RunningServer::start(DEMO, &fresh).stop();
    let (listed, text) = kefu(&["worker", "list"], &fresh);
    let shown = text.lines().find_map(|line| line.strip_prefix("created_at")).unwrap().trim().to_owned();
    let shape: String = shown.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert!(listed && shape == "9999-99-99 99:99:99 UTC", "{text}");
    let (_, json) = kefu(&["worker", "list", "--json"], &fresh);
    assert!(serde_json::from_str::<Value>(&json).unwrap()[0]["created_at"].is_i64(), "{json}");
    for order in ["logins", "log-out"] {
        let (done, said) = kefu(&["worker", order, "--name", "nobody_here"], &fresh);
        assert!(!done && said.contains("there is no such worker"), "{said}");
    }
    assert_eq!(kefu(&["worker", "logins", "--name", "kf_demo"], &fresh), (true, "none yet\n".to_owned()));
}

async fn the_doctor_names_accounts_that_share_an_alias(fresh: Fresh) {
    RunningServer::start(DEMO, &fresh).stop();
    let (_, made) = kefu(&["account", "create", "--alias", "other", "--json"], &fresh);
    let other = serde_json::from_str::<Value>(&made).unwrap()["appid"].as_str().unwrap().to_owned();
    let alias = async || {
        let (_, found) = asks(&fresh, &["--listen", &free()]);
        found.into_iter().find(|it| it.0 == "alias").map(|it| format!("{} {}", it.1, it.2))
    };
    assert_eq!(alias().await, None);
    fresh.runs("update account set alias = 'demo'".into());
    let said = alias().await.expect("a warning");
    assert!(said.starts_with("warning") && said.contains(APPID) && said.contains(&other), "{said}");
    let (kept, said) = kefu(&["account", "set", "--appid", &other, "--alias", "demo", "--name", "B"], &fresh);
    assert!(kept, "what was there before stays: {said}");
}
