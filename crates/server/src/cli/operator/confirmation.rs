//! The flag that confirms a removal.

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ConfirmationArgs {
    /// Remove without asking, for scripts: repeat the name.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) yes_remove: Option<String>,
}
