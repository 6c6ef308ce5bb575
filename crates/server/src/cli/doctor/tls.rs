//! Checks certificates, and the listeners that stand in for a host.

use super::ask::{ask, connect};
use super::finding::Findings;
use crate::cli::listeners::refused;
use crate::cli::serve::NodeArgs;
use crate::clock::Clock;
use crate::config::TlsArgs;
use crate::tls::authority::Authority;
use crate::tls::{Certified, day, probe};
use http::Uri;
use model::{HOUR, Time};
use rustls::pki_types::CertificateDer;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A certificate that lives for less than this should be renewed.
const SOON: Time = 14 * 24 * HOUR;

pub(super) fn examine(args: &NodeArgs, data: &Path, findings: &mut Findings) {
    let tls = &args.settings.tls;
    let own = match tls.pair() {
        Ok(pair) => pair.and_then(|(cert, key)| own(args, cert, key, findings)),
        Err(error) => {
            findings.problem("certificate", format!("{error:#}"));
            None
        }
    };
    let Some(host) = &tls.as_host else { return };
    resolves(host, tls, findings);
    let is_own = own.as_ref().is_some_and(|own| own.names(host));
    let authority = if is_own { None } else { authority(host, data, findings) };
    let shown = secured(tls.as_https, host);
    match (&shown, &authority) {
        (Some(shown), _) if is_own && own.as_ref().is_some_and(|own| own.is(shown)) => {
            findings.ok("as", format!("{host} answers at {}, with the desk's own certificate", tls.as_https));
        }
        (Some(shown), Some(authority)) if authority.has_issued(shown) => {
            findings.ok(
                "as",
                format!("{host} answers at {}, and its authority issued what it shows", tls.as_https),
            );
        }
        (Some(_), _) => findings.problem(
            "as",
            format!(
                "{} shows a certificate that is not this desk's: another program has the port",
                tls.as_https
            ),
        ),
        (None, _) => free(tls.as_https, "--as-https", findings),
    }
    if ask_in_clear(tls.as_http) {
        findings.ok("as", format!("{host} answers in clear at {}", tls.as_http));
    } else {
        free(tls.as_http, "--as-http", findings);
    }
}

/// Checks the desk's own certificate: its lifetime, its name, and whether the running server has read it.
fn own(args: &NodeArgs, cert: &Path, key: &Path, findings: &mut Findings) -> Option<Certified> {
    let own = match Certified::read(cert, key) {
        Ok(own) => own,
        Err(error) => {
            findings.problem("certificate", format!("{error:#}"));
            return None;
        }
    };
    lives("certificate", &format!("{}", cert.display()), own.until, "renew it, and send SIGHUP", findings);
    let public = args.settings.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
    let name = public.as_ref().and_then(Uri::host).map(str::to_owned);
    if let Some(name) = name.as_deref().filter(|name| !own.names(name)) {
        findings.problem(
            "certificate",
            format!("{} is not for {name}, the host of --public-url", cert.display()),
        );
    }
    let shown = secured(args.listen, name.as_deref().unwrap_or("localhost"));
    if shown.is_some_and(|shown| !own.is(&shown)) {
        findings.warn(
            "certificate",
            format!("{} shows another than {} holds: send the server SIGHUP", args.listen, cert.display()),
        );
    }
    Some(own)
}

fn authority(host: &str, data: &Path, findings: &mut Findings) -> Option<Authority> {
    let authority = match Authority::find(data, host) {
        Ok(Some(authority)) => authority,
        Ok(None) => {
            let folder = Authority::folder(data);
            findings.warn(
                "authority",
                format!("there is none in {} yet: `kefu serve` makes it", folder.display()),
            );
            return None;
        }
        Err(error) => {
            findings.problem("authority", format!("{error:#}"));
            return None;
        }
    };
    let cure = format!("move {} away, and let programs trust the new one", Authority::folder(data).display());
    lives("authority", &authority.certificate.display().to_string(), authority.until, &cure, findings);
    let key = Authority::key(data);
    if key.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        findings.problem("authority", format!("others can read its key: chmod 600 {}", key.display()));
    }
    Some(authority)
}

fn lives(what: &str, path: &str, until: Time, cure: &str, findings: &mut Findings) {
    let now = Clock::system().now();
    match until - now {
        left if left <= 0 => findings.problem(what, format!("{path} ended on {}: {cure}", day(until))),
        left if left < SOON => findings.warn(what, format!("{path} ends on {}: {cure}", day(until))),
        _ => findings.ok(what, format!("{path}, until {}", day(until))),
    }
}

/// Checks that the host resolves to this desk on this machine.
fn resolves(host: &str, tls: &TlsArgs, findings: &mut Findings) {
    let wanted = tls.as_https.ip();
    let is_here = |found: &SocketAddr| found.ip() == wanted || wanted.is_unspecified() && is_local(*found);
    let found: Vec<_> = (host, tls.as_https.port()).to_socket_addrs().into_iter().flatten().collect();
    let cure = "`kefu authority` says what to write into /etc/hosts";
    match found.iter().find(|found| !is_here(found)) {
        None if found.is_empty() => findings.warn("as", format!("this machine finds no {host}: {cure}")),
        None => findings.ok("as", format!("this machine finds {host} here")),
        Some(_) if found.iter().any(is_here) => {
            findings.ok("as", format!("this machine finds {host} here, among others"));
        }
        Some(other) => {
            findings.warn("as", format!("this machine finds {host} at {}, not here: {cure}", other.ip()))
        }
    }
}

/// An address belongs to this machine if it can be listened at.
fn is_local(address: SocketAddr) -> bool {
    TcpListener::bind((address.ip(), 0)).is_ok()
}

/// The certificate of the server at an address, if there is one.
fn secured(address: SocketAddr, name: &str) -> Option<CertificateDer<'static>> {
    probe::open(connect(address)?, name).ok().map(|(_, shown)| shown)
}

fn ask_in_clear(address: SocketAddr) -> bool {
    connect(address).is_some_and(|stream| ask(stream, "/healthz"))
}

fn free(address: SocketAddr, flag: &str, findings: &mut Findings) {
    match TcpListener::bind(address) {
        Ok(_) => findings.ok("as", format!("nobody answers at {address}, which is free")),
        Err(error) => findings.problem("as", refused(address, flag, &error).to_string()),
    }
}
