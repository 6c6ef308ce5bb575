//! How a developer's server fares: when it is left alone, and which alarms tell of it, as on Weixin.
//! <https://developers.weixin.qq.com/doc/service/guide/dev/api/warn_guide>

use crate::{MINUTE, TextEnum, Time};
use std::collections::VecDeque;

/// How long a server that failed much is left alone.
pub const SHIELD: Time = MINUTE;

/// What went wrong, as Weixin's alarms tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// The name of the host was not found.
    DnsFailure,
    /// The name of the host was not found in time.
    DnsTimeout,
    /// There was no connection.
    ConnectionTimeout,
    /// There was no answer in time.
    RequestTimeout,
    /// The answer is none that can be taken.
    ResponseFailed,
    /// The server failed so much that it is left alone.
    MarkFail,
}

impl TextEnum for AlarmKind {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("dns_failure", AlarmKind::DnsFailure),
        ("dns_timeout", AlarmKind::DnsTimeout),
        ("connection_timeout", AlarmKind::ConnectionTimeout),
        ("request_timeout", AlarmKind::RequestTimeout),
        ("response_failed", AlarmKind::ResponseFailed),
        ("mark_fail", AlarmKind::MarkFail),
    ];
}

/// Number of kinds of alarms.
const KINDS: usize = 6;

/// How much is much.
#[derive(Clone, Copy, Debug)]
pub struct AlarmRules {
    /// Failed tries.
    pub failures: usize,
    /// The time within which they fail, in milliseconds.
    pub window: Time,
}

/// Failures of one kind that are many within a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What went wrong.
    pub kind: AlarmKind,
    /// The first failure.
    pub first_at: Time,
    /// The last failure so far.
    pub last_at: Time,
    /// How many failures there were.
    pub count: i64,
    /// Describes the first one.
    pub sample: String,
}

/// An alarm to store, and whether it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmChange {
    /// The alarm.
    pub alarm: Alarm,
    /// Whether it was not reported before.
    pub begins: bool,
}

/// What is known of an account's developer's server. The memory that it takes is bounded.
#[derive(Debug, Default)]
pub struct ServerHealth {
    /// The last failures since the last shield, fewer than the rules name.
    recent: VecDeque<Time>,
    shielded_until: Time,
    counts: [Option<FailureCount>; KINDS],
    /// Alarms whose window is over, and whose last count was not reported.
    ended: Vec<AlarmChange>,
}

/// The failures of one kind in the window that began with the first of them.
#[derive(Debug)]
struct FailureCount {
    alarm: Alarm,
    /// Whether they are many.
    is_alarm: bool,
    is_reported: bool,
    is_changed: bool,
}

impl ServerHealth {
    /// Records a failed try at `now`. Returns whether a shield begins.
    pub fn record_failure(&mut self, rules: AlarmRules, kind: AlarmKind, now: Time, sample: &str) -> bool {
        self.count(rules, kind, now, sample);
        if self.is_shielded(now) {
            // It was under way when the shield began.
            return false;
        }
        self.recent.retain(|at| (now - rules.window + 1..=now).contains(at));
        self.recent.push_back(now);
        if self.recent.len() < rules.failures {
            return false;
        }
        self.recent.clear();
        self.shielded_until = now + SHIELD;
        self.count(AlarmRules { failures: 1, ..rules }, AlarmKind::MarkFail, now, sample);
        true
    }

    /// Takes over a shield until `until` that another node began; 0 for none.
    pub fn resume_shield(&mut self, until: Time, now: Time) {
        if !self.is_shielded(now) || until > self.shielded_until {
            self.shielded_until = until;
        }
    }

    /// Whether the server is left alone at `now`.
    #[must_use]
    pub fn is_shielded(&self, now: Time) -> bool {
        shield_holds(self.shielded_until, now)
    }

    /// Until when the server is left alone, or was.
    #[must_use]
    pub fn shielded_until(&self) -> Time {
        self.shielded_until
    }

    /// The alarms that have begun or changed since the last call.
    pub fn take_changes(&mut self) -> Vec<AlarmChange> {
        let mut changes = std::mem::take(&mut self.ended);
        changes.extend(self.counts.iter_mut().flatten().filter_map(FailureCount::take_change));
        changes
    }

