//! The desk says why a customer waits and why an agent gets none.

use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer};
use serde_json::{Value, json};

async fn why(agent: &TestAgent, customer: &TestCustomer) -> Value {
    let session = agent.session_with(&customer.openid()).await.unwrap();
    agent.asks(&format!("/desk/api/why/waiting?appid={}&session={session}", agent.appid)).await.1
}

async fn sets_reception(account: &TestAccount, reception: &str) {
    account.set(|settings| settings.reception = Some(reception.into())).await;
}

on_both_engines! {
    each_reason_why_a_customer_waits_is_said,
    each_reason_why_an_agent_gets_no_customer_is_said,
    agents_of_other_accounts_learn_nothing,
}

async fn each_reason_why_a_customer_waits_is_said(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(why(&ann, &customer).await["reason"], "offline");
    ann.sets_away(true).await;
    let _desk = ann.comes_online().await;
    assert_eq!(why(&ann, &customer).await["reason"], "away");
    sets_reception(&account, "manual").await;
    ann.sets_away(false).await;
    assert_eq!(why(&ann, &customer).await["reason"], "manual");
    account.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(why(&ann, &customer).await["reason"], "feature_off");
    account.set(|settings| settings.feature = Some(true)).await;
    sets_reception(&account, "automatic").await;
    let (second, third) = (account.customer(), account.customer());
    second.says("hello").await;
    third.says("hello").await;
    let said = why(&ann, &third).await;
    assert_eq!((&said["reason"], &said["before"]), (&json!("full"), &json!(1)));
    assert_eq!(
        said["agents"],
        json!([
            {"kf_account": account.kf("a1"), "reason": "full", "open": 1, "limit": 1},
            {"kf_account": account.kf("b1"), "reason": "offline", "open": 0, "limit": 1},
        ])
    );
    bob.sets_away(true).await;
    let _other = bob.comes_online().await;
    assert_eq!(why(&bob, &third).await["reason"], "several");
}

async fn each_reason_why_an_agent_gets_no_customer_is_said(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let ann = account.agent("a1").await;
    let idle = async || ann.asks(&format!("/desk/api/why/idle?appid={}", ann.appid)).await.1;
    assert_eq!(idle().await["agent"]["reason"], "offline");
    let _desk = ann.comes_online().await;
    assert_eq!(
        idle().await,
        json!({
            "agent": {"kf_account": account.kf("a1"), "reason": "free", "open": 0, "limit": 1},
            "waiting": 0, "for_others": 0, "has_developer": false,
        })
    );
    ann.sets_away(true).await;
    assert_eq!(idle().await["agent"]["reason"], "away");
    ann.sets_away(false).await;
    account.customer().says("hello").await;
    assert_eq!(idle().await["agent"]["reason"], "full");
    sets_reception(&account, "manual").await;
    assert_eq!(idle().await["agent"]["reason"], "manual");
}

async fn agents_of_other_accounts_learn_nothing(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let (ann, eve) = (account.agent("a1").await, other.agent("e1").await);
    let customer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    for path in [format!("why/waiting?session={session}&appid="), "why/idle?appid=".into()] {
        assert_eq!(eve.asks(&format!("/desk/api/{path}{}", account.appid)).await.0, 403, "{path}");
    }
    let body = json!({"appid": account.appid, "session": session});
    for path in ["hand_back", "answered"] {
        assert_eq!(eve.sends(&format!("/desk/api/session/{path}"), body.clone()).await.0, 403, "{path}");
    }
}
