//! The windows in which agents at the workbench and programs may write to a customer.
//!
//! The customer's actions open windows for programs, by
//! <https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html> and
//! <https://developers.weixin.qq.com/miniprogram/introduction/custom.html>. Windows do not add up: the last action says
//! how many messages may be sent, and the window that ends last says until when.

use protocol::limits::{REPLY_WINDOW_H, TYPING_AFTER_S, TYPING_S};
use protocol::{AccountKind, Errcode};

use crate::{HOUR, MINUTE, SECOND, TextEnum, Time};

/// An action of a customer that opens a window for programs, or closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The customer writes.
    Message,
    /// The customer clicks a custom menu, or a choice of a menu message.
    Menu,
    /// The customer opens a page by a custom menu, which opens no window.
    View,
    /// The customer follows the account.
    Follow,
    /// The customer unfollows the account.
    Unfollow,
    /// The customer scans the account's code.
    Scan,
    /// The customer pays.
    Pay,
    /// The customer enters customer service.
    Enter,
}

impl TextEnum for Action {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("message", Action::Message),
        ("menu", Action::Menu),
        ("view", Action::View),
        ("follow", Action::Follow),
        ("unfollow", Action::Unfollow),
        ("scan", Action::Scan),
        ("pay", Action::Pay),
        ("enter", Action::Enter),
    ];
}

impl Action {
    /// The `Event` by which the developer's server is told of it; `None` for messages and payments, which are told in
    /// other ways.
    /// <https://developers.weixin.qq.com/doc/subscription/guide/product/message/receiving_event_pushes.html>
    #[must_use]
    pub fn event(self) -> Option<&'static str> {
        Some(match self {
            Action::Menu => "CLICK",
            Action::View => "VIEW",
            Action::Follow => "subscribe",
            Action::Unfollow => "unsubscribe",
            Action::Scan => "SCAN",
            Action::Enter => "user_enter_tempsession",
            Action::Message | Action::Pay => return None,
        })
    }
}

/// The number of messages of a window without a limit.
pub const UNLIMITED: i64 = -1;

const OFFICIAL: &[AccountKind] = &[AccountKind::Subscription, AccountKind::Service];
const MINI: &[AccountKind] = &[AccountKind::MiniProgram, AccountKind::MiniGame];
const ALL: &[AccountKind] =
    &[AccountKind::Subscription, AccountKind::Service, AccountKind::MiniProgram, AccountKind::MiniGame];

/// Action, kinds of account, number of messages, length of the window in milliseconds.
const TABLE: &[(Action, &[AccountKind], i64, i64)] = &[
    (Action::Message, ALL, 5, REPLY_WINDOW_H * HOUR),
    (Action::Menu, OFFICIAL, 3, MINUTE),
    (Action::View, OFFICIAL, 0, 0),
    (Action::Follow, OFFICIAL, 3, MINUTE),
    (Action::Unfollow, OFFICIAL, 0, 0),
    (Action::Scan, OFFICIAL, 3, MINUTE),
    (Action::Pay, OFFICIAL, UNLIMITED, REPLY_WINDOW_H * HOUR),
    (Action::Enter, MINI, 2, MINUTE),
];

/// Whether customers of this kind of account can do this.
#[must_use]
pub fn can(action: Action, kind: AccountKind) -> bool {
    grant(action, kind).is_some()
}

fn grant(action: Action, kind: AccountKind) -> Option<(i64, i64)> {
    let row = TABLE.iter().find(|(known, kinds, ..)| *known == action && kinds.contains(&kind));
    row.map(|(_, _, count, ms)| (*count, *ms))
}

/// How long a customer must be away from the page until coming back is a new visit, milliseconds.
pub const VISIT: i64 = 30 * MINUTE;

/// Whether opening the page counts as entering customer service, and not as loading it again. `seen_at` is when the
/// customer was last known to be at the page; 0 if never.
#[must_use]
pub fn begins_visit(seen_at: Time, now: Time) -> bool {
    (now - seen_at).abs() >= VISIT
}

/// Fails if an account is neither a Mini Program nor a Mini Game, for what only these have.
///
/// # Errors
/// `InvalidAccountType`.
pub fn must_be_mini(kind: AccountKind) -> Result<(), Errcode> {
    if MINI.contains(&kind) { Ok(()) } else { Err(Errcode::InvalidAccountType) }
}

/// The window for programs: how many messages they may still send to a customer, and until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// When the window ends.
    pub until: Time,
    /// How many messages are left, or [`UNLIMITED`].
    pub left: i64,
}

