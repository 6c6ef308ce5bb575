//! Rules for the sources: import direction, length of files and lines, size of folders.

mod circle;
mod prose;
mod shape;
mod wire;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the server, lowest first: each may import only those before it, and itself.
const ORDER: &[&[&str]] = &[
    &["config", "metrics"],
    &["tls"],
    &["push", "streams", "throttle", "demo", "forward"],
    &["state"],
    &["listen"],
    &["callback"],
    &["http", "due"],
    &["admin"],
    &["app"],
    &["cli"],
];

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            // A fuzzer builds into `tests/fuzz/target`.
            if !entry.ends_with("target") {
                files(&entry, endings, found);
            }
        } else if entry.extension().is_some_and(|extension| endings.iter().any(|ending| extension == *ending))
        {
            found.push(entry);
        }
    }
}

fn sources(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), endings, &mut found);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The sources of all crates that are linked into the program.
fn all_sources() -> Vec<(PathBuf, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let all: Vec<_> = fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path().join("src")).collect();
    assert!(all.len() > 4, "{all:?}");
    all.iter().flat_map(|folder| sources(folder.to_str().unwrap(), &["rs"])).collect()
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|level| level.contains(&module))
}

#[test]
fn imports_run_one_way() {
    let top = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    for (module, uses) in circle::of_crate("server") {
        let own = top(&module);
        let Some(own_rank) = rank(&own) else { continue };
        for name in uses.iter().map(|used| top(used)) {
            let allowed = rank(&name).is_none_or(|rank| rank < own_rank || name == own);
            assert!(allowed, "{module} imports {name}, which is above it");
        }
    }
}

#[test]
fn handlers_contain_no_sql_and_verbs_no_http() {
    for (path, text) in all_sources() {
        let shown = path.display().to_string();
        if shown.contains("/http/") {
            assert!(!text.contains("select ") && !text.contains("bind!["), "{shown} contains SQL");
        }
        if shown.contains("/desk/") && !shown.contains("/http/") {
            assert!(!text.contains("axum") && !text.contains("hyper"), "{shown} uses HTTP");
        }
        if shown.contains("/store/") {
            assert!(!text.contains("KfAccount {") && !text.contains("kf_account"), "{shown} names an agent");
        }
    }
}

#[test]
fn only_the_command_line_reads_the_environment() {
    for (path, text) in all_sources() {
        let shown = path.display().to_string();
        let may = shown.contains("/cli/") || shown.contains("/config/") || shown.ends_with("main.rs");
        assert!(
            may || !text.contains("env::var") && !text.contains("try_from_env"),
            "{shown} reads the environment"
        );
    }
}

/// The pages' answers have types, from which `web/src/wire.ts` is generated.
#[test]
fn no_handler_of_the_pages_writes_json_by_hand() {
    let handlers = sources("src/http/pages", &["rs"]);
    assert!(handlers.len() > 5);
    for (path, text) in handlers {
        assert!(!text.contains("json!"), "{}", path.display());
    }
}

/// `KEFU_LOG=kefu=debug` selects the logs of all crates, because targets are compared by their beginning.
#[test]
fn every_crate_logs_under_the_programs_name() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut logging = 0;
    for manifest in fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path().join("Cargo.toml")) {
        let text = fs::read_to_string(&manifest).unwrap();
        if text.contains("\ntracing = ") {
            let name = |section: &str| text.split_once(section)?.1.strip_prefix("\nname = \"");
            let name = name("[lib]").or(name("[package]")).unwrap();
            assert!(name.starts_with("kefu"), "{}: {name}", manifest.display());
            logging += 1;
        }
    }
    assert!(logging > 1);
}

#[test]
fn no_endpoint_of_weixins_answers_a_number_of_ours() {
    assert!(
        protocol::endpoint::ALL.iter().all(|endpoint| endpoint.feature_off.is_none_or(|code| !code.is_own()))
    );
    assert!(
        protocol::Errcode::ALL
            .iter()
            .all(|code| code.is_own() == (990_000..1_000_000).contains(&code.number()))
    );
}

/// The check of the description gives each refusal a status.
#[test]
fn every_code_of_weixins_endpoints_has_a_status_in_the_hooks() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/openapi/hooks.py");
    let hooks = fs::read_to_string(path).unwrap();
    let (_, statuses) = hooks.split_once("STATUS = {").unwrap();
    let (statuses, _) = statuses.split_once("# fmt: skip").unwrap();
    let known: BTreeSet<&str> =
        statuses.split(|it: char| !it.is_ascii_digit() && it != '-').filter(|it| !it.is_empty()).collect();
    let document = protocol::openapi::document();
    let codes = document["x-errcodes"].as_object().unwrap().keys();
    let unknown: Vec<_> = codes.filter(|code| *code != "0" && !known.contains(code.as_str())).collect();
    assert!(unknown.is_empty(), "tests/openapi/hooks.py has no status for {unknown:?}");
}
