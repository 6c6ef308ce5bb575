//! The listeners of a server, and the renewal of their certificates.

use super::authority::manual;
use crate::clock::Clock;
use crate::config::Settings;
use crate::listen::{Listener, ListenerKind};
use crate::tls::authority::{Authority, LEAF_LIFE, LEAF_RENEWED};
use crate::tls::{Certified, Tls, day};
use anyhow::{Context, bail};
use http::Uri;
use model::{HOUR, Time};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the ends of certificates are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(3600);
/// The log warns every day when the desk's own certificate lives for less than this.
const WARNED: Time = 14 * 24 * HOUR;

/// All listeners.
pub(super) struct Listeners {
    pub(super) all: Vec<Listener>,
    /// Instructions for operators, printed at the start.
    pub(super) manual: Option<String>,
    pub(super) keeper: CertificateKeeper,
}

impl Listeners {
    /// Listens at all addresses of the settings. `data` is the folder that has the authority.
    pub(super) async fn open(
        desk: TcpListener,
        settings: &Settings,
        data: &Path,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let own = settings.tls.pair()?.map(|(cert, key)| OwnCertificate::read(cert, key)).transpose()?;
        let mut listeners = Listeners {
            all: vec![match &own {
                Some(own) => Listener::secured(desk, ListenerKind::Tls, own.tls.clone()),
                None => Listener::plain(desk, ListenerKind::Plain),
            }],
            manual: None,
            keeper: CertificateKeeper { clock: clock.clone(), own, issued: None, warned_at: 0 },
        };
        if let Some(host) = &settings.tls.as_host {
            listeners.stand_in(host, settings, data).await?;
        }
        Ok(listeners)
    }

    /// The address of the desk.
    pub(super) fn address(&self) -> std::io::Result<SocketAddr> {
        self.all[0].address()
    }

    async fn stand_in(&mut self, host: &str, settings: &Settings, data: &Path) -> anyhow::Result<()> {
        let public = settings.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        if public.as_ref().and_then(Uri::host).is_some_and(|name| name.eq_ignore_ascii_case(host)) {
            bail!("{host} cannot be both: pages are at --public-url, and the host of --as has none");
        }
        let https = bind(settings.tls.as_https, "--as-https").await?;
        let http = bind(settings.tls.as_http, "--as-http").await?;
        let (at, in_clear) = (https.local_addr()?, http.local_addr()?);
        let own = self.keeper.own.as_ref().filter(|own| own.names(host));
        let tls = if let Some(own) = own {
            self.manual = Some(manual(host, None, at, in_clear));
            own.tls.clone()
        } else {
            let now = self.keeper.clock.now();
            let authority = Authority::open(data, host, now)?;
            self.manual = Some(manual(host, Some(&authority), at, in_clear));
            let tls = Arc::new(Tls::new(authority.issue(now)?));
            self.keeper.issued = Some((authority, tls.clone()));
            tls
        };
        self.all.push(Listener::secured(https, ListenerKind::Weixin, tls));
        self.all.push(Listener::plain(http, ListenerKind::Weixin));
        Ok(())
    }
}

/// Connections that may wait to be accepted, as far as the system allows (somaxconn). With 128, the default of the
/// library, a flood of some hundred connections drops those of others, which are repeated only a second later.
const BACKLOG: u32 = 4096;

/// Listens at an address, which `flag` sets.
pub(super) async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    listen(address).map_err(|error| refused(address, flag, &error))
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted server takes over the address at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The error of a failed listen, with its remedies.
pub(super) fn refused(address: SocketAddr, flag: &str, error: &std::io::Error) -> anyhow::Error {
    let program = std::env::current_exe().map_or_else(|_| "kefu".into(), |path| path.display().to_string());
    match error.kind() {
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "listening at {address}: this user may not use ports so low. One of these lets it: `sudo setcap \
             cap_net_bind_service=+ep {program}`; AmbientCapabilities=CAP_NET_BIND_SERVICE in its systemd unit; `sudo \
             sysctl net.ipv4.ip_unprivileged_port_start={}`. Or choose another {flag}",
            address.port().min(80)
        ),
        ErrorKind::AddrInUse => {
            anyhow::anyhow!("listening at {address}: another program does; stop it, or choose another {flag}")
        }
        _ => anyhow::anyhow!("listening at {address} ({flag}): {error}"),
    }
}