impl Window {
    /// The window after an action of the customer. An action that this kind of account does not have changes nothing.
    #[must_use]
    pub fn after(self, action: Action, kind: AccountKind, now: Time) -> Window {
        match (action, grant(action, kind)) {
            (_, None) | (Action::View, _) => self,
            (Action::Unfollow, _) => Window::default(),
            (_, Some((left, ms))) => Window { until: self.until.max(now + ms), left },
        }
    }

    /// Returns 45015 if the window has ended.
    ///
    /// # Errors
    /// `ResponseTime`.
    pub fn must_be_open(self, now: Time) -> Result<(), Errcode> {
        if now < self.until { Ok(()) } else { Err(Errcode::ResponseTime) }
    }

    /// The window after a program sent a message.
    ///
    /// # Errors
    /// 45015, 45047.
    pub fn count_send(self, now: Time) -> Result<Window, Errcode> {
        self.must_be_open(now)?;
        match self.left {
            UNLIMITED => Ok(self),
            left if left > 0 => Ok(Window { left: left - 1, ..self }),
            _ => Err(Errcode::ResponseCount),
        }
    }
}

/// The typing status that a customer sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    /// When the customer, an agent or a program last wrote; 0 if never.
    pub spoke_at: Time,
    /// When the status ends; 0 if it is off.
    pub until: Time,
}

impl Typing {
    /// Whether the customer sees the status.
    #[must_use]
    pub fn is_on(self, now: Time) -> bool {
        now < self.until
    }

    /// The status after it was switched on.
    ///
    /// # Errors
    /// 45080 if the last message is too old, 45081 if the status is on.
    pub fn begin(self, now: Time) -> Result<Typing, Errcode> {
        if self.spoke_at == 0 || now >= self.spoke_at + TYPING_AFTER_S * SECOND {
            Err(Errcode::TypingTooLate)
        } else if self.is_on(now) {
            Err(Errcode::AlreadyTyping)
        } else {
            Ok(Typing { until: now + TYPING_S * SECOND, ..self })
        }
    }
}

/// Whether an agent may still write to a customer at the workbench: any number of times until [`REPLY_WINDOW_H`] hours
/// after the customer's last message.
#[must_use]
pub fn may_reply(latest_at: Time, now: Time) -> bool {
    now < latest_at + REPLY_WINDOW_H * HOUR
}

#[cfg(test)]
mod tests {
    use super::{Action, Typing, UNLIMITED, VISIT, Window, begins_visit, can, may_reply, must_be_mini};
    use crate::TextEnum;
    use crate::{HOUR, MINUTE};
    use proptest::prelude::{Strategy, any, proptest};
    use protocol::{AccountKind, Errcode};

    const DAYS: i64 = 48 * HOUR;
    const NOW: i64 = 1_800_000_000_000;

    fn opened(action: Action, kind: AccountKind) -> Option<(i64, i64)> {
        let window = Window::default().after(action, kind, NOW);
        (window != Window::default()).then(|| (window.left, window.until - NOW))
    }

    #[test]
    fn each_action_opens_what_the_page_says_for_each_kind_of_account() {
        for kind in [AccountKind::Subscription, AccountKind::Service] {
            assert_eq!(opened(Action::Message, kind), Some((5, DAYS)));
            for short in [Action::Menu, Action::Follow, Action::Scan] {
                assert_eq!(opened(short, kind), Some((3, MINUTE)), "{short:?}");
            }
            assert_eq!(opened(Action::Pay, kind), Some((UNLIMITED, DAYS)));
            assert_eq!((opened(Action::Enter, kind), can(Action::Unfollow, kind)), (None, true));
            assert_eq!((opened(Action::View, kind), can(Action::View, kind)), (None, true));
        }
        for kind in [AccountKind::MiniProgram, AccountKind::MiniGame] {
            assert_eq!(opened(Action::Message, kind), Some((5, DAYS)));
            assert_eq!(opened(Action::Enter, kind), Some((2, MINUTE)));
            let others =
                [Action::Menu, Action::View, Action::Follow, Action::Unfollow, Action::Scan, Action::Pay];
            for other in others {
                assert!(opened(other, kind).is_none() && !can(other, kind), "{other:?}");
            }
        }
        assert_eq!(must_be_mini(AccountKind::MiniProgram).and(must_be_mini(AccountKind::MiniGame)), Ok(()));
        assert_eq!(must_be_mini(AccountKind::Service), Err(Errcode::InvalidAccountType));
        assert!(Action::TEXTS.iter().all(|(_, action)| !can(*action, AccountKind::Other)));
    }

