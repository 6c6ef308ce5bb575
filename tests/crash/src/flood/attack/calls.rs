//! Attacks by calls that cost the server more than the client.

use crate::flood::host::{PROXY, Target, repeat};
use futures_util::future::join_all;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of concurrent callers, and the most calls of each.
const CALLERS: usize = 256;
const CALLS: usize = 5_000;
/// The number of IPv6 networks (/64 of one /48) that log in concurrently, and the most log-ins of each. An address may
/// try 20 a minute.
const NETWORKS: usize = 200;
const TRIES: usize = 20;

/// Log-ins with invented names.
pub(super) async fn log_ins(target: &Target) {
    let invented = AtomicUsize::new(0);
    let network = |n: usize| {
        let invented = &invented;
        repeat(TRIES, async move |_| {
            let name = invented.fetch_add(1, Ordering::Relaxed);
            let body = format!(r#"{{"name":"invented_{name}","password":"a guess"}}"#);
            let from = format!("X-Forwarded-For: 2001:db8:1:{n:x}::1\r\n");
            let mut request = target.post("/desk/api/login", "application/json", body.len(), &from);
            request.extend_from_slice(body.as_bytes());
            target.call_from(PROXY, &request).await.map(|_| ())
        })
    };
    join_all((0..NETWORKS).map(network)).await;
}

/// Requests for the API's description and a page's scripts, compressed.
pub(super) async fn compressed_assets(target: &Target) {
    const GZIP: &str = "Accept-Encoding: gzip\r\n";
    let mut requests = vec![target.get("/openapi.json", GZIP)];
    if let Ok(page) = target.call(&target.get("/desk/", "")).await {
        let page = String::from_utf8_lossy(&page).into_owned();
        let assets = page.split('"').filter(|part| part.starts_with("/desk/assets/"));
        requests.extend(assets.map(|path| target.get(path, GZIP)));
    }
    call_over_and_over(target, &requests).await;
}

/// Snapshots of one customer's page.
pub(super) async fn snapshots(target: &Target) {
    let path = format!("/chat/api/{}/snapshot", target.appid);
    call_over_and_over(target, &[target.get(&path, &target.cookie_header())]).await;
}

async fn call_over_and_over(target: &Target, requests: &[Vec<u8>]) {
    let caller = |caller: usize| {
        repeat(CALLS, async move |n: usize| -> io::Result<()> {
            target.call(&requests[(caller + n) % requests.len()]).await.map(|_| ())
        })
    };
    join_all((0..CALLERS).map(caller)).await;
}
