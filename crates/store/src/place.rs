//! The places of the database and of the files.

use anyhow::Context;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The beginning of a bucket's address.
pub const SCHEME: &str = "s3://";

/// The place of the database.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder with a SQLite database.
    Folder(PathBuf),
    /// The address of a PostgreSQL database.
    Postgres(String),
}

/// Whether a host may be outside this machine and private networks, so that others are on the way to it.
#[must_use]
pub fn is_foreign(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => !ip.is_loopback() && !ip.is_private(),
        Ok(IpAddr::V6(ip)) => !ip.is_loopback() && !ip.is_unique_local(),
        // A name without a dot is a machine or container in the same network.
        Err(_) => host.contains('.'),
    }
}

/// The value of a setting, which an operator gives as the value itself or as file:PATH of a file with it.
///
/// # Errors
/// If the file cannot be read.
pub fn value_or_file(given: &str, what: &str) -> anyhow::Result<String> {
    let Some(file) = given.strip_prefix("file:") else { return Ok(given.to_owned()) };
    let held = std::fs::read_to_string(file).with_context(|| format!("reading {what} from {file}"))?;
    Ok(held.trim().to_owned())
}

impl Place {
    /// The place that an operator names: a database's address, file:PATH of a file with one, or else a folder.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let is_database =
            ["postgres://", "postgresql://", "file:"].iter().any(|begin| name.starts_with(begin));
        if is_database { Place::database(name) } else { Ok(Place::Folder(name.into())) }
    }

    /// The place of a PostgreSQL database, by its address or file:PATH of a file with it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn database(url: &str) -> anyhow::Result<Self> {
        Ok(Place::Postgres(value_or_file(url, "the address of the database")?))
    }

    /// The folder of a SQLite database.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Place::Folder(folder) => Some(folder),
            Place::Postgres(_) => None,
        }
    }
}

/// The place of the files.
#[derive(Clone, Debug)]
pub enum FilesPlace {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, or a prefix in one.
    Bucket(Bucket),
}

/// A bucket, and how to access it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// The prefix of all objects' names, without slashes at its ends; empty for none.
    pub prefix: String,
    /// The region.
    pub region: String,
    /// The URL for requests; `None` for AWS.
    pub endpoint: Option<String>,
    /// Whether the host name contains the bucket's name, so that paths do not.
    pub is_host: bool,
    /// The access key.
    pub key: Key,
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's id, which is not secret.
    pub id: String,
    /// The key's secret.
    pub secret: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:(hidden)", self.id)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.name)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}
