//! The size of files and folders.

use super::{all_sources, sources};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most files in a folder of sources.
const FILES: usize = 12;

/// The folders of sources, relative to this crate.
const FOLDERS: [&str; 4] = ["..", "../../bench/src", "../../tests/crash/src", "../../web/src"];

#[test]
fn no_file_is_longer_than_400_lines() {
    for (path, text) in all_sources().into_iter().chain(sources("tests", &["rs"])) {
        let lines = text.lines().count();
        // A table has a line for each of its rows.
        let is_table = path.ends_with("endpoint/table.rs") || path.ends_with("errcode/table.rs");
        assert!(lines <= 400 || is_table, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_folder_has_more_than_12_files() {
    let mut folders = BTreeMap::<PathBuf, usize>::new();
    for (path, _) in FOLDERS.iter().flat_map(|folder| sources(folder, &["rs", "ts", "svelte"])) {
        *folders.entry(path.parent().unwrap_or(Path::new("")).to_owned()).or_default() += 1;
    }
    let crowded: Vec<_> = folders.into_iter().filter(|(_, files)| *files > FILES).collect();
    assert!(crowded.is_empty(), "{crowded:?}");
}
