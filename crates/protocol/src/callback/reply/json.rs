//! Reads an answer's JSON, within bounds.

use super::error::{JsonFault, ReplyError, reason};
use super::tree::{Branch, ITEM, Node};
use crate::limits::{REPLY_MEMBERS_MAX, REPLY_NESTING_MAX};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;

/// Reads one JSON object.
///
/// # Errors
/// `Json`.
pub(super) fn read(text: &str) -> Result<Branch, ReplyError> {
    let bounds = Bounds::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Reading { depth: 0, bounds: &bounds }.deserialize(&mut json);
    match read.and_then(|node| json.end().map(|()| node)) {
        Ok(Node::Branch(branch)) => Ok(branch),
        // The caller saw an opening brace, so a text cannot be the whole.
        Ok(Node::Text(_)) => Ok(Branch::default()),
        Err(error) => Err(ReplyError::Json {
            line: error.line(),
            column: error.column(),
            fault: bounds.passed.take().unwrap_or_else(|| JsonFault::Malformed(without_position(&error))),
        }),
    }
}

/// What the parser says, without the position behind it.
fn without_position(error: &serde_json::Error) -> String {
    let reason = reason(error);
    reason.rsplit_once(" at line ").map_or(reason.clone(), |(reason, _)| reason.to_owned())
}

/// What the whole document may have.
#[derive(Default)]
struct Bounds {
    members: Cell<usize>,
    passed: Cell<Option<JsonFault>>,
}

impl Bounds {
    fn refuse<E: Error>(&self, fault: JsonFault) -> E {
        let error = E::custom(&fault);
        self.passed.set(Some(fault));
        error
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reading<'b> {
    depth: usize,
    bounds: &'b Bounds,
}

impl Reading<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == REPLY_NESTING_MAX {
            return Err(self.bounds.refuse(JsonFault::Nesting));
        }
        Ok(Reading { depth: self.depth + 1, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let members = self.bounds.members.get() + 1;
        self.bounds.members.set(members);
        if members > REPLY_MEMBERS_MAX { Err(self.bounds.refuse(JsonFault::Members)) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Node, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Text(String::new()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let (inner, mut members) = (self.deeper()?, Vec::new());
        while let Some(item) = items.next_element_seed(inner)? {
            self.count()?;
            members.push((ITEM.to_owned(), item));
        }
        Ok(Node::Branch(Branch(members)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let (inner, mut members) = (self.deeper()?, Vec::new());
        while let Some(name) = entries.next_key::<String>()? {
            self.count()?;
            members.push((name, entries.next_value_seed(inner)?));
        }
        Ok(Node::Branch(Branch(members)))
    }
}
