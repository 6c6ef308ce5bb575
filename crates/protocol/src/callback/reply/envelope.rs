//! The envelope of an encrypted answer: `Encrypt`, `MsgSignature`, `TimeStamp`, `Nonce`.

use super::Secrets;
use super::document::Document;
use super::error::{ReplyError, beginning};
use super::tree::{Branch, Path};
use crate::callback::{Signature, Unsealed, unseal};

/// An encrypted answer. Its timestamp and nonce are the developer's own choice, in any unit and length.
pub(super) struct Envelope<'a> {
    encrypted: &'a str,
    signature: &'a str,
    timestamp: &'a str,
    nonce: &'a str,
}

/// The envelope of an answer; `None` if the answer is clear. Other members, which some SDKs add, do not count.
///
/// # Errors
/// A member is missing, repeated or no text.
pub(super) fn of(document: &Document) -> Result<Option<Envelope<'_>>, ReplyError> {
    let Document::Members(_, tree) = document else { return Ok(None) };
    let encrypted = tree.text(Path("Encrypt"))?;
    if encrypted.is_empty() { Ok(None) } else { members(tree, encrypted).map(Some) }
}

fn members<'a>(tree: &'a Branch, encrypted: &'a str) -> Result<Envelope<'a>, ReplyError> {
    Ok(Envelope {
        encrypted,
        signature: tree.required(Path("MsgSignature"))?,
        timestamp: tree.required(Path("TimeStamp"))?,
        nonce: tree.required(Path("Nonce"))?,
    })
}

impl Envelope<'_> {
    /// Checks the signature and decrypts the message.
    ///
    /// # Errors
    /// `NoKey`, `Signature` or `Cipher`.
    pub(super) fn open(&self, secrets: Option<Secrets<'_>>) -> Result<Unsealed, ReplyError> {
        let Secrets { token, appid, keys } = secrets.ok_or(ReplyError::NoKey)?;
        let expected = Signature::of_encrypted(token, self.timestamp, self.nonce, self.encrypted);
        if !expected.matches(self.signature) {
            let found = beginning(self.signature);
            return Err(ReplyError::Signature { expected: expected.to_string(), found });
        }
        unseal(keys, appid, self.encrypted).map_err(ReplyError::Cipher)
    }
}
