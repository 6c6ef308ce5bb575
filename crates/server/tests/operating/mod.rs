//! The program as operators run it.

mod backup;
mod config;
mod deploy;
pub mod doctor;
mod machine;
mod memory;
mod metrics;
mod process;
mod upgrade;
