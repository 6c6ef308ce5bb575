//! The format and the mode of an account's pushes.

/// The format of a push's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// XML, with the root `xml`. Platforms have no other.
    Xml,
    /// One JSON object.
    Json,
}

impl Format {
    /// Both formats.
    pub const ALL: [Format; 2] = [Format::Xml, Format::Json];

    /// The `Content-Type` of a push. Clients choose their parser by it.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Xml => "text/xml",
            Format::Json => "application/json",
        }
    }
}

/// How a push is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Clear members. The answer is clear.
    Plain,
    /// Clear members and the same message encrypted. The answer may be either.
    Compatible,
    /// The encrypted message and the account's id. The answer is encrypted.
    Safe,
}

impl Mode {
    /// All modes.
    pub const ALL: [Mode; 3] = [Mode::Plain, Mode::Compatible, Mode::Safe];

    /// Whether a push holds the message encrypted.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Mode::Compatible | Mode::Safe)
    }
}
