//! Workers and customers: passwords, logins, cookies, addresses, presence.

mod cookie;
mod hashing;
mod login;
mod networks;
mod password;
mod presence;
