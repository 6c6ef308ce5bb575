//! Settings of an account's developer's server.

use super::fault::{CallbackFault, TOKEN};
use super::url::CallbackUrl;
use crate::TextEnum;
use protocol::callback::{EncodingAesKey, Encryption, Format, Mode, PushSettings, Recipient};

impl TextEnum for Mode {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("plain", Mode::Plain), ("compatible", Mode::Compatible), ("safe", Mode::Safe)];
}

impl TextEnum for Format {
    const TEXTS: &'static [(&'static str, Self)] = &[("xml", Format::Xml), ("json", Format::Json)];
}

/// Where an account's pushes go, and how they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackSettings {
    /// The address of the developer's server.
    pub url: CallbackUrl,
    /// The token that signatures are made with.
    pub token: String,
    /// Whether pushes are encrypted.
    pub mode: Mode,
    /// The format of pushes.
    pub format: Format,
    /// The key of encrypted pushes; `None` if the account never had one.
    pub key: Option<EncodingAesKey>,
    /// The key before it, with which answers may still be encrypted.
    pub previous_key: Option<EncodingAesKey>,
}

impl CallbackSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), CallbackFault> {
        self.url.check()?;
        if !TOKEN.contains(&self.token.len()) || !self.token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(CallbackFault::Token);
        }
        if self.mode.is_encrypted() && self.key.is_none() {
            return Err(CallbackFault::NoKey);
        }
        Ok(())
    }

    /// How pushes are written.
    #[must_use]
    pub fn push<'a>(&'a self, appid: &'a str) -> PushSettings<'a> {
        let recipient = self.key.as_ref().map(|key| Recipient { key, appid });
        let encryption = match (self.mode, recipient) {
            (Mode::Compatible, Some(recipient)) => Encryption::Compatible(recipient),
            (Mode::Safe, Some(recipient)) => Encryption::Safe(recipient),
            // Checked settings have a key where the mode encrypts.
            _ => Encryption::Plain,
        };
        PushSettings { token: &self.token, format: self.format, encryption }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallbackFault, CallbackSettings};
    use protocol::callback::{EncodingAesKey, Format, Mode};

    fn settings() -> CallbackSettings {
        let (url, token) = ("http://a.example/".to_owned().into(), "AAAAA".to_owned());
        let (mode, format) = (Mode::Plain, Format::Xml);
        CallbackSettings { url, token, mode, format, key: None, previous_key: None }
    }

    #[test]
    fn tokens_and_keys_are_checked() {
        let with = |token: &str| CallbackSettings { token: token.to_owned(), ..settings() };
        assert!(with("abc").check().is_ok() && with(&"a".repeat(32)).check().is_ok());
        for token in ["", "ab", "a-b-c", "客服客服", &"a".repeat(33)] {
            assert_eq!(with(token).check(), Err(CallbackFault::Token), "{token}");
        }
        let safe = CallbackSettings { mode: Mode::Safe, ..settings() };
        assert_eq!(safe.check(), Err(CallbackFault::NoKey));
        let key = EncodingAesKey::parse(&"A".repeat(43)).ok();
        assert_eq!(CallbackSettings { key, ..safe }.check(), Ok(()));
    }
}
