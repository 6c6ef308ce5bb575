//! A local certificate authority for one host: programs that trust it trust it for no other host.
//!
//! It consists of two certificates. Programs trust the first, whose key is deleted after it has signed the second. The
//! second's key is kept and issues certificates. Some clients, such as Java's, ignore the constraints of the
//! certificate they trust, but all respect those of a certificate it signed.

use super::{Certified, moment};
use anyhow::{Context, bail};
use model::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustix::fs::{FlockOperation, flock};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use x509_parser::extensions::GeneralName;
use x509_parser::{certificate::X509Certificate, parse_x509_certificate};

const DAY: Time = 24 * model::HOUR;
/// Lifetime of an authority.
pub const LIFE: Time = 3650 * DAY;
/// Lifetime of an issued certificate: short enough for all clients, long enough for a desk that is off for a while.
pub const LEAF_LIFE: Time = 90 * DAY;
/// A certificate with less than this left is issued anew.
pub const LEAF_RENEWED: Time = 60 * DAY;
/// Certificates are valid from before now, because other clocks may be behind.
const EARLIER: Time = DAY;
/// Maximum characters of a subject's name.
const NAME_MAX: usize = 64;

/// The authority for one host.
#[derive(Debug)]
pub struct Authority {
    /// The host.
    pub host: String,
    /// Path of its certificate, which programs must trust.
    pub certificate: PathBuf,
    /// When it expires.
    pub until: Time,
    issuing: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// Files of an authority: the certificate that programs trust, the issuing one, and the latter's key.
struct AuthorityFiles {
    ca: PathBuf,
    issuer: PathBuf,
    key: PathBuf,
}

impl AuthorityFiles {
    fn of(folder: &Path) -> Self {
        AuthorityFiles {
            ca: folder.join("ca.pem"),
            issuer: folder.join("issuer.pem"),
            key: folder.join("issuer.key"),
        }
    }
}

impl Authority {
    /// The folder of the authority inside the data's.
    #[must_use]
    pub fn folder(data: &Path) -> PathBuf {
        data.join("authority")
    }

    /// The key's path inside the folder of the data.
    #[must_use]
    pub fn key(data: &Path) -> PathBuf {
        AuthorityFiles::of(&Authority::folder(data)).key
    }

    /// Opens the authority for `host` in the folder of the data, and makes it if there is none.
    ///
    /// # Errors
    /// When the existing one is for another host, broken or expired, or when nothing can be written.
    pub fn open(data: &Path, host: &str, now: Time) -> anyhow::Result<Self> {
        let folder = Authority::folder(data);
        make_folder(data, None)?;
        make_folder(&folder, Some(data))?;
        // A server and a subcommand may start at the same time.
        let lock = File::open(&folder).with_context(|| format!("opening {}", folder.display()))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        if Authority::find(data, host)?.is_none() {
            make(&folder, host, now)?;
        }
        let found = Authority::find(data, host)?.context("the authority was made and is gone")?;
        if found.until <= now {
            bail!(
                "the authority in {} is over: move it away; the next start makes a new one, which programs must trust \
                    anew",
                folder.display()
            );
        }
        Ok(found)
    }

    /// Finds the authority for `host` in the folder of the data.
    ///
    /// # Errors
    /// When the existing one is for another host, or broken.
    pub fn find(data: &Path, host: &str) -> anyhow::Result<Option<Self>> {
        let folder = Authority::folder(data);
        let files = AuthorityFiles::of(&folder);
        if !files.ca.try_exists().with_context(|| format!("looking into {}", folder.display()))? {
            return Ok(None);
        }
        let (trusted, issuing) = (certificate(&files.ca)?, certificate(&files.issuer)?);
        let (trusted, issuing) = (parse_x509_certificate(&trusted)?.1, parse_x509_certificate(&issuing)?.1);
        let named = constraint(&issuing)?;
        if named.as_deref() != Some(host) {
            bail!(
                "the authority in {} is for {}, not for {host}: move it away or use another --data; a new one is made \
                 then, which programs must trust anew",
                folder.display(),
                named.as_deref().unwrap_or("no single host")
            );
        }
        let key = KeyPair::from_pem(&read(&files.key)?)
            .with_context(|| format!("{} is no key", files.key.display()))?;
        let is_whole = *issuing.public_key().subject_public_key.data == *key.public_key_raw()
            && issuing.verify_signature(Some(trusted.public_key())).is_ok();
        if !is_whole {
            bail!("the files in {} do not belong together: put the right ones back", folder.display());
        }
        let until = issuing.validity().not_after.timestamp() * model::SECOND;
        let issuing = CertificateDer::from(issuing.as_raw()).into_owned();
        let issuer = Issuer::from_ca_cert_der(&issuing, key)?;
        let certificate = files.ca.canonicalize()?;
        Ok(Some(Authority { host: host.to_owned(), certificate, until, issuing, issuer }))
    }

