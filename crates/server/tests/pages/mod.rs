//! The calls and streams of the pages.

mod asset;
mod debug;
mod metadata;
mod people;
mod picture;
mod stream;
mod workbench_state;
