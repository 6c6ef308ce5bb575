//! The program as operators run it: command line, backup, upgrade, metrics.

mod backup;
mod config;
mod deploy;
pub mod doctor;
mod machine;
mod memory;
mod metrics;
mod process;
mod upgrade;
