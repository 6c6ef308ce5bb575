//! Weixin's endpoints, one file for each group.

mod business;
mod headimg;
mod kfaccount;
mod kfsession;
mod media;
mod message;
mod msgrecord;
mod msgtype;
mod supervisor;
mod typing;
mod window;
