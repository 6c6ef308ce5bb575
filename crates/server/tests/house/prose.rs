//! Documents: their width, and that what they name exists.

use super::{all_sources, files};
use crate::fixture::running::KEFU;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Documents that programs write.
const GENERATED: [&str; 2] = ["protocol.md", "compatibility.md"];

/// The documents that people write, with their texts.
fn documents() -> Vec<(String, String)> {
    all_documents().into_iter().filter(|(name, _)| !GENERATED.contains(&name.as_str())).collect()
}

/// All documents, with their texts.
fn all_documents() -> Vec<(String, String)> {
    let folders = [root(), root().join("docs")];
    let paths =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let named = paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    let written = named.filter(|(name, _)| name.ends_with(".md"));
    let found: Vec<_> = written.map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect();
    assert!(found.len() > 7, "{found:?}");
    found
}

fn document(name: &str) -> String {
    documents().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// The lines outside of code blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let numbered = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    let outside = numbered.filter(|(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    });
    outside.collect()
}

#[test]
fn documents_have_at_most_120_columns_outside_of_tables() {
    for (name, text) in all_documents() {
        for (number, line) in prose(&text).into_iter().filter(|(_, line)| !line.starts_with('|')) {
            let columns = line.chars().count();
            assert!(columns <= 120, "{name}, line {number}: {columns} columns");
        }
    }
}

#[test]
fn documents_name_people_by_nouns() {
    for (name, text) in all_documents() {
        for (number, line) in prose(&text) {
            let mut words = line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            let found =
                words.find(|word| ["she", "her", "hers", "whoever", "nobody"].contains(&word.as_str()));
            assert_eq!(found, None, "{name}, line {number}");
        }
    }
}

/// Every file of the project, as documents may shorten it: without `src`, and `push.rs` for `push/mod.rs`.
fn short_paths() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "web/src", "web/e2e", "tests", "bench/src"] {
        files(&root().join(folder), &["rs", "ts", "svelte", "py", "sql", "txt"], &mut found);
    }
    found.iter().map(|path| short(&path.to_string_lossy())).collect()
}

fn short(path: &str) -> PathBuf {
    path.replace("/src/", "/").replace("/mod.rs", ".rs").into()
}

#[test]
fn paths_that_documents_name_exist() {
    const FOLDERS: [&str; 6] = ["crates/", "web/", "tests/", "bench/", "deploy/", "docs/"];
    let (shorts, mut named, mut missing) = (short_paths(), BTreeSet::new(), Vec::new());
    for (name, text) in documents().into_iter().filter(|(name, _)| name != "CHANGELOG.md") {
        for (number, line) in prose(&text) {
            // Code is between backticks, and the address of a link between parentheses behind a bracket.
            let code = line.split('`').skip(1).step_by(2);
            let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
            for path in code.chain(links).filter(|path| !path.contains([' ', '*', '…', ':'])) {
                let is_source = [".rs", ".ts", ".svelte"].iter().any(|ending| path.ends_with(ending));
                let is_whole = FOLDERS.iter().any(|folder| path.starts_with(folder));
                if !is_source && !is_whole {
                    continue;
                }
                let exists = root().join(path).exists()
                    || is_source && shorts.iter().any(|short_path| short_path.ends_with(short(path)));
                named.insert(path.to_owned());
                if !exists {
                    missing.push(format!("{name}, line {number}: {path}"));
                }
            }
        }
    }
    assert!(named.len() > 50, "{named:?}");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What is written as `name` in `path`.
#[test]
fn functions_and_types_that_the_guide_names_exist() {
    let text = document("CONTRIBUTING.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let (parts, mut missing) = (text.split("` in `").collect::<Vec<_>>(), Vec::new());
    for pair in parts.windows(2) {
        let (name, path) = (pair[0].rsplit('`').next().unwrap(), pair[1].split('`').next().unwrap());
        if !path.ends_with(".rs") || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let source = fs::read_to_string(root().join(path)).unwrap_or_default();
        let is_there = ["fn", "struct", "enum"].iter().any(|kind| {
            let declaration = format!("{kind} {name}");
            // The next character ends the name.
            source
                .split(&declaration)
                .skip(1)
                .any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        });
        if !is_there {
            missing.push(format!("{name} in {path}"));
        }
    }
    assert!(parts.len() > 10, "{parts:?}");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What is written as `noun::verb`, or `Type::function`: as it is called somewhere, or declared in the noun's file.
#[test]
fn qualified_names_in_documents_exist() {
    let (sources, mut named, mut missing) = (all_sources(), 0, Vec::new());
    for (name, text) in documents().into_iter().filter(|(name, _)| name != "CHANGELOG.md") {
        let is_name = |code: &&str| {
            code.contains("::") && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
        };
        for code in text.split('`').filter(is_name) {
            let parts: Vec<_> = code.rsplit("::").collect();
            let (called, declared) = (format!("{}::{}", parts[1], parts[0]), format!("fn {}(", parts[0]));
            let is_there = |(path, source): &(PathBuf, String)| {
                let is_file =
                    path.iter().any(|part| part == parts[1]) || path.file_stem().unwrap() == parts[1];
                source.contains(&called) || is_file && source.contains(&declared)
            };
            named += 1;
            if !sources.iter().any(is_there) {
                missing.push(format!("{name}: {code}"));
            }
        }
    }
    assert!(named > 5);
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_operators_manual_has_every_setting_with_its_default() {
    let manual = document("operating.md");
    let output = Command::new(KEFU).args(["config", "show", "--json"]).env_clear().output().unwrap();
    let settings: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, setting) in settings.as_object().unwrap().iter().filter(|(name, _)| *name != "config") {
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("operating.md has no row for {name}"));
        let default = setting["value"].as_str().unwrap();
        let shown = row.split('|').nth(2).unwrap().trim().trim_matches('`');
        assert!(
            default.is_empty() || default == shown,
            "{name}: the manual says {shown}, the program {default}"
        );
    }
}

#[test]
fn a_decision_has_at_most_six_lines() {
    let text = document("decisions.md");
    let entries: Vec<_> = text.split("\n### ").skip(1).collect();
    assert!(entries.len() > 20);
    for entry in entries {
        let (title, body) = entry.split_once('\n').unwrap();
        let lines = body.split("\n## ").next().unwrap().lines().filter(|line| !line.is_empty()).count();
        assert!(lines <= 6, "{title}: {lines} lines");
        assert!(body.contains("*Reconsider"), "{title}");
    }
}

#[test]
fn every_dependency_has_its_reason_in_the_decisions() {
    let text = document("decisions.md");
    let table = text.split_once("\n## Dependencies\n").unwrap().1;
    let justified: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|crates| crates.split(", "))
        .collect();
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let is_own = |line: &str| line.contains("path = \"");
    let manifests = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for folder in manifests.chain([root().join("bench"), root().join("tests/crash")]) {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for section in manifest.split("\n[").filter(|section| section.contains("dependencies]\n")) {
            let foreign = section.lines().skip(1).filter(|line| !is_own(line));
            for name in foreign.filter_map(|line| line.split([' ', '.']).next()) {
                let in_workspace = workspace.lines().find(|line| line.starts_with(&format!("{name} = ")));
                let is_known =
                    name.is_empty() || justified.contains(name) || in_workspace.is_some_and(is_own);
                assert!(
                    is_known || name == "#",
                    "{}: decisions.md gives no reason for {name}",
                    folder.display()
                );
            }
        }
    }
}
