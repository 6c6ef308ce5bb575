//! What was seen on the wire: each number an endpoint answered, and the first sentence that saw it. It is written down for
//! `tests/protocol.rs`, which runs afterwards.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

/// What was noted, and the file it stands in.
struct Notes {
    noted: HashSet<String>,
    file: File,
}

static NOTES: LazyLock<Mutex<Notes>> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seen");
    // Cut when this run begins: an older one may have been of other code.
    Mutex::new(Notes { noted: HashSet::new(), file: File::create(&file).expect("a file for what is seen") })
});

/// An endpoint answered a number.
pub fn note(path: &str, number: i64) {
    let thread = std::thread::current();
    let sentence = thread.name().unwrap_or("").trim_end_matches("::sqlite").trim_end_matches("::postgres");
    let line = format!("{path} {number} {sentence}\n");
    let mut notes = NOTES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if notes.noted.insert(line.clone()) {
        notes.file.write_all(line.as_bytes()).expect("to note what was seen");
    }
}
