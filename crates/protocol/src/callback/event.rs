//! Events, as they are pushed.

use super::member::Member;
use crate::limits::SESSION_FROM_MAX;

/// What happened, by `Event`. Events have no `MsgId`: clients recognise a repeated push by `FromUserName` and
/// `CreateTime`, so no two events of a customer may have the same second.
/// <https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html>,
/// <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.md>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `subscribe`: the customer follows the account.
    Subscribe {
        /// `EventKey` (with `qrscene_` before the scene) and `Ticket`; `None` if no QR code led to it.
        code: Option<ScannedCode>,
    },
    /// `unsubscribe`: the customer no longer follows the account.
    Unsubscribe,
    /// `SCAN`: a follower scanned a QR code.
    Scan {
        /// `EventKey` (the scene) and `Ticket`.
        code: ScannedCode,
    },
    /// `CLICK`: the customer chose an item of the account's menu.
    Click {
        /// `EventKey`: the item's key.
        event_key: String,
    },
    /// `VIEW`: the customer opened a page by the account's menu.
    View {
        /// `EventKey`: the page's address.
        event_key: String,
    },
    /// `user_enter_tempsession`: the customer entered customer service from a Mini Program.
    UserEnterTempSession {
        /// `SessionFrom`: what the Mini Program passed on; at most 1000 bytes of it are pushed.
        session_from: String,
    },
    /// `kf_create_session`: an agent has taken the customer.
    KfCreateSession {
        /// `KfAccount`: the agent.
        kf_account: String,
    },
    /// `kf_close_session`: the session is closed.
    KfCloseSession {
        /// `KfAccount`: the agent.
        kf_account: String,
    },
    /// `kf_switch_session`: the session went to another agent.
    KfSwitchSession {
        /// `FromKfAccount`: the agent before.
        from: String,
        /// `ToKfAccount`: the agent now.
        to: String,
    },
}

/// A QR code of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedCode {
    /// `EventKey`: the scene that the code was made for.
    pub event_key: String,
    /// `Ticket`: names the code's picture.
    pub ticket: String,
}

impl Event {
    /// The value of `Event`, in the spelling that clients compare with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Event::Subscribe { .. } => "subscribe",
            Event::Unsubscribe => "unsubscribe",
            Event::Scan { .. } => "SCAN",
            Event::Click { .. } => "CLICK",
            Event::View { .. } => "VIEW",
            Event::UserEnterTempSession { .. } => "user_enter_tempsession",
            Event::KfCreateSession { .. } => "kf_create_session",
            Event::KfCloseSession { .. } => "kf_close_session",
            Event::KfSwitchSession { .. } => "kf_switch_session",
        }
    }

    /// The members behind `MsgType`.
    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let mut members = vec![("Event", self.name().into())];
        match self {
            Event::Subscribe { code: None } | Event::Unsubscribe => {}
            Event::Subscribe { code: Some(code) } | Event::Scan { code } => {
                members.extend([("EventKey", (&code.event_key).into()), ("Ticket", (&code.ticket).into())]);
            }
            Event::Click { event_key } | Event::View { event_key } => {
                members.push(("EventKey", event_key.into()));
            }
            Event::UserEnterTempSession { session_from } => {
                let end = session_from.floor_char_boundary(SESSION_FROM_MAX);
                members.push(("SessionFrom", session_from[..end].into()));
            }
            Event::KfCreateSession { kf_account } | Event::KfCloseSession { kf_account } => {
                members.push(("KfAccount", kf_account.into()));
            }
            Event::KfSwitchSession { from, to } => {
                members.extend([("FromKfAccount", from.into()), ("ToKfAccount", to.into())]);
            }
        }
        members
    }
}
