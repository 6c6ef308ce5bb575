//! The one error of everything below the edge.

use protocol::Errcode;

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

/// Something that is done again and again. Its failures are logged when they begin and when they are over,
/// not each.
pub struct Spell {
    what: &'static str,
    failing: bool,
}

impl Spell {
    /// Names what is done.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        Spell { what, failing: false }
    }

    /// Takes note of an outcome, and answers what came of it.
    pub fn note<T>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        let was_failing = std::mem::replace(&mut self.failing, outcome.is_err());
        match outcome {
            Ok(value) => {
                if was_failing {
                    tracing::info!("{} again", self.what);
                }
                Some(value)
            }
            Err(error) => {
                if !was_failing {
                    tracing::error!(?error, "not possible at the moment, and tried again: {}", self.what);
                }
                None
            }
        }
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
