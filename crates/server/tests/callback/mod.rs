//! Message push: the developer's server of an account hears, answers, and hands customers over to the desk.

mod customer_event;
mod delivery;
mod developer;
mod fault;
mod lease;
pub mod network;
mod notice;
mod pushes;
pub mod receiver;
mod session_event;
mod settings;
mod shield;
