//! Pushes to developers' servers: from a backlog, after a message, and beside other work.

pub(crate) mod backlog;
pub(crate) mod beside;
mod delay;
pub(crate) mod paced;
