//! How the server is started. The doc comments are the manual.

mod files;

pub use desk::rules::Rules;
pub use files::BucketArgs;
pub use store::place::{Bucket, FilesPlace, Key, Place, is_foreign};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use model::Network;
use rustls::pki_types::DnsName;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Data {
    /// Folder of the embedded database.
    #[arg(long, env = "KEFU_DATA", default_value = "kefu-data", value_name = "FOLDER")]
    pub data: PathBuf,
    /// PostgreSQL database to use instead, for several nodes: postgres://user@host/name, or file:PATH of a
    /// file that holds such an address, for one with a password.
    #[arg(long, env = "KEFU_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Where pictures and other files are, when it is not `files` in the folder of the data: another folder, or
    /// s3://BUCKET/PREFIX, a bucket of an S3-compatible store.
    #[arg(long, env = "KEFU_FILES", value_name = "PLACE")]
    pub files: Option<PathBuf>,
    /// How to get into the bucket.
    #[command(flatten)]
    pub bucket: BucketArgs,
}

impl Data {
    /// Where the files of this data are.
    ///
    /// # Errors
    /// When that is neither a folder nor a whole bucket, or the file that holds its key cannot be read.
    pub fn files_place(&self) -> anyhow::Result<FilesPlace> {
        self.bucket.place(self.files.clone().unwrap_or_else(|| self.data.join("files")))
    }

    /// The place these flags name.
    ///
    /// # Errors
    /// When the file that holds the address of the database cannot be read.
    pub fn place(&self) -> anyhow::Result<Place> {
        match &self.database {
            Some(url) => Place::database(url),
            None => Ok(Place::Folder(self.data.clone())),
        }
    }
}

/// What `serve` and `demo` have in common.
#[derive(Args, Clone, Debug, Default)]
pub struct Settings {
    /// The address people and programs use, when it is not the one this listens on: links that are
    /// printed begin with it, and https makes cookies Secure.
    #[arg(long, env = "KEFU_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// A reverse proxy that is believed, or a network of them, like 10.0.0.0/8: what it says of people's addresses, so
    /// that limits count people and not the proxy, and of https, so that cookies are Secure; may be given again.
    #[arg(long, env = "KEFU_TRUSTED_PROXY", value_name = "IP", value_delimiter = ',')]
    pub trusted_proxy: Vec<Network>,
    /// The header in which trusted proxies say it. The other is not read: most proxies pass on what a client wrote into
    /// it.
    #[arg(long, env = "KEFU_PROXY_HEADER", value_enum, default_value_t, value_name = "HEADER")]
    pub proxy_header: ProxyHeader,
    /// Tries to log in or sign up that an address has in a minute; under one name it has a quarter of them, and its
    /// network (IPv4 /24, IPv6 /48) five times as many; 0: no limit.
    #[arg(long, env = "KEFU_LOG_INS_PER_MINUTE", default_value_t = 20, value_name = "NUMBER")]
    pub log_ins_per_minute: u32,
    /// Visitors of an address that may become customers in an hour; 0: no limit.
    #[arg(long, env = "KEFU_NEW_CUSTOMERS_PER_HOUR", default_value_t = 60, value_name = "NUMBER")]
    pub new_customers_per_hour: u32,
    /// Messages that an address's customers may write in a minute; 0: no limit.
    #[arg(long, env = "KEFU_MESSAGES_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub messages_per_minute: u32,
    /// Connections that may be open at once, about 25 kB each; one more waits until one closes, or takes that of an
    /// address that holds more; 0: as many as files may be open.
    #[arg(long, env = "KEFU_CONNECTIONS_MAX", default_value_t = 16_384, value_name = "NUMBER")]
    pub connections_max: u32,
    /// Mebibytes of memory for answers to programs that ask over and over, 192 unless given: about 1.3 kB for an
    /// account with ten agents online.
    #[arg(long, env = "KEFU_ANSWERS_MIB", value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub answers_mib: Option<u32>,
    /// The address, of this machine only, at which Prometheus finds /metrics; else nowhere.
    #[arg(long, env = "KEFU_METRICS_LISTEN", value_name = "ADDRESS", value_parser = socket_address)]
    pub metrics_listen: Option<SocketAddr>,
    /// Certificates.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Where it listens, once it does.
    #[arg(skip)]
    pub listening: Option<SocketAddr>,
    /// Whether it is a demo, whose secret is public.
    #[arg(skip)]
    pub is_demo: bool,
}

