//! The two engines, and where files are.

mod bucket;
mod plan;
mod secured;
mod verb;
