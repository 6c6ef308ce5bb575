//! The kinds of access tokens.

use crate::TextEnum;

/// Who got a token, and from which endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The account's, from `token`.
    Own,
    /// The account's, from `stable_token`.
    Stable,
    /// The account's, for an administrator at the debugging page. Its row names the administrator where the row of an
    /// authorizer's token names the component.
    Debug,
    /// A component's, to act for the account.
    Authorizer,
    /// A component's own.
    Component,
}

impl TextEnum for TokenKind {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("own", TokenKind::Own),
        ("stable", TokenKind::Stable),
        ("debug", TokenKind::Debug),
        ("authorizer", TokenKind::Authorizer),
        ("component", TokenKind::Component),
    ];
}

impl TokenKind {
    /// The first digits of a token of this kind; the platform's tokens begin with a number, too.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            TokenKind::Own => "50",
            TokenKind::Stable => "51",
            TokenKind::Debug => "52",
            TokenKind::Authorizer => "60",
            TokenKind::Component => "61",
        }
    }
}
