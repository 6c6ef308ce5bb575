//! Where the data and its files are.

use anyhow::Context;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// How places in buckets begin.
pub const SCHEME: &str = "s3://";

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder that holds the embedded database.
    Folder(PathBuf),
    /// A PostgreSQL database, by its address.
    Postgres(String),
}

/// Whether a host is beyond this machine and networks like one's own, so that others are on the way to it.
#[must_use]
pub fn is_foreign(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => !ip.is_loopback() && !ip.is_private(),
        Ok(IpAddr::V6(ip)) => !ip.is_loopback() && !ip.is_unique_local(),
        // A name without a dot is one of a machine or container next door.
        Err(_) => host.contains('.'),
    }
}

/// What an operator gives: the value, or file:PATH of a file that holds it.
///
/// # Errors
/// When that file cannot be read.
pub fn held(given: &str, what: &str) -> anyhow::Result<String> {
    let Some(file) = given.strip_prefix("file:") else { return Ok(given.to_owned()) };
    let held = std::fs::read_to_string(file).with_context(|| format!("reading {what} from {file}"))?;
    Ok(held.trim().to_owned())
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

    /// The database at an address, or at that which the file of file:PATH holds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn database(url: &str) -> anyhow::Result<Self> {
        Ok(Place::Postgres(held(url, "the address of the database")?))
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

/// Where files are.
#[derive(Clone, Debug)]
pub enum FilesPlace {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, or what lies under a prefix in one.
    Bucket(Bucket),
}

/// A bucket and how to get into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all objects begin with, without slashes at its ends; empty without one.
    pub prefix: String,
    /// Its region.
    pub region: String,
    /// Where requests go, for any but AWS.
    pub endpoint: Option<String>,
    /// Its host names the bucket, so paths do not.
    pub is_host: bool,
    /// Who asks.
    pub key: Key,
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret.
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
