//! A TLS client that trusts one authority.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The certificate of the desk's authority, which programs have to trust.
pub fn authority(data: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(data.join("authority/ca.pem")).unwrap()
}

/// The issuing certificate, and its key as PEM.
pub fn files_of(data: &Path) -> (CertificateDer<'static>, String) {
    let folder = data.join("authority");
    let issuing = CertificateDer::from_pem_file(folder.join("issuer.pem")).unwrap();
    (issuing, std::fs::read_to_string(folder.join("issuer.key")).unwrap())
}

pub struct TlsClient(TlsConnector);

impl TlsClient {
    pub fn trusting(authority: &CertificateDer<'_>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned()).unwrap();
        let config = ClientConfig::builder_with_provider(kefu::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsClient(TlsConnector::from(Arc::new(config)))
    }

    pub async fn connect(&self, address: &str, name: &str) -> std::io::Result<TlsConnection> {
        let stream = TcpStream::connect(address).await?;
        let stream = self.0.connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await?;
        let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
        Ok(TlsConnection { stream: BufReader::new(Box::new(stream)), shown: Some(shown) })
    }

    pub async fn in_clear(address: &str) -> TlsConnection {
        let stream = TcpStream::connect(address).await.unwrap();
        TlsConnection { stream: BufReader::new(Box::new(stream)), shown: None }
    }
}

trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

/// A connection that stays open.
pub struct TlsConnection {
    stream: BufReader<Box<dyn ByteStream>>,
    /// The server's certificate; `None` without TLS.
    pub shown: Option<CertificateDer<'static>>,
}

impl TlsConnection {
    /// Sends a GET: head and body of the answer.
    pub async fn get(&mut self, host: &str, path: &str) -> (String, Value) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await
    }

    pub async fn post(&mut self, host: &str, path: &str, body: &Value) -> (String, Value) {
        let (body, origin) =
            (body.to_string(), "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n");
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    async fn send(&mut self, request: &str) -> (String, Value) {
        self.stream.get_mut().write_all(request.as_bytes()).await.unwrap();
        self.stream.get_mut().flush().await.unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).await.unwrap() > 0, "closed after {head:?}");
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        (head, serde_json::from_slice(&body).unwrap_or_default())
    }
}
