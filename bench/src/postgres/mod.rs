//! The goals on PostgreSQL.

pub(crate) mod add;
pub(crate) mod list;
