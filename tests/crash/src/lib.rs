//! What the crash tests and the bench have in common: Kefu as a process, and floods of it beside honest load.

#![allow(clippy::disallowed_methods, reason = "who measures a flood needs the machine's clock")]

pub mod flood;
pub mod server;
