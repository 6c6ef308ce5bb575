//! `kefu doctor`: the problems that it reports.

use crate::actors::form::{FORM, PNG, form};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{KEFU, RunningServer};
use kefu::config::Place;
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// The doctor's findings as JSON, and whether it exits with success.
pub fn asks(fresh: &Fresh, more: &[&str]) -> (bool, Vec<(String, String, String)>) {
    let output =
        Command::new(KEFU).args(["doctor", "--json"]).args(fresh.flags()).args(more).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let found: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said} {:?}", String::from_utf8(output.stderr)));
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    let all = found
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(it, "what"), text(it, "state"), text(it, "says")))
        .collect();
    (output.status.success(), all)
}

/// Asserts that the doctor reports no problem, except that the tests' PostgreSQL runs without flushes, which the doctor
/// rightly reports.
fn is_fit(fresh: &Fresh, content: bool, found: &[(String, String, String)]) -> bool {
    let problems: Vec<_> = found.iter().filter(|it| it.1 == "problem").map(|it| it.0.as_str()).collect();
    match fresh.place {
        Place::Folder(_) => content && problems.is_empty(),
        Place::Postgres(_) => !content && problems == ["durability"],
    }
}

pub fn state<'f>(found: &'f [(String, String, String)], what: &str) -> (&'f str, &'f str) {
    let it = found.iter().find(|it| it.0 == what).unwrap_or_else(|| panic!("nothing of {what} in {found:?}"));
    (&it.1, &it.2)
}

pub fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

const FIT: &[&str] = &["--public-url", "https://desk.example.com", "--trusted-proxy", "127.0.0.1"];

on_both_engines! {
    with_fresh_data:
    the_doctor_reports_a_healthy_desk,
    the_doctor_reports_a_full_disk,
    the_doctor_reports_a_missing_file,
    the_doctor_names_a_remedy_for_each_problem,
}

