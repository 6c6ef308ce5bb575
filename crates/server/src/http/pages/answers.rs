//! What calls of the pages answer, where several answer the same or it is no more than a list.

use crate::desk::group::GroupView;
use crate::desk::login::LoginEntry;
use crate::desk::message::MessageView;
use crate::desk::session_view::SessionView;
use crate::desk::supervisor::Colleague;
use crate::desk::why::Missed;
use model::{Time, WechatId};
use serde::Serialize;

/// The worker of a login.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct LoggedIn<'a> {
    /// The worker.
    pub worker: WorkerName<'a>,
}

impl<'a> LoggedIn<'a> {
    /// The worker with this name.
    #[must_use]
    pub fn of(name: &'a WechatId) -> Self {
        LoggedIn { worker: WorkerName { name: name.as_str() } }
    }
}

/// Who a worker is.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct WorkerName<'a> {
    /// The worker's name.
    pub name: &'a str,
}

/// A worker's logins.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Logins {
    /// The newest first.
    pub logins: Vec<LoginEntry>,
}

/// A draft was kept.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct DraftKept {
    /// When, by the clock of the server.
    pub at: Time,
}

/// The agents of an account.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Colleagues {
    /// In the order of their numbers.
    pub colleagues: Vec<Colleague>,
}

/// Customers whom no agent answered.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct MissedCustomers {
    /// The latest first.
    pub missed: Vec<Missed>,
}

/// The groups of agents of an account.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Groups {
    /// The oldest first.
    pub groups: Vec<GroupView>,
}

/// A group was made or changed.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct GroupChanged {
    /// Its number.
    pub group: i64,
}

/// A page of sessions.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Sessions {
    /// In the order of their numbers.
    pub sessions: Vec<SessionView>,
}

/// A page of the customer's messages.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Messages {
    /// The oldest first.
    pub messages: Vec<MessageView>,
}

/// A message that an agent wrote.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Written"))]
pub struct MessageWritten {
    /// As every page shows it.
    pub message: MessageView,
}
