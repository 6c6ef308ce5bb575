//! Imports between files: no circles, and one direction between the folders of verbs.

use super::sources;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// The modules that each module imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The circles of a graph: what remains after removing, repeatedly, modules without imports or without importers.
fn circles(mut graph: Graph) -> Graph {
    loop {
        let imported: BTreeSet<_> = graph.values().flatten().cloned().collect();
        let is_free =
            |(name, uses): &(&String, &BTreeSet<String>)| uses.is_empty() || !imported.contains(*name);
        let free: Vec<_> = graph.iter().filter(is_free).map(|(name, _)| name.clone()).collect();
        if free.is_empty() {
            return graph;
        }
        for name in &free {
            graph.remove(name);
            graph.values_mut().for_each(|uses| uses.retain(|used| used != name));
        }
    }
}

/// The module of a file in `src`, such as `people::agent`. The crate's root is the empty string.
fn module(file: &Path) -> String {
    let mut parts: Vec<_> =
        file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    parts.pop_if(|last| ["mod", "lib"].contains(&last.as_str()));
    parts.join("::")
}

/// A source without comments, without the tests at its end, and with `pub(in crate::a)` as `pub`.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + "pub" + part.split_once(')').map_or("", |(_, behind)| behind))
}

/// All paths that the tree of a `use` names.
fn paths(tree: &str, found: &mut Vec<String>) {
    let Some((begin, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return found.extend((!path.is_empty()).then(|| path.trim_end_matches("::self").to_owned()));
    };
    let (inside, mut depth, mut item) =
        (rest.rsplit_once('}').map_or(rest, |(inside, _)| inside), 0, String::new());
    for c in inside.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            paths(&format!("{}{}", begin.trim(), item.trim()), found);
            item.clear();
        } else {
            item.push(c);
        }
    }
}

/// The modules of a crate: their code, and the paths of the names that they re-export from their children.
struct Modules {
    code: BTreeMap<String, String>,
    handed_on: BTreeMap<(String, String), String>,
}

fn child(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

impl Modules {
    fn of(files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let files =
            files.into_iter().filter(|(path, _)| !path.ends_with("main.rs") && !path.ends_with("tests.rs"));
        let code = files.map(|(path, text)| (module(&path), code(&text))).collect();
        Modules { code, handed_on: BTreeMap::new() }
    }

    /// The module of a path that is used in module `from`; `None` if it is in another crate.
    fn find(&self, from: &str, path: &str) -> Option<String> {
        let (mut at, mut rest) = match path.split_once("::").unwrap_or((path, "")) {
            ("crate", rest) => (String::new(), rest.to_owned()),
            ("self", rest) => (from.to_owned(), rest.to_owned()),
            ("super", rest) => {
                let above = from.rsplit_once("::").map_or("", |(above, _)| above);
                let is_further = rest.starts_with("super::") || rest == "super";
                return if is_further {
                    self.find(above, rest)
                } else {
                    self.find(above, &format!("self::{rest}"))
                };
            }
            (first, _) if self.code.contains_key(&child(from, first)) => (from.to_owned(), path.to_owned()),
            _ => return None,
        };
        loop {
            let (first, behind) = rest.split_once("::").unwrap_or((&rest, ""));
            let next = child(&at, first);
            if !first.is_empty() && self.code.contains_key(&next) {
                (at, rest) = (next, behind.to_owned());
            } else if let Some(there) = self.handed_on.get(&(at.clone(), first.to_owned())) {
                rest = format!("{there}::{behind}").trim_end_matches("::").to_owned();
                let (next, _) = rest.split_once("::").unwrap_or((&rest, ""));
                if !self.code.contains_key(&child(&at, next)) {
                    return Some(at);
                }
            } else {
                return Some(at);
            }
        }
    }

    /// The imports between modules. The root is left out, because it declares all modules and holds what they share.
    fn graph(mut self) -> Graph {
        let mut named = Vec::new();
        for (from, code) in self.code.clone() {
            let mut rest = String::new();
            for statement in code.split_inclusive(';') {
                let Some((before, tree)) =
                    statement.split_once("use ").filter(|(before, _)| is_begin(before))
                else {
                    rest.push_str(statement);
                    continue;
                };
                let mut all = Vec::new();
                paths(tree.trim_end_matches(';'), &mut all);
                for path in all {
                    let (first, last) =
                        (path.split("::").next().unwrap_or(""), path.rsplit("::").next().unwrap_or(""));
                    if is_handed_on(before) && self.code.contains_key(&child(&from, first)) {
                        self.handed_on.insert((from.clone(), last.to_owned()), path.clone());
                    } else {
                        named.push((from.clone(), path));
                    }
                }
            }
            let inline = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            named.extend(
                inline.filter(|path| path.contains("::")).map(|path| (from.clone(), path.to_owned())),
            );
        }
        let mut graph: Graph = self.code.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
        for (from, path) in named {
            let Some(to) = self.find(&from, &path) else { continue };
            if to != from && !to.is_empty() && !from.is_empty() {
                graph.entry(from).or_default().insert(to);
            }
        }
        graph
    }
}

/// Whether the `use` after this text is a re-export.
fn is_handed_on(before: &str) -> bool {
    before.rsplit('\n').next().unwrap_or_default().trim().starts_with("pub")
}

/// Whether a `use` can begin after this text: at the start of a line, or after `pub`.
fn is_begin(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim();
    line.is_empty() || line == "pub" || (line.starts_with("pub(") && line.ends_with(')'))
}

/// The imports between the modules of a crate.
pub(super) fn of_crate(name: &str) -> Graph {
    Modules::of(inside(&format!("../{name}/src"), &["rs"])).graph()
}

/// The files of a folder, with paths relative to it.
fn inside(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let all = sources(folder, endings).into_iter();
    all.map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text)).collect()
}

