//! Prints the outcome of a command for people.

use crate::clock::readable;
use serde_json::Value;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::exit;

/// Writes a line to standard output. Ends the program silently when the reader has gone, as after `… | head`.
pub(super) fn line(text: impl Display) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}") {
        if error.kind() == ErrorKind::BrokenPipe {
            exit(0);
        }
        say(format_args!("kefu: writing what came of it: {error}"));
        exit(1);
    }
}

/// Writes a line to standard error, if anything reads it.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an object's members one per line, and lists item by item.
pub(super) fn print(value: &Value) {
    match value {
        Value::Array(items) if items.is_empty() => line("none yet"),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    line("");
                }
                print(item);
            }
        }
        Value::Object(members) => {
            let width = members.keys().map(String::len).max().unwrap_or(0);
            for (name, value) in members {
                line(format_args!("{name:width$}  {}", member(name, value)));
            }
        }
        other => line(plain(other)),
    }
}

/// A time, which the member's name tells, is printed in UTC.
fn member(name: &str, value: &Value) -> String {
    match value.as_i64().filter(|_| name.ends_with("_at")) {
        Some(time) => readable(time),
        None => plain(value),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{name} {}", member(name, value))).collect();
            members.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{member, plain};
    use serde_json::json;

    #[test]
    fn moments_are_shown_as_people_write_them_and_nothing_else_is() {
        assert_eq!(member("created_at", &json!(1_800_000_000_123_i64)), "2027-01-15 08:00:00 UTC");
        assert_eq!(member("at_most", &json!(1_800_000_000_123_i64)), "1800000000123");
        assert_eq!(member("used_at", &json!("never")), "never");
        assert_eq!(plain(&json!([{"ends_at": 0, "id": 1}])), "ends_at 1970-01-01 00:00:00 UTC, id 1");
    }
}
