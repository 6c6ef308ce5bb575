//! `kefu customer`: has customers act and write.

use super::CommonArgs;
use super::send::SendSubcommand;
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
    /// Have a customer do something, of which the developer's server is told; an unknown openid becomes a customer.
    Act {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The customer's openid.
        #[arg(long)]
        openid: String,
        /// follow, unfollow, scan, menu, view or pay; enter for Mini Programs and Mini Games.
        #[arg(long)]
        action: String,
        /// A member of the event that is pushed: EventKey and Ticket, or SessionFrom; absent ones have samples.
        #[arg(long = "member", value_name = "NAME=VALUE", value_parser = member)]
        members: Vec<(String, String)>,
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
    /// Have a customer send something that is neither a text nor a picture; an unknown openid becomes a customer.
    #[command(subcommand)]
    Send(SendSubcommand),
}

impl CustomerSubcommand {
    pub(in crate::cli) fn common(&self) -> &CommonArgs {
        match self {
            Self::Create { common, .. } | Self::Act { common, .. } | Self::Say { common, .. } => common,
            Self::Send(send) => &send.to().common,
        }
    }

    pub(in crate::cli) fn command(&self) -> anyhow::Result<Command> {
        Ok(Command::Customer(match self {
            Self::Create { appid, .. } => CustomerCommand::Create { appid: appid.clone() },
            Self::Act { appid, openid, action, members, .. } => CustomerCommand::Act {
                appid: appid.clone(),
                openid: openid.clone(),
                action: action.clone(),
                members: members.iter().cloned().collect(),
            },
            Self::Say { appid, openid, text, .. } => {
                CustomerCommand::Say { appid: appid.clone(), openid: openid.clone(), text: text.clone() }
            }
            Self::Send(send) => send.command()?,
        }))
    }
}

fn member(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a member is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