#[test]
fn every_name_of_a_use_counts() {
    let of = |files: &[(&str, &str)]| {
        circles(Modules::of(files.iter().map(|(path, text)| (path.into(), (*text).to_owned()))).graph())
    };
    let root = ("lib.rs", "pub mod a;\nmod b;\npub use b::c;");
    let c = ("b/c.rs", "use crate::{Root, a::{self, A}};");
    for a in [
        "use crate::{\n    Root,\n    b::{d, c::C},\n};",
        "use x::y;\nfn f() { crate::c::g() }",
        "use crate::c::C;",
    ] {
        assert_eq!(of(&[root, ("a.rs", a), c, ("b/mod.rs", "pub mod c;")]).len(), 2, "{a}");
    }
    assert!(
        of(&[root, ("a.rs", "use crate::Root;\n// crate::b::c"), c, ("b/mod.rs", "pub mod c;")]).is_empty()
    );
    let seen = "pub(in crate::b::c) fn f() {}";
    assert!(
        of(&[root, ("a.rs", seen), c, ("b/mod.rs", "pub mod c;")]).is_empty(),
        "a visibility is no import"
    );
    let parent = ("b/mod.rs", "pub mod c;\nfn f() { c::g() }");
    assert_eq!(of(&[root, parent, ("b/c.rs", "use super::f;")]).len(), 2, "a module and its parent");
}

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    for name in ["protocol", "model", "store", "desk", "server"] {
        let graph = of_crate(name);
        assert!(graph.values().flatten().count() > 5, "{name}: {graph:?}");
        let left = circles(graph);
        assert!(left.is_empty(), "circles in {name}: {left:#?}");
    }
}

/// The folders of verbs, and the folders that each must not import.
const ABOVE: &[(&str, &[&str])] = &[
    (
        "due",
        &[
            "content", "account", "people", "session", "message", "views", "quota", "removal", "callback",
            "jobs",
        ],
    ),
    (
        "content",
        &["account", "people", "session", "message", "views", "quota", "removal", "callback", "jobs"],
    ),
    ("account", &["session", "message", "views", "removal", "callback", "jobs"]),
    ("people", &["session", "message", "views", "removal", "callback", "jobs"]),
    ("session", &["message", "views", "removal", "callback", "jobs"]),
    ("message", &["views", "removal", "callback", "jobs"]),
    ("quota", &["session", "message", "views", "removal", "callback", "jobs"]),
    ("removal", &["views", "callback", "jobs"]),
    ("callback", &["views", "removal", "jobs"]),
    ("views", &["removal", "callback", "jobs"]),
    ("jobs", &["views"]),
];

#[test]
fn folders_of_verbs_import_in_one_direction() {
    let room = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    for (module, uses) in of_crate("desk") {
        let (_, above) = ABOVE.iter().find(|(name, _)| *name == room(&module)).unwrap_or(&("", &[]));
        for used in uses {
            assert!(!above.contains(&room(&used).as_str()), "{module} imports {used}, which is above it");
        }
    }
}

/// The files that a page's file imports, without type imports, which do not exist at run time.
fn imported(file: &Path, text: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("\"./").chain(text.match_indices("\"../")) {
        let path = text[at + 1..].split('"').next().unwrap_or_default();
        let statement =
            text[..at].rfind("import").max(text[..at].rfind("export")).map_or("", |begin| &text[begin..at]);
        let is_import = ["from", "import", "("].iter().any(|end| statement.trim_end().ends_with(end));
        if !is_import || statement[6..].starts_with(" type ") {
            continue;
        }
        let mut whole = PathBuf::new();
        for part in file.parent().unwrap().join(path).components() {
            match part {
                Component::ParentDir => drop(whole.pop()),
                Component::CurDir => {}
                other => whole.push(other),
            }
        }
        let whole = whole.to_str().unwrap();
        found.extend([whole.to_owned(), format!("{whole}.ts")].into_iter().filter(|name| all.contains(name)));
    }
    found
}

#[test]
fn no_files_of_the_pages_import_each_other_in_a_circle() {
    let files = inside("../../web/src", &["ts", "svelte"]);
    let all: BTreeSet<_> = files.iter().map(|(path, _)| path.to_str().unwrap().to_owned()).collect();
    let uses =
        |(path, text): &(PathBuf, String)| (path.to_str().unwrap().to_owned(), imported(path, text, &all));
    let graph: Graph = files.iter().map(uses).collect();
    assert!(graph.values().flatten().count() > 100, "{graph:?}");
    let left = circles(graph);
    assert!(left.is_empty(), "circles: {left:#?}");
}
