//! TLS: the certificate that new connections use, which may be replaced while the server runs.

pub mod authority;
pub mod probe;

pub use store::trust::provider;

use anyhow::{Context, bail};
use model::Time;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{InconsistentKeys, ServerConfig};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use store::trust::ends_at;
use x509_parser::time::ASN1Time;

/// A certificate and its key, ready for connections.
#[derive(Clone, Debug)]
pub struct Certified {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    /// When it expires.
    pub until: Time,
}

impl Certified {
    /// Reads a pair of PEM files.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else, or when the key does not fit the certificate.
    pub fn read(cert: &Path, key: &Path) -> anyhow::Result<Self> {
        let (shown, key_shown) = (cert.display(), key.display());
        let text = std::fs::read(cert).with_context(|| format!("reading the certificate {shown}"))?;
        let chain = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("{shown} is no certificate in PEM form"))?;
        if chain.is_empty() {
            bail!("{shown} holds no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----");
        }
        let text = std::fs::read(key).with_context(|| format!("reading the key {key_shown}"))?;
        let key = match PrivateKeyDer::from_pem_slice(&text) {
            Err(pem::Error::NoItemsFound) => {
                bail!("{key_shown} holds no private key in PEM form that is without a passphrase")
            }
            read => read.with_context(|| format!("{key_shown} is no key in PEM form"))?,
        };
        match Certified::new(chain, key) {
            Err(error) if is_mismatch(&error) => {
                bail!("the key in {key_shown} is not that of the first certificate in {shown}")
            }
            made => made.with_context(|| format!("{shown} with {key_shown} cannot be used")),
        }
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> anyhow::Result<Self> {
        let certificate = chain.first().context("there is no certificate")?.clone();
        let until = ends_at(&certificate)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Certified { config: Arc::new(config), certificate, until })
    }

    /// Whether this is the given certificate.
    #[must_use]
    pub fn is(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificate == *certificate
    }

    /// Whether it is valid for this host.
    #[must_use]
    pub fn names(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host) else { return false };
        ParsedCertificate::try_from(&self.certificate)
            .is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, &name).is_ok())
    }
}

fn is_mismatch(error: &anyhow::Error) -> bool {
    let is = |error: &rustls::Error| *error == rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch);
    error.downcast_ref::<rustls::Error>().is_some_and(is)
}

fn moment(time: Time) -> anyhow::Result<ASN1Time> {
    Ok(ASN1Time::from_timestamp(time.div_euclid(model::SECOND))?)
}

/// The date of a time.
#[must_use]
pub fn day(time: Time) -> String {
    moment(time).map_or_else(|_| "a far day".to_owned(), |moment| moment.to_datetime().date().to_string())
}

/// The certificate of new connections.
#[derive(Debug)]
pub struct Tls(RwLock<Certified>);

impl Tls {
    /// Begins with this certificate.
    #[must_use]
    pub fn new(certified: Certified) -> Self {
        Tls(RwLock::new(certified))
    }

    /// Replaces the certificate for new connections.
    pub fn show(&self, certified: Certified) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
    }

    /// The configuration for a new connection.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).config.clone()
    }

    /// Whether the certificate is valid for this host.
    #[must_use]
    pub fn names(&self, host: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).names(host)
    }

    /// When the certificate expires.
    #[must_use]
    pub fn until(&self) -> Time {
        self.0.read().unwrap_or_else(PoisonError::into_inner).until
    }
}
