//! What belongs to an account: its alias, tokens, quotas, files, and who may call it.

mod alias;
mod allow;
mod component;
pub mod quota;
pub mod rid;
mod storage;
mod token;
pub mod work;
