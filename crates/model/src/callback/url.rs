//! The URL of a developer's server.

use super::fault::{CallbackFault, URL_MAX};
use std::fmt;
use url::Url;

/// The URL of settings without a server that could be called: pushes go to machines on which `kefu listen` runs.
const LISTEN_URL: &str = "listen:";

/// The URL of a developer's server as it was given, parsed once for all calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackUrl {
    text: String,
    /// `None` if it is no URL.
    parsed: Option<Url>,
}

impl From<String> for CallbackUrl {
    fn from(text: String) -> Self {
        let parsed = Url::parse(&text).ok();
        CallbackUrl { text, parsed }
    }
}

/// As it was given.
impl fmt::Display for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl CallbackUrl {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Checks that it names a server that may be called, or none but machines that listen.
    ///
    /// # Errors
    /// `Url`.
    pub fn check(&self) -> Result<(), CallbackFault> {
        if self.is_listen_only() {
            return Ok(());
        }
        let url = self.parsed.as_ref().ok_or(CallbackFault::Url)?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_http = ["http", "https"].contains(&url.scheme());
        let is_sound = self.text.len() <= URL_MAX && is_http && is_plain && url.has_host();
        if is_sound { Ok(()) } else { Err(CallbackFault::Url) }
    }

    /// Whether no server can be called, only machines on which `kefu listen` runs.
    #[must_use]
    pub fn is_listen_only(&self) -> bool {
        self.text == LISTEN_URL
    }

    /// Host and port; empty if it has none.
    #[must_use]
    pub fn host(&self) -> String {
        let url = self.parsed.as_ref();
        let host = url.and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
        host.map_or_else(String::new, |(host, port)| format!("{host}:{port}"))
    }

    /// The host, an IPv6 address without brackets, and the port; `None` if it has no host.
    #[must_use]
    pub fn host_and_port(&self) -> Option<(String, u16)> {
        let url = self.parsed.as_ref()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default()?))
    }

    /// The URL with these parameters behind its own.
    ///
    /// # Errors
    /// `Url`.
    pub fn with(&self, query: &[(&str, String)]) -> Result<String, CallbackFault> {
        let mut url = self.parsed.clone().ok_or(CallbackFault::Url)?;
        url.query_pairs_mut().extend_pairs(query);
        Ok(url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{CallbackFault, CallbackUrl, LISTEN_URL};

    fn url(text: &str) -> CallbackUrl {
        CallbackUrl::from(text.to_owned())
    }

    #[test]
    fn a_url_is_http_with_a_host_and_nothing_secret() {
        for good in ["http://a.example/wx", "https://127.0.0.1:3000/wx?x=1", "http://[::1]:80/", LISTEN_URL] {
            assert_eq!(url(good).check(), Ok(()), "{good}");
        }
        let long = format!("http://a.example/{}", "x".repeat(1024));
        for bad in
            ["", "a.example/wx", "ftp://a.example/", "http://u:p@a.example/", "http://a.example/#x", &long]
        {
            assert_eq!(url(bad).check(), Err(CallbackFault::Url), "{bad}");
        }
    }

    #[test]
    fn a_url_has_one_host_however_it_is_written() {
        for (text, host) in [
            ("https://A.example/wx?token=1", "a.example:443"),
            ("http://a.example:8080/", "a.example:8080"),
            ("http://[::1]/", "[::1]:80"),
            ("nothing", ""),
        ] {
            assert_eq!(url(text).host(), host);
        }
    }

    #[test]
    fn the_port_of_a_url_is_the_schemes_unless_it_names_one() {
        for (text, host, port) in [
            ("http://a.example/wx", "a.example", 80),
            ("https://127.0.0.1/wx", "127.0.0.1", 443),
            ("http://[::1]:3000/", "::1", 3000),
        ] {
            assert_eq!(url(text).host_and_port(), Some((host.to_owned(), port)));
        }
        assert_eq!((url("nowhere").host_and_port(), url(LISTEN_URL).host_and_port()), (None, None));
    }

    #[test]
    fn parameters_come_behind_those_of_the_url_and_are_encoded() {
        let query = [("nonce", "1".to_owned()), ("echostr", "a+/=".to_owned())];
        let with = url("http://a.example/wx?a=b").with(&query).expect("a URL");
        assert_eq!(with, "http://a.example/wx?a=b&nonce=1&echostr=a%2B%2F%3D");
    }
}
