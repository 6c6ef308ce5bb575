//! The store: both SQL engines, query plans, and files in a bucket.

mod bucket;
mod plan;
mod secured;
mod verb;
