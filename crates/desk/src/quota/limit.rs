//! Limits that operators set for an account or a component.

use super::{refreshed, row};
use crate::{Desk, Result};
use model::{Appid, Fact};
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Tx;

/// The limits that operators have set for an owner. Other endpoints have the limits of the endpoint table.
#[derive(Clone, Debug, Default)]
pub struct QuotaLimits(Option<Arc<[(String, Quota)]>>);

impl QuotaLimits {
    /// How often the owner may call an endpoint. `None` if the endpoint is not counted.
    #[must_use]
    pub fn of(&self, endpoint: &Endpoint) -> Option<Quota> {
        endpoint.quota.map(|standard| self.set_for(endpoint).unwrap_or(standard))
    }

    fn set_for(&self, endpoint: &Endpoint) -> Option<Quota> {
        let set = self.0.as_ref()?;
        find(set, endpoint.path).or_else(|| find(set, ""))
    }
}

fn find(set: &[(String, Quota)], path: &str) -> Option<Quota> {
    set.iter().find(|(of, _)| of == path).map(|(_, quota)| *quota)
}

/// Reads the limits that operators have set for an owner.
pub(crate) fn limits_of(tx: &mut Tx<'_>, owner: &str) -> Result<QuotaLimits> {
    let set = row::limits(tx, owner)?;
    Ok(QuotaLimits((!set.is_empty()).then(|| set.into())))
}

/// A change of limits by an operator.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LimitChange {
    /// The endpoint, by path or by name. Without it, all endpoints that have no limits of their own.
    pub endpoint: Option<String>,
    /// Calls per day. 0 means no limit.
    pub daily: Option<u32>,
    /// Calls per minute. 0 means no limit.
    pub per_minute: Option<u32>,
    /// Whether to return to the limits of the endpoint table.
    pub standard: bool,
}

impl LimitChange {
    /// Whether the change is empty.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.daily.is_none() && self.per_minute.is_none() && !self.standard
    }
}

fn named(name: &str) -> Result<&'static Endpoint, Errcode> {
    let by_name = || endpoint::ALL.iter().find(|row| row.name.eq_ignore_ascii_case(name)).copied();
    endpoint::at(name).or_else(by_name).filter(|row| row.quota.is_some()).ok_or(Errcode::CgiPathNotFound)
}

/// Sets a limit, or returns to that of the endpoint table. Applies from the next call on.
///
/// # Errors
/// 40013 if there is no such owner, 76021 if there is no such endpoint.
pub async fn set(desk: &Desk, owner: &Appid, change: LimitChange) -> Result<()> {
    let row = change.endpoint.as_deref().map(named).transpose()?;
    desk.write(owner, move |tx, owner| {
        let path = row.map_or("", |row| row.path);
        let before = row.and_then(|row| row.quota).unwrap_or(Quota::GENEROUS);
        let before = find(&row::limits(tx, owner.as_str())?, path).unwrap_or(before);
        let after = Quota {
            daily: change.daily.unwrap_or(before.daily),
            per_minute: change.per_minute.unwrap_or(before.per_minute),
        };
        row::set_limit(tx, owner.as_str(), path, (!change.standard).then_some(after))?;
        tx.record(Fact::Access);
        Ok(())
    })
    .await
}

/// The limits of an endpoint and its calls today, for operators.
#[derive(Debug, Serialize)]
pub struct EndpointQuota {
    endpoint: &'static str,
    path: &'static str,
    daily: u32,
    per_minute: u32,
    used_today: u32,
    set: bool,
}

/// The limits of all counted endpoints for an owner, and the calls of today.
///
/// # Errors
/// 40013.
pub async fn list(desk: &Desk, owner: &Appid) -> Result<Vec<EndpointQuota>> {
    let limits = desk.read(owner, |tx, owner| {
        tx.head()?.ok_or(Errcode::InvalidAppid)?;
        limits_of(tx, owner.as_str())
    });
    let (limits, ledger) = (limits.await?, refreshed(desk, owner).await?);
    let line = |row: &&'static Endpoint| {
        let Quota { daily, per_minute } = limits.of(row)?;
        let (used_today, set) = (ledger.used(row, desk.now()), limits.set_for(row).is_some());
        Some(EndpointQuota { endpoint: row.name, path: row.path, daily, per_minute, used_today, set })
    };
    Ok(endpoint::ALL.iter().filter_map(line).collect())
}
