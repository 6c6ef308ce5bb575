//! `kefu push`: what was pushed to an account's developer's server, once more, paused and resumed.

use super::{CommonArgs, ask};
use crate::admin::Command;
use crate::admin::push::{PushAction, PushCommand};
use crate::cli::print::{line, print};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PushSubcommand {
    /// List pushes that are done, the latest first; with --since those after a push, oldest first.
    List {
        /// The account.
        #[arg(long)]
        appid: String,
        /// List what came after this push; begin with 0.0, and go on with the last id.
        #[arg(long, value_name = "ID")]
        since: Option<String>,
        /// How they ended.
        #[arg(long, value_parser = ["taken", "failed", "late"])]
        outcome: Option<String>,
        /// The customer.
        #[arg(long)]
        openid: Option<String>,
        /// The MsgType, or the event: text, image, kf_create_session …
        #[arg(long)]
        what: Option<String>,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Show a push: what it says, signed and encrypted, each try, the answer as understood, and warnings.
    Show {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The push, of `push list`.
        #[arg(long)]
        id: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Send pushes again, and show the answers.
    Replay {
        /// The account.
        #[arg(long)]
        appid: String,
        /// A push, of `push list`; may be given again.
        #[arg(long, required_unless_present = "failed_within")]
        id: Vec<String>,
        /// All that failed within this time, such as 30s, 90m, 12h or 2d, oldest first, at most 1,000.
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        failed_within: Option<i64>,
        /// Of those only the ones after this push, to go on where an earlier replay ended.
        #[arg(long, value_name = "ID", requires = "failed_within")]
        after: Option<String>,
        /// Pass the answers on to the customers, too.
        #[arg(long)]
        act: bool,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Let pushes wait until they are resumed, for at most seven days.
    Pause {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Push what has waited. Answers to what is more than 60 s old do not act.
    Resume {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Reads a time like `90m` as seconds.
fn seconds(text: &str) -> Result<i64, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let read = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let number =
        read.and_then(|(number, seconds)| number.parse::<u32>().ok().map(|it| i64::from(it) * seconds));
    number.ok_or_else(|| "a time is a number and s, m, h or d, such as 90m".to_owned())
}

impl PushSubcommand {
    pub(in crate::cli) fn common(&self) -> &CommonArgs {
        let (Self::List { common, .. }
        | Self::Show { common, .. }
        | Self::Replay { common, .. }
        | Self::Pause { common, .. }
        | Self::Resume { common, .. }) = self;
        common
    }

    pub(in crate::cli) fn command(&self) -> Command {
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        let (appid, action) = match self {
            Self::List { appid, since, outcome, openid, what, .. } => {
                let (since, outcome) = (since.clone(), text(outcome));
                (appid, PushAction::List { since, outcome, openid: text(openid), what: text(what) })
            }
            Self::Show { appid, id, .. } => (appid, PushAction::Show(id.clone())),
            Self::Replay { appid, id, failed_within, after, act, .. } => {
                let (ids, failed_within_s, after) = (id.clone(), *failed_within, after.clone());
                (appid, PushAction::Replay { ids, failed_within_s, after, acts: *act })
            }
            Self::Pause { appid, .. } => (appid, PushAction::Pause(true)),
            Self::Resume { appid, .. } => (appid, PushAction::Pause(false)),
        };
        Command::Push(PushCommand { appid: appid.clone(), action })
    }
}

/// Sends the command and prints its outcome: for people one part after the other, the texts of warnings in English.
pub(in crate::cli) async fn run(command: PushSubcommand) -> anyhow::Result<()> {
    let common = command.common();
    let value = ask(command.command(), common).await?;
    if common.json {
        line(value);
        return Ok(());
    }
    for (number, part) in parts(&value).iter().enumerate() {
        if number > 0 {
            line("");
        }
        print(part);
    }
    Ok(())
}

/// The parts of an outcome for people: lists of pushes with where they go on; a push, its request and its tries;
/// replays.
fn parts(value: &Value) -> Vec<Value> {
    if let Some(replays) = value.as_array() {
        return if replays.is_empty() { vec![json!([])] } else { replays.iter().map(replay).collect() };
    }
    if value["pushes"].is_array() {
        let end = json!({"paused": value["paused"], "next": value["next"]});
        return vec![value["pushes"].clone(), without_nulls(end)];
    }
    if value["tries"].is_array() {
        let mut parts = vec![without_nulls(with(&value["push"], "warnings", lessons(&value["warnings"])))];
        parts.push(match value["request"].as_object() {
            Some(_) => request(&value["request"]),
            None => json!({"request": "gone: the change, or the developer's server, is no longer there"}),
        });
        parts.extend(value["tries"].as_array().into_iter().flatten().map(tried));
        return parts;
    }
    vec![value.clone()]
}

fn replay(value: &Value) -> Value {
    let mut part = with(&tried(&value["answered"]), "id", value["id"].clone());
    for member in ["acted", "refused"] {
        part[member] = value[member].clone();
    }
    part
}

fn request(value: &Value) -> Value {
    let query = named(&value["query"], "=").join("&");
    json!({"clear": value["clear"], "query": query, "sent": value["sent"]})
}

fn tried(value: &Value) -> Value {
    let part = with(value, "warnings", lessons(&value["warnings"]));
    without_nulls(with(&part, "headers", json!(named(&value["headers"], ": "))))
}

/// Names and values, with a text between them.
fn named(values: &Value, between: &str) -> Vec<String> {
    let text = |part: &Value| part.as_str().unwrap_or_default().to_owned();
    let values = values.as_array().into_iter().flatten();
    values.map(|it| text(&it["name"]) + between + &text(&it["value"])).collect()
}

fn lessons(warnings: &Value) -> Value {
    warnings.as_array().into_iter().flatten().map(|warning| warning["en"].clone()).collect()
}

fn with(value: &Value, member: &str, is: Value) -> Value {
    let mut value = value.clone();
    value[member] = is;
    value
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{parts, seconds};
    use serde_json::json;

    #[test]
    fn people_read_one_part_after_the_other() {
        let list = json!({"pushes": [{"id": "1.0"}], "paused": false, "pushed": true});
        assert_eq!(parts(&list), [json!([{"id": "1.0"}]), json!({"paused": false})]);
        let slow = json!([{"warning": "slow", "en": "Too slow", "zh": "太慢"}]);
        let query = json!([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]);
        let headers = json!([{"name": "server", "value": "x"}]);
        let once = json!({"took_ms": 4500, "understood": null, "headers": headers, "warnings": slow});
        let request = json!({"clear": "<xml>", "query": query, "sent": "<xml>"});
        let shown = json!({"push": {"id": "1.0"}, "tries": [once], "request": request, "warnings": []});
        let tried = json!({"took_ms": 4500, "headers": ["server: x"], "warnings": ["Too slow"]});
        let request = json!({"clear": "<xml>", "query": "a=1&b=2", "sent": "<xml>"});
        assert_eq!(parts(&shown), [json!({"id": "1.0"}), request, tried]);
        assert_eq!(parts(&json!([])), [json!([])]);
        assert_eq!(parts(&json!({"paused": true})), [json!({"paused": true})]);
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!((seconds("30s"), seconds("90m")), (Ok(30), Ok(5400)));
        assert_eq!((seconds("12h"), seconds("2d")), (Ok(43_200), Ok(172_800)));
        for wrong in ["", "m", "-1m", "1.5h", "90", "1w"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
