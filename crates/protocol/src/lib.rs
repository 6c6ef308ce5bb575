//! What Weixin says, and nothing else: error codes, limits, endpoints and the shapes on the wire.
//! No IO, no clock.

pub mod advice;
pub mod business;
pub mod endpoint;
pub mod errcode;
pub mod kfaccount;
pub mod kfsession;
pub mod limits;
pub mod media;
pub mod message;
pub mod msgrecord;
pub mod openapi;
pub mod quota;
pub mod rid;
pub mod shape;
pub mod strict;
pub mod text;
pub mod token;
pub mod word;
pub mod work;

pub use endpoint::{Caller, Endpoint, Kind};
pub use errcode::Errcode;
