//! Subcommands that send a command to the running server.

mod account;
mod callback;
mod confirmation;
pub(super) mod customer;
pub(super) mod group;
mod limit;
pub(super) mod push;
pub(super) mod remove;
mod send;
pub(super) mod token;

use super::print::{line, print};
use crate::admin::callback::ListenKeyCommand;
use crate::admin::remove::{RemoveCommand, Subject};
use crate::admin::{self, Command, CommandContext};
use crate::config::{Data, Rules};
use account::AccountArgs;
use callback::CallbackArgs;
use clap::{Args, Subcommand};
use confirmation::ConfirmationArgs;
use limit::{AddressArgs, QuotaArgs};
use model::Network;
use serde_json::Value;

/// Where a command goes, and how its outcome is printed.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CommonArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    rules: Rules,
    /// Beginning of links, when no server runs to tell it.
    #[arg(long, env = "KEFU_PUBLIC_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    public_url: String,
    /// A network that may be called, beside the public ones, when no server runs to tell it.
    #[arg(long, env = "KEFU_CALLBACK_NETWORK", value_name = "IP", value_delimiter = ',', hide = true)]
    callback_network: Vec<Network>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccountSubcommand {
    /// Create an account, and print its secret, which is not stored.
    Create {
        /// Its id: wx and 16 lower-case hexadecimal digits; made when absent.
        #[arg(long)]
        appid: Option<String>,
        #[command(flatten)]
        settings: AccountArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Show an account.
    Show {
        /// Its id.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Change an account; settings that are not given stay.
    Set {
        /// Its id.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        settings: AccountArgs,
        /// Make a new secret and print it; tokens of the old one stay valid.
        #[arg(long)]
        new_secret: bool,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Make a worker an administrator, who can get tokens of the account at /debug.
    Admin {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The worker's name.
        #[arg(long)]
        worker: String,
        /// Revoke it, and end the worker's tokens of the account.
        #[arg(long)]
        revoke: bool,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Show limits and today's calls of an account, or change the limits; those that are not given stay.
    Quota {
        /// The account, or a component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        change: QuotaArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Show the addresses from which an account's own calls may come, or change them; all others then get 40164.
    Ip {
        /// The account, or a component.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        change: AddressArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Show the developer's server that an account's messages and events are pushed to, or change it; settings that are
    /// not given stay. Its URL must answer the verification.
    Callback {
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        change: CallbackArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Make a key with which a developer's machine gets the account's pushes (`kefu listen`), and print it; it is not
    /// stored.
    ListenKey {
        /// The account.
        #[arg(long)]
        appid: String,
        /// Delete all keys of the account instead: its machines are disconnected.
        #[arg(long)]
        revoke: bool,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Remove an account with all its data, after its appid is typed. The appid is never used again.
    Remove {
        /// Its id.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        confirmation: ConfirmationArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AgentSubcommand {
    /// Bind a worker to an agent without an invitation.
    Bind {
        /// The account.
        #[arg(long)]
        appid: String,
        /// The agent, prefix@suffix.
        #[arg(long)]
        agent: String,
        /// The worker's name.
        #[arg(long)]
        worker: String,
        #[command(flatten)]
        common: CommonArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WorkerSubcommand {
    /// Make a sign-up link for one use.
    Invite {
        /// The only name that can sign up with it.
        #[arg(long)]
        name: Option<String>,
        /// Hours it can be used.
        #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: u32,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List workers.
    List {
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List where a worker is logged in.
    Logins {
        /// The worker's name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// End a worker's logins, or one of them.
    LogOut {
        /// The worker's name.
        #[arg(long)]
        name: String,
        /// The id of the login, of `worker logins`; all when absent.
        #[arg(long, value_name = "ID")]
        login: Option<String>,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Give a worker a new password, print it, and end the worker's logins.
    Reset {
        /// The worker's name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Remove a worker, after the name is typed: logins end, agents are freed, open sessions close.
    Remove {
        /// The name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        confirmation: ConfirmationArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ComponentSubcommand {
    /// Create a component, and print its secret, which is not stored.
    Create {
        /// Its id; made when absent.
        #[arg(long)]
        appid: Option<String>,
        /// Its name.
        #[arg(long, default_value = "component")]
        name: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Replace the permission sets that a component has of an account.
    Grant {
        /// The component.
        #[arg(long)]
        component: String,
        /// The account.
        #[arg(long)]
        appid: String,
        /// The sets: 1,6,19,100,101,161.
        #[arg(long, value_delimiter = ',', num_args = 0..)]
        sets: Vec<u16>,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Revoke what was granted.
    Revoke {
        /// The component.
        #[arg(long)]
        component: String,
        /// The account.
        #[arg(long)]
        appid: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Issue an authorizer_access_token for an account, or without an account the component's own token.
    Token {
        /// The component.
        #[arg(long)]
        component: String,
        /// The account.
        #[arg(long)]
        appid: Option<String>,
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Every subcommand has the common flags.
macro_rules! common {
    ($type:ident: $($variant:ident),*) => {
        impl $type {
            pub(in crate::cli) fn common(&self) -> &CommonArgs {
                match self { $($type::$variant { common, .. } => common),* }
            }
        }
    };
}
common!(AccountSubcommand: Create, List, Show, Set, Admin, Quota, Ip, Callback, ListenKey, Remove);
common!(AgentSubcommand: Bind);
common!(WorkerSubcommand: Invite, List, Logins, LogOut, Reset, Remove);
common!(ComponentSubcommand: Create, Grant, Revoke, Token);

impl AccountSubcommand {
    pub(in crate::cli) fn command(&self) -> Command {
        match self {
            Self::Create { appid, settings, .. } => {
                Command::AccountCreate { appid: appid.clone(), settings: settings.settings() }
            }
            Self::List { .. } => Command::AccountList,
            Self::Show { appid, .. } => Command::AccountShow(appid.clone()),
            Self::Set { appid, settings, new_secret, .. } => Command::AccountSet {
                appid: appid.clone(),
                settings: settings.settings(),
                new_secret: *new_secret,
            },
            Self::Admin { appid, worker, revoke, .. } => {
                Command::AccountAdmin { appid: appid.clone(), worker: worker.clone(), revoke: *revoke }
            }
            Self::Quota { appid, change, .. } => change.command(appid),
            Self::Ip { appid, change, .. } => change.command(appid),
            Self::Callback { appid, change, .. } => change.command(appid),
            Self::ListenKey { appid, revoke: false, .. } => {
                Command::ListenKey(ListenKeyCommand::Make(appid.clone()))
            }
            Self::ListenKey { appid, .. } => Command::ListenKey(ListenKeyCommand::Revoke(appid.clone())),
            Self::Remove { appid, .. } => {
                Command::Remove(RemoveCommand::preview(Subject::Account(appid.clone())))
            }
        }
    }
}

impl AgentSubcommand {
    pub(in crate::cli) fn command(&self) -> Command {
        let Self::Bind { appid, agent, worker, .. } = self;
        Command::AgentBind { appid: appid.clone(), kf_account: agent.clone(), worker: worker.clone() }
    }
}

impl WorkerSubcommand {
    pub(in crate::cli) fn command(&self) -> Command {
        match self {
            Self::Invite { name, hours, .. } => Command::WorkerInvite { name: name.clone(), hours: *hours },
            Self::List { .. } => Command::WorkerList,
            Self::Logins { name, .. } => Command::WorkerLogins(name.clone()),
            Self::LogOut { name, login, .. } => {
                Command::WorkerLogOut { name: name.clone(), login: login.clone() }
            }
            Self::Reset { name, .. } => Command::WorkerReset(name.clone()),
            Self::Remove { name, .. } => {
                Command::Remove(RemoveCommand::preview(Subject::Worker(name.clone())))
            }
        }
    }
}

impl ComponentSubcommand {
    pub(in crate::cli) fn command(&self) -> Command {
        match self {
            Self::Create { appid, name, .. } => {
                Command::ComponentCreate { appid: appid.clone(), name: name.clone() }
            }
            Self::Grant { component, appid, sets, .. } => Command::ComponentGrant {
                component: component.clone(),
                appid: appid.clone(),
                sets: sets.clone(),
            },
            Self::Revoke { component, appid, .. } => {
                Command::ComponentRevoke { component: component.clone(), appid: appid.clone() }
            }
            Self::Token { component, appid, .. } => {
                Command::ComponentToken { component: component.clone(), appid: appid.clone() }
            }
        }
    }
}

/// Sends a command and returns its outcome.
pub(in crate::cli) async fn ask(command: Command, common: &CommonArgs) -> anyhow::Result<Value> {
    let base = common.public_url.trim_end_matches('/').to_owned();
    let context = CommandContext { base, callback_networks: common.callback_network.clone() };
    let (place, files) = (common.data.place()?, || common.data.files_place());
    let outcome = admin::send(&place, files, common.rules, &context, command).await?;
    outcome.map_err(anyhow::Error::msg)
}

/// Sends a command and prints its outcome.
pub(in crate::cli) async fn run(command: Command, common: &CommonArgs) -> anyhow::Result<()> {
    let value = ask(command, common).await?;
    if common.json {
        line(value);
    } else {
        print(&value);
    }
    Ok(())
}
