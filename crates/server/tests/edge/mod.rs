//! What happens before a handler runs: connections, TLS, limits, bodies; and callers who hang up.

mod anything;
mod crowd;
mod input;
pub mod limits;
mod tls;
mod upload;
mod vanish;
