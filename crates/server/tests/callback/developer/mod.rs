//! Programs of developers: of those who try the demo, and of those whose machine cannot be reached.

mod demo;
mod listen;
