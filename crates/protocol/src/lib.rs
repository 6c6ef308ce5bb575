//! Weixin's protocol: error codes, limits, endpoints, and the types of requests and answers. No IO, no clock.

pub mod callback;
pub mod endpoint;
pub mod errcode;
pub mod limits;
pub mod openapi;
pub mod parameter;
pub mod schema;
pub mod strict;
pub mod text;
mod wire;

pub use endpoint::{AccountKind, CalledBy, Endpoint};
pub use errcode::Errcode;
pub use wire::{
    business, kfaccount, kfsession, media, message, msgrecord, network, quota, rid, token, wecom,
};
