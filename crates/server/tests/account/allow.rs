//! Where calls may come from.

use crate::actors::{App, Platform, Shop, code};
use crate::fixture::engine::Fresh;
use kefu::admin::{Limit, Order};
use kefu::config::{Rules, Settings};
use protocol::CalledBy;
use protocol::endpoint::{self, Methods};
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

async fn allows(app: &App, appid: &str, add: &[&str], remove: &[&str]) -> Result<Value, String> {
    let texts = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
    app.order(Order::Limit(Limit::Addresses { appid: appid.into(), add: texts(add), remove: texts(remove) }))
        .await
}

/// A desk behind a proxy that says where calls come from.
async fn behind_a_proxy(app: &App) -> App {
    let fresh = match app.inner.desk.store.is_shared() {
        true => app.fresh.clone(),
        false => std::sync::Arc::new(Fresh::folder()),
    };
    let settings = Settings { trusted_proxy: vec!["127.0.0.1".parse().unwrap()], ..Settings::default() };
    App::start_with(fresh, 9, settings, Rules::default()).await
}

async fn from(shop: &Shop, address: &str, path: &str) -> Value {
    let request = shop.app.http.get(format!("{}{path}", shop.app.base)).header("x-forwarded-for", address);
    Shop::reads(path, request.send().await.unwrap()).await
}

on_both_engines! {
    calls_from_elsewhere_are_refused_once_there_is_a_list,
    no_token_is_issued_to_elsewhere,
    every_endpoint_asks_where_a_call_comes_from,
    a_platform_has_a_list_of_its_own,
    an_operator_is_told_what_is_no_network,
}

async fn calls_from_elsewhere_are_refused_once_there_is_a_list(app: App) {
    let app = behind_a_proxy(&app).await;
    let shop = app.account().await;
    let path = format!("{LIST}?access_token={}", shop.token);
    assert_eq!(code(&from(&shop, "203.0.113.9", &path).await), 0);
    assert_eq!(
        allows(&app, &shop.appid, &["192.0.2.0/24", "2001:db8::1"], &[]).await.unwrap()["allowed"],
        json!(["192.0.2.0/24", "2001:db8::1"])
    );
    assert_eq!(
        [code(&from(&shop, "192.0.2.7", &path).await), code(&from(&shop, "2001:db8::1", &path).await)],
        [0, 0]
    );
    let said = from(&shop, "203.0.113.9", &path).await["errmsg"].as_str().unwrap().to_owned();
    assert!(
        said.starts_with("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: "),
        "{said}"
    );
    let said = from(&shop, "2001:db8::2", &path).await["errmsg"].as_str().unwrap().to_owned();
    assert!(said.starts_with("invalid ip 2001:db8::2 ipv6 2001:db8::2, not in whitelist rid: "), "{said}");
    // Before the account's kind and after the token.
    assert_eq!(code(&from(&shop, "203.0.113.9", &format!("{LIST}?access_token=50_nobody")).await), 40001);
    allows(&app, &shop.appid, &[], &["192.0.2.0/24", "2001:db8::1"]).await.unwrap();
    assert_eq!(code(&from(&shop, "203.0.113.9", &path).await), 0);
    app.inner.stop.cancel();
}

async fn no_token_is_issued_to_elsewhere(app: App) {
    let app = behind_a_proxy(&app).await;
    let shop = app.account().await;
    allows(&app, &shop.appid, &["192.0.2.1"], &[]).await.unwrap();
    let good =
        format!("/cgi-bin/token?grant_type=client_credential&appid={}&secret={}", shop.appid, shop.secret);
    let bad = format!("/cgi-bin/token?grant_type=client_credential&appid={}&secret=wrong", shop.appid);
    assert_eq!(
        [code(&from(&shop, "192.0.2.1", &good).await), code(&from(&shop, "192.0.2.2", &bad).await)],
        [0, 40125]
    );
    let said = from(&shop, "192.0.2.2", &good).await["errmsg"].as_str().unwrap().to_owned();
    assert!(said.starts_with("invalid ip 192.0.2.2 ipv6 ::ffff:192.0.2.2, not in whitelist rid: "), "{said}");
    let body = json!({"grant_type": "client_credential", "appid": shop.appid, "secret": shop.secret});
    assert_eq!(code(&shop.raw("POST", "/cgi-bin/stable_token", body.to_string().into_bytes()).await), 40164);
    let body = json!({"appid": shop.appid, "appsecret": shop.secret});
    assert_eq!(
        code(&shop.raw("POST", "/cgi-bin/clear_quota/v2", body.to_string().into_bytes()).await),
        40164
    );
    app.inner.stop.cancel();
}

async fn every_endpoint_asks_where_a_call_comes_from(app: App) {
    let service = app.account().await;
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    for shop in [&service, &mini] {
        allows(&app, &shop.appid, &["192.0.2.1"], &[]).await.unwrap();
    }
    for row in endpoint::ALL.iter().filter(|row| row.called_by != CalledBy::Secret) {
        let shop =
            if row.check_account(protocol::AccountKind::Service, true).is_ok() { &service } else { &mini };
        let method = if row.methods == Methods::Get { "GET" } else { "POST" };
        let answer = shop.raw(method, &format!("{}?access_token={}", row.path, shop.token), Vec::new()).await;
        assert_eq!(code(&answer), 40164, "{}", row.name);
    }
}

async fn a_platform_has_a_list_of_its_own(app: App) {
    let (shop, platform) = (app.account().await, Platform::new(&app).await);
    platform.is_granted(&shop, &[1]).await;
    allows(&app, &shop.appid, &["192.0.2.1"], &[]).await.unwrap();
    let acting = shop.with_token(&platform.token_for(&shop).await);
    assert_eq!(code(&acting.get(LIST, &[]).await), 0, "the account's list is for its own calls");
    let own = shop.with_token(&platform.own_token().await);
    assert_eq!(code(&own.post("/cgi-bin/openapi/rid/get", json!({"rid": ""})).await), 76002);
    allows(&app, &platform.component, &["192.0.2.1"], &[]).await.unwrap();
    for row in endpoint::ALL.iter().filter(|row| row.called_by == CalledBy::Any) {
        assert_eq!(code(&own.post(row.path, json!({})).await), 61004, "{}", row.name);
    }
    let body =
        json!({"component_appid": platform.component, "appid": shop.appid, "appsecret": platform.secret});
    let answer = shop.raw("POST", "/cgi-bin/component/clear_quota/v2", body.to_string().into_bytes()).await;
    assert_eq!(code(&answer), 61004);
}

async fn an_operator_is_told_what_is_no_network(app: App) {
    let shop = app.account().await;
    assert_eq!(allows(&app, &shop.appid, &[], &[]).await.unwrap()["allowed"], "everywhere");
    for odd in ["192.0.2", "shop.example.com", "192.0.2.0/33"] {
        assert!(allows(&app, &shop.appid, &[odd], &[]).await.unwrap_err().contains("no address"), "{odd}");
    }
    let many: Vec<String> = (0..201).map(|number| format!("10.0.0.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(allows(&app, &shop.appid, &many, &[]).await.unwrap_err().contains("more than 200"));
    assert!(allows(&app, "wx00000000000000ff", &[], &[]).await.unwrap_err().contains("no such account"));
}
