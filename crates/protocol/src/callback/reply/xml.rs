//! Reads an answer's XML, within bounds, without a document type and without entities of its own.

use super::error::{ReplyError, XmlFault, beginning, reason};
use super::tree::{Branch, Node};
use crate::limits::{REPLY_MEMBERS_MAX, REPLY_NESTING_MAX};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Reads the members of the root `xml`.
///
/// # Errors
/// `Xml` or `Root`.
pub(super) fn read(text: &str) -> Result<Branch, ReplyError> {
    let mut reader = Reader::from_str(text);
    let mut tree = Growing::default();
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| ReplyError::Xml {
            at: reader.error_position(),
            fault: XmlFault::Malformed(reason(&error)),
        })?;
        match tree.add(&event) {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => return Err(ReplyError::Xml { at, fault }),
        }
    }
    match tree.root {
        Some((name, Node::Branch(members))) if name == "xml" => Ok(members),
        Some((name, Node::Text(_))) if name == "xml" => Ok(Branch::default()),
        Some((name, _)) => Err(ReplyError::Root { found: beginning(&name) }),
        None => Err(ReplyError::Xml { at: reader.buffer_position(), fault: XmlFault::Unfinished }),
    }
}

/// An element that is still open.
#[derive(Default)]
struct Open {
    name: String,
    /// All text in it, and of that what is in CDATA sections.
    text: String,
    cdata: Option<String>,
    /// Whether there is something other than white space outside of CDATA sections.
    is_mixed: bool,
    members: Vec<(String, Node)>,
}

impl Open {
    fn named(name: String) -> Self {
        Open { name, ..Open::default() }
    }

    /// White space between members, and around CDATA sections, does not count.
    fn close(self) -> (String, Node) {
        if !self.members.is_empty() {
            return (self.name, Node::Branch(Branch(self.members)));
        }
        match self.cdata {
            Some(cdata) if !self.is_mixed => (self.name, Node::Text(cdata)),
            _ => (self.name, Node::Text(self.text)),
        }
    }
}

/// The tree while it is read.
#[derive(Default)]
struct Growing {
    open: Vec<Open>,
    elements: usize,
    root: Option<(String, Node)>,
}

impl Growing {
    /// Adds what was read next. Returns whether there may be more.
    fn add(&mut self, event: &Event<'_>) -> Result<bool, XmlFault> {
        match event {
            Event::Start(start) => self.start(start)?,
            Event::Empty(start) => {
                self.start(start)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => {
                let text = text.decode().map_err(|error| XmlFault::Malformed(reason(&error)))?;
                self.text(&text)?;
            }
            Event::GeneralRef(name) => self.text(&character(name)?)?,
            Event::CData(text) => {
                let text = text.decode().map_err(|error| XmlFault::Malformed(reason(&error)))?;
                let open = self.open.last_mut().ok_or(XmlFault::BehindRoot)?;
                open.text.push_str(&text);
                open.cdata.get_or_insert_default().push_str(&text);
            }
            Event::DocType(_) => return Err(XmlFault::DocumentType),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof if self.open.is_empty() => return Ok(false),
            Event::Eof => return Err(XmlFault::Unfinished),
        }
        Ok(true)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlFault> {
        self.elements += 1;
        if self.root.is_some() {
            return Err(XmlFault::BehindRoot);
        }
        if self.open.len() == REPLY_NESTING_MAX {
            return Err(XmlFault::Nesting);
        }
        if self.elements > REPLY_MEMBERS_MAX {
            return Err(XmlFault::Elements);
        }
        self.open.push(Open::named(String::from_utf8_lossy(start.name().as_ref()).into_owned()));
        Ok(())
    }

    fn end(&mut self) {
        let Some(closed) = self.open.pop().map(Open::close) else { return };
        match self.open.last_mut() {
            Some(around) => around.members.push(closed),
            None => self.root = Some(closed),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        let is_blank = text.trim().is_empty();
        match self.open.last_mut() {
            Some(open) => {
                open.is_mixed |= !is_blank;
                open.text.push_str(text);
                Ok(())
            }
            None if is_blank => Ok(()),
            None => Err(XmlFault::BehindRoot),
        }
    }
}

/// The text of a reference: one of the five predefined entities, or a character by its number.
fn character(reference: &BytesRef<'_>) -> Result<String, XmlFault> {
    let malformed = |error: quick_xml::Error| XmlFault::Malformed(reason(&error));
    if let Some(character) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let name = String::from_utf8_lossy(reference);
    match resolve_xml_entity(&name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(XmlFault::Entity(reason(&beginning(&name)))),
    }
}
