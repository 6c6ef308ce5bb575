//! TLS with a certificate that the operator supplies.

use super::client::TlsClient;
use crate::fixture::engine::Fresh;
use crate::fixture::running::{DEMO, RunningServer, kefu};
use crate::operating::doctor::{asks, free, state};
use kefu::config::Place;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DESK: &str = "desk.example.com";
const HOST: &str = "api.weixin.qq.com";

/// An authority such as a company has, and the files for its certificates.
struct CompanyAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl CompanyAuthority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        CompanyAuthority { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn authority(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate for these names into the files.
    fn issues(&self, names: &[&str]) -> CertificateDer<'static> {
        self.issues_until(names, (4096, 1, 1))
    }

    fn issues_until(&self, names: &[&str], (year, month, day): (i32, u8, u8)) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(year, month, day);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path("cert.pem"), certificate.pem() + &self.issuer.pem()).unwrap();
        std::fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn flags(&self) -> [String; 4] {
        let path = |name: &str| self.path(name).display().to_string();
        ["--tls-cert".into(), path("cert.pem"), "--tls-key".into(), path("key.pem")]
    }

    fn demo(&self, more: &[&str], fresh: &Fresh) -> RunningServer {
        let flags = self.flags();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        RunningServer::start(&[DEMO, &flags, more].concat(), fresh)
    }
}

/// The address on which a TLS server listens.
fn address(demo: &RunningServer) -> &str {
    demo.base.strip_prefix("https://").expect("it says https")
}

#[tokio::test]
async fn a_certificate_is_changed_while_connections_live_on() {
    let company = CompanyAuthority::new();
    let first = company.issues(&[DESK, "127.0.0.1"]);
    let demo = company.demo(&[], &Fresh::folder());
    let client = TlsClient::trusting(&company.authority());
    let connect = || async { client.connect(address(&demo), DESK).await.unwrap() };
    let mut before = connect().await;
    assert_eq!(before.shown, Some(first.clone()));
    let login =
        before.post("127.0.0.1", "/desk/api/login", &json!({"name": "kf_demo", "password": "demo"})).await.0;
    assert!(login.starts_with("HTTP/1.1 200") && login.contains("; Secure"), "{login}");

    let second = company.issues(&[DESK]);
    assert_eq!(connect().await.shown, Some(first), "the server was not told to load the files again");
    demo.signal("-HUP");
    until_shown(&connect, &second).await;
    assert_eq!(before.get(DESK, "/healthz").await.1["errcode"], 0, "the connection of before lives on");

    let key = std::fs::read(company.path("key.pem")).unwrap();
    company.issues(&[DESK]);
    std::fs::write(company.path("key.pem"), key).unwrap();
    demo.signal("-HUP");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(connect().await.shown, Some(second), "what does not fit is not taken");
    let third = company.issues(&[DESK]);
    demo.signal("-HUP");
    until_shown(&connect, &third).await;
    assert_eq!(before.get(DESK, "/healthz").await.1["errcode"], 0);
    let (took, log) = demo.stop();
    assert!(took < Duration::from_secs(10) && log.contains("is not that of the first certificate"), "{log}");
}

async fn until_shown<F: Future<Output = super::client::TlsConnection>>(
    connect: &impl Fn() -> F,
    certificate: &CertificateDer<'_>,
) {
    let certificate = Some(certificate.clone().into_owned());
    crate::actors::until("the new certificate is shown", || async { connect().await.shown == certificate })
        .await;
}

#[tokio::test]
async fn a_certificate_for_weixins_host_is_used_and_no_authority_is_made() {
    let company = CompanyAuthority::new();
    let shown = company.issues(&[HOST, DESK]);
    let fresh = Fresh::folder();
    let stand_in = ["--as", HOST, "--as-https", "127.0.0.1:0", "--as-http", "127.0.0.1:0"];
    let demo = company.demo(&stand_in, &fresh);
    let https = demo.says("By TLS");
    let client = TlsClient::trusting(&company.authority());
    let mut open = client.connect(&https, HOST).await.unwrap();
    assert_eq!(open.shown, Some(shown));
    assert_eq!(open.get(HOST, "/healthz").await.1["errcode"], 0);
    let Place::Folder(data) = &fresh.place else { unreachable!() };
    assert!(!data.join("authority").exists());
    let second = company.issues(&[HOST]);
    demo.signal("-HUP");
    let connect = || async { client.connect(&https, HOST).await.unwrap() };
    until_shown(&connect, &second).await;
    demo.stop();
    let flags = company.flags();
    let args = ["authority", "--as", HOST].into_iter().chain(flags.iter().map(String::as_str));
    let (said, text) = kefu(&args.collect::<Vec<_>>(), &fresh);
    assert!(said && text.contains("/etc/hosts") && !text.contains("ca.pem"), "{text}");
}

#[test]
fn the_doctor_looks_at_the_certificate() {
    let (company, fresh, listen) = (CompanyAuthority::new(), Fresh::folder(), free());
    company.issues(&[DESK]);
    let flags = company.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(["--listen", &listen]).collect();
    let demo = RunningServer::start(&[&["demo"], &flags[..]].concat(), &fresh);
    let asked = |more: &[&str]| asks(&fresh, &[&flags, more].concat());
    let (content, found) = asked(&["--public-url", "https://desk.example.com"]);
    assert!(content && state(&found, "certificate").1.contains("until 4096-01-01"), "{found:?}");
    assert!(state(&found, "server").1.contains("answers at"), "{found:?}");
    let said = |found: &[(String, String, String)], state: &str, text: &str| {
        assert!(
            found.iter().any(|it| it.0 == "certificate" && it.1 == state && it.2.contains(text)),
            "{found:?}"
        );
    };
    said(&asked(&["--public-url", "https://other.example.com"]).1, "problem", "is not for other.example.com");
    company.issues(&[DESK]);
    said(&asked(&[]).1, "warning", "send the server SIGHUP");
    company.issues_until(&[DESK], (2020, 1, 1));
    said(&asked(&[]).1, "problem", "ended on 2020-01-01");
    std::fs::write(company.path("key.pem"), "").unwrap();
    said(&asked(&[]).1, "problem", "holds no private key");
    demo.stop();
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_refused_with_the_reason() {
    let (company, fresh) = (CompanyAuthority::new(), Fresh::folder());
    company.issues(&[DESK]);
    let cert = std::fs::read_to_string(company.path("cert.pem")).unwrap();
    let refused = |flags: &[&str]| {
        let (done, said) = kefu(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat(), &fresh);
        assert!(!done, "{flags:?}");
        said
    };
    let flags = company.flags();
    let both: Vec<_> = flags.iter().map(String::as_str).collect();
    assert!(refused(&both[..2]).contains("--tls-cert needs its key"));
    assert!(refused(&both[2..]).contains("--tls-key needs its certificate"));
    let write = |name: &str, text: &str| std::fs::write(company.path(name), text).unwrap();
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    write("key.pem", &other_key);
    assert!(refused(&both).contains("is not that of the first certificate in"));
    write("key.pem", &cert);
    assert!(refused(&both).contains("holds no private key"));
    write("key.pem", &other_key);
    write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(refused(&both).contains("cert.pem"));
    write("cert.pem", "something else\n");
    assert!(refused(&both).contains("holds no certificate"));
    std::fs::remove_file(Path::new(&flags[1])).unwrap();
    assert!(refused(&both).contains("reading the certificate"));
}
