//! TLS clients: which servers they trust (any, an authority's, or an authority's under the requested name).

use crate::clock::Clock;
use anyhow::{Context, ensure};
use model::Time;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use x509_parser::parse_x509_certificate;

/// The cryptography of all TLS connections.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// When a certificate expires.
///
/// # Errors
/// If the certificate cannot be parsed.
pub fn ends_at(certificate: &CertificateDer<'_>) -> anyhow::Result<Time> {
    let (_, parsed) = parse_x509_certificate(certificate).context("a certificate cannot be read")?;
    Ok(parsed.validity().not_after.timestamp() * model::SECOND)
}

/// Trusted authorities.
#[derive(Clone, Debug)]
pub struct Roots {
    store: RootCertStore,
    /// A server may also present one of these certificates itself, such as a self-signed one.
    certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// No authorities: every TLS connection fails.
    #[must_use]
    pub fn none() -> Self {
        Roots { store: RootCertStore::empty(), certificates: Vec::new() }
    }

    /// The authorities that this machine trusts.
    ///
    /// # Errors
    /// If there are none.
    pub fn system() -> anyhow::Result<Self> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(found.certs);
        ensure!(added > 0, "this machine trusts no authority: install ca-certificates, or set SSL_CERT_FILE");
        Ok(Roots { store, certificates: Vec::new() })
    }

    /// The authorities of a PEM file.
    ///
    /// # Errors
    /// If the file cannot be read, or contains no certificate.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = std::fs::read(file).with_context(|| format!("reading the certificates of {shown}"))?;
        let certificates = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("{shown} is no certificate in PEM form"))?;
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
        ensure!(added > 0, "{shown} holds no certificate of an authority in PEM form");
        Ok(Roots { store, certificates })
    }
}

/// Which servers to trust.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Any server.
    Anybody,
    /// A server with a certificate of an authority, for any name.
    Authority(Roots),
    /// A server with a certificate of an authority for the requested name.
    Name(Roots),
}

/// The configuration of a client with this trust.
///
/// # Errors
/// Internal only.
pub fn client(trust: Trust) -> anyhow::Result<ClientConfig> {
    let provider = provider();
    let verifier = Verifier { trust, provider: provider.clone() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Verifies certificates by the client's trust. The signature of the handshake is verified in any case.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn is_signed(
        &self,
        roots: &Roots,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if roots.certificates.contains(shown) {
            let ends_at = ends_at(shown).map_err(|_| Error::from(CertificateError::BadEncoding))?;
            return if ends_at > Clock::system().now() {
                Ok(())
            } else {
                Err(CertificateError::Expired.into())
            };
        }
        let algorithms = self.provider.signature_verification_algorithms.all;
        let shown = ParsedCertificate::try_from(shown)?;
        verify_server_cert_signed_by_trust_anchor(&shown, &roots.store, between, now, algorithms)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Anybody => {}
            Trust::Authority(roots) => self.is_signed(roots, shown, between, now)?,
            Trust::Name(roots) => {
                self.is_signed(roots, shown, between, now)?;
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