    /// Whether this authority has issued the certificate.
    #[must_use]
    pub fn has_issued(&self, certificate: &CertificateDer<'_>) -> bool {
        match (parse_x509_certificate(certificate), parse_x509_certificate(&self.issuing)) {
            (Ok((_, one)), Ok((_, own))) => one.verify_signature(Some(own.public_key())).is_ok(),
            _ => false,
        }
    }

    /// Issues a certificate for the host, with a new key that is not stored.
    ///
    /// # Errors
    /// Internal only.
    pub fn issue(&self, now: Time) -> anyhow::Result<Certified> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([self.host.clone()])?;
        params.distinguished_name.push(DnType::CommonName, short(&self.host, NAME_MAX));
        let until = self.until.min(now + LEAF_LIFE);
        (params.not_before, params.not_after) =
            (moment(now - EARLIER)?.to_datetime(), moment(until)?.to_datetime());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let der = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Certified::new(vec![certificate.der().clone(), self.issuing.clone()], der)
    }
}

/// Makes the files. The certificate that programs trust comes last, because its presence means that all files exist.
fn make(folder: &Path, host: &str, now: Time) -> anyhow::Result<()> {
    let (root_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let root = CertifiedIssuer::self_signed(params(host, "authority", &root_key, 1, now)?, root_key)?;
    let mut params = params(host, "issuer", &key, 0, now)?;
    params.use_authority_key_identifier_extension = true;
    let issuing = params.signed_by(&key, &root)?;
    let files = AuthorityFiles::of(folder);
    write(&files.key, &key.serialize_pem(), 0o600)?;
    write(&files.issuer, &issuing.pem(), 0o644)?;
    write(&files.ca, &root.pem(), 0o644)
}

/// Parameters of a certificate that may sign others, `below` levels deep, for the host only.
fn params(host: &str, what: &str, key: &KeyPair, below: u8, now: Time) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    // Authorities that replace each other must not have the same name.
    let mark = crate::clock::hex(&params.key_identifier(key)[..4]);
    let name = format!("{} {mark}", short(host, NAME_MAX - 1 - mark.len()));
    params.distinguished_name.push(DnType::OrganizationName, format!("Kefu local {what}"));
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) =
        (moment(now - EARLIER)?.to_datetime(), moment(now + LIFE)?.to_datetime());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(only(host));
    Ok(params)
}

/// Permits the host and no IP address, which constraints of names do not cover.
fn only(host: &str) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(host.to_owned())],
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(Ipv4Addr::UNSPECIFIED.octets(), 0)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::UNSPECIFIED.octets(), 0)),
        ],
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn certificate(path: &Path) -> anyhow::Result<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(read(path)?.as_bytes())
        .with_context(|| format!("{} is no certificate in PEM form", path.display()))
}

/// The one host that a certificate is limited to.
fn constraint(certificate: &X509Certificate<'_>) -> anyhow::Result<Option<String>> {
    let permitted = certificate.name_constraints()?.and_then(|it| it.value.permitted_subtrees.as_ref());
    Ok(match permitted.map(|all| all.iter().map(|one| &one.base).collect::<Vec<_>>()).as_deref() {
        Some([GeneralName::DNSName(host)]) => Some((*host).to_owned()),
        _ => None,
    })
}

/// Makes a folder that only its owner can read. The owner is that of `inside`, because root may run `kefu authority`.
fn make_folder(folder: &Path, inside: Option<&Path>) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("making the folder {}", folder.display()))?;
    inside.map_or(Ok(()), |inside| give(folder, inside))
}

fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    let written = || {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        anyhow::Ok(())
    };
    written().with_context(|| format!("writing {}", path.display()))?;
    give(path, folder)
}

fn give(path: &Path, like: &Path) -> anyhow::Result<()> {
    let (own, theirs) = (fs::metadata(path)?, fs::metadata(like)?);
    if own.uid() != theirs.uid() {
        chown(path, Some(theirs.uid()), Some(theirs.gid()))
            .with_context(|| format!("giving {} to the owner of {}", path.display(), like.display()))?;
    }
    Ok(())
}

fn short(name: &str, most: usize) -> &str {
    &name[..name.len().min(most)]
}
