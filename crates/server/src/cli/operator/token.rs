//! `kefu token`: issues and ends tokens.

use super::CommonArgs;
use crate::admin::Command;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokenSubcommand {
    /// Issue an access_token without the secret.
    Issue {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Expire all tokens as if their two hours were over: 42001.
    Expire {
        /// The account or component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Delete all tokens: 40001.
    Revoke {
        /// The account or component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
}

impl TokenSubcommand {
    pub(in crate::cli) fn common(&self) -> &CommonArgs {
        let (Self::Issue { common, .. } | Self::Expire { common, .. } | Self::Revoke { common, .. }) = self;
        common
    }

    pub(in crate::cli) fn command(&self) -> Command {
        match self {
            Self::Issue { appid, .. } => Command::TokenIssue(appid.clone()),
            Self::Expire { appid, .. } => Command::TokenExpire(appid.clone()),
            Self::Revoke { appid, .. } => Command::TokenRevoke(appid.clone()),
        }
    }
}
