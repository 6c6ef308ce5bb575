//! Weixin's endpoints, one file for each group.

pub mod business;
mod headimg;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod msgrecord;
mod msgtype;
mod supervisor;
mod typing;
mod window;
