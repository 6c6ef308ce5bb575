//! The address a request comes from and whether its browser speaks TLS: as this server sees it, or as a trusted proxy
//! says.
//!
//! Only the header of `--proxy-header` counts. A proxy that writes one of the two headers passes on what the client
//! wrote into the other, so a server that took either would trust the client.

use crate::config::ProxyHeader;
use crate::desk::login;
use crate::listen::{ListenerKind, Peer};
use crate::state::App;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

/// The addresses that a request passed: the client's first, then those of all proxies but the last.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The scheme that the client used.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Maximum number of entries that are read, from the end of the list. Real chains of proxies are shorter.
const ENTRIES_MAX: usize = 32;

/// The client of a page's request.
#[derive(Clone, Copy)]
pub struct ClientInfo {
    /// Whether the browser speaks TLS.
    pub is_tls: bool,
    /// Address of the browser.
    pub address: IpAddr,
}

impl ClientInfo {
    /// The origin of a login of this browser.
    #[must_use]
    pub fn origin(self, browser: String) -> login::LoginOrigin {
        login::LoginOrigin { browser, address: self.address.to_canonical().to_string() }
    }
}

impl FromRequestParts<App> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let (peer, listener_kind) = peer(&parts.extensions);
        if !is_trusted(app, peer) {
            return Ok(ClientInfo {
                is_tls: app.settings.is_public_tls() || listener_kind == ListenerKind::Tls,
                address: peer,
            });
        }
        let client = client(&parts.headers, app, peer);
        Ok(ClientInfo { is_tls: app.settings.is_public_tls() || client.is_tls, address: client.address })
    }
}

/// The address that a request comes from.
#[must_use]
pub fn address(headers: &HeaderMap, extensions: &Extensions, app: &App) -> IpAddr {
    let (peer, _) = peer(extensions);
    if is_trusted(app, peer) { client(headers, app, peer).address } else { peer }
}

fn peer(extensions: &Extensions) -> (IpAddr, ListenerKind) {
    let unknown = (Ipv4Addr::UNSPECIFIED.into(), ListenerKind::Plain);
    extensions.get().map_or(unknown, |Peer { address, listener_kind }| (*address, *listener_kind))
}

/// Whether the address is one of a trusted proxy.
#[must_use]
pub fn is_trusted(app: &App, address: IpAddr) -> bool {
    app.settings.trusted_proxy.iter().any(|network| network.contains(address))
}

/// The client according to the trusted proxies.
struct ProxiedClient {
    address: IpAddr,
    is_tls: bool,
}

fn client(headers: &HeaderMap, app: &App, peer: IpAddr) -> ProxiedClient {
    let is_trusted = |address| is_trusted(app, address);
    match app.settings.proxy_header {
        ProxyHeader::XForwardedFor => {
            let entries = entries(headers, &X_FORWARDED_FOR).map(|entry| (node(entry), ()));
            let (address, _) = walk(entries, peer, is_trusted);
            ProxiedClient { address, is_tls: is_https(headers) }
        }
        ProxyHeader::Forwarded => {
            let entries = entries(headers, &http::header::FORWARDED).map(|entry| {
                let element = ForwardedElement::parse(entry);
                (element.address, element.is_https)
            });
            let (address, is_tls) = walk(entries, peer, is_trusted);
            ProxiedClient { address, is_tls: is_tls.unwrap_or(false) }
        }
    }
}

/// Returns the last address that is not a trusted proxy's, with the value beside it. A client can forge all entries
/// before that. Where an entry cannot be read or the list ends, returns the address of the last trusted proxy.
fn walk<T>(
    entries: impl Iterator<Item = (Option<IpAddr>, T)>,
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> (IpAddr, Option<T>) {
    let mut last = (peer, None);
    for (address, said) in entries.take(ENTRIES_MAX) {
        let Some(address) = address else { break };
        last = (address, Some(said));
        if !is_trusted(address) {
            break;
        }
    }
    last
}

/// The entries of a header from the last to the first, over all its lines.
fn entries<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> + use<'h> {
    let lines = headers.get_all(name).into_iter().rev();
    lines.flat_map(|line| split_from_end(line.as_bytes(), b','))
}

