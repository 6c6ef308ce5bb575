//! Configuration: flags override the environment, which overrides the file.

use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{KEFU, RunningServer};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A file with these lines, and the temporary folder that holds it.
fn file(lines: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kefu.toml");
    std::fs::write(&path, lines).unwrap();
    (folder, path)
}

/// The output of `kefu config show` with this file, these flags and this environment.
fn shown(lines: &str, flags: &[&str], environment: &[(&str, &str)]) -> Result<Value, String> {
    let (_folder, path) = file(lines);
    let mut command = Command::new(KEFU);
    command
        .args(["config", "show", "--json", "--config"])
        .arg(path)
        .args(flags)
        .envs(environment.iter().copied());
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let lines = "listen = \"127.0.0.1:1111\"\ndata = \"/a\"\npublic-url = \"https://file.example\"\n\
                 trusted-proxy = [\"127.0.0.1\", \"::1\"]\nallow-demo = true\n";
    let said = shown(
        lines,
        &["--listen", "127.0.0.1:3333"],
        &[("KEFU_LISTEN", "127.0.0.1:2222"), ("KEFU_DATA", "/b")],
    )
    .unwrap();
    let of = |name: &str| (said[name]["value"].as_str().unwrap(), said[name]["source"].as_str().unwrap());
    assert_eq!(of("listen"), ("127.0.0.1:3333", "flag"));
    assert_eq!(of("data"), ("/b", "environment"));
    assert!(of("public-url").0 == "https://file.example" && of("public-url").1.ends_with("kefu.toml"));
    assert_eq!(of("trusted-proxy").0, "127.0.0.1,::1");
    assert_eq!(of("allow-demo").0, "true");
    let said = shown("", &[], &[]).unwrap();
    assert_eq!(said["listen"]["source"], "default");
}

#[test]
fn secrets_are_not_shown() {
    let said = shown("", &["--database", "postgres://kefu:hunter2@db/kefu"], &[]).unwrap();
    assert_eq!(said["database"]["value"], "(hidden)");
    let said = shown("database = \"file:/run/secrets/kefu\"", &[], &[]).unwrap();
    assert_eq!(said["database"]["value"], "file:/run/secrets/kefu");
    let said = shown("files = \"s3://desk\"", &[], &[("KEFU_FILES_KEY", "id:hunter2")]).unwrap();
    assert_eq!(
        (&said["files"]["value"], &said["files-key"]["value"]),
        (&"s3://desk".into(), &"(hidden)".into())
    );
}

#[test]
fn an_error_in_the_file_is_reported_with_its_place() {
    for (lines, expected) in [
        ("listen = \"127.0.0.1:1\"\nlissten = 1\n", "line 2 sets lissten, which is no setting"),
        ("listen = \"nowhere\"\n", "invalid value 'nowhere' for '--listen"),
        ("trusted-proxy = [\"a\"]\n", "invalid value 'a' for '--trusted-proxy"),
        ("[listen]\nport = 1\n", "takes text, a number"),
        ("listen = \n", "line 1"),
        ("config = \"other.toml\"\n", "config, which is no setting"),
    ] {
        let said = shown(lines, &[], &[]).unwrap_err();
        assert!(said.contains(expected) && said.contains("kefu.toml"), "{said}");
    }
    let output =
        Command::new(KEFU).args(["config", "show", "--config", "/nowhere/kefu.toml"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/kefu.toml"));
}

on_both_engines! {
    with_fresh_data:
    a_server_and_its_operators_read_the_same_file,
}

async fn a_server_and_its_operators_read_the_same_file(fresh: Fresh) {
    let flags = fresh.flags();
    let [.., key, named] = &flags[..] else { panic!("{flags:?}") };
    let key = key.trim_start_matches("--").to_owned();
    let (folder, path) = file("");
    // A database address may hold a password, so it may be in a separate file.
    let value = if key == "database" {
        let secret = folder.path().join("database");
        std::fs::write(&secret, format!("{named}\n")).unwrap();
        format!("file:{}", secret.display())
    } else {
        named.clone()
    };
    std::fs::write(&path, format!("{key} = {value:?}\nlisten = \"127.0.0.1:0\"\n")).unwrap();
    let demo = RunningServer::start_with(&["demo", "--config", path.to_str().unwrap()], &[]);
    demo.token().await;
    let listed =
        Command::new(KEFU).args(["account", "list", "--json"]).env("KEFU_CONFIG", &path).output().unwrap();
    assert!(String::from_utf8(listed.stdout).unwrap().contains("wx0123456789abcdef"));
    demo.stop();
}
