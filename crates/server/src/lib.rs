//! Kefu: a self-hosted customer-service desk that speaks Weixin's own customer-service API.

pub mod admin;
pub mod app;
pub mod callback;
pub mod cli;
pub mod config;
pub mod demo;
pub mod due;
pub mod forward;
pub mod http;
pub mod listen;
pub mod metrics;
pub mod push;
pub mod state;
pub mod streams;
pub mod throttle;
pub mod tls;

pub use desk::{self, network};
pub use store::{self, bind, clock, error, files, single_flight};
