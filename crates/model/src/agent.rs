//! Agents: whether they are there to serve customers.

use protocol::Errcode;
use serde::{Deserialize, Serialize};

use crate::TextEnum;

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// The agent's workbench is not open in any browser.
    Offline,
    /// The workbench is open, but the agent gets no new customers.
    Away,
    /// The workbench is open, and the agent gets new customers.
    Online,
}

impl TextEnum for Presence {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("offline", Presence::Offline), ("away", Presence::Away), ("online", Presence::Online)];
}

impl Presence {
    /// The presence of an agent whose workbench is open (`connected`) and who chose to be away (`away`).
    #[must_use]
    pub fn of(connected: bool, away: bool) -> Self {
        match (connected, away) {
            (false, _) => Presence::Offline,
            (true, true) => Presence::Away,
            (true, false) => Presence::Online,
        }
    }

    /// Returns 65415 if the agent is not online.
    ///
    /// # Errors
    /// `AgentOffline`.
    pub fn must_be_online(self) -> Result<(), Errcode> {
        if self == Presence::Online { Ok(()) } else { Err(Errcode::AgentOffline) }
    }
}

#[cfg(test)]
mod tests {
    use super::Presence;

    #[test]
    fn away_counts_only_while_the_workbench_is_open() {
        assert_eq!(Presence::of(false, true), Presence::Offline);
        assert_eq!(Presence::of(true, true), Presence::Away);
        assert!(Presence::of(true, false).must_be_online().is_ok());
        assert!(Presence::of(true, true).must_be_online().is_err());
    }
}
