//! Several nodes, and their clocks.

mod clock;
mod nodes;
mod time;
mod together;
