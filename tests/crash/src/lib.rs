//! Shared by the crash tests and the bench: Kefu as a process, and floods beside honest load.

#![allow(clippy::disallowed_methods, reason = "measurements need the machine's clock")]

pub mod flood;
pub mod server;