/// Splits a list from the end, except between quotes. From the end, because quotes that a client left open at the
/// beginning must not swallow what proxies appended.
fn split_from_end(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let at = last_separator(list, separator);
        rest = at.map(|at| &list[..at]);
        Some(list[at.map_or(0, |at| at + 1)..].trim_ascii())
    })
}

fn last_separator(list: &[u8], separator: u8) -> Option<usize> {
    let mut is_quoted = false;
    for (at, byte) in list.iter().enumerate().rev() {
        let escapes = || list[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        if *byte == b'"' && escapes() % 2 == 0 {
            is_quoted = !is_quoted;
        } else if *byte == separator && !is_quoted {
            return Some(at);
        }
    }
    None
}

/// The parts of an element of `Forwarded` (RFC 7239).
#[derive(Default)]
struct ForwardedElement {
    /// `for`; `None` also for `unknown` and for names that hide an address.
    address: Option<IpAddr>,
    /// `proto`.
    is_https: bool,
}

impl ForwardedElement {
    fn parse(element: &[u8]) -> Self {
        let mut found = ForwardedElement::default();
        let pairs: Vec<_> = split_from_end(element, b';').collect();
        for pair in pairs.into_iter().rev() {
            let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"for") {
                found.address = node(value);
            } else if name.eq_ignore_ascii_case(b"proto") {
                found.is_https = unquoted(value).is_some_and(|value| value.eq_ignore_ascii_case("https"));
            }
        }
        found
    }
}

/// Parses an address as proxies write it: alone, with a port, in brackets, or in quotes.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = unquoted(text)?;
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':')?),
    };
    let is_port = |port: &str| {
        let obfuscated = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match port.strip_prefix('_') {
            Some(name) => !name.is_empty() && name.chars().all(obfuscated),
            None => (1..=5).contains(&port.len()) && port.chars().all(|c| c.is_ascii_digit()),
        }
    };
    if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
        return None;
    }
    let address: IpAddr = address.parse().ok()?;
    // Brackets are only for IPv6, and a port without them only for IPv4.
    (address.is_ipv6() == text.starts_with('[')).then(|| address.to_canonical())
}

/// A token, or the content of a quoted string; `None` for a broken quotation.
fn unquoted(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?.trim();
    let Some(inner) = text.strip_prefix('"') else { return (!text.contains('"')).then(|| text.to_owned()) };
    let mut held = String::new();
    let mut chars = inner.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(held),
            '\\' => held.push(chars.next()?),
            c => held.push(c),
        }
    }
}

