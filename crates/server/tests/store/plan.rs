//! Query plans: no statement walks a table that grows with use.

use kefu::clock::Clock;
use kefu::config::Place;
use kefu::store::{Store, numbered};
use std::fs;
use std::path::Path;

/// Statements that may read a whole table, and why.
const WHOLE_TABLE: &[(&str, &str)] = &[
    ("from account order by created_at", "the operator's list of accounts"),
    ("select appid from account limit 1", "whether there is an account: one row"),
    ("select name, created_at from worker order by created_at", "the operator's list of workers"),
    ("select alias, appid from account where alias in", "the doctor searches for shared aliases"),
    (
        "select count(*) from message where appid = $1",
        "counts shown to an operator before an account is removed",
    ),
    (
        "select count(*) from media where appid = $1",
        "counts shown to an operator before an account is removed",
    ),
    ("select distinct appid, 'queue'", "once, at a start"),
    ("where kind = 'grace' and exists", "once, at a start"),
    ("update agent set left_at = $1", "once, at a start"),
    ("update token set issued_at = issued_at -", "once, after a clock was set back"),
    ("update login set used_at = used_at -", "once, after a clock was set back"),
    ("update signup set made_at = made_at -", "once, after a clock was set back"),
    ("update agent set\n    free_since = case", "once, after a clock was set back"),
    (
        "update session set active_at = active_at -",
        "once, after a clock was set back: those that are not closed",
    ),
    ("update send_window set\n    until = case", "once, after a clock was set back"),
    ("update visitor set replaced_at = replaced_at -", "once, after a clock was set back"),
    ("update media set created_at = created_at -", "once, after a clock was set back"),
    ("update quota set last_at = last_at -", "once, after a clock was set back"),
    ("delete from quota where window_start >", "once, after a clock was set back"),
    ("from sqlite_schema", "the schema, when data is copied"),
    ("from pragma_table_info", "the schema, when data is copied"),
];

/// Tables with a row for each node or loop; `l`, a subquery of one row; `reported`, the values of a statement.
const SMALL_TABLES: &[&str] = &["node", "holder", "l", "reported"];

/// Tables that grow within an account: a search by the account alone would read its whole history.
const LONG_IN_AN_ACCOUNT: &[&str] = &["session", "s", "message", "m", "record", "change", "media", "refusal"];

/// Statements that are not planned: only for PostgreSQL, for the table of a backup, or copies of whole tables.
const NOT_ASKED: &[&str] =
    &["pg_", "any(", "current_setting", "current_schema", "clock_timestamp", "kefu_backup", "{}"];

const VERBS: &[&str] = &["select ", "insert ", "update ", "delete "];

/// The string literals of a Rust source, each with the text before it in its line. Comments are skipped.
fn literals(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, String::new());
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = &rest[rest[1..].find('\'').map_or(rest.len(), |end| end + 2)..];
        } else if next == '"' {
            let (literal, behind) = literal(&rest[1..]);
            found.push((line.trim().to_owned(), literal));
            rest = behind;
        } else {
            if next == '\n' {
                line.clear();
            }
            line.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    found
}

/// A literal after its opening quote, and the text after its closing quote.
fn literal(text: &str) -> (String, &str) {
    let mut escaped = false;
    for (at, next) in text.char_indices() {
        match next {
            '"' if !escaped => return (text[..at].replace("\\\n", ""), &text[at + 1..]),
            _ => escaped = next == '\\' && !escaped,
        }
    }
    (text.to_owned(), "")
}

/// A source with the list of its macro `columns!` wherever the macro is used, so that each statement is one literal.
fn with_columns(source: &str) -> String {
    let Some((_, list)) = source.split_once("macro_rules! columns") else { return source.to_owned() };
    let (list, _) = literal(list.split_once('"').unwrap().1);
    let mut parts = source.split("columns!()");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |begin, end| {
        let begin = begin.trim_end().trim_end_matches(',').trim_end().trim_end_matches('"');
        let end = end.trim_start().trim_start_matches(',').trim_start().trim_start_matches('"');
        format!("{begin}{list}{end}")
    })
}

