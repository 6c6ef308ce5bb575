//! What Weixin may refuse about an answer, though it is taken here.

use serde::Serialize;
use std::fmt;

/// What Weixin may refuse about an answer that is taken here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// A byte order mark is before the answer.
    ByteOrderMark,
    /// `ToUserName` is missing.
    NoToUserName,
    /// `FromUserName` is missing or is not the account.
    FromUserName {
        /// The account's original id.
        expected: String,
        /// What it is; empty if it is missing.
        found: String,
    },
    /// The answer is JSON, and pushes are XML.
    JsonForXml,
    /// The answer is clear, and pushes are in safe mode.
    ClearInSafeMode,
    /// The answer is encrypted, and pushes are in plain mode.
    EncryptedInPlainMode,
    /// The answer is encrypted with the key before the current one.
    PreviousKey,
    /// `transfer_customer_service` answers an event, which is nothing to forward.
    TransferOfEvent,
    /// The answer has more articles than are sent.
    ArticlesCut {
        /// How many it has.
        found: usize,
        /// How many are sent.
        sent: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::ByteOrderMark => f.write_str(
                "a byte order mark is before the answer; Weixin then tells the customer of a failure",
            ),
            Warning::NoToUserName => f.write_str("ToUserName is missing; it must be the customer's openid"),
            Warning::FromUserName { expected, found } if found.is_empty() => {
                write!(f, "FromUserName is missing; it must be the account's original id {expected}")
            }
            Warning::FromUserName { expected, found } => {
                write!(f, "FromUserName is {found:?} instead of the account's original id {expected}")
            }
            Warning::JsonForXml => f.write_str("the answer is JSON, but pushes are XML"),
            Warning::ClearInSafeMode => f.write_str("the answer is clear, but pushes are in safe mode"),
            Warning::EncryptedInPlainMode => {
                f.write_str("the answer is encrypted, but pushes are in plain mode")
            }
            Warning::PreviousKey => f.write_str("the answer is encrypted with the previous EncodingAESKey"),
            Warning::TransferOfEvent => {
                f.write_str("transfer_customer_service answers an event; only messages can be forwarded")
            }
            Warning::ArticlesCut { found, sent } => {
                write!(f, "the answer has {found} articles, of which {sent} can be sent")
            }
        }
    }
}
