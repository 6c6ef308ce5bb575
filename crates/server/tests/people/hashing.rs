//! The queue for hashing passwords: a flood of strangers, and a worker who logs in from a known address.

use crate::actors::{TestAgent, TestApp};
use crate::edge::limits::{behind_a_proxy, set, tries};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kefu::config::{Rules, Settings};
use kefu::desk::hashing::Requester;

/// The strangers of one network that may wait at once; stated in docs/operating.md.
pub const OF_A_SITE: usize = 16;

on_both_engines! {
    a_flood_of_strangers_does_not_stop_a_known_worker_from_logging_in,
}

async fn a_flood_of_strangers_does_not_stop_a_known_worker_from_logging_in(app: TestApp) {
    let app = set(&app, Settings { log_ins_per_minute: 100, ..behind_a_proxy() }, Rules::default()).await;
    // Only the login of the sign-up makes the address known: this node has seen no log-in from it.
    let ann = TestAgent::signs_up(&app, "ann").await;
    let passwords = app.inner.desk.passwords.clone();
    let turns = [passwords.turn(Requester::Known).await.ok(), passwords.turn(Requester::Known).await.ok()];
    let mut strangers: FuturesUnordered<_> =
        (0..OF_A_SITE + 4)
            .map(|number| {
                let app = app.clone();
                async move {
                    tries(&app, &format!("n{number}"), "guess", &format!("127.0.0.{}", number + 2)).await
                }
            })
            .collect();
    for _ in 0..4 {
        assert_eq!(strangers.next().await.unwrap(), (503, Some(2)), "their site has its share of the queue");
    }
    let mut logs_in = Box::pin(tries(&app, &ann.name, "correct horse", "127.0.0.1"));
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut logs_in).await;
    assert!(early.is_err(), "no share of strangers counts the worker: {early:?}");
    drop(turns);
    assert_eq!(logs_in.await.0, 200);
    while let Some(answer) = strangers.next().await {
        assert_eq!(answer, (401, None));
    }
    app.inner.stop.cancel();
}
