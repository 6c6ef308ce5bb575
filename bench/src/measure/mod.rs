//! What measurements share: servers and callers, rounds, the machine, and the report.

pub(crate) mod adds;
pub(crate) mod child;
pub(crate) mod delivery;
pub(crate) mod developer;
pub(crate) mod group_commit;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod pushing;
pub(crate) mod ready;
pub(crate) mod report;
pub(crate) mod round;
