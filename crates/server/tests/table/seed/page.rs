//! A page of Weixin's documentation, as typed into a text file: one row a line, columns between bars.

use serde_json::Value;

/// A parameter of the query or the body.
#[derive(Debug)]
pub struct PageParameter {
    pub name: &'static str,
    pub kind: &'static str,
    /// The part that has a limit, its length, and its allowed characters.
    pub limit: Option<(&'static str, usize, &'static str)>,
}

/// The content of a page.
#[derive(Debug, Default)]
pub struct WeixinPage {
    pub name: &'static str,
    /// Method and path.
    pub call: (&'static str, &'static str),
    /// Other methods and paths that SDKs use.
    pub clients: Vec<(&'static str, &'static str)>,
    pub cloud: bool,
    pub platform: bool,
    pub sets: Vec<u16>,
    pub agents: Option<usize>,
    pub query: Vec<PageParameter>,
    pub body: Vec<PageParameter>,
    /// Members of the answer: path, type, and the allowed values if the page lists them.
    pub members: Vec<(&'static str, &'static str, Vec<i64>)>,
    pub request: &'static str,
    pub answer: Value,
    pub errors: Vec<(i64, &'static str)>,
    /// Kinds of account that may call, and whether they must be certified.
    pub callers: Vec<(&'static str, bool)>,
}

/// The three pages.
pub fn all() -> [WeixinPage; 3] {
    [
        read(include_str!("addkfaccount.txt")),
        read(include_str!("getonlinekflist.txt")),
        read(include_str!("getkfsessionlist.txt")),
    ]
}

fn read(text: &'static str) -> WeixinPage {
    let mut page = WeixinPage::default();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        row(&mut page, &columns);
    }
    page
}

fn row(page: &mut WeixinPage, columns: &[&'static str]) {
    match *columns {
        ["name", name] => page.name = name,
        ["call", method, path] => page.call = (method, path),
        ["client", method, path] => page.clients.push((method, path)),
        ["cloud", word] => page.cloud = yes(word),
        ["platform", word] => page.platform = yes(word),
        ["sets", sets] => page.sets = sets.split(',').flat_map(|range| numbers(range.trim())).collect(),
        ["agents", count] => page.agents = Some(count.parse().unwrap()),
        ["query", name, kind, "required"] => page.query.push(PageParameter { name, kind, limit: None }),
        ["body", name, kind, "required", part, most, made_of] => {
            let limit = Some((part, most.parse().unwrap(), made_of));
            page.body.push(PageParameter { name, kind, limit });
        }
        ["member", place, kind] => page.members.push((place, kind, Vec::new())),
        ["member", place, kind, values] => {
            let values = values.split(',').map(|value| value.trim().parse().unwrap()).collect();
            page.members.push((place, kind, values));
        }
        ["request", request] => page.request = request,
        ["answer", answer] => page.answer = serde_json::from_str(answer).unwrap(),
        ["error", number, text] => page.errors.push((number.parse().unwrap(), text)),
        ["caller", kind, word] => {
            page.callers.push((kind_of(kind), word == "Certification only" || !yes(word)))
        }
        ref row => panic!("unknown row: {row:?}"),
    }
}

fn yes(word: &str) -> bool {
    match word {
        "yes" => true,
        "no" => false,
        other => panic!("neither yes nor no: {other}"),
    }
}

/// `100-101` is a range.
fn numbers(range: &str) -> std::ops::RangeInclusive<u16> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    first.parse().unwrap()..=last.parse().unwrap()
}

/// A kind of account as in an operator's settings.
fn kind_of(kind: &str) -> &'static str {
    match kind {
        "Weixin Mini Program" => "mini-program",
        "Official Account" => "subscription",
        "Service Account" => "service",
        "MiniGame" => "mini-game",
        other => panic!("no such kind: {other}"),
    }
}
