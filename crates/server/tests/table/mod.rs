//! Tests over tables: every endpoint, every route, every credential.

pub mod authorise;
mod ended;
pub mod matrix;
mod openapi;
mod seed;
