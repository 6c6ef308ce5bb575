//! Kefu: a self-hosted customer-service desk that speaks Weixin's own customer-service API.

pub mod admin;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod desk;
pub mod due;
pub mod error;
pub mod files;
pub mod flight;
pub mod http;
pub mod listen;
pub mod meter;
pub mod network;
pub mod push;
pub mod state;
pub mod store;
pub mod streams;
pub mod throttle;
pub mod tls;
