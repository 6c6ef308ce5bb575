//! Nodes that are killed or stopped: real processes on one PostgreSQL.

use crate::actors::{PATIENCE, TestApp, cookie_of, run};
use crate::fixture::engine::Fresh;
use crate::fixture::running::{APPID, DEMO, RunningServer};
use kefu::desk::cluster;
use kefu::due::Lease;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The longest time from the last sign of a node until its agents are offline.
const DEAD: Duration = Duration::from_secs(17);

struct NodePair {
    first: RunningServer,
    second: RunningServer,
    /// A token and the demo worker's cookie; both nodes accept them.
    token: String,
    cookie: String,
    _fresh: Fresh,
}

impl NodePair {
    async fn starts() -> NodePair {
        let fresh = Fresh::schema();
        let (first, second) = (RunningServer::start(DEMO, &fresh), RunningServer::start(DEMO, &fresh));
        let login = reqwest::Client::new().post(format!("{}/desk/api/login", second.base));
        let login = login
            .header("sec-fetch-site", "same-origin")
            .json(&json!({"name": "kf_demo", "password": "demo"}));
        let cookie = cookie_of(&login.send().await.unwrap()).unwrap();
        NodePair { token: first.token().await, first, second, cookie, _fresh: fresh }
    }

    async fn stream_at(&self, node: &RunningServer) -> reqwest::Response {
        let stream = reqwest::Client::new().get(format!("{}/desk/api/stream", node.base));
        stream.header("cookie", &self.cookie).send().await.unwrap()
    }

    async fn online_at(&self, node: &RunningServer) -> bool {
        let path = format!("/cgi-bin/customservice/getonlinekflist?access_token={}", self.token);
        node.get(&path).await["kf_online_list"].as_array().unwrap().len() == 1
    }

    /// How long it took until the second node listed the agent as online, or as offline.
    async fn until(&self, online: bool) -> Duration {
        let begun = Instant::now();
        while self.online_at(&self.second).await != online {
            assert!(begun.elapsed() < 2 * DEAD, "never");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        begun.elapsed()
    }
}

/// Sends a signal.
fn signal(node: &RunningServer, name: &str) {
    let pid = node.child.id().to_string();
    assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[tokio::test]
async fn a_dead_nodes_agents_are_offline_within_17_seconds() {
    let pair = NodePair::starts().await;
    let stream = pair.stream_at(&pair.first).await;
    pair.until(true).await;
    // The bound counts from the last heartbeat, so any moment is fine.
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    signal(&pair.first, "-KILL");
    let took = pair.until(false).await;
    assert!(took <= DEAD, "{took:?}");
    drop(stream);
    // Agents reconnect to the living node, which also runs what is due.
    let _stream = pair.stream_at(&pair.second).await;
    pair.until(true).await;
}

#[tokio::test]
async fn a_stopped_node_that_wakes_is_fenced() {
    let pair = NodePair::starts().await;
    let mut stream = pair.stream_at(&pair.first).await;
    pair.until(true).await;
    signal(&pair.first, "-STOP");
    let took = pair.until(false).await;
    assert!(took <= DEAD, "{took:?}");
    // A customer's message goes to no agent of the stopped node.
    let sent = reqwest::Client::new().post(format!("{}/chat/api/{APPID}/message", pair.second.base));
    let sent =
        sent.header("sec-fetch-site", "same-origin").header("cookie", crate::actors::first_cookie(APPID));
    let sent = sent.json(&json!({"client_id": "1", "text": "hello"}));
    assert_eq!(sent.send().await.unwrap().status(), 200);
    signal(&pair.first, "-CONT");
    let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the stream of a node taken for dead ends");
    assert!(!pair.online_at(&pair.second).await && !pair.online_at(&pair.first).await, "both say so");
    let waiting: Value =
        pair.second.get(&format!("/customservice/kfsession/getwaitcase?access_token={}", pair.token)).await;
    assert_eq!(waiting["count"], 1, "{waiting}");
    // The node takes a new lease and serves.
    let mut again = pair.stream_at(&pair.first).await;
    for _ in 0..600 {
        if again.status() == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        again = pair.stream_at(&pair.first).await;
    }
    pair.until(true).await;
    drop(again);
    assert!(pair.until(false).await < Duration::from_secs(15));
}

#[test]
fn a_further_node_pauses_no_assignment_and_prolongs_no_grace() {
    run(Fresh::schema(), async |here: TestApp| {
        let account = here.account().await;
        let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
        let _desk = ann.comes_online().await;
        let (first, second) = (account.customer(), account.customer());
        first.says("hello").await;
        let left = bob.comes_online().await;
        second.says("hello").await;
        assert_eq!(account.sessions("b1").await, [second.openid()]);
        bob.leaves(left).await;
        here.clock.advance(60_000);
        let there = here.joined(8).await;
        let third = account.customer();
        third.says("hello").await;
        assert_eq!(account.sessions("a1").await, [first.openid(), third.openid()]);
        here.advance(60_000).await;
        assert_eq!(account.sessions("b1").await, Vec::<String>::new(), "the grace began with the absence");
        assert_eq!(account.sessions("a1").await, [first.openid(), third.openid(), second.openid()]);
        there.inner.stop.cancel();
    });
}

#[test]
fn a_node_pauses_assignment_if_the_others_have_stopped_without_a_word() {
    run(Fresh::schema(), async |here: TestApp| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let _desk = ann.comes_online().await;
        // The other node gives no sign.
        let there = TestApp::start(here.fresh.clone(), 8).await;
        let customer = account.at(&there).customer();
        customer.says("hello").await;
        assert_eq!(account.at(&there).waiting().await, [customer.openid()]);
        there.advance(10_000).await;
        assert_eq!(account.at(&there).sessions("a1").await, [customer.openid()]);
        there.inner.stop.cancel();
    });
}

on_both_engines! {
    a_node_that_counts_as_dead_brings_no_agent_online,
}

async fn a_node_that_counts_as_dead_brings_no_agent_online(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    cluster::fence(&app.inner.desk, &app.inner.desk.node).await.unwrap();
    let refused = app.ask("/desk/api/stream", &ann.cookie).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(account.online().await, []);
    let _lease = Lease::begin(&app.inner).await.unwrap();
    let _desk = ann.comes_online().await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 0)]);
}
