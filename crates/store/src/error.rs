//! The error that verbs and the store return, and the log of outages.

use protocol::Errcode;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Why something was not done.
#[derive(Debug)]
pub enum Error {
    /// A rule refuses; the caller gets this code.
    Refused(Errcode),
    /// An internal failure. The caller gets -1; the log has the cause.
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
    /// Keeps code, message and constraint of a server's error. The detail is left out: it can contain an openid.
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

impl Error {
    /// Whether a rule refused, so that nothing was done. After any other error the outcome is unknown.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        matches!(self, Error::Refused(code) if *code != Errcode::SystemError)
    }

    /// The whole error, for operators and logs.
    #[must_use]
    pub fn cause(self) -> anyhow::Error {
        match self {
            Error::Refused(code) => code.into(),
            Error::Internal(cause) => cause,
        }
    }
}

/// For the log, with the cause of an internal failure.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(code) => code.fmt(f),
            // `#` prints the chain of causes in one line.
            Error::Internal(cause) => write!(f, "{cause:#}"),
        }
    }
}

/// Logs the failures of one repeated action: once when an outage begins and once when it is over. An outage is over
/// with a success that comes [`SOUND_MS`] after its last failure.
pub struct OutageLog {
    what: &'static str,
    began: Instant,
    /// Milliseconds from `began` to the last failure; 0 while there is no outage.
    failed_at: AtomicU64,
}

/// Milliseconds without a failure after which an outage is over.
const SOUND_MS: u64 = 1000;

impl OutageLog {
    /// `what` names the action in the log.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        OutageLog { what, began: Instant::now(), failed_at: AtomicU64::new(0) }
    }

    /// Records an outcome, and returns it.
    ///
    /// # Errors
    /// The outcome's.
    pub fn record<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match &outcome {
            Ok(_) => self.record_success(),
            Err(error) if self.failed_at.swap(self.now(), Ordering::Relaxed) == 0 => {
                tracing::error!(%error, "not possible now, and tried again: {}", self.what);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Records a failure, and returns the refusal for its caller: `SystemError`, without the cause.
    pub fn refuse(&self, cause: Error) -> Error {
        let _ = self.record(Err::<(), _>(cause));
        Errcode::SystemError.into()
    }

    fn record_success(&self) {
        // Most calls succeed: without an outage they only read, so that threads do not contend for the cache line.
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        if failed_at != 0
            && self.now().saturating_sub(failed_at) >= SOUND_MS
            && self.failed_at.compare_exchange(failed_at, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::info!("possible again: {}", self.what);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// Implemented by error types that become [`Error::Internal`].
pub trait NotErrcode {}
impl NotErrcode for anyhow::Error {}
impl NotErrcode for rusqlite::Error {}
impl NotErrcode for serde_json::Error {}
impl NotErrcode for std::io::Error {}
impl NotErrcode for tokio::task::JoinError {}
impl NotErrcode for tokio::sync::AcquireError {}
impl NotErrcode for std::num::TryFromIntError {}
