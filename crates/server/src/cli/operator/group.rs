//! `kefu group`: the groups of agents of an account.

use super::CommonArgs;
use crate::admin::Command;
use crate::admin::group::GroupCommand;
use crate::desk::group::{GroupChange, GroupRef};
use clap::{Args, Subcommand};

/// An agent and a group.
#[derive(Args, Debug)]
pub(in crate::cli) struct MemberArgs {
    /// The account.
    #[arg(long)]
    appid: String,
    /// The group's name.
    #[arg(long)]
    group: String,
    /// The agent, prefix@suffix.
    #[arg(long)]
    agent: String,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GroupSubcommand {
    /// Make a group, without agents, and list all.
    Add {
        /// The account.
        #[arg(long)]
        appid: String,
        /// Its name, which programs use, too: 1 to 32 characters without @.
        #[arg(long)]
        name: String,
        /// The id of a menu choice (msgmenu) that sends a customer to the group.
        #[arg(long, value_name = "ID", default_value = "")]
        menu_id: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List the groups with their agents.
    List {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Change the name or the menu choice of a group; what is not given stays.
    Rename {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The group's name now.
        #[arg(long)]
        group: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// The id of a menu choice that sends a customer to the group; empty: none does.
        #[arg(long, value_name = "ID")]
        menu_id: Option<String>,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Delete a group: its customers keep their places, and wait for all agents.
    Delete {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The group's name.
        #[arg(long)]
        group: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Make an agent a member of a group; an agent may be in several.
    Join(MemberArgs),
    /// End an agent's membership; the agent keeps the customers of now.
    Leave(MemberArgs),
}

impl GroupSubcommand {
    pub(in crate::cli) fn common(&self) -> &CommonArgs {
        let (Self::Add { common, .. }
        | Self::List { common, .. }
        | Self::Rename { common, .. }
        | Self::Delete { common, .. }
        | Self::Join(MemberArgs { common, .. })
        | Self::Leave(MemberArgs { common, .. })) = self;
        common
    }

    pub(in crate::cli) fn command(&self) -> Command {
        let named = |name: &String| GroupRef::Name(name.clone());
        let (appid, change) = match self {
            Self::List { appid, .. } => (appid, None),
            Self::Add { appid, name, menu_id, .. } => {
                (appid, Some(GroupChange::Add { name: name.clone(), menu_id: menu_id.clone() }))
            }
            Self::Rename { appid, group, name, menu_id, .. } => {
                let (group, name, menu_id) = (named(group), name.clone(), menu_id.clone());
                (appid, Some(GroupChange::Rename { group, name, menu_id }))
            }
            Self::Delete { appid, group, .. } => (appid, Some(GroupChange::Delete { group: named(group) })),
            Self::Join(MemberArgs { appid, group, agent, .. }) => {
                (appid, Some(GroupChange::Join { group: named(group), kf_account: agent.clone() }))
            }
            Self::Leave(MemberArgs { appid, group, agent, .. }) => {
                (appid, Some(GroupChange::Leave { group: named(group), kf_account: agent.clone() }))
            }
        };
        Command::Group(GroupCommand { appid: appid.clone(), change })
    }
}
