//! TLS: the desk stands in for Weixin's host, which SDKs have in their code, or uses the operator's certificate.

mod client;
mod own;

use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, RunningServer, SECRET, kefu};
use client::{TlsClient, authority, files_of};
use kefu::config::Place;
use kefu::listen::{ConnectionLimit, Listener, ListenerKind, serve_all};
use kefu::tls::Tls;
use kefu::tls::authority::{Authority, LIFE};
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const HOST: &str = "api.weixin.qq.com";
const STAND_IN: &[&str] = &[
    "demo",
    "--listen",
    "127.0.0.1:0",
    "--as",
    "API.weixin.qq.com",
    "--as-https",
    "127.0.0.1:0",
    "--as-http",
    "127.0.0.1:0",
];

/// The folder with the data's authority: beside SQLite's database, or a separate one.
fn folder(fresh: &Fresh) -> (std::path::PathBuf, Vec<String>, Option<tempfile::TempDir>) {
    match &fresh.place {
        Place::Folder(folder) => (folder.clone(), Vec::new(), None),
        Place::Postgres(_) => {
            let folder = tempfile::tempdir().unwrap();
            let flags = vec!["--data".into(), folder.path().display().to_string()];
            (folder.path().to_owned(), flags, Some(folder))
        }
    }
}

on_both_engines! {
    with_fresh_data:
    an_sdk_with_weixins_host_in_its_code_reaches_the_desk,
}

async fn an_sdk_with_weixins_host_in_its_code_reaches_the_desk(fresh: Fresh) {
    let (data, more, _kept) = folder(&fresh);
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let demo = RunningServer::start(&[STAND_IN, &more].concat(), &fresh);
    let (https, http) = (demo.says("By TLS"), demo.says("In clear"));
    assert_eq!(demo.says("Find it"), "echo '127.0.0.1 api.weixin.qq.com' | sudo tee -a /etc/hosts");
    assert_eq!(Path::new(&demo.says("Trust it")), data.join("authority/ca.pem").canonicalize().unwrap());
    for who in ["Linux", "Docker", "Python", "Node", "Java", "Go", "Rust"] {
        let how = demo.says(who);
        assert!(who == "Docker" || how.contains("authority/ca.pem"), "{who}: {how}");
    }
    let mut client = TlsClient::trusting(&authority(&data)).connect(&https, HOST).await.unwrap();
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    let (_, token) = client.get(HOST, &path).await;
    let token = token["access_token"].as_str().unwrap().to_owned();
    let list = format!("/cgi-bin/customservice/getkflist?access_token={token}");
    assert_eq!(
        client.get(HOST, &list).await.1["kf_list"][0]["kf_wx"],
        "kf_demo",
        "and the connection is kept"
    );
    let mut in_clear = TlsClient::in_clear(&http).await;
    assert_eq!(in_clear.get(HOST, &list).await.1["kf_list"][0]["kf_wx"], "kf_demo");
    assert_eq!(client.get(HOST, "/healthz").await.1["errcode"], 0);
    // The stand-in serves no pages, under any host name.
    for host in [HOST, "localhost", "127.0.0.1"] {
        for path in ["/desk/", "/desk/api/snapshot", "/chat/wx0123456789abcdef", "/metrics"] {
            assert!(client.get(host, path).await.0.starts_with("HTTP/1.1 404"), "{host} {path}");
            assert!(in_clear.get(host, path).await.0.starts_with("HTTP/1.1 404"), "{host} {path}");
        }
    }
    let (took, log) = demo.stop();
    assert!(took < Duration::from_secs(10) && !log.contains("cut off"), "{took:?} {log}");
}

