//! Message push: the developer's server of an account hears, answers, and hands customers over to the desk.

mod delivery;
mod lease;
mod notice;
mod receiver;
mod settings;
