//! What pages and programs read. This folder may import all others; no other folder imports it.

pub mod cached_answers;
pub mod cursor;
pub mod feed;
pub mod session_view;
pub mod snapshot;
pub mod supervisor;
pub mod why;
pub mod workbench_state;
