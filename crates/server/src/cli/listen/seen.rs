//! What a machine has got, so that it can say what it missed.

use crate::forward::Greeting;
use std::collections::BTreeSet;

/// The pushes that this machine has got after its cursor.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The change up to which all pushes were done; `None` before the first stream.
    cursor: Option<i64>,
    /// Names of pushes after it.
    names: BTreeSet<String>,
}

impl Seen {
    pub(super) fn cursor(&self) -> Option<i64> {
        self.cursor
    }

    /// A push came.
    pub(super) fn note(&mut self, push: &str) {
        self.names.insert(push.to_owned());
    }

    /// All pushes up to a change are done.
    pub(super) fn reached(&mut self, cursor: i64) {
        self.cursor = Some(cursor);
        let is_after = |name: &String| {
            name.split_once('.').and_then(|(seq, _)| seq.parse::<i64>().ok()).is_some_and(|seq| seq > cursor)
        };
        self.names.retain(is_after);
    }

    /// Lines about the pushes that ended without this machine since its last stream.
    pub(super) fn missed(&mut self, greeting: &Greeting) -> Vec<String> {
        let mut lines = Vec::new();
        if self.cursor.is_some() {
            let missed = greeting.ended.iter().filter(|ended| !self.names.contains(&ended.push));
            lines.extend(missed.map(|ended| {
                let fate = match ended.outcome.as_str() {
                    "failed" => "it failed",
                    _ => "it went to the account's URL",
                };
                format!("Missed push {} ({}): {fate}", ended.push, ended.what)
            }));
            if greeting.more {
                lines.push("More pushes were missed than can be listed.".to_owned());
            }
        }
        self.reached(greeting.cursor);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::forward::{EndedPush, Greeting};

    fn greeting(cursor: i64, ended: &[(&str, &str)]) -> Greeting {
        let ended = ended.iter().map(|(push, outcome)| EndedPush {
            push: (*push).to_owned(),
            what: "text".to_owned(),
            outcome: (*outcome).to_owned(),
        });
        let (appid, name) = ("wx1".to_owned(), "Shop".to_owned());
        Greeting { appid, name, connection: 1, cursor, ended: ended.collect(), more: false }
    }

    #[test]
    fn what_ended_without_the_machine_is_missed() {
        let mut seen = Seen::default();
        assert!(
            seen.missed(&greeting(10, &[("11.0", "failed")])).is_empty(),
            "the first stream misses nothing"
        );
        seen.note("11.0");
        seen.note("13.0");
        let ended = [("11.0", "taken"), ("12.0", "failed"), ("13.0", "failed"), ("14.1", "taken")];
        let missed = seen.missed(&greeting(12, &ended));
        assert_eq!(
            missed,
            ["Missed push 12.0 (text): it failed", "Missed push 14.1 (text): it went to the account's URL"]
        );
        assert_eq!((seen.cursor(), seen.names.len()), (Some(12), 1), "13.0 is after the cursor");
    }
}
