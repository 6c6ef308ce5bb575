//! How the server is started. The doc comments are the manual.

use anyhow::Context;
use clap::Args;
use protocol::limits;
use std::net::{IpAddr, SocketAddr};
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
    /// Folder of pictures and other files, when it is not `files` in the folder of the data.
    #[arg(long, env = "KEFU_FILES", value_name = "FOLDER")]
    pub files: Option<PathBuf>,
}

/// Where files are.
#[derive(Clone, Debug)]
pub enum FilesPlace {
    /// A folder.
    Folder(PathBuf),
}

impl Data {
    /// Where the files of this data are.
    #[must_use]
    pub fn files_place(&self) -> FilesPlace {
        FilesPlace::Folder(self.files.clone().unwrap_or_else(|| self.data.join("files")))
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
    /// A reverse proxy that is believed: its X-Forwarded-Proto, so that cookies are Secure where people
    /// use https, and its X-Forwarded-For, so that limits count people and not the proxy; may be given again.
    #[arg(long, env = "KEFU_TRUSTED_PROXY", value_name = "IP", value_delimiter = ',')]
    pub trusted_proxy: Vec<IpAddr>,
    /// Tries to log in or sign up that an address has in a minute; under one name it has a quarter of them; 0: no
    /// limit.
    #[arg(long, env = "KEFU_LOG_INS_PER_MINUTE", default_value_t = 20, value_name = "NUMBER")]
    pub log_ins_per_minute: u32,
    /// Visitors of an address that may become customers in an hour; 0: no limit.
    #[arg(long, env = "KEFU_NEW_CUSTOMERS_PER_HOUR", default_value_t = 60, value_name = "NUMBER")]
    pub new_customers_per_hour: u32,
    /// Messages that an address's customers may write in a minute; 0: no limit.
    #[arg(long, env = "KEFU_MESSAGES_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub messages_per_minute: u32,
    /// Connections that may be open at once, about 25 kB each; one more waits until one closes; 0: as many as files may
    /// be open.
    #[arg(long, env = "KEFU_CONNECTIONS_MAX", default_value_t = 16_384, value_name = "NUMBER")]
    pub connections_max: u32,
    /// The address, of this machine only, at which Prometheus finds /metrics; else nowhere.
    #[arg(long, env = "KEFU_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
}

/// Rules of the desk that operators may set.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rules {
    /// Hours an invitation to be an agent stays open.
    #[arg(long, env = "KEFU_INVITATION_HOURS", default_value_t = Rules::default().invitation_hours, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub invitation_hours: u32,
    /// Agents one worker may be, over all accounts; one more is refused with 65410.
    #[arg(long, env = "KEFU_WORKER_AGENTS_MAX", default_value_t = Rules::default().worker_agents_max, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub worker_agents_max: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { invitation_hours: limits::INVITATION_H, worker_agents_max: limits::WORKER_BINDINGS_MAX }
    }
}

impl Settings {
    /// The beginning of every link, without a final slash.
    #[must_use]
    pub fn base(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{listening}"),
        }
    }
}

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder that holds the embedded database.
    Folder(PathBuf),
    /// A PostgreSQL database, by its address.
    Postgres(String),
}

impl Place {
    /// The place an operator names: an address of a database, or file:PATH of one, else a folder.
    ///
    /// # Errors
    /// When the file that holds the address cannot be read.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let is_database =
            ["postgres://", "postgresql://", "file:"].iter().any(|begin| name.starts_with(begin));
        if is_database { Place::database(name) } else { Ok(Place::Folder(name.into())) }
    }

    fn database(url: &str) -> anyhow::Result<Self> {
        let Some(file) = url.strip_prefix("file:") else { return Ok(Place::Postgres(url.to_owned())) };
        let held = std::fs::read_to_string(file)
            .with_context(|| format!("reading the address of the database from {file}"))?;
        Ok(Place::Postgres(held.trim().to_owned()))
    }

    /// The folder of an embedded database.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Place::Folder(folder) => Some(folder),
            Place::Postgres(_) => None,
        }
    }
}
