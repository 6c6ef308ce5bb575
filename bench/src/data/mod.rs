//! The data to measure on, and the databases that hold it.

pub(crate) mod backlog;
pub(crate) mod bulk;
#[cfg(test)]
pub(crate) mod content;
pub(crate) mod customers;
pub(crate) mod database;
pub(crate) mod ground;
pub(crate) mod seed;
