//! Counters, and the number of transactions of a round.

use super::counter::Counter;
use super::{BATCH, Ledger, QuotaLimits, count, row, sync};
use crate::Desk;
use crate::rules::Rules;
use model::{MINUTE, Time};
use protocol::quota::Quota;
use protocol::{Errcode, endpoint};
use store::Store;
use store::clock::{Clock, Rng};
use store::place::Place;

/// 2027-01-15 16:00 in Beijing.
const NOW: Time = 1_800_000_000_000;
/// The accounts whose calls a round reports.
const ACCOUNTS: usize = 100_000;

fn quota(daily: u32, per_minute: u32) -> Quota {
    Quota { daily, per_minute }
}

#[test]
fn what_others_counted_is_known_after_a_round_and_a_clear_gives_it_back() {
    let counter = Counter::default();
    let calls = || (0..9).filter(|_| counter.count(false, quota(5, 0), NOW).0.is_ok()).count();
    assert_eq!(calls(), 5);
    let unreported = counter.unreported(NOW);
    assert_eq!((unreported.calls, counter.unreported(NOW).calls), (5, 5), "not reported yet");
    counter.learn(unreported.day, 5, 5);
    assert_eq!((counter.unreported(NOW).calls, calls()), (0, 0));
    // Another node has cleared the row, and counted two calls.
    counter.learn(unreported.day, 0, 2);
    assert_eq!((calls(), counter.used(NOW), counter.unreported(NOW).calls), (3, 5, 3));
    counter.forget();
    assert_eq!((counter.used(NOW), counter.unreported(NOW).calls, calls()), (0, 0, 5));
    let tomorrow = NOW + 24 * 60 * MINUTE;
    assert_eq!((counter.unreported(tomorrow).calls, counter.used(tomorrow)), (0, 0), "a day that is over");
    counter.learn(unreported.day, 5, 5);
    assert_eq!(
        (calls(), counter.used(NOW)),
        (5, 5),
        "the clock was set back; the row of another day counts nothing"
    );
}

#[test]
fn minutes_are_counted_apart_for_the_account_and_for_platforms() {
    let counter = Counter::default();
    let call = |is_component, now| counter.count(is_component, quota(0, 2), now).0;
    assert_eq!([call(false, NOW), call(false, NOW)], [Ok(()), Ok(())]);
    assert_eq!([call(false, NOW), call(true, NOW)], [Err(Errcode::MinuteQuota), Ok(())]);
    assert_eq!(call(false, NOW + MINUTE), Ok(()));
    assert_eq!(call(false, NOW), Ok(()), "a late call counts in the next minute");
    assert_eq!(call(false, NOW + MINUTE), Err(Errcode::MinuteQuota));
    assert!(counter.is_in_use(NOW + 2 * MINUTE), "its calls are not reported");
    assert_eq!(counter.unreported(NOW + MINUTE).calls, 5);
    assert!(counter.is_in_use(NOW + MINUTE) && !counter.is_in_use(NOW + 2 * MINUTE));
    assert_eq!(counter.used(NOW), 5);
}

#[test]
fn a_ledger_has_one_counter_for_each_endpoint_that_was_called() {
    let ledger = Ledger::new("wx1");
    let called = [&endpoint::GET_KF_LIST, &endpoint::ADD_KF_ACCOUNT, &endpoint::GET_KF_LIST];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for endpoint in called {
                    ledger.counter(endpoint).count(false, quota(0, 0), NOW).0.unwrap();
                }
            });
        }
    });
    assert_eq!(ledger.made().count(), 2);
    assert_eq!(called[..2].iter().map(|row| ledger.used(row, NOW)).collect::<Vec<_>>(), [8, 4]);
    assert_eq!(ledger.used(&endpoint::GET_ACCESS_TOKEN, NOW), 0);
}

#[tokio::test]
async fn a_round_reports_the_calls_of_a_hundred_thousand_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(NOW);
    let store = Store::open(&Place::Folder(folder.path().to_owned()), clock).await.unwrap();
    let desk = Desk::new(store, Rng::seeded(1), Rules::default());
    let (quotas, name) = (desk.quotas.clone(), |number| format!("wx{number:016x}"));
    let make = desk.store.write_silent("", move |tx| {
        let open = |number| {
            tx.create_owner(&name(number))?;
            quotas.open(tx, &name(number))
        };
        (0..ACCOUNTS).map(open).collect::<Result<Vec<_>, _>>()
    });
    for ledger in make.await.unwrap() {
        count(&desk, &QuotaLimits::default(), &ledger, &endpoint::GET_KF_LIST, false, NOW).unwrap();
    }
    let before = desk.store.verbs();
    sync(&desk).await.unwrap();
    assert_eq!(desk.store.verbs() - before, ACCOUNTS.div_ceil(BATCH) as u64);
    sync(&desk).await.unwrap();
    assert_eq!(desk.store.verbs() - before, ACCOUNTS.div_ceil(BATCH) as u64, "nothing is left");
    for number in (0..ACCOUNTS).step_by(997) {
        let rows = desk.store.read("", move |tx| row::all_used(tx, &name(number))).await.unwrap();
        assert_eq!(rows.iter().map(|(_, used)| *used).collect::<Vec<_>>(), [1]);
    }
}
