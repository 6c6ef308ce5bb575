//! The baselines: programs that do the same work with less around it.

pub(crate) mod callers;
pub(crate) mod constant;
pub(crate) mod plain_writers;
pub(crate) mod smallest;
pub(crate) mod statement;
pub(crate) mod writers;
