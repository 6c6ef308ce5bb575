//! Bodies, queries and answers of Weixin's endpoints, one file for each group of endpoints.

pub mod business;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod msgrecord;
pub mod network;
pub mod quota;
pub mod rid;
pub mod token;
pub mod wecom;
