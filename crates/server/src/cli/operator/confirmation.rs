//! How an operator says that a removal is meant.

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ConfirmationArgs {
    /// Remove without asking, for scripts: the same name again.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) yes_remove: Option<String>,
}
