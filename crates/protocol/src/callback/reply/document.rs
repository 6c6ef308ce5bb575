//! What an answer is, before its members are looked at: empty, `success`, XML or JSON.

use super::error::{ReplyError, beginning};
use super::tree::Branch;
use super::{Warning, json, xml};
use crate::limits::REPLY_MAX;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// No bytes, or white space only.
    Empty,
    /// The word `success`.
    Success,
    /// XML.
    Xml,
    /// JSON.
    Json,
}

/// What an answer or an encrypted message is, before its members are looked at.
pub(super) enum Document {
    /// No bytes, or white space only.
    Empty,
    /// The word `success`.
    Success,
    /// The members of XML or JSON.
    Members(Form, Branch),
}

impl Document {
    /// Reads bytes.
    ///
    /// # Errors
    /// `TooLarge`, `NotUtf8`, `Unknown`, or what is wrong with XML or JSON.
    pub(super) fn of(bytes: &[u8], warnings: &mut Vec<Warning>) -> Result<Self, ReplyError> {
        if bytes.len() > REPLY_MAX {
            return Err(ReplyError::TooLarge { bytes: bytes.len() });
        }
        let text =
            std::str::from_utf8(bytes).map_err(|error| ReplyError::NotUtf8 { at: error.valid_up_to() })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                warnings.push(Warning::ByteOrderMark);
                rest
            }
            None => text,
        };
        match text.trim() {
            "" => Ok(Document::Empty),
            "success" => Ok(Document::Success),
            xml if xml.starts_with('<') => Ok(Document::Members(Form::Xml, xml::read(xml)?)),
            json if json.starts_with('{') => Ok(Document::Members(Form::Json, json::read(json)?)),
            other => Err(ReplyError::Unknown { begins: beginning(other) }),
        }
    }
}
