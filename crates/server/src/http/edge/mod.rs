//! What runs before every handler: extractors and guards for the caller, the address and the body, and the wrapper that
//! counts.

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
