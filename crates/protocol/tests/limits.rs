//! A limit's number is in `limits.rs` alone: every text and pattern that shows the number takes it from there.

use protocol::Errcode;
use protocol::limits::{self, AGENTS_MAX, KF_ACCOUNT_PREFIX_MAX, KF_ACCOUNT_SUFFIX_MAX, NICKNAME_MAX};
use protocol::openapi::document;
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// Parts of texts with a number that equals a limit and means something else.
const OTHERS: &[&str] = &[
    "in the last 30 seconds before typing", // Weixin's own errmsg
    "operation codes 1000 to 1005 and 2001 to 2003",
    "Every answer is HTTP 200",
    "100%",                                  // the one packet of a check that was lost
    "[0-9a-f]{8}",                           // a group of a request id
    "at least 8 characters and at most 256", // a password
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        match entry.is_dir() {
            true => files(&entry, found),
            false => found.push(entry),
        }
    }
}

/// The string literals of a source, without its comments and its tests.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let token =
        Regex::new(r##"(?s)//[^\n]*|r#"(.*?)"#|\br"([^"]*)"|'(?:[^'\\]|\\.[^']*)'|"((?:[^"\\]|\\.)*)""##);
    let token = token.expect("an expression");
    let text =
        |found: regex::Captures<'_>| found.iter().skip(1).flatten().next().map(|it| it.as_str().to_owned());
    token.captures_iter(code).filter_map(text).collect()
}

/// The numbers in a text that are words of their own, such as 16 in `1 to 16` and `{0,16}`.
fn numbers(text: &str) -> Vec<u64> {
    let number = Regex::new(r"[0-9A-Za-z_.\\/-][0-9A-Za-z_.,\\/-]*").expect("an expression");
    let words = number.find_iter(text).map(|found| found.as_str().trim_end_matches(['.', ',']));
    words
        .flat_map(|word| word.split(',').chain([word]))
        .filter_map(|word| word.replace(',', "").parse().ok())
        .collect()
}

#[test]
fn numbers_are_found_where_they_are_words() {
    let found = numbers("1 to 16, {2,30} of 10,000; 65403 or /v2 and \\x77 at 3.5.");
    assert!([1, 16, 2, 30, 10_000, 65_403].iter().all(|number| found.contains(number)), "{found:?}");
    assert!([77, 3, 5].iter().all(|number| !found.contains(number)), "{found:?}");
}

#[test]
fn no_text_of_the_sources_writes_a_limit_by_hand() {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let mut wrong = Vec::new();
    for path in sources {
        for text in literals(&fs::read_to_string(&path).expect("a source")) {
            // A number alone is an example or a key.
            let text = OTHERS.iter().fold(text, |text, other| text.replace(other, ""));
            let found =
                numbers(&text).into_iter().filter(|number| *number > 1 && text.parse::<u64>().is_err());
            for number in found {
                let limit = limits::ALL.iter().find(|(_, limit)| *limit == number);
                wrong.extend(
                    limit.map(|(name, _)| format!("{}: {number} ({name}?) in {text:?}", path.display())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "write the constant's name in braces, within formatcp!: {wrong:#?}");
}

/// Each limit of the pages in `crates/server/tests/table/seed`, in every text and pattern that shows it.
#[test]
fn every_limit_of_the_seeds_is_in_the_document_as_its_constant_has_it() {
    let document = document();
    let add = &document["paths"]["/customservice/kfaccount/add"]["post"];
    let member =
        |name: &str| add["requestBody"]["content"]["application/json"]["schema"]["properties"][name].clone();
    let help = |code: Errcode| document["x-errcodes"][code.number().to_string()].clone();
    let (prefix, suffix, inner) = (KF_ACCOUNT_PREFIX_MAX, KF_ACCOUNT_SUFFIX_MAX, NICKNAME_MAX - 2);
    let rules = &add["x-kefu"]["rules"];
    for (texts, shown) in [
        (
            &member("kf_account")["description"],
            vec![format!("1 to {prefix} letters"), format!("up to {suffix} letters")],
        ),
        (
            &member("kf_account")["x-zh"],
            vec![format!("1 到 {prefix} 个字母"), format!("最多 {suffix} 个字母")],
        ),
        (&member("kf_account")["pattern"], vec![format!("{{1,{prefix}}}@"), format!("{{1,{suffix}}}$")]),
        (&member("nickname")["description"], vec![format!("1 to {NICKNAME_MAX} characters")]),
        (&member("nickname")["x-zh"], vec![format!("1 到 {NICKNAME_MAX} 个字")]),
        (&member("nickname")["pattern"], vec![format!("{{0,{inner}}}")]),
        (
            &help(Errcode::IllegalNickname)["means"]["en"],
            vec![format!("longer than {NICKNAME_MAX} characters")],
        ),
        (&help(Errcode::IllegalNickname)["means"]["zh"], vec![format!("超过 {NICKNAME_MAX} 个字")]),
        (&help(Errcode::IllegalAgent)["mend"]["en"], vec![format!("up to {prefix} letters")]),
        (&help(Errcode::IllegalAgent)["mend"]["zh"], vec![format!("前缀最多 {prefix} 个字母")]),
        (&help(Errcode::AgentLimit)["means"]["en"], vec![format!("{AGENTS_MAX} agents")]),
        (&help(Errcode::AgentLimit)["means"]["zh"], vec![format!("上限 {AGENTS_MAX}")]),
        (&rules[0]["en"], vec![format!("at most {AGENTS_MAX} agents")]),
        (&rules[0]["zh"], vec![format!("最多 {AGENTS_MAX} 名客服")]),
        (&add["description"], vec![format!("at most {AGENTS_MAX} agents")]),
    ] {
        let text = texts.as_str().expect("a text");
        for shown in shown {
            assert!(text.contains(&shown), "no `{shown}` in: {text}");
        }
    }
}
