//! Formats the one-line declarations of ts-rs like the pages' sources.

/// The longest line, in characters.
const WIDTH: usize = 120;

/// A part of a type.
enum TypeNode {
    /// A name, a literal, or other text that is printed unchanged.
    Word(String),
    /// `T[]`.
    List(Box<TypeNode>),
    /// `Name<T>`.
    Of(String, Box<TypeNode>),
    /// `A & B`, `A | B`.
    Chain(&'static str, Vec<TypeNode>),
    /// `{ … }`
    Object(Vec<TypeMember>),
}

struct TypeMember {
    docs: Vec<String>,
    /// The name, with its `?` if the member is optional.
    name: String,
    node: TypeNode,
}

/// An exported declaration, from its documentation and `type Name = …;`.
pub fn declaration(docs: Option<&str>, declared: &str) -> String {
    let declared = declared.strip_prefix("type ").unwrap().trim_end().trim_end_matches(';');
    let (name, text) = declared.split_once(" = ").unwrap();
    let mut rest = Unread(text);
    let node = rest.chain();
    assert_eq!(rest.0, "", "of {declared}");
    let docs = docs.map(|docs| comment(&lines(docs), "")).unwrap_or_default();
    match node {
        TypeNode::Object(members) => format!("\n{docs}export interface {name} {}\n", block(&members, "")),
        node => format!("\n{docs}export type {name} ={};\n", broken(&node, 16 + name.len())),
    }
}

/// A type after `before` characters in its line. A union that does not fit has a line for each part.
fn broken(node: &TypeNode, before: usize) -> String {
    let text = format!(" {}", flat(node));
    match node {
        TypeNode::Chain(operator, links) if before + text.len() > WIDTH => {
            links.iter().map(|link| format!("\n  {operator} {}", flat(link))).collect()
        }
        TypeNode::Of(name, inner) if before + text.len() > WIDTH => {
            let TypeNode::Chain(operator, links) = &**inner else { return text };
            let links: Vec<_> = links.iter().map(flat).collect();
            format!(" {name}<\n  {}\n>", links.join(&format!(" {operator} ")))
        }
        _ => text,
    }
}

fn flat(node: &TypeNode) -> String {
    match node {
        TypeNode::Word(word) => word.clone(),
        TypeNode::List(of) => match &**of {
            of @ TypeNode::Chain(..) => format!("({})[]", flat(of)),
            of => format!("{}[]", flat(of)),
        },
        TypeNode::Of(name, of) => format!("{name}<{}>", flat(of)),
        TypeNode::Chain(operator, links) => {
            links.iter().map(flat).collect::<Vec<_>>().join(&format!(" {operator} "))
        }
        TypeNode::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|it| format!("{}: {}", it.name, flat(&it.node))).collect();
            format!("{{ {} }}", members.join("; "))
        }
    }
}

fn block(members: &[TypeMember], indent: &str) -> String {
    let inner = format!("{indent}  ");
    let print =
        |it: &TypeMember| format!("{}{inner}{}: {};\n", comment(&it.docs, &inner), it.name, flat(&it.node));
    format!("{{\n{}{indent}}}", members.iter().map(print).collect::<String>())
}

fn comment(lines: &[String], indent: &str) -> String {
    match lines {
        [] => String::new(),
        [line] if indent.len() + line.len() + 7 <= WIDTH => format!("{indent}/** {line} */\n"),
        lines => {
            let lines: String = lines.iter().map(|line| format!("{indent} * {line}\n")).collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}

/// The lines of a comment without their asterisks.
fn lines(docs: &str) -> Vec<String> {
    let inner = docs.trim().trim_start_matches("/**").trim_end_matches("*/").trim();
    inner.lines().map(|line| line.trim().trim_start_matches('*').trim().to_owned()).collect()
}

/// The unread rest of a declaration.
struct Unread<'a>(&'a str);

impl<'a> Unread<'a> {
    fn takes(&mut self, token: &str) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Reads up to one of these characters.
    fn until(&mut self, ends: &[char]) -> &'a str {
        self.0 = self.0.trim_start();
        let (taken, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest;
        taken.trim_end()
    }

    fn chain(&mut self) -> TypeNode {
        let mut links = vec![self.link()];
        for operator in ["&", "|"] {
            while self.takes(operator) {
                links.push(self.link());
            }
            if links.len() > 1 {
                return TypeNode::Chain(operator, links);
            }
        }
        links.remove(0)
    }

    fn link(&mut self) -> TypeNode {
        if self.takes("{") {
            return self.object();
        }
        if self.takes("\"") {
            let word = TypeNode::Word(format!("\"{}\"", self.until(&['"'])));
            assert!(self.takes("\""));
            return word;
        }
        let name = self.until(&['<', '>', ',', '&', '|', '}', ';', ' ']).to_owned();
        if !self.takes("<") {
            return TypeNode::Word(name);
        }
        let of = Box::new(self.chain());
        assert!(self.takes(">"));
        if name == "Array" { TypeNode::List(of) } else { TypeNode::Of(name, of) }
    }

    fn object(&mut self) -> TypeNode {
        let mut members = Vec::new();
        while !self.takes("}") {
            if self.takes("[key in ") {
                let key = self.until(&[']']).to_owned();
                assert!(self.takes("]:"));
                let of = TypeNode::Word(format!("{key}, {}", flat(&self.chain())));
                assert!(self.takes("}"));
                return TypeNode::Of("Record".to_owned(), Box::new(of));
            }
            let docs = if self.takes("/**") { self.docs() } else { Vec::new() };
            let name = self.until(&[':']).trim_matches('"').to_owned();
            assert!(self.takes(":"));
            members.push(TypeMember { docs, name, node: self.chain() });
            let _ = self.takes(",");
        }
        TypeNode::Object(members)
    }

    fn docs(&mut self) -> Vec<String> {
        let (docs, rest) = self.0.split_once("*/").unwrap();
        self.0 = rest;
        lines(docs)
    }
}