async fn the_doctor_reports_a_healthy_desk(fresh: Fresh) {
    let listen = free();
    if let Place::Folder(folder) = &fresh.place {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let demo = RunningServer::start(&["demo", "--listen", &listen], &fresh);
    let (content, found) = asks(&fresh, &[FIT, &["--listen", &listen]].concat());
    assert!(is_fit(&fresh, content, &found), "{found:?}");
    assert!(
        found.iter().all(|it| it.1 != "warning" || ["open files", "disk", "room"].contains(&it.0.as_str())),
        "{found:?}"
    );
    assert!(state(&found, "server").1.contains("answers at"), "{found:?}");
    demo.stop();
    let (content, found) = asks(&fresh, &[FIT, &["--listen", &listen]].concat());
    assert!(is_fit(&fresh, content, &found) && state(&found, "server").1.contains("is free"), "{found:?}");
}

async fn the_doctor_reports_a_full_disk(fresh: Fresh) {
    let (content, found) =
        asks(&fresh, &[FIT, &["--listen", &free(), "--files-free-mib", "4294967295"]].concat());
    assert!(!content);
    assert!(
        matches!(state(&found, "room"), ("problem", says) if says.contains("--message-files-days")),
        "{found:?}"
    );
    let (_, found) = asks(&fresh, &[FIT, &["--listen", &free(), "--files-free-mib", "0"]].concat());
    assert_eq!(state(&found, "room").0, "ok", "{found:?}");
}

async fn the_doctor_reports_a_missing_file(fresh: Fresh) {
    let demo = RunningServer::start(&["demo", "--listen", &free()], &fresh);
    let path = format!("/cgi-bin/media/upload?access_token={}&type=image", demo.token().await);
    let upload = reqwest::Client::new().post(format!("{}{path}", demo.base)).header("content-type", FORM);
    assert_eq!(upload.body(form(&[], Some(("media", PNG)))).send().await.unwrap().status(), 200);
    demo.stop();
    let listen = free();
    let flags = [FIT, &["--listen", &listen]].concat();
    assert_eq!(state(&asks(&fresh, &flags).1, "gone files").0, "ok");
    for folder in fresh.folder_of_files().read_dir().unwrap() {
        std::fs::remove_dir_all(folder.unwrap().path()).unwrap();
    }
    let (content, found) = asks(&fresh, &flags);
    assert!(!content);
    assert!(
        matches!(state(&found, "gone files"), ("problem", says) if says.contains("files are gone")),
        "{found:?}"
    );
}

async fn the_doctor_names_a_remedy_for_each_problem(fresh: Fresh) {
    RunningServer::start(&["demo", "--listen", &free()], &fresh).stop();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    std::thread::spawn({
        let other = other.try_clone().unwrap();
        move || {
            while let Ok((stream, _)) = other.accept() {
                drop(stream)
            }
        }
    });
    let taken = other.local_addr().unwrap().to_string();
    let (content, found) = asks(
        &fresh,
        &["--listen", &taken, "--public-url", "desk.example.com", "--metrics-listen", "0.0.0.0:1"],
    );
    assert!(!content);
    assert!(
        matches!(state(&found, "server"), ("problem", says) if says.contains("another program answers")),
        "{found:?}"
    );
    assert!(
        matches!(state(&found, "public URL"), ("problem", says) if says.contains("https://")),
        "{found:?}"
    );
    assert_eq!(state(&found, "metrics").0, "problem");
    let (content, found) = asks(&fresh, &["--listen", &free(), "--public-url", "https://desk.example.com"]);
    assert!(
        is_fit(&fresh, content, &found)
            && matches!(state(&found, "proxy"), ("warning", says) if says.contains("--trusted-proxy")),
        "{found:?}"
    );
    fresh.claims_version(99);
    let (content, found) = asks(&fresh, &["--listen", &free()]);
    assert!(
        !content && matches!(state(&found, "tables"), ("problem", says) if says.contains("version 99")),
        "{found:?}"
    );
}

#[test]
fn the_doctor_checks_a_folder_before_the_first_start() {
    let fresh = Fresh::folder();
    let Place::Folder(folder) = &fresh.place else { unreachable!() };
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (content, found) = asks(&fresh, &["--listen", &free()]);
    assert!(
        content && matches!(state(&found, "data"), ("warning", says) if says.contains("chmod 700")),
        "{found:?}"
    );
    assert!(
        matches!(state(&found, "database"), ("warning", says) if says.contains("kefu serve")),
        "{found:?}"
    );
    std::fs::write(folder.join("kefu.db"), "this is no database at all").unwrap();
    let (content, found) = asks(&fresh, &["--listen", &free()]);
    assert!(!content && state(&found, "database").0 == "problem", "{found:?}");
    let (_, found) = asks(&Fresh::at(Place::Folder(folder.join("none"))), &["--listen", &free()]);
    assert!(matches!(state(&found, "data"), ("warning", says) if says.contains("kefu serve")), "{found:?}");
}

#[test]
fn a_database_that_cannot_be_reached_is_a_problem() {
    let fresh = Fresh::at(Place::Postgres(format!("postgres://nobody@{}/none", free())));
    let (content, found) = asks(&fresh, &["--listen", &free()]);
    assert!(
        !content && matches!(state(&found, "database"), ("problem", says) if says.contains("connecting")),
        "{found:?}"
    );
}

#[test]
fn the_doctor_checks_the_stand_in_for_weixins_host() {
    let fresh = Fresh::folder();
    let Place::Folder(folder) = &fresh.place else { unreachable!() };
    let (listen, https, http) = (free(), free(), free());
    let flags = ["--as", "localhost", "--as-https", &https, "--as-http", &http, "--listen", &listen];
    let of_it = |found: &[(String, String, String)]| {
        let all = found.iter().filter(|it| it.0 == "as").map(|it| format!("{} {}", it.1, it.2));
        all.collect::<Vec<_>>().join("\n")
    };
    let (content, found) = asks(&fresh, &flags);
    assert!(
        content && of_it(&found).contains(&format!("nobody answers at {https}, which is free")),
        "{found:?}"
    );
    assert!(
        matches!(state(&found, "authority"), ("warning", says) if says.contains("makes it")),
        "{found:?}"
    );

    let demo = RunningServer::start(&[&["demo"], &flags[..]].concat(), &fresh);
    let (content, found) = asks(&fresh, &flags);
    let said = of_it(&found);
    assert!(content && said.contains("ok this machine finds localhost here"), "{said}");
    assert!(
        said.contains("its authority issued what it shows") && said.contains("answers in clear"),
        "{said}"
    );
    assert_eq!(state(&found, "authority").0, "ok");
    let (content, found) = asks(&fresh, &[&["--as", "nowhere.invalid"], &flags[2..]].concat());
    assert!(!content && of_it(&found).contains("warning this machine finds no nowhere.invalid"), "{found:?}");
    assert!(state(&found, "authority").1.contains("is for localhost, not for nowhere.invalid"), "{found:?}");
    demo.stop();

    let key = folder.join("authority/issuer.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let (content, found) = asks(&fresh, &flags);
    assert!(!content && found.iter().any(|it| it.1 == "problem" && it.2.contains("chmod 600")), "{found:?}");
    let _other = TcpListener::bind(&http).unwrap();
    let (_, found) = asks(&fresh, &flags);
    assert!(
        of_it(&found).contains("another program does; stop it, or choose another --as-http"),
        "{found:?}"
    );
}
