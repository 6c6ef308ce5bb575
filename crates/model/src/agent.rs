//! Agents: who may be one, and when she is there.

use protocol::Errcode;
use serde::{Deserialize, Serialize};

use crate::TextEnum;

/// Where an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Her workbench is not open anywhere.
    Offline,
    /// Her workbench is open, and she gets no new customers.
    Away,
    /// Her workbench is open.
    Online,
}

impl TextEnum for Presence {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("offline", Presence::Offline), ("away", Presence::Away), ("online", Presence::Online)];
}

impl Presence {
    /// From what the store knows: whether her workbench is open, and whether she chose to be away.
    #[must_use]
    pub fn of(connected: bool, away: bool) -> Self {
        match (connected, away) {
            (false, _) => Presence::Offline,
            (true, true) => Presence::Away,
            (true, false) => Presence::Online,
        }
    }

    /// Refuses a session for an agent who is not online: 65415.
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
