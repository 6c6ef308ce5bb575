//! Tokens that operators issue and end.

use super::Common;
use crate::admin::Order;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokenCommand {
    /// Issue an access_token without the secret.
    Issue {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: Common,
    },
    /// End all tokens as if their two hours were over: 42001.
    Expire {
        /// The account or component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: Common,
    },
    /// Forget all tokens: 40001.
    Revoke {
        /// The account or component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: Common,
    },
}

impl TokenCommand {
    pub(in crate::cli) fn common(&self) -> &Common {
        let (Self::Issue { common, .. } | Self::Expire { common, .. } | Self::Revoke { common, .. }) = self;
        common
    }

    pub(in crate::cli) fn order(&self) -> Order {
        match self {
            Self::Issue { appid, .. } => Order::TokenIssue(appid.clone()),
            Self::Expire { appid, .. } => Order::TokenExpire(appid.clone()),
            Self::Revoke { appid, .. } => Order::TokenRevoke(appid.clone()),
        }
    }
}
