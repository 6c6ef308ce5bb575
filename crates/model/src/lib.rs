//! The nouns of a customer-service desk and their rules: pure functions, no IO, no clock.

pub mod account;
pub mod agent;
pub mod callback;
pub mod change;
pub mod clock;
pub mod due;
pub mod invitation;
pub mod media;
mod name;
pub mod picture;
pub mod session;
mod text_enum;

pub use account::Account;
pub use account::network::{Network, NetworkInvalid};
pub use change::Fact;
pub use name::{
    AccountName, Appid, BusinessNickname, Corpid, GroupName, KfAccount, Nickname, Openid, WechatId,
};
pub use session::Session;
pub use text_enum::TextEnum;

/// A moment: milliseconds since 1970.
pub type Time = i64;

/// Milliseconds of one second.
pub const SECOND: i64 = 1000;
/// Milliseconds of one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds of one hour.
pub const HOUR: i64 = 60 * MINUTE;