/// Where proxies say whose request they hand on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProxyHeader {
    /// X-Forwarded-For and X-Forwarded-Proto
    #[default]
    XForwardedFor,
    /// Forwarded (RFC 7239)
    Forwarded,
}

/// Certificates: of the desk's own, and of the host it stands in for.
#[derive(Args, Clone, Debug)]
pub struct TlsArgs {
    /// Stand in for this host, which many SDKs have in their code: api.weixin.qq.com. Weixin's paths answer at
    /// --as-https with a certificate of a local authority, made at the first start, and at --as-http in clear;
    /// `kefu authority` says how programs find and trust them.
    #[arg(long = "as", env = "KEFU_AS", value_name = "HOST", value_parser = host)]
    pub as_host: Option<String>,
    /// Where the host of --as answers by TLS; SDKs ask for port 443.
    #[arg(
        long,
        env = "KEFU_AS_HTTPS",
        default_value_t = TlsArgs::default().as_https,
        value_name = "ADDRESS",
        value_parser = socket_address
    )]
    pub as_https: SocketAddr,
    /// Where the host of --as answers in clear, which some SDKs want for uploads; they ask for port 80.
    #[arg(
        long,
        env = "KEFU_AS_HTTP",
        default_value_t = TlsArgs::default().as_http,
        value_name = "ADDRESS",
        value_parser = socket_address
    )]
    pub as_http: SocketAddr,
    /// A PEM file with the desk's own certificate and those that lead to its authority: --listen speaks HTTPS then, and
    /// --as shows it too if it names that host. It is read again at SIGHUP.
    #[arg(long, env = "KEFU_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the key of --tls-cert.
    #[arg(long, env = "KEFU_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

impl Default for TlsArgs {
    fn default() -> Self {
        let (as_https, as_http) = ((Ipv4Addr::LOCALHOST, 443).into(), (Ipv4Addr::LOCALHOST, 80).into());
        TlsArgs { as_host: None, as_https, as_http, tls_cert: None, tls_key: None }
    }
}

impl TlsArgs {
    /// The files of the desk's own certificate and its key.
    ///
    /// # Errors
    /// When there is one without the other.
    pub fn pair(&self) -> anyhow::Result<Option<(&Path, &Path)>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            (Some(_), None) => bail!("--tls-cert needs its key: --tls-key FILE"),
            (None, Some(_)) => bail!("--tls-key needs its certificate: --tls-cert FILE"),
        }
    }
}

/// An address to listen at, by number or by a name that this machine resolves; an IPv4 address of several.
///
/// # Errors
/// When it is neither.
pub fn socket_address(given: &str) -> anyhow::Result<SocketAddr> {
    const LIKE: &str = "like 127.0.0.1:8080, [::1]:8080, 0.0.0.0:8080 or localhost:8080";
    if let Ok(address) = given.parse() {
        return Ok(address);
    }
    let Some((name, port)) = given.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)))
    else {
        bail!("an address has a port, {LIKE}");
    };
    let found: Vec<_> = (name, port).to_socket_addrs().into_iter().flatten().collect();
    let address = found.iter().find(|found: &&SocketAddr| found.is_ipv4()).or(found.first());
    address.copied().with_context(|| format!("this machine finds no {name}; an address is {LIKE}"))
}

/// A name that a certificate can be for.
fn host(given: &str) -> anyhow::Result<String> {
    let name = given.trim_end_matches('.').to_ascii_lowercase();
    if name.parse::<IpAddr>().is_ok() || DnsName::try_from(name.as_str()).is_err() {
        bail!("a host is a name without scheme, port and path, like api.weixin.qq.com");
    }
    Ok(name)
}

impl Settings {
    /// Whether people come by https, to a proxy or to this server.
    #[must_use]
    pub fn is_public_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The beginning of every link, without a final slash.
    #[must_use]
    pub fn base(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.tls.tls_cert.is_some() => format!("https://{listening}"),
            None => format!("http://{listening}"),
        }
    }
}
