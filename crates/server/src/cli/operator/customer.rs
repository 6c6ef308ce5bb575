//! `kefu customer`: has customers act and write.

use super::CommonArgs;
use crate::admin::Command;
use crate::admin::customer::CustomerCommand;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CustomerSubcommand {
    /// Create a customer and print the openid.
    Create {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Have a customer do what lets programs write to them; an unknown openid becomes a customer.
    Act {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The customer's openid.
        #[arg(long)]
        openid: String,
        /// follow, unfollow, scan, menu or pay; enter for Mini Programs and Mini Games.
        #[arg(long)]
        action: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Have a customer write; an unknown openid becomes a customer.
    Say {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The customer's openid.
        #[arg(long)]
        openid: String,
        /// The text.
        #[arg(long)]
        text: String,
        #[command(flatten)]
        common: CommonArgs,
    },
}

impl CustomerSubcommand {
    pub(in crate::cli) fn common(&self) -> &CommonArgs {
        let (Self::Create { common, .. } | Self::Act { common, .. } | Self::Say { common, .. }) = self;
        common
    }

    pub(in crate::cli) fn command(&self) -> Command {
        Command::Customer(match self {
            Self::Create { appid, .. } => CustomerCommand::Create { appid: appid.clone() },
            Self::Act { appid, openid, action, .. } => {
                CustomerCommand::Act { appid: appid.clone(), openid: openid.clone(), action: action.clone() }
            }
            Self::Say { appid, openid, text, .. } => {
                CustomerCommand::Say { appid: appid.clone(), openid: openid.clone(), text: text.clone() }
            }
        })
    }
}
