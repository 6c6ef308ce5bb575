//! What a developer's server answers to a push.
//!
//! ```text
//! bytes ── Document::of ──► empty, `success`, XML or JSON ──► envelope, decrypted and read again ──► Understood
//! ```
//!
//! The reader takes what Weixin takes, and what SDKs are known to send. What Weixin would refuse and Kefu takes is a
//! [`Warning`]. What cannot be taken is a [`ReplyError`], which says precisely what is wrong.

mod answered;
mod content;
mod document;
mod envelope;
mod error;
mod json;
mod read;
mod tree;
mod understood;
mod warning;
mod xml;

pub use answered::{AnsweredPush, Secrets};
pub use document::Form;
pub use error::{JsonFault, ReplyError, XmlFault};
pub use read::{decrypted, read};
pub use understood::{Reply, Understood};
pub use warning::Warning;
