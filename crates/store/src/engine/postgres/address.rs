//! The address of a PostgreSQL database, and TLS to it: `sslmode` and `sslrootcert` mean what they mean to libpq.
//!
//! The client crate knows neither `sslrootcert` nor the modes `verify-ca` and `verify-full`, so both parameters are
//! parsed here and removed from the address.

use crate::trust::{Roots, Trust, client};
use ::postgres::Client;
use ::postgres::error::{Error, SqlState};
use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The ALPN protocol that PostgreSQL servers expect.
const ALPN: &[u8] = b"postgresql";

/// Where a database is, and how to connect to it.
#[derive(Clone)]
pub(crate) struct Address {
    /// Everything but TLS.
    pub(crate) config: Config,
    tls: MakeRustlsConnect,
    is_verified: bool,
}

impl Address {
    /// Parses an address, and reads the certificates it names.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let (rest, given) = TlsParameters::split_from(url);
        let mut config = Config::from_str(&rest).context("reading the address of the database")?;
        config.connect_timeout(Duration::from_secs(5)).tcp_user_timeout(Duration::from_secs(10));
        config.keepalives_idle(Duration::from_secs(10)).application_name("kefu");
        let (mode, trust) = given.mode()?;
        let is_verified = !matches!(trust, Trust::Anybody);
        let mut tls = client(trust)?;
        tls.alpn_protocols = vec![ALPN.to_vec()];
        config.ssl_mode(mode);
        Ok(Address { config, tls: MakeRustlsConnect::new(tls), is_verified })
    }

    /// The same address with more settings of the session.
    pub(crate) fn with_options(mut self, more: &str) -> Self {
        let options = format!("{} {more}", self.config.get_options().unwrap_or_default());
        self.config.options(options);
        self
    }

    /// A blocking client, for what is not a verb.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        self.connect(|config, tls| ::postgres::Config::from(config.clone()).connect(tls))
    }

    /// Connects; without TLS if it is preferred but fails.
    pub(crate) fn connect<T>(
        &self,
        connect: impl Fn(&Config, MakeRustlsConnect) -> Result<T, Error>,
    ) -> Result<T, Error> {
        connect(&self.config, self.tls.clone()).or_else(|error| {
            if self.config.get_ssl_mode() != SslMode::Prefer || !is_of_tls(&error) {
                return Err(error);
            }
            let mut in_clear = self.config.clone();
            in_clear.ssl_mode(SslMode::Disable);
            connect(&in_clear, self.tls.clone()).map_err(|_| error)
        })
    }

    /// Whether an authority vouches for the server.
    pub(crate) fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// The host, if other people's networks may be on the way to it.
    pub(crate) fn foreign_host(&self) -> Option<&str> {
        self.config.get_hosts().iter().find_map(|host| match host {
            Host::Tcp(name) if crate::place::is_foreign(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// Whether TLS failed: in the handshake, or because `pg_hba.conf` wants a connection without TLS.
fn is_of_tls(error: &Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
        || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// The TLS parameters of an address.
#[derive(Debug, Default, PartialEq, Eq)]
struct TlsParameters {
    mode: Option<String>,
    root: Option<String>,
}

impl TlsParameters {
    /// Splits them from an address, which is a URL or `key=value` pairs.
    fn split_from(address: &str) -> (String, Self) {
        let mut given = TlsParameters::default();
        let is_url = ["postgres://", "postgresql://"].iter().any(|begin| address.starts_with(begin));
        let rest = if is_url { given.split_url(address) } else { given.split_pairs(address) };
        (rest, given)
    }

    /// Sets a parameter; `false` if it is another one.
    fn set(&mut self, key: &str, value: &str) -> bool {
        let member = match key {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.root,
            _ => return false,
        };
        *member = Some(value.to_owned());
        true
    }

    fn split_url(&mut self, url: &str) -> String {
        // A question mark before the host belongs to the password.
        let host = url.find('@').map_or(0, |at| at + 1);
        let Some(query) = url[host..].find('?').map(|at| host + at) else { return url.to_owned() };
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let kept = url[query + 1..].split('&').filter(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            !self.set(&decode(key), &decode(value))
        });
        let kept = kept.collect::<Vec<_>>().join("&");
        if kept.is_empty() { url[..query].to_owned() } else { format!("{}?{kept}", &url[..query]) }
    }

    fn split_pairs(&mut self, pairs: &str) -> String {
        let (mut kept, mut rest) = (String::new(), pairs.trim_start());
        while let Some((key, value)) = rest.split_once('=') {
            let Some((value, after)) = first_value(value.trim_start()) else { break };
            if !self.set(key.trim(), &value) {
                kept.push_str(&rest[..rest.len() - after.len()]);
                kept.push(' ');
            }
            rest = after.trim_start();
        }
        // The client crate refuses what cannot be parsed.
        kept + rest
    }

    fn mode(&self) -> anyhow::Result<(SslMode, Trust)> {
        let is_system = self.root.as_deref() == Some("system");
        let mode = self.mode.as_deref().unwrap_or(if is_system { "verify-full" } else { "prefer" });
        if is_system && mode != "verify-full" {
            bail!(
                "sslrootcert=system needs sslmode=verify-full: anyone can have a certificate for some other name"
            );
        }
        let roots = || match self.root.as_deref() {
            Some("system") => Roots::system(),
            Some(file) => Roots::read(file.as_ref()),
            None => bail!(
                "sslmode={mode} needs sslrootcert=PATH, a PEM file with the certificate of the database's authority, \
                 or sslrootcert=system with verify-full"
            ),
        };
        Ok(match mode {
            "disable" => (SslMode::Disable, Trust::Anybody),
            "prefer" => (SslMode::Prefer, Trust::Anybody),
            "require" if self.root.is_none() => (SslMode::Require, Trust::Anybody),
            "require" | "verify-ca" => (SslMode::Require, Trust::Authority(roots()?)),
            "verify-full" => (SslMode::Require, Trust::Name(roots()?)),
            other => bail!("sslmode takes disable, prefer, require, verify-ca or verify-full, not {other:?}"),
        })
    }
}

/// The first value of `key=value` pairs, which may be quoted, and the text after it.
fn first_value(text: &str) -> Option<(String, &str)> {
    let is_quoted = text.starts_with('\'');
    let (mut value, mut chars) = (String::new(), text.char_indices().skip(usize::from(is_quoted)));
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if is_quoted => return Some((value, &text[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c if c.is_whitespace() && !is_quoted => return Some((value, &text[at..])),
            c => value.push(c),
        }
    }
    (!is_quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::{Address, TlsParameters};
    use tokio_postgres::config::SslMode;

    fn split(address: &str) -> (String, Option<String>, Option<String>) {
        let (rest, given) = TlsParameters::split_from(address);
        (rest, given.mode, given.root)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_tls_parameters_are_split_from_an_address() {
        let url = "postgres://kefu:a?b@db.example.com:5432/kefu";
        assert_eq!(split(url), (url.into(), None, None));
        assert_eq!(
            split(&format!("{url}?sslmode=verify-full&options=-csearch_path%3Da&sslrootcert=%2Fa%20b.pem")),
            (format!("{url}?options=-csearch_path%3Da"), some("verify-full"), some("/a b.pem"))
        );
        assert_eq!(
            split(&format!("{url}?sslmode=a&sslmode=b")),
            (url.into(), some("b"), None),
            "the last counts"
        );
        let words = "host=db.example.com user = kefu password='a sslmode=x \\' b'";
        assert_eq!(split(words).1, None, "it belongs to the password");
        assert_eq!(
            split(&format!("sslmode = require {words} sslrootcert='/a b.pem'")),
            (format!("{words} "), some("require"), some("/a b.pem"))
        );
        assert_eq!(split("host=a sslmode='x").0, "host=a sslmode='x", "the client crate refuses it");
    }

    #[test]
    fn each_mode_is_what_libpq_means_by_it() {
        let mode = |query: &str| {
            let address = Address::parse(&format!("postgres://kefu@db.example.com/kefu{query}"));
            address
                .map(|it| (it.config.get_ssl_mode(), it.is_verified()))
                .map_err(|error| format!("{error:#}"))
        };
        assert_eq!(mode(""), Ok((SslMode::Prefer, false)));
        assert_eq!(mode("?sslmode=disable"), Ok((SslMode::Disable, false)));
        assert_eq!(mode("?sslmode=require"), Ok((SslMode::Require, false)));
        for (query, cure) in [
            ("?sslmode=allow", "sslmode takes disable"),
            ("?sslmode=verify-ca", "needs sslrootcert=PATH"),
            ("?sslmode=verify-full", "needs sslrootcert=PATH"),
            ("?sslmode=verify-full&sslrootcert=/nowhere", "reading the certificates of /nowhere"),
            ("?sslmode=require&sslrootcert=/nowhere", "reading the certificates of /nowhere"),
            ("?sslmode=verify-full&sslrootcert=/dev/null", "holds no certificate"),
            ("?sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
        ] {
            let said = mode(query).unwrap_err();
            assert!(said.contains(cure), "{query}: {said}");
        }
    }
}