/// The desk's own certificate.
struct OwnCertificate {
    cert: PathBuf,
    key: PathBuf,
    tls: Arc<Tls>,
    /// SIGHUP: read the files again.
    hangup: Signal,
}

impl OwnCertificate {
    fn read(cert: &Path, key: &Path) -> anyhow::Result<Self> {
        let certified = Certified::read(cert, key)?;
        let hangup = signal(SignalKind::hangup()).context("hearing SIGHUP")?;
        Ok(OwnCertificate {
            cert: cert.to_owned(),
            key: key.to_owned(),
            tls: Arc::new(Tls::new(certified)),
            hangup,
        })
    }

    fn names(&self, host: &str) -> bool {
        self.tls.names(host)
    }

    fn read_again(&self) {
        match Certified::read(&self.cert, &self.key) {
            Ok(certified) => {
                tracing::info!(until = day(certified.until), "the certificate was read again");
                self.tls.show(certified);
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the certificate of before stays in use");
            }
        }
    }
}

/// Renews certificates while the desk runs.
pub(super) struct CertificateKeeper {
    clock: Clock,
    own: Option<OwnCertificate>,
    issued: Option<(Authority, Arc<Tls>)>,
    warned_at: Time,
}

impl CertificateKeeper {
    /// Reads the desk's own certificate again at SIGHUP, and issues the authority's anew in time, until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(CHECK_INTERVAL);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = async { match &mut self.own { Some(own) => own.hangup.recv().await, None => None } } => {
                    self.own.iter().for_each(OwnCertificate::read_again);
                }
                _ = ticks.tick() => self.check_certificates(),
            }
        }
    }

    fn check_certificates(&mut self) {
        let now = self.clock.now();
        if let Some((authority, tls)) = &self.issued
            // A certificate that was issued by a clock ahead is not valid yet.
            && !(now + LEAF_RENEWED..=now + LEAF_LIFE).contains(&tls.until())
        {
            match authority.issue(now) {
                Ok(certified) => tls.show(certified),
                Err(error) => tracing::error!(error = format!("{error:#}"), "a certificate is not issued"),
            }
        }
        let until = self.own.as_ref().map_or(Time::MAX, |own| own.tls.until());
        if until < now + WARNED && !(0..24 * HOUR).contains(&(now - self.warned_at)) {
            self.warned_at = now;
            tracing::warn!(until = day(until), "the certificate ends soon: renew it, and send SIGHUP");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CertificateKeeper, refused};
    use crate::clock::Clock;
    use crate::tls::Tls;
    use crate::tls::authority::{Authority, LEAF_LIFE, LEAF_RENEWED};
    use model::HOUR;
    use std::sync::Arc;

    #[test]
    fn what_the_authority_issues_is_issued_anew_in_time() {
        let (data, clock) = (tempfile::tempdir().unwrap(), Clock::manual(1_800_000_000_000));
        let authority = Authority::open(data.path(), "api.weixin.qq.com", clock.now()).unwrap();
        let tls = Arc::new(Tls::new(authority.issue(clock.now()).unwrap()));
        let issued = Some((authority, tls.clone()));
        let mut keeper = CertificateKeeper { clock: clock.clone(), own: None, issued, warned_at: 0 };
        let first = tls.until();
        assert_eq!(first, clock.now() + LEAF_LIFE);
        clock.advance(LEAF_LIFE - LEAF_RENEWED - HOUR);
        keeper.check_certificates();
        assert_eq!(tls.until(), first, "not yet");
        clock.advance(2 * HOUR);
        keeper.check_certificates();
        assert_eq!(tls.until(), clock.now() + LEAF_LIFE);
    }

    #[test]
    fn whoever_may_not_use_a_low_port_is_told_what_lets_her() {
        let address = "127.0.0.1:443".parse().unwrap();
        let said = refused(address, "--as-https", &std::io::ErrorKind::PermissionDenied.into()).to_string();
        for cure in ["setcap", "AmbientCapabilities", "ip_unprivileged_port_start=80", "--as-https"] {
            assert!(said.contains(cure), "{said}");
        }
        let said = refused(address, "--as-https", &std::io::ErrorKind::AddrInUse.into()).to_string();
        assert!(said.contains("another program does"), "{said}");
    }
}
