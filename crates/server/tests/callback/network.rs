//! callbackCheck and getCallbackIp: how a developer's server is reached, and from where it is called.

use super::receiver::{Receiver, listens};
use crate::actors::{TestAccount, TestApp, TestComponent, code, until};
use kefu::config::Settings;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
callback/check | POST | /cgi-bin/callback/check
    | subscription=40201 service=40201 mini-program=40201 mini-game=40201 | any 40201 | - | - | 40201
    | {"action":"all","check_operator":"DEFAULT"}
getcallbackip | GET | /cgi-bin/getcallbackip
    | subscription service mini-program mini-game | any 0 | - | - | 0
    | -
"#;

async fn checks(account: &TestAccount, action: &str) -> Value {
    account.post("/cgi-bin/callback/check", json!({"action": action, "check_operator": "DEFAULT"})).await
}

/// Asserts that an answer has one ping, and returns its loss.
fn loss(answer: &Value) -> String {
    let ping = &answer["ping"][0];
    let time = ping["time"].as_str().and_then(|time| time.strip_suffix("ms"));
    assert!(time.is_some_and(|time| time.parse::<f64>().is_ok()), "{answer}");
    assert_eq!((&ping["ip"], &ping["from_operator"]), (&"127.0.0.1".into(), &"DEFAULT".into()));
    ping["package_loss"].as_str().unwrap().to_owned()
}

on_both_engines! {
    a_developers_server_is_looked_up_and_connected_to,
    a_server_that_is_down_loses_the_packet,
    addresses_that_may_not_be_called_are_left_out,
    a_check_without_a_url_or_of_another_kind_is_refused,
    an_account_has_one_check_at_a_time_and_few_in_a_minute,
    pushes_come_from_where_the_operator_says,
}

async fn a_developers_server_is_looked_up_and_connected_to(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let dns = json!([{"ip": "127.0.0.1", "real_operator": "DEFAULT"}]);
    let all = checks(&account, "all").await;
    assert_eq!((&all["dns"], loss(&all)), (&dns, "0%".to_owned()));
    assert_eq!(checks(&account, "dns").await, json!({"dns": dns}));
    let ping = checks(&account, "ping").await;
    assert_eq!((&ping["dns"], loss(&ping)), (&Value::Null, "0%".to_owned()));
    let component = TestComponent::new(&app).await;
    component.gets_grant(&account, &[]).await;
    let theirs = account.with_token(&component.token_for(&account).await);
    assert_eq!(checks(&theirs, "dns").await, json!({"dns": dns}), "any set is enough");
}

async fn a_server_that_is_down_loses_the_packet(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let address = receiver.url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    drop(receiver);
    until("the server is down", || async { TcpStream::connect(&address).await.is_err() }).await;
    let answer = checks(&account, "all").await;
    assert_eq!(loss(&answer), "100%");
    assert_eq!(answer["dns"][0]["ip"], "127.0.0.1");
}

async fn addresses_that_may_not_be_called_are_left_out(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let strict = app.beside(Settings::default()).await;
    let account = TestAccount { app: strict, ..account };
    assert_eq!(checks(&account, "all").await, json!({"dns": [], "ping": []}));
}

async fn a_check_without_a_url_or_of_another_kind_is_refused(app: TestApp) {
    let account = app.account().await;
    assert_eq!(code(&checks(&account, "all").await), 40201);
    assert_eq!(code(&checks(&account, "ALL").await), 40202);
    for (body, expected) in [
        (json!({"action": "all", "check_operator": "MOBILE"}), 40203),
        (json!({"action": "all"}), 47001),
        (json!({"action": 1, "check_operator": "DEFAULT"}), 47001),
    ] {
        let answer = account.post("/cgi-bin/callback/check", body).await;
        assert_eq!(code(&answer), expected, "{answer}");
    }
}

async fn an_account_has_one_check_at_a_time_and_few_in_a_minute(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let receiver = Receiver::start().await;
    listens(&account, &receiver).await;
    listens(&other, &receiver).await;
    let running = app.inner.throttles.checks.begin(&account.appid);
    assert_eq!([code(&checks(&account, "dns").await), code(&checks(&other, "dns").await)], [-1, 0]);
    drop(running);
    for _ in 1..20 {
        assert_eq!(code(&checks(&account, "dns").await), 0);
    }
    assert_eq!(code(&checks(&account, "dns").await), 45011);
}

async fn pushes_come_from_where_the_operator_says(app: TestApp) {
    let account = app.account().await;
    let told = async |settings: Settings| {
        let account = TestAccount { app: app.beside(settings).await, ..account.clone() };
        account.get("/cgi-bin/getcallbackip", &[]).await
    };
    let listening = "127.0.0.1:8080".parse().ok();
    assert_eq!(told(Settings { listening, ..Settings::default() }).await, json!({"ip_list": ["127.0.0.1"]}));
    let callback_ip = ["203.0.113.0/28", "2001:db8::1"].map(|network| network.parse().unwrap()).to_vec();
    assert_eq!(
        told(Settings { listening, callback_ip, ..Settings::default() }).await,
        json!({"ip_list": ["203.0.113.0/28", "2001:db8::1"]})
    );
}
