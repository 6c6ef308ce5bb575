//! Components: third-party platforms that act for an account.

use crate::actors::{TestAccount, TestApp, code};
use kefu::admin::Command;

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn component(app: &TestApp) -> String {
    let made = app.command(Command::ComponentCreate { appid: None, name: "platform".into() }).await.unwrap();
    made["component"].as_str().unwrap().to_owned()
}

async fn acting(app: &TestApp, account: &TestAccount, component: &str) -> TestAccount {
    let command = Command::ComponentToken { component: component.into(), appid: Some(account.appid.clone()) };
    let token = app.command(command).await.unwrap();
    account.with_token(token["access_token"].as_str().unwrap())
}

async fn grant(app: &TestApp, account: &TestAccount, component: &str, sets: &[u16]) {
    let command = Command::ComponentGrant {
        component: component.into(),
        appid: account.appid.clone(),
        sets: sets.to_vec(),
    };
    app.command(command).await.unwrap();
}

on_both_engines! {
    a_component_may_call_what_one_of_its_permission_sets_allows,
    a_component_is_refused_after_the_account_revokes_its_grant,
    a_components_own_token_cannot_call_for_an_account,
    the_account_kind_is_checked_before_the_components_permission_sets,
}

async fn a_component_may_call_what_one_of_its_permission_sets_allows(app: TestApp) {
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

async fn a_component_is_refused_after_the_account_revokes_its_grant(app: TestApp) {
    let (account, component) = (app.account().await, component(&app).await);
    grant(&app, &account, &component, &[1]).await;
    let acting = acting(&app, &account, &component).await;
    let revoke = Command::ComponentRevoke { component: component.clone(), appid: account.appid.clone() };
    app.command(revoke).await.unwrap();
    assert_eq!(code(&acting.get(LIST, &[]).await), 61003);
    app.advance(7_200_000).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 42001);
    let command = Command::ComponentToken { component, appid: Some(account.appid.clone()) };
    assert!(app.command(command).await.unwrap_err().contains("grant"));
}

async fn a_components_own_token_cannot_call_for_an_account(app: TestApp) {
    let (account, component) = (app.account().await, component(&app).await);
    let token = app.command(Command::ComponentToken { component, appid: None }).await.unwrap();
    let own = account.with_token(token["access_token"].as_str().unwrap());
    assert_eq!(code(&own.get(LIST, &[]).await), 61015);
}

async fn the_account_kind_is_checked_before_the_components_permission_sets(app: TestApp) {
    let account = app.account_with(|settings| settings.certified = Some(false)).await;
    let component = component(&app).await;
    grant(&app, &account, &component, &[]).await;
    let acting = acting(&app, &account, &component).await;
    assert_eq!(code(&acting.get(LIST, &[]).await), 48001);
}
