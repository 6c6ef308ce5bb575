//! The two engines, and what a verb sees of them.

pub(crate) mod job;
pub(crate) mod migrate;
pub(crate) mod postgres;
pub(crate) mod schema;
pub(crate) mod sqlite;
pub(crate) mod tx;
pub(crate) mod watch;
