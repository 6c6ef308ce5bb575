//! Settings of the server. Doc comments of fields are the help texts.

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

/// The place of the data.
#[derive(Args, Clone, Debug)]
pub struct Data {
    /// Folder of the embedded database.
    #[arg(long, env = "KEFU_DATA", default_value = "kefu-data", value_name = "FOLDER")]
    pub data: PathBuf,
    /// PostgreSQL database to use instead, for several nodes: postgres://user@host/name, or file:PATH of a
    /// file that holds such an address, for one with a password.
    #[arg(long, env = "KEFU_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Place of images and other files, when it is not `files` in the folder of the data: another folder, or
    /// s3://BUCKET/PREFIX, a bucket of an S3-compatible store.
    #[arg(long, env = "KEFU_FILES", value_name = "PLACE")]
    pub files: Option<PathBuf>,
    /// Settings of the bucket.
    #[command(flatten)]
    pub bucket: BucketArgs,
}

impl Data {
    /// The place of the files.
    ///
    /// # Errors
    /// When it is neither a folder nor a complete bucket, or the file that holds its key cannot be read.
    pub fn files_place(&self) -> anyhow::Result<FilesPlace> {
        self.bucket.place(self.files.clone().unwrap_or_else(|| self.data.join("files")))
    }

    /// The place of the rows.
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

/// Settings that `serve` and `demo` share.
#[derive(Args, Clone, Debug, Default)]
pub struct Settings {
    /// The address that people and programs use, when it is not the one of --listen: printed links begin with it, and
    /// https makes cookies Secure.
    #[arg(long, env = "KEFU_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// A trusted reverse proxy, or a network of them, like 10.0.0.0/8. It tells people's addresses, so that limits
    /// count people instead of the proxy, and https, so that cookies are Secure. May be given again.
    #[arg(long, env = "KEFU_TRUSTED_PROXY", value_name = "IP", value_delimiter = ',')]
    pub trusted_proxy: Vec<Network>,
    /// The header in which trusted proxies tell that. The other is ignored: most proxies pass on what a client wrote
    /// into it.
    #[arg(long, env = "KEFU_PROXY_HEADER", value_enum, default_value_t, value_name = "HEADER")]
    pub proxy_header: ProxyHeader,
    /// Tries to log in or sign up per address and minute. One name gets a quarter of them, a network (IPv4 /24, IPv6
    /// /48) five times as many. 0: no limit.
    #[arg(long, env = "KEFU_LOG_INS_PER_MINUTE", default_value_t = 20, value_name = "NUMBER")]
    pub log_ins_per_minute: u32,
    /// New customers per address and hour; 0: no limit.
    #[arg(long, env = "KEFU_NEW_CUSTOMERS_PER_HOUR", default_value_t = 60, value_name = "NUMBER")]
    pub new_customers_per_hour: u32,
    /// Messages that customers of an address may write in a minute; 0: no limit.
    #[arg(long, env = "KEFU_MESSAGES_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub messages_per_minute: u32,
    /// Open connections, about 25 kB each. One more waits until one closes, or takes that of an address that holds
    /// more. 0: as many as files may be open.
    #[arg(long, env = "KEFU_CONNECTIONS_MAX", default_value_t = 16_384, value_name = "NUMBER")]
    pub connections_max: u32,
    /// Memory for cached answers to programs, in MiB; 192 by default. An answer about an account with ten online agents
    /// takes about 1.3 kB.
    #[arg(long, env = "KEFU_ANSWERS_MIB", value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub answers_mib: Option<u32>,
    /// The address of this machine at which Prometheus finds /metrics. Without it there are no metrics.
    #[arg(long, env = "KEFU_METRICS_LISTEN", value_name = "ADDRESS", value_parser = socket_address)]
    pub metrics_listen: Option<SocketAddr>,
    /// A network whose addresses may be called as developers' servers, like 10.0.0.0/8, beside the public ones. May be
    /// given again.
    #[arg(long, env = "KEFU_CALLBACK_NETWORK", value_name = "IP", value_delimiter = ',')]
    pub callback_network: Vec<Network>,
    /// An address that pushes come from, or a network, like 203.0.113.0/28, for getcallbackip to tell; without it, the
    /// address of --listen. May be given again.
    #[arg(long, env = "KEFU_CALLBACK_IP", value_name = "IP", value_delimiter = ',')]
    pub callback_ip: Vec<Network>,
    /// Certificates.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// The address of --listen, once it is bound.
    #[arg(skip)]
    pub listening: Option<SocketAddr>,
    /// Whether this is a demo, whose secret is public.
    #[arg(skip)]
    pub is_demo: bool,
}

/// The header in which proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProxyHeader {
    /// X-Forwarded-For and X-Forwarded-Proto
    #[default]
    XForwardedFor,
    /// Forwarded (RFC 7239)
    Forwarded,
}

