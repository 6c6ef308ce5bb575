//! What belongs to an account: its alias, tokens, quotas, files, and who may call it.

mod alias;
mod component;
mod ip_allowlist;
pub mod quota;
pub mod rid;
mod storage;
mod token;
pub mod wecom;
