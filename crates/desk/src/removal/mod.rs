//! Removal of accounts, workers and agents. One transaction deletes everything that gives access. The other rows are
//! deleted in bounded rounds afterwards, each of which may be repeated: a `due` row stays until nothing is left.
//!
//! A last round runs later, and deletes what a call left that was running at the removal.

pub mod account;
pub mod agent;
pub mod worker;

use store::error::Error;

/// The key of the `due` row of the last round.
const LAST: &str = "last";

/// Turns a refusal within a round into an internal error. It is a defect, and must not end the removal: the row is
/// tried again.
fn unfinished(error: Error) -> Error {
    if error.is_rule() { anyhow::anyhow!("a round of a removal was refused: {error}").into() } else { error }
}
