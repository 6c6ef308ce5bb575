//! Metrics.

use crate::actors::{TestApp, TestCustomer, until};
use crate::callback::receiver::{Receiver, delivers, listens};
use crate::fixture::engine::Fresh;
use crate::fixture::running::{DEMO, RunningServer, kefu};
use kefu::http::metrics;
use kefu::listen::{self, ConnectionLimit};
use std::net::TcpListener as Port;
use tokio::net::TcpListener;

/// The metrics listener of a desk.
struct MetricsReader {
    base: String,
}

impl MetricsReader {
    async fn of(app: &TestApp) -> MetricsReader {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = metrics::router(app.inner.clone());
        tokio::spawn(listen::serve(listener, router, ConnectionLimit::new(16), app.inner.stop.clone()));
        MetricsReader { base }
    }

    async fn page(&self) -> String {
        let answer = reqwest::get(format!("{}/metrics", self.base)).await.unwrap();
        assert_eq!(
            answer.headers()["content-type"],
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        answer.text().await.unwrap()
    }

    /// The value of a metric, by name and labels; 0 if it is absent.
    async fn number(&self, name: &str) -> f64 {
        let page = self.page().await;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}

on_both_engines! {
    metrics_count_what_people_did,
    metrics_count_tries_of_pushes_and_servers_that_are_left_alone,
    metrics_have_a_listener_of_their_own,
}

async fn metrics_count_what_people_did(app: TestApp) {
    let reader = MetricsReader::of(&app).await;
    let account = app.account().await;
    let requests = |endpoint: &str, code: i64| {
        format!("kefu_requests_total{{endpoint=\"{endpoint}\",errcode=\"{code}\"}}")
    };
    account.adds("a1").await;
    account.adds("a1").await;
    account.adds("a2").await;
    assert_eq!(reader.number(&requests("addkfaccount", 0)).await, 2.0);
    assert_eq!(reader.number(&requests("addkfaccount", 65406)).await, 1.0);
    let ann = account.agent("b1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    desk.sees("hello").await;
    let page = customer.watches().await;
    assert_eq!(reader.number("kefu_streams{of=\"desk\"}").await, 1.0);
    assert_eq!(reader.number("kefu_streams{of=\"chat\"}").await, 1.0);
    assert_eq!(reader.number("kefu_agents").await, 1.0);
    assert_eq!(reader.number("kefu_feed_readers").await, 2.0, "the worker's and the account's");
    until("no reader is behind", || async { reader.number("kefu_feed_lag_changes").await == 0.0 }).await;
    drop(page);
    until("the customer's stream is gone", || async {
        reader.number("kefu_streams{of=\"chat\"}").await == 0.0
    })
    .await;
    assert_eq!(reader.number(&requests("chat/message", 0)).await, 1.0);
    assert_eq!(app.ask("/desk/api/snapshot", "").await.status(), 401);
    assert_eq!(reader.number(&requests("desk/snapshot", 990_002)).await, 1.0);
    account.get("/cgi-bin/nothing", &[]).await;
    assert_eq!(reader.number(&requests("unknown", 40066)).await, 1.0);
    // Verbs, batches and their time are counted together.
    let (verbs, batches) = (
        reader.number("kefu_store_batch_verbs_sum").await,
        reader.number("kefu_store_batch_verbs_count").await,
    );
    assert!(verbs >= batches && batches > 5.0, "{verbs} verbs in {batches} batches");
    assert!(reader.number("kefu_store_commit_seconds_count").await >= batches);
    assert!(reader.number("kefu_store_commit_seconds_sum").await > 0.0);
    assert_eq!(reader.number("kefu_store_queue_verbs").await, 0.0);
    assert!(reader.number("kefu_store_verbs_total").await >= verbs);
}

async fn metrics_count_tries_of_pushes_and_servers_that_are_left_alone(app: TestApp) {
    let reader = MetricsReader::of(&app).await;
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let tries = |result: &str| format!("kefu_push_tries_total{{result=\"{result}\"}}");
    TestCustomer::new(&account).says("你好").await;
    until("one was taken", || async { reader.number(&tries("taken")).await == 1.0 }).await;
    receiver.answers(|_| (500, String::new()));
    for _ in 0..10 {
        TestCustomer::new(&account).says("在吗").await;
    }
    until("the server is left alone", || async { reader.number("kefu_push_shielded_accounts").await == 1.0 })
        .await;
    assert_eq!(reader.number(&tries("response_failed")).await, 30.0);
    assert_eq!(reader.number("kefu_push_lag_seconds_count").await, 11.0);
    app.clock.advance(60_000);
    until("the shield is over", || async { reader.number("kefu_push_shielded_accounts").await == 0.0 }).await;
}

async fn metrics_have_a_listener_of_their_own(app: TestApp) {
    let reader = MetricsReader::of(&app).await;
    assert_eq!(app.ask("/metrics", "").await.status(), 404);
    for path in ["/", "/healthz", "/desk/", "/cgi-bin/token"] {
        assert_eq!(reqwest::get(format!("{}{path}", reader.base)).await.unwrap().status(), 404, "{path}");
    }
    let account = app.account().await;
    let customer = account.customer();
    customer.says("between us").await;
    let page = reader.page().await;
    for secret in ["between us", &customer.openid(), &account.token, &account.appid] {
        assert!(!page.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_only() {
    let (served, said) =
        kefu(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0"], &Fresh::folder());
    assert!(!served && said.contains("loopback"), "{said}");
    let free = Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let demo = RunningServer::start(&[DEMO, &["--metrics-listen", &free]].concat(), &Fresh::folder());
    demo.token().await;
    let page = reqwest::get(format!("http://{free}/metrics")).await.unwrap().text().await.unwrap();
    assert!(page.contains("kefu_requests_total{endpoint=\"getAccessToken\",errcode=\"0\"} 1\n"), "{page}");
}
