//! Settings of an account's developer's server.

use crate::TextEnum;
use protocol::callback::{EncodingAesKey, Encryption, Format, KeyError, Mode, PushSettings, Recipient};
use std::fmt;
use std::ops::RangeInclusive;
use url::Url;

/// The URL of settings without a server that could be called: pushes go to machines on which `kefu listen` runs.
pub const LISTEN_URL: &str = "listen:";

/// Most bytes of a URL. Undocumented; Kefu's choice.
const URL_MAX: usize = 1024;
/// Characters of a token. Weixin's console states them.
const TOKEN: RangeInclusive<usize> = 3..=32;

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
    pub url: String,
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

impl CallbackSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), CallbackFault> {
        if !self.is_listen_only() {
            self.check_url()?;
        }
        if !TOKEN.contains(&self.token.len()) || !self.token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(CallbackFault::Token);
        }
        if self.mode.is_encrypted() && self.key.is_none() {
            return Err(CallbackFault::NoKey);
        }
        Ok(())
    }

    fn check_url(&self) -> Result<(), CallbackFault> {
        let url = Url::parse(&self.url).map_err(|_| CallbackFault::Url)?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_http = ["http", "https"].contains(&url.scheme());
        let is_sound = self.url.len() <= URL_MAX && is_http && is_plain && url.has_host();
        if is_sound { Ok(()) } else { Err(CallbackFault::Url) }
    }

    /// Whether no server can be called, only machines on which `kefu listen` runs.
    #[must_use]
    pub fn is_listen_only(&self) -> bool {
        self.url == LISTEN_URL
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

    /// Host and port of the URL; empty if it is none.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
        host.map_or_else(String::new, |(host, port)| format!("{host}:{port}"))
    }

    /// The URL with these parameters behind its own.
    ///
    /// # Errors
    /// `Url`.
    pub fn url_with(&self, query: &[(&str, String)]) -> Result<String, CallbackFault> {
        let mut url = Url::parse(&self.url).map_err(|_| CallbackFault::Url)?;
        url.query_pairs_mut().extend_pairs(query);
        Ok(url.into())
    }

    /// The host of the URL, an IPv6 address without brackets, and its port; `None` if the URL has no host.
    #[must_use]
    pub fn host_and_port(&self) -> Option<(String, u16)> {
        let url = Url::parse(&self.url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default()?))
    }
}

#[cfg(test)]
mod tests {
    use super::{CallbackFault, CallbackSettings, LISTEN_URL};
    use protocol::callback::{EncodingAesKey, Format, Mode};

    fn settings(url: &str) -> CallbackSettings {
        let (token, mode, format) = ("AAAAA".to_owned(), Mode::Plain, Format::Xml);
        CallbackSettings { url: url.to_owned(), token, mode, format, key: None, previous_key: None }
    }

    #[test]
    fn a_url_is_http_with_a_host_and_nothing_secret() {
        for url in ["http://a.example/wx", "https://127.0.0.1:3000/wx?x=1", "http://[::1]:80/", LISTEN_URL] {
            assert_eq!(settings(url).check(), Ok(()), "{url}");
        }
        let long = format!("http://a.example/{}", "x".repeat(1024));
        for url in
            ["", "a.example/wx", "ftp://a.example/", "http://u:p@a.example/", "http://a.example/#x", &long]
        {
            assert_eq!(settings(url).check(), Err(CallbackFault::Url), "{url}");
        }
    }

    #[test]
    fn tokens_and_keys_are_checked() {
        let with =
            |token: &str| CallbackSettings { token: token.to_owned(), ..settings("http://a.example/") };
        assert!(with("abc").check().is_ok() && with(&"a".repeat(32)).check().is_ok());
        for token in ["", "ab", "a-b-c", "客服客服", &"a".repeat(33)] {
            assert_eq!(with(token).check(), Err(CallbackFault::Token), "{token}");
        }
        let safe = CallbackSettings { mode: Mode::Safe, ..settings("http://a.example/") };
        assert_eq!(safe.check(), Err(CallbackFault::NoKey));
        let key = EncodingAesKey::parse(&"A".repeat(43)).ok();
        assert_eq!(CallbackSettings { key, ..safe }.check(), Ok(()));
    }

    #[test]
    fn a_url_has_one_host_however_it_is_written() {
        for (url, host) in [
            ("https://A.example/wx?token=1", "a.example:443"),
            ("http://a.example:8080/", "a.example:8080"),
            ("http://[::1]/", "[::1]:80"),
            ("nothing", ""),
        ] {
            assert_eq!(settings(url).host(), host);
        }
    }

    #[test]
    fn the_port_of_a_url_is_the_schemes_unless_it_names_one() {
        for (url, host, port) in [
            ("http://a.example/wx", "a.example", 80),
            ("https://127.0.0.1/wx", "127.0.0.1", 443),
            ("http://[::1]:3000/", "::1", 3000),
        ] {
            assert_eq!(settings(url).host_and_port(), Some((host.to_owned(), port)));
        }
        assert_eq!((settings("nowhere").host_and_port(), settings(LISTEN_URL).host_and_port()), (None, None));
    }

    #[test]
    fn parameters_come_behind_those_of_the_url_and_are_encoded() {
        let query = [("nonce", "1".to_owned()), ("echostr", "a+/=".to_owned())];
        let url = settings("http://a.example/wx?a=b").url_with(&query).expect("a URL");
        assert_eq!(url, "http://a.example/wx?a=b&nonce=1&echostr=a%2B%2F%3D");
    }
}
