//! An account at work, and the calls that the pages describe.

use super::page::WeixinPage;
use crate::actors::{Stream, TestAccount, TestAgent, TestApp, TestCustomer, code};
use serde_json::{Value, json};

/// An account with an agent who is online and serves a customer.
pub struct SeedFixture {
    pub account: TestAccount,
    pub agent: TestAgent,
    pub customer: TestCustomer,
    _desk: Stream,
}

impl SeedFixture {
    pub async fn begins(app: &TestApp) -> SeedFixture {
        let account = app.account_with(|settings| settings.alias = Some("test".into())).await;
        let agent = account.agent("test2").await;
        let _desk = agent.comes_online().await;
        let customer = account.customer();
        customer.says("hello").await;
        SeedFixture { account, agent, customer, _desk }
    }

    /// Makes the call of a page.
    pub async fn asks(&self, page: &WeixinPage, account: &TestAccount) -> Value {
        calls(page, account, page.call, &self.agent.kf_account).await
    }
}

/// Makes the call of a page with this method and path, for this agent if the page asks for one.
pub async fn calls(
    page: &WeixinPage,
    account: &TestAccount,
    (method, path): (&str, &str),
    kf_account: &str,
) -> Value {
    let mut query = String::new();
    for parameter in &page.query {
        let value = match parameter.name {
            "access_token" => &account.token,
            "kf_account" => kf_account,
            other => panic!("no value is known for {other}"),
        };
        query.push_str(&format!("&{}={value}", parameter.name));
    }
    account.raw(method, &format!("{path}?{}", &query[1..]), body(page, kf_account, "客服1")).await
}

/// The body that a page describes; empty if it describes none.
pub fn body(page: &WeixinPage, kf_account: &str, nickname: &str) -> Vec<u8> {
    let members = page.body.iter().map(|parameter| match parameter.name {
        "kf_account" => ("kf_account".to_owned(), Value::from(kf_account)),
        "nickname" => ("nickname".to_owned(), Value::from(nickname)),
        other => panic!("no value is known for {other}"),
    });
    let members: serde_json::Map<String, Value> = members.collect();
    if members.is_empty() { Vec::new() } else { Value::from(members).to_string().into_bytes() }
}

/// Adds an agent with this id and nickname; the errcode.
pub async fn names(account: &TestAccount, kf_account: &str, nickname: &str) -> i64 {
    let body = json!({"kf_account": kf_account, "nickname": nickname});
    code(&account.post("/customservice/kfaccount/add", body).await)
}

/// Makes the call of a page so that the answer has this errcode.
pub async fn provokes(app: &TestApp, fixture: &SeedFixture, page: &WeixinPage, number: i64) -> Value {
    let account = &fixture.account;
    let agent = |prefix: &str| {
        let kf_account = account.kf(prefix);
        async move { calls(page, account, page.call, &kf_account).await }
    };
    match (page.name, number) {
        ("addkfaccount", 0) => agent("new").await,
        (_, 0) => fixture.asks(page, account).await,
        (_, 65400) => {
            let off = app.account_with(|settings| settings.feature = Some(false)).await;
            calls(page, &off, page.call, &off.kf("a1")).await
        }
        ("addkfaccount", 65403) => {
            let path = format!("{}?access_token={}", page.call.1, account.token);
            account.raw(page.call.0, &path, body(page, &account.kf("b1"), "")).await
        }
        ("addkfaccount", 65404) => calls(page, account, page.call, "test1@elsewhere").await,
        ("addkfaccount", 65405) => {
            let full = app.account().await;
            for number in 0..100 {
                full.adds(&format!("a{number}")).await;
            }
            calls(page, &full, page.call, &full.kf("more")).await
        }
        ("addkfaccount", 65406) => agent("test2").await,
        ("getkfsessionlist", 65401) => agent("nobody").await,
        ("getkfsessionlist", 65402) => {
            account.adds("free").await;
            agent("free").await
        }
        row => panic!("no call is known for {row:?}"),
    }
}
