//! What operators have customers do.

use super::Common;
use crate::admin::Order;
use crate::admin::customer::CustomerOrder;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CustomerCommand {
    /// Create a customer and print her openid.
    Create {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: Common,
    },
    /// Have a customer do what lets programs write to her; creates her when unknown.
    Act {
        /// The account.
        #[arg(long)]
        appid: String,
        /// Her openid.
        #[arg(long)]
        openid: String,
        /// follow, unfollow, scan, menu or pay; enter for Mini Programs and Mini Games.
        #[arg(long)]
        action: String,
        #[command(flatten)]
        common: Common,
    },
    /// Have a customer write; creates her when unknown.
    Say {
        /// The account.
        #[arg(long)]
        appid: String,
        /// Her openid.
        #[arg(long)]
        openid: String,
        /// What she writes.
        #[arg(long)]
        text: String,
        #[command(flatten)]
        common: Common,
    },
}

impl CustomerCommand {
    pub(in crate::cli) fn common(&self) -> &Common {
        let (Self::Create { common, .. } | Self::Act { common, .. } | Self::Say { common, .. }) = self;
        common
    }

    pub(in crate::cli) fn order(&self) -> Order {
        Order::Customer(match self {
            Self::Create { appid, .. } => CustomerOrder::Create { appid: appid.clone() },
            Self::Act { appid, openid, action, .. } => {
                CustomerOrder::Act { appid: appid.clone(), openid: openid.clone(), action: action.clone() }
            }
            Self::Say { appid, openid, text, .. } => {
                CustomerOrder::Say { appid: appid.clone(), openid: openid.clone(), text: text.clone() }
            }
        })
    }
}