    fn count(&mut self, rules: AlarmRules, kind: AlarmKind, now: Time, sample: &str) {
        let slot = &mut self.counts[kind as usize];
        let known = slot.take_if(|count| {
            let first_at = count.alarm.first_at;
            !(first_at..first_at + rules.window).contains(&now)
        });
        self.ended.extend(known.and_then(|mut count| count.take_change()));
        let count = slot.get_or_insert_with(|| FailureCount {
            alarm: Alarm { kind, first_at: now, last_at: now, count: 0, sample: sample.to_owned() },
            is_alarm: false,
            is_reported: false,
            is_changed: false,
        });
        count.alarm.count += 1;
        count.alarm.last_at = now;
        count.is_alarm |= usize::try_from(count.alarm.count).is_ok_and(|number| number >= rules.failures);
        count.is_changed = true;
    }
}

impl FailureCount {
    fn take_change(&mut self) -> Option<AlarmChange> {
        if !self.is_alarm || !std::mem::take(&mut self.is_changed) {
            return None;
        }
        let begins = !std::mem::replace(&mut self.is_reported, true);
        Some(AlarmChange { alarm: self.alarm.clone(), begins })
    }
}

/// Whether a shield that was to last until `until` holds at `now`. A time that is further ahead than a shield lasts
/// comes from a clock that was set back, and holds nothing.
#[must_use]
pub fn shield_holds(until: Time, now: Time) -> bool {
    (until - SHIELD..until).contains(&now)
}

#[cfg(test)]
mod tests {
    use super::{AlarmChange, AlarmKind, AlarmRules, KINDS, SHIELD, ServerHealth};
    use crate::{MINUTE, SECOND, TextEnum, Time};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    const RULES: AlarmRules = AlarmRules { failures: 30, window: 5 * MINUTE };
    const NOW: Time = 1_800_000_000_000;

