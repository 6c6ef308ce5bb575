//! How what came of an order is shown to people.

use serde_json::Value;

/// Members line by line, lists one after the other.
pub(super) fn print(value: &Value) {
    match value {
        Value::Array(items) if items.is_empty() => println!("none yet"),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    println!();
                }
                print(item);
            }
        }
        Value::Object(members) => {
            let width = members.keys().map(String::len).max().unwrap_or(0);
            for (name, value) in members {
                println!("{name:width$}  {}", plain(value));
            }
        }
        other => println!("{}", plain(other)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
