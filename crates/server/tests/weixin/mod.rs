//! Weixin's endpoints, one file for each group.

mod business;
mod headimg;
mod kfaccount;
mod kfsession;
mod media;
mod message;
mod msgrecord;
mod supervisor;
mod typing;
mod window;