    /// Fails so many times, a second apart; whether the last failure began a shield, and the time of it.
    fn fails(health: &mut ServerHealth, times: i64, from: Time) -> (bool, Time) {
        let mut last = (false, from);
        for number in 0..times {
            let now = from + number * SECOND;
            last = (health.record_failure(RULES, AlarmKind::ResponseFailed, now, "first"), now);
        }
        last
    }

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let places: Vec<_> = AlarmKind::TEXTS.iter().map(|(_, kind)| *kind as usize).collect();
        assert_eq!(places, (0..KINDS).collect::<Vec<_>>());
    }

    #[test]
    fn thirty_failures_within_five_minutes_shield_for_a_minute() {
        let mut health = ServerHealth::default();
        assert!(!fails(&mut health, 29, NOW).0 && !health.is_shielded(NOW + 28 * SECOND));
        let (begins, at) = fails(&mut health, 1, NOW + 5 * MINUTE - 1);
        assert!(begins && health.is_shielded(at) && health.is_shielded(at + SHIELD - 1));
        assert_eq!(health.shielded_until(), at + SHIELD);
        assert!(!health.is_shielded(at + SHIELD));
        assert!(!fails(&mut health, 29, at + SHIELD).0, "it counts anew");
        assert!(fails(&mut health, 1, at + SHIELD + MINUTE).0, "and is left alone again");
    }

    #[test]
    fn failures_that_are_spread_do_not_shield() {
        let mut health = ServerHealth::default();
        fails(&mut health, 29, NOW);
        assert!(!fails(&mut health, 1, NOW + 5 * MINUTE).0);
    }

    #[test]
    fn a_clock_that_is_set_back_ends_a_shield() {
        let mut health = ServerHealth::default();
        let (_, at) = fails(&mut health, 30, NOW);
        assert!(!health.is_shielded(at - 1), "it had not begun");
        assert!(!fails(&mut health, 29, at - 60 * MINUTE).0);
    }

    #[test]
    fn a_shield_that_another_node_began_holds_until_its_end() {
        let mut health = ServerHealth::default();
        health.resume_shield(NOW + SHIELD / 2, NOW);
        assert!(health.is_shielded(NOW + SHIELD / 2 - 1) && !health.is_shielded(NOW + SHIELD / 2));
        assert!(!fails(&mut health, 29, NOW + SHIELD).0 && fails(&mut health, 1, NOW + SHIELD + MINUTE).0);
        let own = health.shielded_until();
        health.resume_shield(0, own - 1);
        assert_eq!(health.shielded_until(), own, "its own shield holds longer");
        health.resume_shield(0, own);
        assert_eq!(health.shielded_until(), 0);
    }

    #[test]
    fn an_alarm_begins_once_and_counts_on_to_the_end_of_its_window() {
        let mut health = ServerHealth::default();
        fails(&mut health, 29, NOW);
        assert_eq!(health.take_changes(), []);
        let (_, at) = fails(&mut health, 1, NOW + MINUTE);
        let changes = health.take_changes();
        let told: Vec<_> = changes.iter().map(|it| (it.alarm.kind, it.alarm.count, it.begins)).collect();
        assert_eq!(told, [(AlarmKind::ResponseFailed, 30, true), (AlarmKind::MarkFail, 1, true)]);
        assert_eq!((changes[0].alarm.first_at, changes[0].alarm.last_at), (NOW, at));
        assert_eq!(health.take_changes(), [], "nothing is new");
        fails(&mut health, 2, NOW + 2 * MINUTE);
        // The next failure is of another window; the last count of this one is not lost.
        fails(&mut health, 1, NOW + 5 * MINUTE);
        let changes = health.take_changes();
        let [AlarmChange { alarm, begins: false }] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!((alarm.count, alarm.first_at, alarm.sample.as_str()), (32, NOW, "first"));
        // They shield the server, together with those before; but of this kind they are not many in the window yet.
        fails(&mut health, 28, NOW + 6 * MINUTE);
        assert!(health.take_changes().iter().all(|it| it.alarm.kind == AlarmKind::MarkFail));
        fails(&mut health, 1, NOW + 7 * MINUTE);
        assert!(health.take_changes().iter().any(|it| it.begins && it.alarm.count == 30));
    }

    proptest! {
        /// Compared with all failures ever: a shield begins exactly when enough of those since the last shield lie
        /// within the window, and lasts a minute.
        #[test]
        fn a_shield_begins_exactly_with_the_last_of_many_failures(
            gaps in vec(0..40_000_i64, 1..200),
            failures in 1..20_usize,
            kinds in vec(0..KINDS - 1, 200),
        ) {
            let rules = AlarmRules { failures, window: 2 * MINUTE };
            let (mut health, mut now, mut seen) = (ServerHealth::default(), NOW, Vec::<Time>::new());
            let mut until = 0;
            for (gap, kind) in gaps.iter().zip(kinds) {
                now += gap;
                let is_shielded = now < until;
                prop_assert_eq!(health.is_shielded(now), is_shielded);
                if !is_shielded {
                    seen.push(now);
                }
                let many = seen.iter().filter(|at| **at > now - rules.window).count() >= failures;
                let begins = !is_shielded && many;
                if begins {
                    (until, seen) = (now + SHIELD, Vec::new());
                }
                prop_assert_eq!(health.record_failure(rules, AlarmKind::TEXTS[kind].1, now, ""), begins);
                prop_assert!(!health.is_shielded(now + SHIELD));
                prop_assert!(health.recent.len() < failures);
            }
        }

        /// What is reported last of each window is the number of failures in it, if they were many.
        #[test]
        fn alarms_count_what_happened(gaps in vec(0..30_000_i64, 1..200), reports in vec(any::<bool>(), 200)) {
            let rules = AlarmRules { failures: 5, window: 2 * MINUTE };
            let (mut health, mut now, mut windows) = (ServerHealth::default(), NOW, Vec::<(Time, i64)>::new());
            let mut told = std::collections::BTreeMap::new();
            for (gap, report) in gaps.iter().zip(reports) {
                now += gap;
                match windows.last_mut() {
                    Some((first, count)) if now - *first < rules.window => *count += 1,
                    _ => windows.push((now, 1)),
                }
                health.record_failure(rules, AlarmKind::RequestTimeout, now, "");
                let changes = if report { health.take_changes() } else { Vec::new() };
                told.extend(changes.into_iter().map(|it| it.alarm).filter(is_timeout).map(of));
            }
            told.extend(health.take_changes().into_iter().map(|it| it.alarm).filter(is_timeout).map(of));
            windows.retain(|(_, count)| *count >= 5);
            prop_assert_eq!(told.into_iter().collect::<Vec<_>>(), windows);
        }
    }

    fn is_timeout(alarm: &super::Alarm) -> bool {
        alarm.kind == AlarmKind::RequestTimeout
    }

    fn of(alarm: super::Alarm) -> (Time, i64) {
        (alarm.first_at, alarm.count)
    }
}
