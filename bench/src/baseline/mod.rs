//! The baselines: programs that do the product's work with as little around it as possible.

pub(crate) mod callers;
pub(crate) mod committing_poster;
pub(crate) mod constant;
pub(crate) mod plain_writers;
pub(crate) mod poster;
pub(crate) mod smallest;
pub(crate) mod sqlite_add;
pub(crate) mod sqlite_message;
pub(crate) mod statement;
pub(crate) mod writers;
