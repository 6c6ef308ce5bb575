//! `docs/protocol.md` agrees with the tables, and the tables agree with what was seen on the wire.
//!
//! This runs after the tests of `front_door`, which record every errcode they see, and reads their records:
//! run the whole `cargo test`. `KEFU_BLESS=1 cargo test` writes the document again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use protocol::endpoint::{ALL, Methods};
use protocol::openapi::{self, called_by};
use protocol::parameter::{Parameter, ParameterPlace};
use protocol::{Endpoint, Errcode};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// Codes of the table that no test sees, and why.
const UNSEEN: &[(Errcode, &str)] = &[(
    Errcode::SystemError,
    "a failure inside answers it: `tests/crash/`, and tests that take away what an endpoint needs",
)];

/// Weixin's codes that no endpoint answers, and why they are in the table.
const NEVER: &[(Errcode, &str)] = &[
    (Errcode::InvalidUrl, "an unknown address answers it"),
    (Errcode::MinorProtected, "the page lists it; the desk knows no ages"),
];

/// Tests that see other codes in each run: they send random bytes, or calls that race. The document does not name them.
const OF_CHANCE: [&str; 2] = ["input::any", "ended::a_credential_issued_during_an_ending"];

/// Modules of tests that walk all endpoints.
const OF_ALL: [&str; 4] = ["authorise::", "ended::", "input::", "openapi::"];

/// The tests that saw an errcode, by endpoint and errcode.
type Witnesses = BTreeMap<(&'static str, i64), Vec<String>>;

fn notes(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::read_to_string(&path).expect("what was seen on the wire: run `cargo test` whole")
}

fn seen() -> Witnesses {
    let mut seen = Witnesses::new();
    for note in notes("seen").lines() {
        let [path, number, sentence] = note.split(' ').collect::<Vec<_>>()[..] else { panic!("{note}") };
        if let Some(endpoint) = protocol::endpoint::at(path) {
            let sentences = seen.entry((endpoint.name, number.parse().unwrap())).or_default();
            let is_of_chance = OF_CHANCE.iter().any(|test| sentence.starts_with(test));
            sentences.extend((!is_of_chance).then(|| sentence.to_owned()));
        }
    }
    seen.retain(|_, sentences| !sentences.is_empty());
    let is_of_all = |sentence: &str| OF_ALL.iter().any(|file| sentence.starts_with(file));
    seen.values_mut().for_each(|sentences| sentences.sort_by_key(|it| (is_of_all(it), it.clone())));
    seen
}

/// The test that the document names: the first by name; tests that walk all endpoints come last.
fn test(seen: &Witnesses, endpoint: &Endpoint, code: Errcode) -> String {
    match seen.get(&(endpoint.name, code.number())) {
        Some(sentences) => format!("`{}`", sentences[0]),
        None => "none".to_owned(),
    }
}

fn methods(endpoint: &Endpoint) -> &'static str {
    match endpoint.methods {
        Methods::Get => "GET",
        Methods::Post => "POST",
        Methods::PostToo => "GET (POST is taken, too)",
        Methods::GetToo => "POST (GET is taken, too)",
    }
}

