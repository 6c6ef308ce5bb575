//! Scenarios besides kills, one file each.

pub(crate) mod floods;
pub(crate) mod flush;
pub(crate) mod half_open;
pub(crate) mod hang_up;
pub(crate) mod idle;
pub(crate) mod outage;
pub(crate) mod push;