/// The statements of a source. In a macro `select!` the first literal is the beginning of each statement.
fn statements(source: &str) -> Vec<String> {
    let is_statement = |text: &str| VERBS.iter().any(|verb| text.starts_with(verb));
    let mut begin = None;
    let mut found = Vec::new();
    for (line, text) in literals(&with_columns(source)) {
        let is_part = line.contains("select!(");
        match &begin {
            Some(begin) if is_part => found.push(format!("{begin}{text}")),
            _ if is_statement(&text) && text.trim_end() != text => begin = Some(text),
            _ if is_statement(&text) => found.push(text),
            _ => assert!(!is_part, "a part of a statement whose begin is unknown: {text}"),
        }
    }
    found
}

/// Every statement of the server, with its file.
fn all_statements(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            all_statements(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&entry).unwrap();
            let shown = entry.file_name().unwrap().to_string_lossy().into_owned();
            found.extend(statements(&source).into_iter().map(|sql| (shown.clone(), sql)));
        }
    }
}

/// The engine's plan of a statement, one line for each step.
fn plan(conn: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(&format!("explain query plan {}", numbered(sql)))?;
    let places = statement.parameter_count();
    let nothing = vec![rusqlite::types::Null; places];
    statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))?.collect()
}

/// Whether a step reads all rows of a growing table, or all rows that an account has in it.
fn walks_a_long_table(step: &str) -> bool {
    let words: Vec<_> = step.split(' ').collect();
    match words[..] {
        ["SCAN", "CONSTANT", ..] => false,
        ["SCAN", table, ..] => !SMALL_TABLES.contains(&table) && !table.starts_with("(subquery"),
        ["SEARCH", table, ..] => {
            let by_key = step.contains("sqlite_autoindex_");
            LONG_IN_AN_ACCOUNT.contains(&table) && by_key && step.ends_with("(appid=?)")
        }
        _ => false,
    }
}

#[test]
fn statements_are_found_in_sources() {
    let source = "// \"select 0\"\nconst A: &str = \"select a \\\n from b\";\n\
                  let quote = '\"'; run(\"delete from b\");";
    assert_eq!(statements(source), ["select a  from b", "delete from b"]);
    let source = "concat!(\"select a from b where \", $w)\nconst B: &str = select!(\"a = $1\");";
    assert_eq!(statements(source), ["select a from b where a = $1"]);
    let source = "macro_rules! columns { () => { \"a, b\" } }\n\
                  const C: &str = concat!(\"select \", columns!(),\n\" from c\");";
    assert_eq!(statements(source), ["select a, b from c"]);
}

#[tokio::test]
async fn no_statement_scans_a_growing_table() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(&Place::Folder(folder.path().to_owned()), Clock::system()).await.unwrap());
    let conn = rusqlite::Connection::open(folder.path().join("kefu.db")).unwrap();
    let mut found = Vec::new();
    for part in ["../desk/src", "../store/src"] {
        all_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &mut found);
    }
    assert!(found.len() > 150, "only {} statements were found", found.len());
    let (mut walks, mut asked) = (Vec::new(), 0);
    for (file, sql) in &found {
        if NOT_ASKED.iter().any(|other| sql.contains(other)) {
            continue;
        }
        let steps = plan(&conn, sql).unwrap_or_else(|error| panic!("{file}: {error}: {sql}"));
        asked += 1;
        let allowed = WHOLE_TABLE.iter().any(|(allowed, _)| sql.contains(allowed));
        // A step that stops after a few rows of an index is allowed.
        let walks_all = |step: &&String| {
            walks_a_long_table(step) && !(step.starts_with("SEARCH ") && sql.contains(" limit "))
        };
        if let Some(step) = steps.iter().find(walks_all).filter(|_| !allowed) {
            walks.push(format!("{file}: {step}: {sql}"));
        }
    }
    assert!(asked > 150, "only {asked} statements were asked about");
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}
