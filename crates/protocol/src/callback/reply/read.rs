//! Reads an answer: its envelope, if it has one, and what it says.

use super::document::Document;
use super::{AnsweredPush, Form, Reply, ReplyError, Secrets, Understood, Warning, content, envelope};
use crate::callback::{Format, Mode, WhichKey};

/// Reads the body of an answer with status 200.
///
/// # Errors
/// What is wrong with it. To Weixin such an answer is a failed try.
pub fn read(answer: &[u8], push: &AnsweredPush<'_>) -> Result<Understood, ReplyError> {
    let mut warnings = Vec::new();
    let outer = Document::of(answer, &mut warnings)?;
    let (document, key) = match envelope::of(&outer)? {
        Some(envelope) => {
            let unsealed = envelope.open(push.secrets)?;
            (Document::of(&unsealed.message, &mut warnings)?, Some(unsealed.key))
        }
        None => (outer, None),
    };
    let (reply, form) = match document {
        Document::Empty => (Reply::Nothing, Form::Empty),
        Document::Success => (Reply::Nothing, Form::Success),
        Document::Members(form, tree) => {
            warnings.extend(of_form(form, key, push));
            (content::reply(&tree, push, &mut warnings)?, form)
        }
    };
    warnings.extend(of_key(key, push));
    Ok(Understood { reply, form, key, warnings })
}

/// The message in an encrypted answer, for people who look into it; `None` if the answer is clear.
///
/// # Errors
/// What is wrong with the answer or its envelope.
pub fn decrypted(answer: &[u8], secrets: Secrets<'_>) -> Result<Option<String>, ReplyError> {
    let outer = Document::of(answer, &mut Vec::new())?;
    let Some(envelope) = envelope::of(&outer)? else { return Ok(None) };
    let message = envelope.open(Some(secrets))?.message;
    Ok(Some(String::from_utf8_lossy(&message).into_owned()))
}

/// The warning about the form of an answer with members. XML also answers pushes in JSON: Weixin documents
/// `transfer_customer_service` so.
fn of_form(form: Form, key: Option<WhichKey>, push: &AnsweredPush<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if form == Form::Json && push.format == Format::Xml {
        warnings.push(Warning::JsonForXml);
    }
    if key.is_none() && push.mode == Mode::Safe {
        warnings.push(Warning::ClearInSafeMode);
    }
    warnings
}

/// The warning about the key of an answer.
fn of_key(key: Option<WhichKey>, push: &AnsweredPush<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if key == Some(WhichKey::Previous) {
        warnings.push(Warning::PreviousKey);
    }
    if key.is_some() && push.mode == Mode::Plain {
        warnings.push(Warning::EncryptedInPlainMode);
    }
    warnings
}
