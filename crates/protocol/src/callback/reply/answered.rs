//! The push that is answered, and the secrets of its account.

use crate::callback::{AesKeys, Format, Mode};

/// The push that is answered.
#[derive(Clone, Copy, Debug)]
pub struct AnsweredPush<'a> {
    /// The customer: `FromUserName` of the push, `ToUserName` of the answer.
    pub openid: &'a str,
    /// The account's original id: `ToUserName` of the push, `FromUserName` of the answer.
    pub original_id: &'a str,
    /// Whether an event was pushed.
    pub is_event: bool,
    /// The format of the push.
    pub format: Format,
    /// The mode of the push.
    pub mode: Mode,
    /// What encrypted answers are read with; `None` while the account has no key.
    pub secrets: Option<Secrets<'a>>,
}

/// What encrypted answers are read with.
#[derive(Clone, Copy, Debug)]
pub struct Secrets<'a> {
    /// The token that signatures are made with.
    pub token: &'a str,
    /// The appid that must be encrypted with the message.
    pub appid: &'a str,
    /// The keys.
    pub keys: AesKeys<'a>,
}
