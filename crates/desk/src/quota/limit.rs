//! Limits that operators set for an account or a platform.

use super::{refreshed, row};
use crate::Desk;
use model::{Appid, Fact};
use protocol::quota::Quota;
use protocol::{Endpoint, Errcode, endpoint};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Tx;
use store::error::Error;

/// The limits set for an owner; what is not set has the table's.
#[derive(Clone, Debug, Default)]
pub struct QuotaLimits(Option<Arc<[(String, Quota)]>>);

impl QuotaLimits {
    /// How often she may call an endpoint; `None` where that is not counted.
    #[must_use]
    pub fn of(&self, endpoint: &Endpoint) -> Option<Quota> {
        let standard = endpoint.quota?;
        Some(match &self.0 {
            None => standard,
            Some(set) => find(set, endpoint.path).or_else(|| find(set, "")).unwrap_or(standard),
        })
    }

    fn is_set(&self, endpoint: &Endpoint) -> bool {
        self.0.as_ref().is_some_and(|set| find(set, endpoint.path).or_else(|| find(set, "")).is_some())
    }
}

fn find(set: &[(String, Quota)], path: &str) -> Option<Quota> {
    set.iter().find(|(of, _)| of == path).map(|(_, quota)| *quota)
}

/// The limits in this snapshot.
pub(crate) fn limits_of(tx: &mut Tx<'_>, owner: &str) -> Result<QuotaLimits, Error> {
    let set = row::limits(tx, owner)?;
    Ok(QuotaLimits((!set.is_empty()).then(|| set.into())))
}

/// What an operator sets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LimitChange {
    /// The endpoint, by its path or its name; all without limits of their own when absent.
    pub endpoint: Option<String>,
    /// Calls in a day; 0: no limit.
    pub daily: Option<u32>,
    /// Calls in a minute; 0: no limit.
    pub per_minute: Option<u32>,
    /// Whether the table's limits count again.
    pub standard: bool,
}

impl LimitChange {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.daily.is_none() && self.per_minute.is_none() && !self.standard
    }
}

fn named(name: &str) -> Result<&'static Endpoint, Errcode> {
    let by_name = || endpoint::ALL.iter().find(|row| row.name.eq_ignore_ascii_case(name)).copied();
    endpoint::at(name).or_else(by_name).filter(|row| row.quota.is_some()).ok_or(Errcode::CgiPathNotFound)
}

/// Sets a limit, or lets the table's count again. It counts from the next call.
///
/// # Errors
/// 40013, 76021.
pub async fn set(desk: &Desk, owner: &Appid, change: LimitChange) -> Result<(), Error> {
    let row = change.endpoint.as_deref().map(named).transpose()?;
    desk.write(owner, move |tx, owner| {
        let path = row.map_or("", |row| row.path);
        let before = row.map_or(Some(Quota::GENEROUS), |row| row.quota).unwrap_or(Quota::GENEROUS);
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

/// A line of what operators see.
#[derive(Debug, Serialize)]
pub struct EndpointQuota {
    endpoint: &'static str,
    path: &'static str,
    daily: u32,
    per_minute: u32,
    used_today: u32,
    set: bool,
}

/// How often an owner may call what, and did today.
///
/// # Errors
/// 40013.
pub async fn list(desk: &Desk, owner: &Appid) -> Result<Vec<EndpointQuota>, Error> {
    let limits = desk.read(owner, |tx, owner| {
        tx.head()?.ok_or(Errcode::InvalidAppid)?;
        limits_of(tx, owner.as_str())
    });
    let (limits, ledger) = (limits.await?, refreshed(desk, owner).await?);
    let line = |row: &&'static Endpoint| {
        let Quota { daily, per_minute } = limits.of(row)?;
        let (used_today, set) = (ledger.used(row, desk.now()), limits.is_set(row));
        Some(EndpointQuota { endpoint: row.name, path: row.path, daily, per_minute, used_today, set })
    };
    Ok(endpoint::ALL.iter().filter_map(line).collect())
}
