//! The pages, their calls, and their streams.

pub mod answers;
pub mod chat;
pub mod chat_caller;
pub mod debug;
pub mod desk;
pub mod fact;
pub mod listen;
pub mod openapi;
pub mod page;
pub mod picture;
pub mod queue;
pub mod stream;
