//! Counts in a node's memory agree with the store, even when callers hang up or the clock was ahead.

use super::{HOUR, LIST, clears, limits, lists, used};
use crate::actors::{TestAccount, TestApp, until};
use futures_util::FutureExt as _;
use kefu::bind;
use kefu::desk::quota;
use kefu::due;
use kefu::store::Tx;

/// The number of an account's calls in the store, for one endpoint or kind of clear.
async fn stored(account: &TestAccount, what: &'static str) -> i64 {
    let appid = account.appid.clone();
    let read = move |tx: &mut Tx<'_>| {
        let row = tx.one("select used from quota where owner = $1 and what = $2", bind![&appid, what])?;
        Ok(row.map_or(0, |row| row.int(0)))
    };
    account.app.inner.desk.store.read(&account.appid, read).await.unwrap()
}

on_both_engines! {
    a_clear_completes_although_its_caller_hangs_up,
    a_call_whose_caller_hangs_up_is_counted_once,
    counts_from_a_clock_that_was_ahead_are_ignored,
}

async fn a_clear_completes_although_its_caller_hangs_up(app: TestApp) {
    let account = app.account().await;
    let (access, _) = app.inner.access(&account.token).await.unwrap();
    limits(&account, LIST, Some(1), None).await;
    assert_eq!([lists(&account).await, lists(&account).await], [0, 45009]);
    let mut clears = Box::pin(quota::clear_all(&app.inner.desk, &access, &account.appid));
    assert!((&mut clears).now_or_never().is_none());
    until("a time of the month is taken", async || stored(&account, "clear_quota").await == 1).await;
    drop(clears);
    until("the calls are forgotten", async || lists(&account).await == 0).await;
}

async fn a_call_whose_caller_hangs_up_is_counted_once(app: TestApp) {
    let account = app.account().await;
    let (access, _) = app.inner.access(&account.token).await.unwrap();
    for calls in 1..=3 {
        assert_eq!(lists(&account).await, 0);
        let mut asks = Box::pin(quota::get(&app.inner.desk, &access, LIST));
        // The call may already have been answered.
        drop((&mut asks).now_or_never());
        app.inner.desk.store.write_silent(&account.appid, |_| Ok(())).await.unwrap();
        drop(asks);
        assert_eq!(used(&account).await.0, 2 * calls - 1);
        assert_eq!(lists(&account).await, 0);
        let mut tells = Box::pin(due::flush_all_counts(&app.inner));
        assert!((&mut tells).now_or_never().is_none());
        until("the store counts them", async || stored(&account, LIST).await == 2 * calls).await;
        drop(tells);
        assert_eq!(used(&account).await.0, 2 * calls);
    }
}

async fn counts_from_a_clock_that_was_ahead_are_ignored(app: TestApp) {
    let account = app.account().await;
    limits(&account, LIST, Some(2), None).await;
    let (appid, ahead) = (account.appid.clone(), app.clock.now() + 40 * 24 * HOUR);
    let wrong = move |tx: &mut Tx<'_>| {
        let sql = "insert into quota (owner, what, window_start, used, last_at) values ($1, $2, $3, 99, $3)";
        tx.run(sql, bind![&appid, LIST, ahead])?;
        tx.run(sql, bind![&appid, "clear_quota", ahead])
    };
    app.inner.desk.store.write_silent(&account.appid, wrong).await.unwrap();
    assert_eq!((lists(&account).await, used(&account).await), (0, (1, 1)));
    app.advance(1000).await;
    assert_eq!([lists(&account).await, lists(&account).await], [0, 45009]);
    assert_eq!([clears(&account).await, lists(&account).await], [0, 0]);
}
