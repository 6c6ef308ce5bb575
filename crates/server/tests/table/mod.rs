//! Tests that walk a table: every endpoint, route or credential.

pub mod authorise;
mod ended;
pub mod matrix;
mod openapi;
mod seed;