    #[test]
    fn the_last_action_counts_and_the_longest_window_stays() {
        let written = Window::default().after(Action::Message, AccountKind::Service, NOW);
        let tapped = written.after(Action::Menu, AccountKind::Service, NOW + 1);
        assert_eq!(tapped, Window { until: NOW + DAYS, left: 3 });
        let late = written.after(Action::Menu, AccountKind::Service, NOW + DAYS - MINUTE + 1);
        assert_eq!(late, Window { until: NOW + DAYS + 1, left: 3 });
        let paid = written.after(Action::Pay, AccountKind::Service, NOW);
        assert_eq!(paid.left, UNLIMITED);
        assert_eq!(paid.after(Action::Message, AccountKind::Service, NOW).left, 5);
        assert_eq!(written.after(Action::Unfollow, AccountKind::Service, NOW), Window::default());
        assert_eq!(written.after(Action::Unfollow, AccountKind::MiniGame, NOW), written);
        assert_eq!(written.after(Action::View, AccountKind::Service, NOW + 1), written);
    }

    #[test]
    fn a_window_ends_by_time_or_by_count() {
        let window = Window { until: NOW, left: 1 };
        assert_eq!(window.count_send(NOW - 1), Ok(Window { until: NOW, left: 0 }));
        assert_eq!(window.count_send(NOW), Err(Errcode::ResponseTime));
        let empty = Window { left: 0, ..window };
        assert_eq!(empty.count_send(NOW - 1), Err(Errcode::ResponseCount));
        assert_eq!(empty.count_send(NOW), Err(Errcode::ResponseTime));
        let endless = Window { left: UNLIMITED, ..window };
        assert_eq!(endless.count_send(NOW - 1), Ok(endless));
        assert_eq!(Window { left: -2, ..window }.count_send(NOW - 1), Err(Errcode::ResponseCount));
    }

    #[test]
    fn a_visit_begins_after_half_an_hour_away() {
        assert!(!begins_visit(NOW, NOW) && !begins_visit(NOW, NOW + VISIT - 1));
        assert!(begins_visit(NOW, NOW + VISIT) && begins_visit(0, NOW));
        assert!(!begins_visit(NOW + MINUTE, NOW), "by the clock of another node");
        assert!(begins_visit(NOW + 24 * HOUR, NOW), "by a clock that was wrong");
    }

    #[test]
    fn typing_needs_a_message_of_the_last_half_minute_and_lasts_a_quarter() {
        let quiet = Typing { spoke_at: NOW, until: 0 };
        let on = quiet.begin(NOW + 29_999).expect("just in time");
        assert_eq!(on, Typing { spoke_at: NOW, until: NOW + 44_999 });
        assert_eq!(quiet.begin(NOW + 30_000), Err(Errcode::TypingTooLate));
        assert!(on.is_on(NOW + 44_998) && !on.is_on(NOW + 44_999));
        let early = quiet.begin(NOW).expect("at once");
        assert_eq!(early.begin(NOW + 14_999), Err(Errcode::AlreadyTyping));
        assert_eq!(early.begin(NOW + 15_000), Ok(Typing { spoke_at: NOW, until: NOW + 30_000 }));
        assert_eq!(Typing::default().begin(0), Err(Errcode::TypingTooLate));
    }

    #[test]
    fn the_window_ends_48_hours_after_the_last_message() {
        assert!(may_reply(0, 48 * 3_600_000 - 1));
        assert!(!may_reply(0, 48 * 3_600_000));
    }

    fn action() -> impl Strategy<Value = Action> {
        (0..Action::TEXTS.len()).prop_map(|at| Action::TEXTS[at].1)
    }

    proptest! {
        #[test]
        fn no_sequence_lets_more_out_than_its_last_action(
            steps in proptest::collection::vec((action(), 0..DAYS, 0..8_usize), 1..20),
            official in any::<bool>(),
        ) {
            let kind = if official { AccountKind::Service } else { AccountKind::MiniProgram };
            let (mut window, mut now) = (Window::default(), NOW);
            for (action, pause, sends) in steps {
                now += pause;
                let before = window;
                window = window.after(action, kind, now);
                let alone = Window::default().after(action, kind, now);
                if action == Action::Unfollow && official {
                    assert_eq!(window.count_send(now), Err(Errcode::ResponseTime));
                } else if can(action, kind) && action != Action::View {
                    assert_eq!(window.left, alone.left);
                    assert_eq!(window.until, before.until.max(alone.until));
                } else {
                    assert_eq!(window, before);
                }
                // Nothing lasts longer than a message's: it leaves nothing of what was before.
                if action == Action::Message {
                    assert_eq!(window, alone);
                }
                let sent = (0..sends).filter(|_| match window.count_send(now) {
                    Ok(after) => { window = after; true }
                    Err(_) => false,
                }).count();
                assert!(window.left >= UNLIMITED && (window.left == UNLIMITED || sent <= 5));
            }
        }
    }
}
