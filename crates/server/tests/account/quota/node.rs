//! Counts of several nodes, and over restarts.

use super::{LIST, clears, limits, lists, used};
use crate::actors::{TestAccount, TestApp, code, run};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, RunningServer, kefu};
use kefu::due;
use serde_json::Value;

on_both_engines! {
    with_fresh_data:
    a_restart_keeps_what_was_counted,
}

async fn a_restart_keeps_what_was_counted(fresh: Fresh) {
    let demo = RunningServer::start(DEMO, &fresh);
    let token = demo.token().await;
    for _ in 0..3 {
        demo.get(&format!("{LIST}?access_token={token}")).await;
    }
    demo.stop();
    let (listed, lines) = kefu(&["account", "quota", "--appid", APPID, "--json"], &fresh);
    let lines: Value = serde_json::from_str(&lines).unwrap();
    let line = lines.as_array().unwrap().iter().find(|line| line["path"] == LIST).unwrap();
    assert!(listed && line["used_today"] == 3, "{line}");
    let set = &["account", "quota", "--appid", APPID, "--endpoint", "getkflist", "--daily", "4"];
    assert!(kefu(set, &fresh).0);
    let again = RunningServer::start(DEMO, &fresh);
    let list = async || code(&again.get(&format!("{LIST}?access_token={token}")).await);
    assert_eq!([list().await, list().await], [0, 45009]);
    again.stop();
}

#[test]
fn two_nodes_share_a_day() {
    run(Fresh::schema(), async |here: TestApp| {
        let there = TestApp::start(here.fresh.clone(), 8).await;
        let account = here.account().await;
        let other = TestAccount { app: there.clone(), ..account.clone() };
        limits(&account, LIST, Some(10), None).await;
        // Each node answers two calls a second, then writes its count, which the other reads.
        let mut answered = 0;
        for _ in 0..8 {
            for _ in 0..2 {
                answered +=
                    [lists(&account).await, lists(&other).await].iter().filter(|code| **code == 0).count();
            }
            here.advance(1000).await;
            there.advance(1000).await;
        }
        assert!((10..=12).contains(&answered), "more than a second of one of them too many: {answered}");
        let answered = i64::try_from(answered).unwrap();
        assert_eq!([used(&account).await, used(&other).await], [(answered, 0), (answered, 0)]);
        // The other node sees the cleared count within a second.
        assert_eq!(clears(&account).await, 0);
        assert_eq!((lists(&account).await, lists(&other).await), (0, 45009));
        there.advance(1000).await;
        assert_eq!(lists(&other).await, 0);
        there.inner.stop.cancel();
    });
}

#[test]
fn a_node_that_dies_loses_only_counts_not_yet_written() {
    run(Fresh::schema(), async |here: TestApp| {
        let account = here.account().await;
        for _ in 0..5 {
            lists(&account).await;
        }
        due::flush_all_counts(&here.inner).await.unwrap();
        lists(&account).await;
        let later = TestApp::start(here.fresh.clone(), 8).await;
        let again = TestAccount { app: later.clone(), ..account.clone() };
        assert_eq!(used(&again).await.0, 5);
        later.inner.stop.cancel();
    });
}
