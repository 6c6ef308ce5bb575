//! The size of files and folders, and the width of lines.

use super::sources;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most files in a folder of sources.
const FILES: usize = 12;

/// Files with a line for each of many rows or types.
const TABLES: [&str; 3] = ["endpoint/table.rs", "errcode/table.rs", "web/src/wire.ts"];

/// The folders of sources, relative to this crate.
const FOLDERS: [&str; 5] = ["..", "../../bench/src", "../../tests", "../../web/src", "../../web/e2e"];

const ENDINGS: [&str; 6] = ["rs", "ts", "svelte", "css", "mjs", "py"];

/// All sources of the project, with their texts.
fn project() -> impl Iterator<Item = (PathBuf, String)> {
    FOLDERS.iter().flat_map(|folder| sources(folder, &ENDINGS))
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for (path, text) in project() {
        let lines = text.lines().count();
        let is_table = TABLES.iter().any(|table| path.ends_with(table));
        assert!(lines <= 400 || is_table, "{} has {lines} lines", path.display());
    }
}

/// Lines that cannot be broken hold a web address, or a command of `kefu demo` that people copy.
#[test]
fn no_line_has_more_than_120_columns() {
    for (path, text) in project() {
        for (number, line) in (1..).zip(text.lines()) {
            let is_whole =
                line.contains("https://") || line.starts_with("  TOKEN=") || line.starts_with("  curl ");
            assert!(line.chars().count() <= 120 || is_whole, "{}, line {number}", path.display());
        }
    }
}

#[test]
fn no_folder_has_more_than_12_files() {
    let mut folders = BTreeMap::<PathBuf, usize>::new();
    for (path, _) in project() {
        *folders.entry(path.parent().unwrap_or(Path::new("")).to_owned()).or_default() += 1;
    }
    let crowded: Vec<_> = folders.into_iter().filter(|(_, files)| *files > FILES).collect();
    assert!(crowded.is_empty(), "{crowded:?}");
}
