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
    /// Minutes without a message after which a session ends.
    #[arg(long, value_name = "MINUTES")]
    idle_minutes: Option<i64>,
    /// Seconds that an agent who went offline has to come back before the customers go elsewhere.
    #[arg(long, value_name = "SECONDS")]
    grace_s: Option<i64>,
    /// Seconds within which an agent answers a customer who was assigned, before the next agent gets the customer; 0:
    /// any time.
    #[arg(long, value_name = "SECONDS")]
    answer_s: Option<i64>,
    /// least_sessions or round_robin: which of several agents with room gets the next customer.
    #[arg(long)]
    strategy: Option<String>,
    /// Whether a customer goes to the agent who served them in the last seven days, if that agent has room.
    #[arg(long, action = ArgAction::Set)]
    last_agent_first: Option<bool>,
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
            idle_minutes: given.idle_minutes,
            grace_s: given.grace_s,
            answer_s: given.answer_s,
            strategy: given.strategy,
            last_agent_first: given.last_agent_first,
            kf_id_as_string: given.kf_id_as_string,
            auto_accept: given.auto_accept,
            secret: None,
        }
    }
}