/// Certificates of the desk, and of the host that it stands in for.
#[derive(Args, Clone, Debug)]
pub struct TlsArgs {
    /// Stand in for this host, which many SDKs have in their code: api.weixin.qq.com. Weixin's paths answer at
    /// --as-https with a certificate of a local authority, made at the first start, and at --as-http in clear;
    /// `kefu authority` says how programs find and trust them.
    #[arg(long = "as", env = "KEFU_AS", value_name = "HOST", value_parser = host)]
    pub as_host: Option<String>,
    /// Address at which the host of --as answers by TLS; SDKs call port 443.
    #[arg(
        long,
        env = "KEFU_AS_HTTPS",
        default_value_t = TlsArgs::default().as_https,
        value_name = "ADDRESS",
        value_parser = socket_address
    )]
    pub as_https: SocketAddr,
    /// Address at which the host of --as answers in clear, which some SDKs need for uploads; they call port 80.
    #[arg(
        long,
        env = "KEFU_AS_HTTP",
        default_value_t = TlsArgs::default().as_http,
        value_name = "ADDRESS",
        value_parser = socket_address
    )]
    pub as_http: SocketAddr,
    /// A PEM file with the desk's own certificate and its chain: --listen then speaks HTTPS, and --as uses it too if it
    /// names that host. SIGHUP reads it again.
    #[arg(long, env = "KEFU_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the private key of --tls-cert.
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
    /// The files of the desk's own certificate and key.
    ///
    /// # Errors
    /// When only one of the two is set.
    pub fn pair(&self) -> anyhow::Result<Option<(&Path, &Path)>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            (Some(_), None) => bail!("--tls-cert needs its key: --tls-key FILE"),
            (None, Some(_)) => bail!("--tls-key needs its certificate: --tls-cert FILE"),
        }
    }
}

/// Parses an address to listen at: a number, or a name that this machine resolves, preferably to IPv4.
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

/// Parses a name that a certificate can be for.
fn host(given: &str) -> anyhow::Result<String> {
    let name = given.trim_end_matches('.').to_ascii_lowercase();
    if name.parse::<IpAddr>().is_ok() || DnsName::try_from(name.as_str()).is_err() {
        bail!("a host is a name without scheme, port and path, like api.weixin.qq.com");
    }
    Ok(name)
}

impl Settings {
    /// Whether people use https, to a proxy or to this server.
    #[must_use]
    pub fn is_public_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The addresses that pushes come from: those that are set, else the one that the desk listens on.
    #[must_use]
    pub fn callback_addresses(&self) -> Vec<String> {
        if self.callback_ip.is_empty() {
            self.listening.iter().map(|listening| listening.ip().to_string()).collect()
        } else {
            self.callback_ip.iter().map(ToString::to_string).collect()
        }
    }

    /// The beginning of links, without a final slash.
    #[must_use]
    pub fn base(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.tls.tls_cert.is_some() => format!("https://{listening}"),
            None => format!("http://{listening}"),
        }
    }
}
