//! Message push: what is to be pushed to the developer's server of an account, and what its answers do.
//!
//! ```text
//! change feed ── pushes::news ──► Push ── the server sends it ──► Finished ── outcome::finish ──► rows of `push`
//! ```
//!
//! There is no queue: pushes are read from the change feed, like everything that others learn of changes.

pub mod alarms;
pub mod ended;
pub mod inspect;
pub mod lease;
mod notice;
pub mod outcome;
pub mod pushes;
pub mod replay;
pub mod tries;

pub use alarms::{AlarmView, ServerAlarms, alarms};
pub use lease::PushLease;
pub use outcome::{Finished, Outcome};
pub use pushes::{DeliveryNews, Push, PushId, PushesAfter};
pub use tries::Try;
