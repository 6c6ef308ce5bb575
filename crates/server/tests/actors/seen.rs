//! What was seen on the wire: each number an endpoint answered and the first sentence that saw it, and what each answer
//! consists of. It is written down for `tests/protocol.rs`, which runs afterwards.

use serde_json::Value;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What was noted, and the file it stands in.
struct Notes {
    noted: HashSet<String>,
    file: File,
}

impl Notes {
    /// An older file is cut when this run begins: it may have been of other code.
    fn begin(name: &str) -> Mutex<Notes> {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        Mutex::new(Notes {
            noted: HashSet::new(),
            file: File::create(&file).expect("a file for what is seen"),
        })
    }
}

static NUMBERS: LazyLock<Mutex<Notes>> = LazyLock::new(|| Notes::begin("seen"));
static PARTS: LazyLock<Mutex<Notes>> = LazyLock::new(|| Notes::begin("seen-parts"));

/// Sentences that call every endpoint for another reason. What they see says nothing of the endpoint, and what callers
/// who hang up still hear is chance.
const NOT_NOTED: [&str; 2] = ["clock::", "vanish::"];

/// An endpoint gave an answer with this number.
pub fn note(path: &str, number: i64, answer: &Value) {
    let thread = std::thread::current();
    let sentence = thread.name().unwrap_or("").trim_end_matches("::sqlite").trim_end_matches("::postgres");
    // A test's folder is no part of the name that `docs/protocol.md` gives it.
    let sentence = sentence.split_once("::").map_or(sentence, |(_, rest)| rest);
    if NOT_NOTED.iter().any(|module| sentence.starts_with(module)) {
        return;
    }
    write(&NUMBERS, format!("{path} {number} {sentence}\n"));
    for part in parts(number, answer) {
        write(&PARTS, format!("{path} {number} {part}\n"));
    }
}

fn write(notes: &Mutex<Notes>, line: String) {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.noted.contains(&line) {
        notes.file.write_all(line.as_bytes()).expect("to note what was seen");
        notes.noted.insert(line);
    }
}

/// A refusal is one part, the same each time but for its request's id; an answer has one for each of its members.
fn parts(number: i64, answer: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    if number == 0 {
        members("", answer, &mut parts);
    } else {
        let text = answer.to_string();
        parts.push(match text.split_once(" rid: ") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|it: char| it.is_ascii_hexdigit() || it == '-');
                format!("{before} rid: …{after}")
            }
            None => text,
        });
    }
    parts
}

fn members(at: &str, value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| members(&format!("{at}.{name}"), value, parts))
        }
        Value::Array(list) => {
            parts.push(format!("{at} array"));
            list.iter().for_each(|value| members(&format!("{at}[]"), value, parts));
        }
        Value::String(text) if at == ".errmsg" => parts.push(format!("{at} {text:?}")),
        Value::Number(number) if at == ".errcode" => parts.push(format!("{at} {number}")),
        Value::String(_) => parts.push(format!("{at} string")),
        Value::Number(number) if number.is_f64() => parts.push(format!("{at} fraction")),
        Value::Number(_) => parts.push(format!("{at} integer")),
        Value::Bool(_) => parts.push(format!("{at} boolean")),
        Value::Null => parts.push(format!("{at} null")),
    }
}
