//! Records what was seen on the wire: the errcodes that each endpoint answered, by test, and the members of each
//! answer.
//! The test binary `tests/protocol.rs` runs afterwards and reads it.

use serde_json::Value;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What was recorded, and its file.
struct Recorder {
    noted: HashSet<String>,
    file: File,
}

impl Recorder {
    /// Creates the file empty: an older one may be of other code.
    fn begin(name: &str) -> Mutex<Recorder> {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        Mutex::new(Recorder {
            noted: HashSet::new(),
            file: File::create(&file).expect("the file of what was seen can be created"),
        })
    }
}

static NUMBERS: LazyLock<Mutex<Recorder>> = LazyLock::new(|| Recorder::begin("seen"));
static PARTS: LazyLock<Mutex<Recorder>> = LazyLock::new(|| Recorder::begin("seen-parts"));

/// Tests that call every endpoint for another reason. Their answers do not describe the endpoint: a clock was wrong, or
/// the caller hung up at a random moment.
const NOT_NOTED: [&str; 2] = ["clock::", "vanish::"];

/// Records an answer with this errcode.
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

fn write(notes: &Mutex<Recorder>, line: String) {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.noted.contains(&line) {
        notes.file.write_all(line.as_bytes()).expect("what was seen can be written");
        notes.noted.insert(line);
    }
}

/// A refusal is one part, without its request id. Any other answer has a part for each of its members.
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
