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

/// Marks the errors that mean an internal failure.
pub trait NotErrcode {}
impl NotErrcode for anyhow::Error {}
impl NotErrcode for rusqlite::Error {}
impl NotErrcode for serde_json::Error {}
impl NotErrcode for std::io::Error {}
impl NotErrcode for tokio::task::JoinError {}
impl NotErrcode for std::num::TryFromIntError {}