#[tokio::test]
async fn the_authority_is_made_once_and_only_for_its_host() {
    let fresh = Fresh::folder();
    let Place::Folder(data) = &fresh.place else { unreachable!() };
    let demo = RunningServer::start(STAND_IN, &fresh);
    let https = demo.says("By TLS");
    let made = authority(data);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = data.join("authority");
    assert_eq!(mode(&folder), 0o700);
    for (name, expected) in [("ca.pem", 0o644), ("issuer.pem", 0o644), ("issuer.key", 0o600)] {
        assert_eq!(mode(&folder.join(name)), expected, "{name}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3, "the first key is gone");
    let stranger = tempfile::tempdir().unwrap();
    Authority::open(stranger.path(), HOST, crate::actors::BEGIN).unwrap();
    let refused = TlsClient::trusting(&authority(stranger.path())).connect(&https, HOST).await;
    assert!(refused.err().unwrap().to_string().contains("UnknownIssuer"));
    let refused = TlsClient::trusting(&made).connect(&https, "mp.weixin.qq.com").await;
    assert!(refused.err().unwrap().to_string().contains("not valid for name"));
    demo.stop();

    let (said, text) = kefu(&["authority", "--as", HOST], &fresh);
    assert!(said && text.contains("NODE_EXTRA_CA_CERTS"), "{text}");
    let (said, text) = kefu(&["authority", "--as", HOST, "--as-https", "0.0.0.0:443", "--json"], &fresh);
    let printed: Value = serde_json::from_str(&text).unwrap();
    assert!(
        said && printed["hosts"] == "127.0.0.1 api.weixin.qq.com" && printed["trust"]["rust"].is_string(),
        "{printed}"
    );
    let demo = RunningServer::start(STAND_IN, &fresh);
    TlsClient::trusting(&made).connect(&demo.says("By TLS"), HOST).await.unwrap();
    demo.stop();

    let (done, said) = kefu(&["authority", "--as", "mp.weixin.qq.com"], &fresh);
    assert!(!done && said.contains("is for api.weixin.qq.com, not for mp.weixin.qq.com"), "{said}");
    std::fs::copy(stranger.path().join("authority/issuer.key"), folder.join("issuer.key")).unwrap();
    let (done, said) = kefu(&["authority", "--as", HOST], &fresh);
    assert!(!done && said.contains("do not belong together"), "{said}");
}

#[test]
fn clients_reject_certificates_of_the_authority_for_other_hosts() {
    let data = tempfile::tempdir().unwrap();
    let now = i64::try_from(UnixTime::now().as_secs()).unwrap() * model::SECOND;
    Authority::open(data.path(), HOST, now).unwrap();
    let (issuing, key) = files_of(data.path());
    let issuer = Issuer::from_ca_cert_der(&issuing, KeyPair::from_pem(&key).unwrap()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority(data.path())).unwrap();
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), kefu::tls::provider()).build().unwrap();
    let believed = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let chain: [CertificateDer<'_>; 1] = [issuing.clone()];
        verifier.verify_server_cert(leaf.der(), &chain, &name, &[], UnixTime::now()).map(drop)
    };
    believed(HOST).unwrap();
    for other in ["mp.weixin.qq.com", "weixin.qq.com", "example.com", "127.0.0.1", "::1"] {
        let said = believed(other).unwrap_err().to_string();
        assert!(said.contains("NameConstraintViolation"), "{other}: {said}");
    }
    let over = Authority::open(data.path(), HOST, now + LIFE).unwrap_err().to_string();
    assert!(over.contains("is over"), "{over}");
}

#[test]
fn an_impossible_stand_in_host_is_refused() {
    let fresh = Fresh::folder();
    let refused = |args: &[&str]| {
        let (done, said) = kefu(args, &fresh);
        assert!(!done, "{args:?}");
        said
    };
    for host in ["https://api.weixin.qq.com", "127.0.0.1", "a b", ""] {
        assert!(refused(&["serve", "--as", host]).contains("a host is a name without scheme"), "{host}");
    }
    assert!(
        refused(&["demo", "--as", HOST, "--as-https", "0.0.0.0:0"]).contains("--as-https takes a loopback")
    );
    let both =
        ["serve", "--listen", "127.0.0.1:0", "--as", HOST, "--public-url", "https://api.weixin.qq.com/"];
    assert!(refused(&both).contains("cannot be both"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _held = std::net::TcpListener::bind(taken).unwrap();
    let taken = taken.to_string();
    let said = refused(&["serve", "--listen", "127.0.0.1:0", "--as", HOST, "--as-https", &taken]);
    assert!(said.contains(&taken) && said.contains("choose another --as-https"), "{said}");
    assert!(refused(&["authority"]).contains("--as api.weixin.qq.com"));
}

/// A server with two listeners, with and without TLS, that share a limit of connections.
async fn two_doors(room: usize, stop: &CancellationToken) -> (String, String, CertificateDer<'static>) {
    let data = tempfile::tempdir().unwrap();
    let now = i64::try_from(UnixTime::now().as_secs()).unwrap() * model::SECOND;
    let certified = Authority::open(data.path(), HOST, now).unwrap().issue(now).unwrap();
    let bind = || async { TcpListener::bind("127.0.0.1:0").await.unwrap() };
    let (plain, tls) = (bind().await, bind().await);
    let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    let addresses = (address(&plain), address(&tls), authority(data.path()));
    let doors = vec![
        Listener::plain(plain, ListenerKind::Plain),
        Listener::secured(tls, ListenerKind::Tls, Arc::new(Tls::new(certified))),
    ];
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "{}" }));
    tokio::spawn(serve_all(doors, router, ConnectionLimit::new(room), stop.clone()));
    addresses
}

#[tokio::test]
async fn an_unfinished_handshake_is_cut_off_like_an_unfinished_head() {
    let stop = CancellationToken::new();
    let (_, tls, _) = two_doors(4, &stop).await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(&tls).await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(15), silent.read(&mut [0; 64])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "it is closed: {read:?}");
    assert!(began.elapsed() > Duration::from_secs(9), "{:?}", began.elapsed());
    // The stop does not wait for unfinished handshakes.
    let crowd: Vec<_> = futures_util::future::join_all((0..4).map(|_| TcpStream::connect(&tls))).await;
    stop.cancel();
    let mut last = crowd.into_iter().next_back().unwrap().unwrap();
    let read = tokio::time::timeout(Duration::from_secs(8), last.read(&mut [0; 64])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
}

#[tokio::test]
async fn all_listeners_share_the_connection_limit() {
    let stop = CancellationToken::new();
    let (plain, tls, ca) = two_doors(1, &stop).await;
    let first = TlsClient::in_clear(&plain).await;
    let client = TlsClient::trusting(&ca);
    let mut second = client.connect(&tls, HOST).await.unwrap();
    let mut asks = Box::pin(second.get(HOST, "/"));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut asks).await;
    assert!(early.is_err(), "there was no room");
    drop(first);
    assert!(asks.await.0.starts_with("HTTP/1.1 200"));
    stop.cancel();
}
