//! The outcome of a command, as it is printed.

use model::Account;
use model::TextEnum;
use serde_json::{Value, json};

/// The outcome of a command: a value to print, or an error in one sentence.
pub type Outcome = Result<Value, String>;

pub(super) fn shown(account: &Account) -> Value {
    json!({
        "appid": account.appid, "name": account.name, "kind": account.kind.as_text(),
        "principal": account.principal.as_text(), "certified": account.certified, "feature": account.feature,
        "alias": account.alias, "original_id": account.original_id, "reception": account.reception,
        "capacity": account.capacity, "idle_minutes": account.queue.idle_minutes,
        "grace_s": account.queue.grace_s, "answer_s": account.queue.answer_s,
        "strategy": account.queue.strategy.as_text(), "last_agent_first": account.queue.last_agent_first,
        "kf_id_as_string": account.compat.kf_id_as_string,
        "auto_accept": account.compat.auto_accept,
    })
}

pub(super) fn with_secret(mut shown: Value, secret: Option<String>) -> Value {
    if let (Some(secret), Some(members)) = (secret, shown.as_object_mut()) {
        members.insert("secret".into(), secret.into());
    }
    shown
}
