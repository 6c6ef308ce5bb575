//! Removal of accounts, workers and agents. One transaction ends everything that opens something; rows that open
//! nothing go in bounded rounds afterwards, each of which may be repeated: a `due` row stays until nothing is left.
//!
//! A later last round takes what a call left that was under way at the removal.

pub mod account;
pub mod agent;
pub mod worker;

use store::error::Error;

/// The key of the `due` row of the last round.
const LAST: &str = "last";

/// A refusal within a round is a defect, and must not end the removal: the row is tried again.
fn unfinished(error: Error) -> Error {
    if error.is_rule() { anyhow::anyhow!("a round of a removal was refused: {error}").into() } else { error }
}
