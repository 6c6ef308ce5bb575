//! People: agents, workers, customers, their logins and their presence.

pub mod agent;
pub mod cookie;
pub mod customer;
pub mod ended_login;
pub mod hashing;
pub mod invitation;
pub mod login;
pub mod network;
pub mod password;
pub mod presence;
pub mod worker;
