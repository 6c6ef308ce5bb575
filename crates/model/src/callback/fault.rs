//! What may be wrong with the settings of a developer's server.

use protocol::callback::KeyError;
use std::fmt;
use std::ops::RangeInclusive;

/// Most bytes of a URL. Undocumented; Kefu's choice.
pub(super) const URL_MAX: usize = 1024;
/// Characters of a token. Weixin's console states them.
pub(super) const TOKEN: RangeInclusive<usize> = 3..=32;

/// What is wrong with settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    /// The URL is none that can be called.
    Url,
    /// The token has another length, or other characters.
    Token,
    /// The key is malformed.
    Key(KeyError),
    /// The mode encrypts, and there is no key.
    NoKey,
}

impl fmt::Display for CallbackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallbackFault::Url => write!(
                f,
                "a URL begins with http:// or https://, has a host, no user name and no #, and at most \
                 {URL_MAX} bytes"
            ),
            CallbackFault::Token => {
                write!(f, "a token has {} to {} letters and digits", TOKEN.start(), TOKEN.end())
            }
            CallbackFault::Key(error) => error.fmt(f),
            CallbackFault::NoKey => f.write_str("the modes compatible and safe need an EncodingAESKey"),
        }
    }
}