fn parameter(row: &Endpoint, parameter: &Parameter) -> String {
    let place = match parameter.place {
        ParameterPlace::Query => "query",
        ParameterPlace::Body => "body",
        ParameterPlace::QueryOrBody => "query or body",
        ParameterPlace::Form => "form",
        ParameterPlace::QueryOrForm => "query or form",
    };
    let need = if parameter.required { "required" } else { "optional" };
    format!("`{}` ({place}, {}, {need})", parameter.name, openapi::type_of(row, parameter))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn endpoint(text: &mut String, seen: &Witnesses, row: &Endpoint) {
    let paths = list(row.paths().map(|path| format!("`{path}`")));
    let takes = list(row.takes.parameters().map(|it| parameter(row, it)));
    let rules: String = row.rules.iter().map(|(rule, _)| format!("\n\n{rule}")).collect();
    let cloud = row
        .cloud
        .map_or_else(String::new, |name| format!(" Cloud call of the page, not served here: `{name}`."));
    let how = if row.differs.is_empty() { "exact" } else { row.differs };
    write!(
        text,
        "\n## {}\n\n[Weixin's page]({}). {} {paths}. Called by: {}.{cloud} Parameters: {takes}.{rules}\n\n\
         Against the page: {how}.\n\n\
         | code | seen by |\n|---|---|\n",
        row.name,
        row.page,
        methods(row),
        called_by(row)
    )
    .unwrap();
    for code in row.codes() {
        let unseen = UNSEEN.iter().find(|(known, _)| *known == code);
        let by = unseen.map_or_else(|| test(seen, row, code), |(_, why)| (*why).to_owned());
        writeln!(text, "| {} | {by} |", code.number()).unwrap();
    }
}

fn parameters(text: &mut String) {
    text.push_str("\n## Parameters\n\n| parameter | what it is |\n|---|---|\n");
    for (name, doc) in openapi::parameters() {
        writeln!(text, "| `{name}` | {} |", doc.en).unwrap();
    }
}

fn codes(text: &mut String) {
    text.push_str("\n## Codes\n\n| code | text | source |\n|---|---|---|\n");
    for code in Errcode::ALL.iter().filter(|code| !code.is_own()) {
        writeln!(text, "| {} | {} | [page]({}) |", code.number(), code.text(), code.source()).unwrap();
    }
    text.push_str(
        "\nAn unknown address below Weixin's roots answers 40066. The workbench and the chat page get these codes, \
         with the HTTP status in the second column:\n\n| code | status | text |\n|---|---|---|\n",
    );
    for code in Errcode::ALL.iter().filter(|code| code.is_own()) {
        writeln!(text, "| {} | {} | {} |", code.number(), code.status(), code.text()).unwrap();
    }
}

#[test]
fn the_document_is_what_the_tables_say() {
    let seen = seen();
    let mut made = String::from(
        "# Endpoints and error codes\n\nMade from the tables in `crates/protocol` and from what the tests in \
         `crates/server/tests` saw on the wire; do not edit. Every endpoint that is not called with a secret takes \
         `access_token` in the query. None can be called from the cloud without one, whatever its page says.\n",
    );
    ALL.iter().for_each(|row| endpoint(&mut made, &seen, row));
    parameters(&mut made);
    codes(&mut made);
    let lines: Vec<String> = made.lines().map(wrapped).collect();
    is_up_to_date("../../docs/protocol.md", &(lines.join("\n") + "\n"));
}

/// A paragraph in lines of at most 120 columns, as far as its words allow. Rows of tables stay whole.
fn wrapped(line: &str) -> String {
    if line.starts_with('|') {
        return line.to_owned();
    }
    let (mut text, mut columns) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        let fits = columns + 1 + length <= 120;
        if columns > 0 {
            text.push(if fits { ' ' } else { '\n' });
        }
        columns = if fits && columns > 0 { columns + 1 + length } else { length };
        text.push_str(word);
    }
    text
}

/// The answers have the same members as in `golden.txt`, on both engines.
#[test]
fn answers_have_the_members_of_the_golden_file() {
    let mut parts = BTreeMap::<_, BTreeSet<&str>>::new();
    let notes = notes("seen-parts");
    for note in notes.lines() {
        let (path, rest) = note.split_once(' ').unwrap();
        let (number, part) = rest.split_once(' ').unwrap();
        if let Some(row) = protocol::endpoint::at(path) {
            parts.entry((row.name, number.parse::<i64>().unwrap())).or_default().insert(part);
        }
    }
    let mut made = String::new();
    for row in ALL {
        writeln!(made, "{}", row.name).unwrap();
        for part in parts.iter().filter(|((name, _), _)| *name == row.name).flat_map(|(_, parts)| parts) {
            writeln!(made, "  {part}").unwrap();
        }
    }
    is_up_to_date("tests/golden.txt", &made);
}

/// Asserts that a generated file is up to date.
fn is_up_to_date(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("KEFU_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    let new: Vec<_> = made.lines().filter(|line| !current.lines().any(|known| known == *line)).collect();
    assert!(
        current == made,
        "{file} differs from what was seen: find out why, then write it by KEFU_BLESS=1 cargo test; new lines: {new:#?}"
    );
}

#[test]
fn each_endpoint_answers_the_codes_of_its_row_and_no_other() {
    assert!(UNSEEN.len() <= 10);
    let seen = seen();
    for row in ALL {
        let listed: Vec<i64> = row.codes().iter().map(|code| code.number()).collect();
        let answered: Vec<i64> =
            seen.keys().filter(|(name, _)| *name == row.name).map(|(_, number)| *number).collect();
        let unlisted: Vec<_> = answered.iter().filter(|number| !listed.contains(number)).collect();
        assert!(unlisted.is_empty(), "{} answered {unlisted:?}, which its row does not list", row.name);
        let excused = |number: i64| UNSEEN.iter().any(|(code, _)| code.number() == number);
        let unseen: Vec<_> =
            listed.iter().filter(|number| !answered.contains(number) && !excused(**number)).collect();
        assert!(unseen.is_empty(), "no test saw {} answer {unseen:?}", row.name);
    }
}

#[test]
fn every_code_of_weixins_is_answered_somewhere() {
    let listed: Vec<Errcode> = ALL.iter().flat_map(|row| row.codes()).collect();
    let is_never = |code: &Errcode| NEVER.iter().any(|(never, _)| never == code);
    for code in Errcode::ALL.iter().filter(|code| !code.is_own()) {
        assert_ne!(
            listed.contains(code),
            is_never(code),
            "{code} must be answered by some endpoint or listed in NEVER"
        );
    }
}
