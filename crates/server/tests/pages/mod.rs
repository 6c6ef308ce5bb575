//! The calls and streams of the workbench, the chat page and the debugging page.

mod asset;
mod customer_content;
mod debug;
mod metadata;
mod people;
mod picture;
mod recipient;
mod stream;
mod workbench_state;
