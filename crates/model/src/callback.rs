//! Message push: the developer's server of an account, and the rules for calling it.

pub mod address;
mod fault;
mod health;
mod settings;
mod url;
mod warning;

pub use fault::CallbackFault;
pub use health::{Alarm, AlarmChange, AlarmKind, AlarmRules, SHIELD, ServerHealth, shield_holds};
pub use settings::CallbackSettings;
pub use url::CallbackUrl;
pub use warning::{PushWarning, SLOW_AFTER, collide};

use crate::{SECOND, Time};
use std::time::Duration;

/// The longest time for a try: looking up the name, connecting, and reading the answer.
/// <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>
pub const DEADLINE: Duration = Duration::from_secs(5);
/// Tries of a push, one after the other.
pub const TRIES: u32 = 3;
/// The answer to a push that is first tried later than this after its change does not act: the customer has gone on.
pub const LATE_AFTER: Time = 60 * SECOND;
/// Pushes of an account that are under way at once, each to another customer.
pub const PARALLEL: usize = 64;
