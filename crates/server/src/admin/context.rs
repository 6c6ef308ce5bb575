//! What commands need to know of the server.

use model::Network;

/// What commands need to know of the server.
#[derive(Clone, Debug, Default)]
pub struct CommandContext {
    /// The beginning of links.
    pub base: String,
    /// Networks that may be called as developers' servers, beside the public ones.
    pub callback_networks: Vec<Network>,
}
