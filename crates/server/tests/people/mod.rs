//! Workers and customers: passwords, logins, cookies, presence.

mod cookie;
mod hashing;
mod login;
mod networks;
mod password;
mod presence;
