//! The IP allowlist of an account, and of a component.

use crate::actors::{TestAccount, TestApp, TestComponent, code};
use crate::fixture::engine::Fresh;
use kefu::admin::{Command, LimitCommand};
use kefu::config::{Rules, Settings};
use protocol::CalledBy;
use protocol::endpoint::{self, Methods};
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn allows(app: &TestApp, appid: &str, add: &[&str], remove: &[&str]) -> Result<Value, String> {
    let texts = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
    app.command(Command::Limit(LimitCommand::Addresses {
        appid: appid.into(),
        add: texts(add),
        remove: texts(remove),
    }))
    .await
}

/// A node that trusts the address its proxy names in X-Forwarded-For.
async fn behind_a_proxy(app: &TestApp) -> TestApp {
    let fresh = match app.inner.desk.store.is_shared() {
        true => app.fresh.clone(),
        false => std::sync::Arc::new(Fresh::folder()),
    };
    let settings = Settings { trusted_proxy: vec!["127.0.0.1".parse().unwrap()], ..Settings::default() };
    TestApp::start_with(fresh, 9, settings, Rules::default()).await
}

async fn from(account: &TestAccount, address: &str, path: &str) -> Value {
    let request =
        account.app.http.get(format!("{}{path}", account.app.base)).header("x-forwarded-for", address);
    TestAccount::read_answer(path, request.send().await.unwrap()).await
}

on_both_engines! {
    calls_from_other_addresses_are_refused_once_there_is_an_allowlist,
    no_token_is_issued_to_other_addresses,
    every_endpoint_checks_the_callers_address,
    a_component_has_an_allowlist_of_its_own,
    an_invalid_network_is_reported_to_the_operator,
}

async fn calls_from_other_addresses_are_refused_once_there_is_an_allowlist(app: TestApp) {
    let app = behind_a_proxy(&app).await;
    let account = app.account().await;
    let path = format!("{LIST}?access_token={}", account.token);
    assert_eq!(code(&from(&account, "203.0.113.9", &path).await), 0);
    assert_eq!(
        allows(&app, &account.appid, &["192.0.2.0/24", "2001:db8::1"], &[]).await.unwrap()["allowed"],
        json!(["192.0.2.0/24", "2001:db8::1"])
    );
    assert_eq!(
        [code(&from(&account, "192.0.2.7", &path).await), code(&from(&account, "2001:db8::1", &path).await)],
        [0, 0]
    );
    let said = from(&account, "203.0.113.9", &path).await["errmsg"].as_str().unwrap().to_owned();
    assert!(
        said.starts_with("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: "),
        "{said}"
    );
    let said = from(&account, "2001:db8::2", &path).await["errmsg"].as_str().unwrap().to_owned();
    assert!(said.starts_with("invalid ip 2001:db8::2 ipv6 2001:db8::2, not in whitelist rid: "), "{said}");
    // The address is checked after the token and before the account's kind.
    assert_eq!(code(&from(&account, "203.0.113.9", &format!("{LIST}?access_token=50_nobody")).await), 40001);
    allows(&app, &account.appid, &[], &["192.0.2.0/24", "2001:db8::1"]).await.unwrap();
    assert_eq!(code(&from(&account, "203.0.113.9", &path).await), 0);
    app.inner.stop.cancel();
}

async fn no_token_is_issued_to_other_addresses(app: TestApp) {
    let app = behind_a_proxy(&app).await;
    let account = app.account().await;
    allows(&app, &account.appid, &["192.0.2.1"], &[]).await.unwrap();
    let good = format!(
        "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
        account.appid, account.secret
    );
    let bad = format!("/cgi-bin/token?grant_type=client_credential&appid={}&secret=wrong", account.appid);
    assert_eq!(
        [code(&from(&account, "192.0.2.1", &good).await), code(&from(&account, "192.0.2.2", &bad).await)],
        [0, 40125]
    );
    let said = from(&account, "192.0.2.2", &good).await["errmsg"].as_str().unwrap().to_owned();
    assert!(said.starts_with("invalid ip 192.0.2.2 ipv6 ::ffff:192.0.2.2, not in whitelist rid: "), "{said}");
    let body = json!({"grant_type": "client_credential", "appid": account.appid, "secret": account.secret});
    assert_eq!(
        code(&account.raw("POST", "/cgi-bin/stable_token", body.to_string().into_bytes()).await),
        40164
    );
    let body = json!({"appid": account.appid, "appsecret": account.secret});
    assert_eq!(
        code(&account.raw("POST", "/cgi-bin/clear_quota/v2", body.to_string().into_bytes()).await),
        40164
    );
    app.inner.stop.cancel();
}

async fn every_endpoint_checks_the_callers_address(app: TestApp) {
    let service = app.account().await;
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    for account in [&service, &mini] {
        allows(&app, &account.appid, &["192.0.2.1"], &[]).await.unwrap();
    }
    for row in endpoint::ALL.iter().filter(|row| row.called_by != CalledBy::Secret) {
        let account =
            if row.check_account(protocol::AccountKind::Service, true).is_ok() { &service } else { &mini };
        let method = if row.methods == Methods::Get { "GET" } else { "POST" };
        let answer =
            account.raw(method, &format!("{}?access_token={}", row.path, account.token), Vec::new()).await;
        assert_eq!(code(&answer), 40164, "{}", row.name);
    }
}

async fn a_component_has_an_allowlist_of_its_own(app: TestApp) {
    let (account, component) = (app.account().await, TestComponent::new(&app).await);
    component.gets_grant(&account, &[1]).await;
    allows(&app, &account.appid, &["192.0.2.1"], &[]).await.unwrap();
    let acting = account.with_token(&component.token_for(&account).await);
    assert_eq!(code(&acting.get(LIST, &[]).await), 0, "the account's list is for its own calls");
    let own = account.with_token(&component.own_token().await);
    assert_eq!(code(&own.post("/cgi-bin/openapi/rid/get", json!({"rid": ""})).await), 76002);
    allows(&app, &component.appid, &["192.0.2.1"], &[]).await.unwrap();
    for row in endpoint::ALL.iter().filter(|row| row.called_by == CalledBy::Any) {
        let answer = match row.methods {
            Methods::Get => own.get(row.path, &[]).await,
            _ => own.post(row.path, json!({})).await,
        };
        assert_eq!(code(&answer), 61004, "{}", row.name);
    }
    let body =
        json!({"component_appid": component.appid, "appid": account.appid, "appsecret": component.secret});
    let answer =
        account.raw("POST", "/cgi-bin/component/clear_quota/v2", body.to_string().into_bytes()).await;
    assert_eq!(code(&answer), 61004);
}

async fn an_invalid_network_is_reported_to_the_operator(app: TestApp) {
    let account = app.account().await;
    assert_eq!(allows(&app, &account.appid, &[], &[]).await.unwrap()["allowed"], "everywhere");
    for odd in ["192.0.2", "shop.example.com", "192.0.2.0/33"] {
        assert!(allows(&app, &account.appid, &[odd], &[]).await.unwrap_err().contains("no address"), "{odd}");
    }
    let many: Vec<String> = (0..201).map(|number| format!("10.0.0.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(allows(&app, &account.appid, &many, &[]).await.unwrap_err().contains("more than 200"));
    assert!(allows(&app, "wx00000000000000ff", &[], &[]).await.unwrap_err().contains("no such account"));
}
