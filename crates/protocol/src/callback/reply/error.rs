//! Why an answer to a push cannot be taken.

use crate::callback::CipherError;
use crate::limits::{CONTENT_MAX, REPLY_MAX, REPLY_MEMBERS_MAX, REPLY_NESTING_MAX};
use serde::Serialize;
use std::fmt;

/// Why an answer cannot be taken, for the account's operator: precise, and with at most a few words of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ReplyError {
    /// The answer is larger than is read.
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// The answer is not UTF-8.
    NotUtf8 {
        /// The first byte that is wrong, from 0.
        at: usize,
    },
    /// The answer is not empty and is neither `success`, XML nor JSON.
    Unknown {
        /// Its beginning.
        begins: String,
    },
    /// The XML is malformed or uses what is not read.
    Xml {
        /// The byte where this was noticed, from 0, white space before the XML not counted.
        at: u64,
        /// What is wrong.
        fault: XmlFault,
    },
    /// The JSON is malformed or too large.
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// The root of the XML is not `xml`.
    Root {
        /// Its name.
        found: String,
    },
    /// A member is missing or empty.
    Missing {
        /// Its name, behind those of the members around it.
        member: &'static str,
    },
    /// A member is there more than once.
    Repeated {
        /// Its name.
        member: &'static str,
    },
    /// A member that must be a text has members, or the other way round.
    Shape {
        /// Its name.
        member: &'static str,
    },
    /// A text holds a NUL.
    Nul {
        /// The member.
        member: &'static str,
    },
    /// A text is too long.
    TooLong {
        /// The member.
        member: &'static str,
        /// Its bytes.
        bytes: usize,
        /// The most that it may have.
        most: usize,
    },
    /// The whole message is too long, as JSON.
    ContentSize {
        /// Its bytes.
        bytes: usize,
    },
    /// `MsgType` is none of a passive reply.
    MsgType {
        /// What it is.
        found: String,
    },
    /// `ToUserName` is not the customer whose push is answered.
    ToUserName {
        /// The customer.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The answer is encrypted, and the account has no EncodingAESKey.
    NoKey,
    /// `MsgSignature` of an encrypted answer is wrong.
    Signature {
        /// The signature of the answer's own timestamp, nonce and text.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The encrypted message cannot be read.
    Cipher(CipherError),
}

/// What is wrong with XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", content = "detail", rename_all = "snake_case")]
pub enum XmlFault {
    /// It is malformed: what the parser says.
    Malformed(String),
    /// It ends before its root does.
    Unfinished,
    /// Something is behind its root.
    BehindRoot,
    /// It has a document type, which could declare entities.
    DocumentType,
    /// It uses an entity that is not predefined.
    Entity(String),
    /// It is nested too deeply.
    Nesting,
    /// It has too many elements.
    Elements,
}

/// What is wrong with JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", content = "detail", rename_all = "snake_case")]
pub enum JsonFault {
    /// It is malformed: what the parser says.
    Malformed(String),
    /// It is nested too deeply.
    Nesting,
    /// It has too many members.
    Members,
}

/// Characters of an answer that an error repeats.
const BEGINNING: usize = 60;

/// Characters of what a parser says, which may repeat a part of the answer.
const REASON: usize = 200;

/// The first characters of a text.
pub(super) fn beginning(text: &str) -> String {
    text.chars().take(BEGINNING).collect()
}

/// What a parser says, in one line and without control characters.
pub(super) fn reason(error: &impl fmt::Display) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    error.to_string().chars().take(REASON).map(shown).collect()
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ReplyError as E;
        match self {
            E::TooLarge { bytes } => write!(f, "the answer has {bytes} bytes, more than {REPLY_MAX}"),
            E::NotUtf8 { at } => write!(f, "the answer is not UTF-8: byte {at} is wrong"),
            E::Unknown { begins } => {
                write!(f, "the answer is neither empty, success, XML nor JSON; it begins with {begins:?}")
            }
            E::Xml { at, fault } => write!(f, "the XML is wrong at byte {at}: {fault}"),
            E::Json { line, column, fault } => {
                write!(f, "the JSON is wrong at line {line}, column {column}: {fault}")
            }
            E::Root { found } => write!(f, "the root of the XML is {found:?} instead of xml"),
            E::Missing { member } => write!(f, "{member} is missing or empty"),
            E::Repeated { member } => write!(f, "{member} is there more than once"),
            E::Shape { member } => {
                write!(
                    f,
                    "{member} is of the wrong kind: a text where members belong, or the other way round"
                )
            }
            E::Nul { member } => write!(f, "{member} holds a NUL character"),
            E::TooLong { member, bytes, most } => write!(f, "{member} has {bytes} bytes, more than {most}"),
            E::ContentSize { bytes } => {
                write!(f, "the message has {bytes} bytes as JSON, more than {CONTENT_MAX}")
            }
            E::MsgType { found } => write!(f, "MsgType {found:?} is none of a passive reply"),
            E::ToUserName { expected, found } => {
                write!(f, "ToUserName is {found:?} instead of the customer's openid {expected}")
            }
            E::NoKey => f.write_str("the answer is encrypted, but the account has no EncodingAESKey"),
            E::Signature { expected, found } => {
                write!(f, "MsgSignature is {found:?} instead of {expected}: the token may differ")
            }
            E::Cipher(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplyError {}

impl fmt::Display for XmlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            XmlFault::Malformed(reason) => f.write_str(reason),
            XmlFault::Unfinished => f.write_str("it ends before the root element does"),
            XmlFault::BehindRoot => f.write_str("something is behind the root element"),
            XmlFault::DocumentType => f.write_str("a document type is not read"),
            XmlFault::Entity(name) => {
                write!(f, "the entity &{name}; is not one of &lt; &gt; &amp; &apos; &quot;")
            }
            XmlFault::Nesting => write!(f, "elements are nested deeper than {REPLY_NESTING_MAX} levels"),
            XmlFault::Elements => write!(f, "there are more than {REPLY_MEMBERS_MAX} elements"),
        }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonFault::Malformed(reason) => f.write_str(reason),
            JsonFault::Nesting => write!(f, "values are nested deeper than {REPLY_NESTING_MAX} levels"),
            JsonFault::Members => write!(f, "there are more than {REPLY_MEMBERS_MAX} members"),
        }
    }
}
