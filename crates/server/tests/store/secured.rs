//! PostgreSQL over TLS, with each `sslmode` as in libpq.

use crate::actors::{TestApp, code, run};
use crate::fixture::engine::Fresh;
use crate::fixture::running::kefu;
use crate::operating::doctor::{asks, free, state};
use kefu::config::Place;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A server with a certificate for localhost. Only the user `clear` may connect without TLS.
struct TlsPostgres {
    /// The Unix socket, which needs no TLS.
    local: String,
    port: String,
    folder: tempfile::TempDir,
    _server: Child,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn secured() -> &'static TlsPostgres {
    static SERVER: OnceLock<TlsPostgres> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (authority("ours"), authority("another"));
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &ours).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("server.crt", certificate.pem());
        write("server.key", key.serialize_pem());
        write("ours.pem", ours.pem());
        write("other.pem", other.pem());
        let (script, port) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres"), free());
        let port = port.rsplit(':').next().unwrap().to_owned();
        let mut command = Command::new(script);
        command.arg("--tls").arg(folder.path()).arg(&port);
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(script);
        let mut local = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut local).unwrap();
        let secured = TlsPostgres { local: local.trim().to_owned(), port, folder, _server: server };
        assert!(!secured.local.is_empty(), "PostgreSQL did not start");
        secured.runs("create user clear superuser".into());
        secured
    })
}

impl TlsPostgres {
    fn runs(&self, sql: String) {
        let url = self.local.clone();
        let run = move || {
            postgres::Client::connect(&url, postgres::NoTls).unwrap().batch_execute(&sql).unwrap();
        };
        std::thread::spawn(run).join().unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Data in a new schema, with an address of this host and query.
    fn data(&self, schema: &str, user: &str, host: &str, query: &str) -> Fresh {
        self.runs(format!("create schema if not exists {schema}; grant all on schema {schema} to public"));
        let options = format!("options=-csearch_path%3D{schema}");
        Fresh::at(Place::Postgres(format!(
            "postgres://{user}@{host}:{}/postgres?{options}{query}",
            self.port
        )))
    }

    fn with_root(&self, mode: &str, root: &str) -> String {
        format!("&sslmode={mode}&sslrootcert={}", percent(&self.file(root)))
    }
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

/// Connects to the data; the error text if that fails.
fn reached(data: &Fresh) -> Result<(), String> {
    match kefu(&["account", "list"], data) {
        (true, _) => Ok(()),
        (false, said) => Err(said),
    }
}

#[test]
fn each_sslmode_accepts_what_libpq_accepts() {
    let server = secured();
    let at = |host: &str, query: &str| reached(&server.data("modes", "postgres", host, query));
    let ok = Ok(());
    assert_eq!(at("localhost", ""), ok, "TLS is preferred");
    assert_eq!(at("localhost", "&sslmode=prefer"), ok);
    assert_eq!(at("127.0.0.1", "&sslmode=require"), ok, "the certificate is not verified");
    assert_eq!(at("localhost", &server.with_root("verify-full", "ours.pem")), ok);
    assert_eq!(at("localhost", &server.with_root("verify-full", "server.crt")), ok, "the certificate itself");
    assert_eq!(at("127.0.0.1", &server.with_root("verify-ca", "ours.pem")), ok, "the name does not matter");
    assert_eq!(at("127.0.0.1", &server.with_root("require", "ours.pem")), ok, "nor there");
    let refused = |host: &str, query: &str| at(host, query).unwrap_err();
    let said = refused("127.0.0.1", &server.with_root("verify-full", "ours.pem"));
    assert!(said.contains("not valid for name"), "{said}");
    let said = refused("127.0.0.1", &server.with_root("verify-full", "server.crt"));
    assert!(said.contains("not valid for name"), "{said}");
    for mode in ["require", "verify-ca", "verify-full"] {
        let said = refused("localhost", &server.with_root(mode, "other.pem"));
        assert!(said.contains("UnknownIssuer"), "{mode}: {said}");
    }
    let said = refused("localhost", "&sslmode=verify-full&sslrootcert=system");
    assert!(said.contains("UnknownIssuer") || said.contains("ca-certificates"), "{said}");
    let said = refused("localhost", "&sslmode=disable");
    assert!(said.contains("no encryption"), "the server wants TLS: {said}");
}

#[test]
fn sslmode_prefer_does_not_require_tls() {
    let server = secured();
    let clear = |query: &str| reached(&server.data("clear", "clear", "localhost", query));
    assert_eq!(clear(""), Ok(()), "the server does not let this user come by TLS");
    assert_eq!(clear("&sslmode=disable"), Ok(()));
    assert!(clear("&sslmode=require").is_err());
}

#[test]
fn the_doctor_reports_how_the_database_is_connected() {
    let server = secured();
    let said = |user: &str, query: &str| {
        let found = asks(&server.data("doctor", user, "localhost", query), &["--listen", &free()]).1;
        let (state, says) = state(&found, "way");
        format!("{state} {says}")
    };
    let verified = said("postgres", &server.with_root("verify-full", "ours.pem"));
    assert!(verified.starts_with("ok by TLS, to a server with a verified certificate"), "{verified}");
    assert_eq!(said("postgres", "&sslmode=require"), "ok by TLS");
    assert!(said("clear", "").starts_with("ok not encrypted, within your own networks"));
    // The host name does not match the certificate, although it resolves to this machine.
    let far = |user: &str, query: &str| {
        said(user, &format!("&host=db.example.com&hostaddr=127.0.0.1,127.0.0.1{query}"))
    };
    assert!(
        far("clear", "&sslmode=disable")
            .starts_with("warning connections to db.example.com are not encrypted")
    );
    assert!(far("postgres", "&sslmode=require").contains("can impersonate db.example.com"));
}

#[test]
fn a_desk_whose_database_is_reached_by_tls_works_as_any_other() {
    let server = secured();
    let query = server.with_root("verify-full", "ours.pem");
    run(server.data("desk", "postgres", "localhost", &query), async |app: TestApp| {
        let account = app.account().await;
        let ann = account.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = account.customer();
        customer.says("over TLS").await;
        desk.sees("over TLS").await;
        let session = ann.session_with(&customer.openid()).await.expect("a session");
        assert_eq!(ann.replies(session, "so it is").await.0, 200);
        assert_eq!(customer.last().await["text"], "so it is");
        ann.leaves(desk).await;
        let renamed = json!({"kf_account": account.kf("a1"), "nickname": "客服1"});
        assert_eq!(code(&account.post("/customservice/kfaccount/update", renamed).await), 0);
    });
    let encrypted = std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&server.local, postgres::NoTls).unwrap();
        let row = client.query_one("select count(*) from desk.message", &[]).unwrap();
        row.get::<_, i64>(0)
    });
    assert_eq!(encrypted.join().unwrap(), 2);
}
