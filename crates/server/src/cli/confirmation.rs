//! How an operator says that a removal is meant.

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(super) struct Confirmation {
    /// Remove without asking, for scripts: the same name again.
    #[arg(long, value_name = "NAME")]
    pub(super) yes_remove: Option<String>,
}
