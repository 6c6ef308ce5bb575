//! Weixin's endpoints, one file a group: each handler parses, calls one verb and answers.

pub mod business;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod msgrecord;
pub mod quota;
pub mod token;
pub mod wecom;
