//! Flags for the settings of an account.

use crate::desk::account::AccountChanges;
use clap::{ArgAction, Args};

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct AccountArgs {
    /// The name people see.
    #[arg(long)]
    name: Option<String>,
    /// subscription, service, mini-program, mini-game or other.
    #[arg(long)]
    kind: Option<String>,
    /// enterprise or individual.
    #[arg(long)]
    principal: Option<String>,
    /// Whether the owner is certified; an individual cannot be.
    #[arg(long, action = ArgAction::Set)]
    certified: Option<bool>,
    /// Whether the customer-service feature is on.
    #[arg(long, action = ArgAction::Set)]
    feature: Option<bool>,
    /// The WeChat id behind the @ of agents' ids.
    #[arg(long)]
    alias: Option<String>,
    /// automatic: a first message goes to an agent with room; manual: always to the waiting list.
    #[arg(long)]
    reception: Option<String>,
    /// Maximum number of sessions that an agent is given automatically.
    #[arg(long)]
    capacity: Option<i64>,
    /// Whether kf_id is a string in answers, for clients that cannot read a number.
    #[arg(long, action = ArgAction::Set)]
    kf_id_as_string: Option<bool>,
    /// Whether getonlinekflist has the retired auto_accept, for clients that need it.
    #[arg(long, action = ArgAction::Set)]
    auto_accept: Option<bool>,
}

impl AccountArgs {
    pub(super) fn settings(&self) -> AccountChanges {
        let given = self.clone();
        AccountChanges {
            name: given.name,
            kind: given.kind,
            principal: given.principal,
            certified: given.certified,
            feature: given.feature,
            alias: given.alias,
            reception: given.reception,
            capacity: given.capacity,
            kf_id_as_string: given.kf_id_as_string,
            auto_accept: given.auto_accept,
            secret: None,
        }
    }
}
