//! What pages and programs read of a desk: it may look at every other room, and no other looks at it.

pub mod cached_answers;
pub mod cursor;
pub mod feed;
pub mod session_view;
pub mod snapshot;
pub mod supervisor;
pub mod workbench_state;
