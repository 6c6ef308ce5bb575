//! The queue: who is served when, what becomes of customers whose agent is gone, and why somebody waits.

mod absence;
mod answer;
mod group;
mod order;
mod random;
mod transfer;
mod why;
