//! Documents made from the tables: `KEFU_BLESS=1 cargo test` writes them again.

use protocol::endpoint::{ALL, Methods};
use protocol::{Caller, Endpoint, Errcode};
use std::fmt::Write as _;
use std::path::Path;

fn methods(endpoint: &Endpoint) -> &'static str {
    match endpoint.methods {
        Methods::Get => "GET",
        Methods::Post => "POST",
        Methods::Both => "GET, POST",
    }
}

fn callers(endpoint: &Endpoint) -> &'static str {
    match endpoint.caller {
        Caller::Secret => "appid and secret",
        Caller::Everyone => "certified official accounts; mini programs, mini games",
        Caller::Official => "certified official accounts",
    }
}

fn endpoints() -> String {
    let mut text = String::from(
        "# Endpoints and error codes\n\nMade from the tables in `crates/protocol`; do not edit. None of these can be called from the cloud.\n\n\
         | endpoint | methods | path, aliases | who calls | sets | feature off |\n|---|---|---|---|---|---|\n",
    );
    for row in ALL {
        let paths: Vec<String> = row.paths().map(|path| format!("`{path}`")).collect();
        let sets: Vec<String> = row.sets.iter().map(ToString::to_string).collect();
        let off = if row.sets.is_empty() { "–".to_owned() } else { row.feature_off.number().to_string() };
        let sets = if sets.is_empty() { "–".to_owned() } else { sets.join(", ") };
        let (methods, callers) = (methods(row), callers(row));
        writeln!(
            text,
            "| [{}]({}) | {methods} | {} | {callers} | {sets} | {off} |",
            row.name,
            row.page,
            paths.join(" ")
        )
        .unwrap();
    }
    text
}

fn codes() -> String {
    let mut text = String::from("\n| code | text |\n|---|---|\n");
    for code in Errcode::ALL.iter().filter(|code| !code.is_own()) {
        writeln!(text, "| {} | {} |", code.number(), code.text()).unwrap();
    }
    text.push_str("\nThe workbench and the customer page are told, with the HTTP status in the second column:\n\n| code | status | text |\n|---|---|---|\n");
    for code in Errcode::ALL.iter().filter(|code| code.is_own()) {
        writeln!(text, "| {} | {} | {} |", code.number(), code.status(), code.text()).unwrap();
    }
    text
}

#[test]
fn the_table_of_endpoints_is_the_one_in_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    let made = endpoints() + &codes();
    if std::env::var_os("KEFU_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == made,
        "docs/protocol.md is not what the tables say: KEFU_BLESS=1 cargo test writes it again"
    );
}