/// Whether the client spoke TLS to the first proxy; later proxies may have appended their own value.
fn is_https(headers: &HeaderMap) -> bool {
    let first = headers.get(X_FORWARDED_PROTO).and_then(|proto| proto.to_str().ok()?.split(',').next());
    first.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, ForwardedElement, entries, node, walk};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use std::net::IpAddr;

    const FORWARDED: HeaderName = http::header::FORWARDED;
    const X_FORWARDED_FOR: HeaderName = super::X_FORWARDED_FOR;

    fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| (name.clone(), HeaderValue::from_bytes(line.as_bytes()).unwrap());
        lines.iter().map(line).collect()
    }

    fn is_trusted(address: IpAddr) -> bool {
        ["10.0.0.1", "10.0.0.2", "2001:db8::ff"].iter().any(|it| it.parse() == Ok(address))
    }

    /// The address that `X-Forwarded-For` yields for a request from the proxy 10.0.0.1.
    fn x_forwarded_for(lines: &[&str]) -> String {
        let headers = headers(&X_FORWARDED_FOR, lines);
        let entries = entries(&headers, &X_FORWARDED_FOR).map(|entry| (node(entry), ()));
        walk(entries, "10.0.0.1".parse().unwrap(), is_trusted).0.to_string()
    }

    fn forwarded(lines: &[&str]) -> (String, Option<bool>) {
        let headers = headers(&FORWARDED, lines);
        let entries = entries(&headers, &FORWARDED).map(|entry| {
            let element = ForwardedElement::parse(entry);
            (element.address, element.is_https)
        });
        let (address, is_tls) = walk(entries, "10.0.0.1".parse().unwrap(), is_trusted);
        (address.to_string(), is_tls)
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        for (text, read) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1 ", "192.0.2.1"),
            ("192.0.2.1:567", "192.0.2.1"),
            ("\"192.0.2.1:567\"", "192.0.2.1"),
            ("192.0.2.1:_port", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("\"[2001:db8::1]:_x.y-z\"", "2001:db8::1"),
            ("\"[\\2001:db8::1]\"", "2001:db8::1"),
            ("\"[::1]:1\"", "::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ] {
            assert_eq!(node(text.as_bytes()).map(|it| it.to_string()).as_deref(), Some(read), "{text}");
        }
        for odd in [
            "",
            "\"\"",
            "-",
            "unknown",
            "_hidden",
            "_x:80",
            "unix:",
            "192.0.2",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:_",
            "192.0.2.1:123456",
            "192.0.2.1 80",
            "[192.0.2.1]:80",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "2001:db8::1]",
            "\"192.0.2.1",
            "192.0.2.1\"",
            "\"192.0.2.1\"x",
            "192.0.2.1/24",
            "shop.example.com",
            "shop.example.com:80",
            "\u{e9}",
        ] {
            assert_eq!(node(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxys_is_the_clients() {
        assert_eq!(x_forwarded_for(&[]), "10.0.0.1");
        assert_eq!(x_forwarded_for(&["192.0.2.1:567"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&["203.0.113.9, 192.0.2.1, 10.0.0.2:80"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&["203.0.113.9", "192.0.2.1", "[2001:db8::ff]:1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&["10.0.0.2"]), "10.0.0.2", "a proxy itself asks");
        assert_eq!(x_forwarded_for(&["192.0.2.1", "2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn an_entry_that_cannot_be_read_ends_at_the_proxy_that_wrote_it() {
        assert_eq!(x_forwarded_for(&["192.0.2.1, nonsense"]), "10.0.0.1");
        assert_eq!(x_forwarded_for(&["192.0.2.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(x_forwarded_for(&["192.0.2.1,"]), "10.0.0.1");
        assert_eq!(x_forwarded_for(&["nonsense, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&["\u{e9}, \", 192.0.2.1"]), "192.0.2.1");
        assert_eq!(forwarded(&["for=192.0.2.1, for=unknown;proto=https"]).0, "10.0.0.1");
        assert_eq!(forwarded(&["for=192.0.2.1, for=_hidden, for=10.0.0.2"]).0, "10.0.0.2");
        assert_eq!(forwarded(&["for=192.0.2.1, proto=https"]).0, "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_with_its_protocol() {
        assert_eq!(forwarded(&["for=192.0.2.1;proto=https"]), ("192.0.2.1".into(), Some(true)));
        assert_eq!(
            forwarded(&["For=\"192.0.2.1:80\" ; Proto=\"HTTPS\"; by=_x"]),
            ("192.0.2.1".into(), Some(true))
        );
        assert_eq!(
            forwarded(&["proto=http;host=\"a;b,c\";for=\"[2001:db8::1]:443\""]),
            ("2001:db8::1".into(), Some(false))
        );
        assert_eq!(
            forwarded(&["for=203.0.113.9;proto=http", "for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"]),
            ("192.0.2.1".into(), Some(true))
        );
        assert_eq!(forwarded(&[]), ("10.0.0.1".into(), None));
    }

    #[test]
    fn quotes_that_a_client_leaves_open_swallow_nothing_of_a_proxys() {
        for begin in
            ["for=\"x", "for=\"x, for=203.0.113.9", "for=\"\\", "\"", "for=\"x\\\", for=203.0.113.9;x=\""]
        {
            assert_eq!(forwarded(&[&format!("{begin}, for=192.0.2.1")]).0, "192.0.2.1", "{begin}");
            assert_eq!(
                forwarded(&[&format!("{begin}, for=\"[2001:db8::1]:1\"")]).0,
                "2001:db8::1",
                "{begin}"
            );
        }
    }

    #[test]
    fn a_list_is_read_from_its_end_so_far_and_no_further() {
        let hops = |count: usize| format!("192.0.2.1{}", ", 10.0.0.2".repeat(count));
        assert_eq!(x_forwarded_for(&[&hops(ENTRIES_MAX - 1)]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&[&hops(ENTRIES_MAX)]), "10.0.0.2");
    }
}
