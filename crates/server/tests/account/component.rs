//! Third-party platforms acting for an account.

use crate::actors::{TestAccount, TestApp, code};
use kefu::admin::Order;

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn component(app: &TestApp) -> String {
    let made = app.order(Order::ComponentCreate { appid: None, name: "platform".into() }).await.unwrap();
    made["component"].as_str().unwrap().to_owned()
}

async fn acting(app: &TestApp, account: &TestAccount, component: &str) -> TestAccount {
    let order = Order::ComponentToken { component: component.into(), appid: Some(account.appid.clone()) };
    let token = app.order(order).await.unwrap();
    account.with_token(token["access_token"].as_str().unwrap())
}

async fn grant(app: &TestApp, account: &TestAccount, component: &str, sets: &[u16]) {
    let order = Order::ComponentGrant {
        component: component.into(),
        appid: account.appid.clone(),
        sets: sets.to_vec(),
    };
    app.order(order).await.unwrap();
}

on_both_engines! {
    a_platform_does_what_one_of_its_sets_allows,
    a_platform_is_out_when_the_account_takes_its_grant_back,
    a_platforms_own_token_opens_no_account,
    an_account_that_may_not_call_is_refused_before_its_platforms_sets,
}

async fn a_platform_does_what_one_of_its_sets_allows(app: TestApp) {
    let (account, component) = (app.account().await, component(&app).await);
    grant(&app, &account, &component, &[19]).await;
    let acting = acting(&app, &account, &component).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 0);
    assert_eq!(code(&acting.get("/customservice/kfsession/getwaitcase", &[]).await), 61007);
    grant(&app, &account, &component, &[19, 6]).await;
    assert_eq!(code(&acting.get("/customservice/kfsession/getwaitcase", &[]).await), 0);
    grant(&app, &account, &component, &[]).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 61007);
}

async fn a_platform_is_out_when_the_account_takes_its_grant_back(app: TestApp) {
    let (account, component) = (app.account().await, component(&app).await);
    grant(&app, &account, &component, &[1]).await;
    let acting = acting(&app, &account, &component).await;
    let revoke = Order::ComponentRevoke { component: component.clone(), appid: account.appid.clone() };
    app.order(revoke).await.unwrap();
    assert_eq!(code(&acting.get(LIST, &[]).await), 61003);
    app.advance(7_200_000).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 42001);
    let order = Order::ComponentToken { component: component, appid: Some(account.appid.clone()) };
    assert!(app.order(order).await.unwrap_err().contains("grant"));
}

async fn a_platforms_own_token_opens_no_account(app: TestApp) {
    let (account, component) = (app.account().await, component(&app).await);
    let token = app.order(Order::ComponentToken { component: component, appid: None }).await.unwrap();
    let own = account.with_token(token["access_token"].as_str().unwrap());
    assert_eq!(code(&own.get(LIST, &[]).await), 61015);
}

async fn an_account_that_may_not_call_is_refused_before_its_platforms_sets(app: TestApp) {
    let account = app.account_with(|settings| settings.certified = Some(false)).await;
    let component = component(&app).await;
    grant(&app, &account, &component, &[]).await;
    let acting = acting(&app, &account, &component).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 48001);
}
