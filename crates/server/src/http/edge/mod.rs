//! What stands before every handler: who calls, from where, with what body, and what is counted of it.

pub mod answer;
pub(in crate::http) mod asset;
pub mod caller;
pub mod client_address;
pub mod file;
pub mod guard;
pub mod metrics;
pub mod multipart;
pub mod query;
pub(in crate::http) mod refusal_log;
pub mod upload;
