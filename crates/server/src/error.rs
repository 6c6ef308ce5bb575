//! The one error of everything below the edge.

use protocol::Errcode;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why something was not done: refused by a rule, or failed here.
#[derive(Debug)]
pub enum Error {
    /// A rule says no; the caller is told which.
    Refused(Errcode),
    /// Something failed here; the caller is told only that, and the log has the cause.
    Internal(anyhow::Error),
}

impl From<Errcode> for Error {
    fn from(code: Errcode) -> Self {
        Error::Refused(code)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Error
where
    E: NotErrcode,
{
    fn from(error: E) -> Self {
        Error::Internal(error.into())
    }
}

impl From<postgres::Error> for Error {
    /// Keeps what the server says of the statement, not of the row: that may hold an openid.
    fn from(error: postgres::Error) -> Self {
        Error::Internal(match error.as_db_error() {
            Some(said) => {
                let constraint = said.constraint().unwrap_or("none");
                anyhow::anyhow!(
                    "PostgreSQL {}: {}, constraint {constraint}",
                    said.code().code(),
                    said.message()
                )
            }
            None => error.into(),
        })
    }
}

/// The true text, for the log.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(code) => code.fmt(f),
            // With its causes, in one line.
            Error::Internal(cause) => write!(f, "{cause:#}"),
        }
    }
}

/// Something that is done again and again. Its failures are logged when they begin and when they are over,
/// not each.
pub struct Spell {
    what: &'static str,
    failing: AtomicBool,
}

impl Spell {
    /// Names what is done.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        Spell { what, failing: AtomicBool::new(false) }
    }

    /// Takes note of an outcome, and hands it on.
    ///
    /// # Errors
    /// The outcome's.
    pub fn note<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        // Most of the time nothing changes, and nobody writes what others read.
        if self.failing.load(Ordering::Relaxed) != outcome.is_err()
            && self.failing.swap(outcome.is_err(), Ordering::Relaxed) != outcome.is_err()
        {
            match &outcome {
                Ok(_) => tracing::info!("possible again: {}", self.what),
                Err(error) => tracing::error!(%error, "not possible now, and tried again: {}", self.what),
            }
        }
        outcome
    }
}

/// Marks the errors that mean an internal failure.
pub trait NotErrcode {}
impl NotErrcode for anyhow::Error {}
impl NotErrcode for rusqlite::Error {}
impl NotErrcode for serde_json::Error {}
impl NotErrcode for std::io::Error {}
impl NotErrcode for tokio::task::JoinError {}
impl NotErrcode for std::num::TryFromIntError {}
