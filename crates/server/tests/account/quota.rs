//! Quotas: calls by day and by minute are counted exactly, reported, and cleared.

mod memory;
mod node;

use crate::actors::{TestAccount, TestApp, TestComponent, code};
use kefu::admin::{Command, LimitCommand};
use kefu::desk::quota::LimitChange;
use protocol::endpoint::{self, Methods};
use protocol::{CalledBy, Endpoint};
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
clearquota | POST | /cgi-bin/clear_quota
    | subscription service mini-program mini-game | any 40013 | 40013 | - | 0
    | {"appid":"$appid"}
quotaget | POST | /cgi-bin/openapi/quota/get
    | subscription service mini-program mini-game | any 0 | - | - | 0
    | {"cgi_path":"/cgi-bin/openapi/quota/get"}
quotaclear | POST | /cgi-bin/openapi/quota/clear
    | subscription service mini-program mini-game | any 0 | - | - | 0
    | {"cgi_path":"/cgi-bin/openapi/quota/get"}
"#;

const LIST: &str = "/cgi-bin/customservice/getkflist";
const HOUR: i64 = 3_600_000;

fn of(account: &TestAccount, change: LimitChange) -> Command {
    Command::Limit(LimitCommand::Quota { appid: account.appid.clone(), change })
}

/// An operator sets a limit.
pub async fn limits(account: &TestAccount, path: &str, daily: Option<u32>, per_minute: Option<u32>) {
    let change = LimitChange { endpoint: Some(path.into()), daily, per_minute, standard: false };
    account.app.command(of(account, change)).await.expect("a limit");
}

async fn lists(account: &TestAccount) -> i64 {
    code(&account.get(LIST, &[]).await)
}

async fn asks(account: &TestAccount, path: &str) -> Value {
    account.post("/cgi-bin/openapi/quota/get", json!({"cgi_path": path})).await
}

async fn used(account: &TestAccount) -> (i64, i64) {
    let answer = asks(account, LIST).await;
    let number = |name: &str| answer["quota"][name].as_i64().unwrap_or_else(|| panic!("{answer}"));
    (number("used"), number("remain"))
}

async fn clears(account: &TestAccount) -> i64 {
    code(&account.post("/cgi-bin/clear_quota", json!({"appid": account.appid})).await)
}

/// Calls an endpoint with a token and no other parameter.
async fn calls(account: &TestAccount, row: &Endpoint) -> i64 {
    let method = if row.methods == Methods::Get { "GET" } else { "POST" };
    code(&account.raw(method, &format!("{}?access_token={}", row.path, account.token), Vec::new()).await)
}

on_both_engines! {
    the_last_call_of_the_day_is_answered_and_the_next_is_not,
    a_day_begins_at_midnight_in_beijing,
    a_quota_minute_begins_at_each_full_minute,
    a_components_calls_count_in_the_accounts_day_but_have_a_minute_limit_of_their_own,
    every_endpoint_is_counted,
    quota_calls_refuse_bad_tokens_and_long_bodies_too,
    only_calls_with_the_right_secret_use_up_the_token_quota,
    the_remaining_quota_is_answered_as_on_weixins_page,
    an_account_clears_its_calls_ten_times_a_month,
    one_endpoint_is_cleared_fifty_times_a_month,
    the_secret_clears_a_quota_that_no_token_can,
    a_component_clears_for_accounts_that_granted_it_a_set,
    an_operator_sets_limits_that_count_from_the_next_call,
    calls_at_once_are_counted_to_the_last,
}

async fn the_last_call_of_the_day_is_answered_and_the_next_is_not(app: TestApp) {
    let account = app.account().await;
    limits(&account, LIST, Some(3), None).await;
    assert_eq!([lists(&account).await, lists(&account).await, lists(&account).await], [0, 0, 0]);
    let refusal = account.get(LIST, &[]).await;
    assert!(
        refusal["errmsg"].as_str().unwrap().starts_with("reach max api daily quota limit rid: "),
        "{refusal}"
    );
    assert_eq!((lists(&account).await, used(&account).await), (45009, (3, 0)), "refused calls do not count");
    assert_eq!(
        code(&account.get("/cgi-bin/customservice/getonlinekflist", &[]).await),
        0,
        "each endpoint has its own"
    );
}

async fn a_day_begins_at_midnight_in_beijing(app: TestApp) {
    // The tests begin at 16:00 in Beijing; a token is valid for two hours.
    let account = app.account().await;
    limits(&account, LIST, Some(1), None).await;
    app.advance(8 * HOUR - 1).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!((lists(&account).await, lists(&account).await), (0, 45009));
    app.advance(1).await;
    assert_eq!((lists(&account).await, lists(&account).await), (0, 45009));
}

async fn a_quota_minute_begins_at_each_full_minute(app: TestApp) {
    let account = app.account().await;
    limits(&account, LIST, None, Some(2)).await;
    app.advance(59_999).await;
    assert_eq!([lists(&account).await, lists(&account).await, lists(&account).await], [0, 0, 45011]);
    assert_eq!(used(&account).await.0, 2, "refused calls do not count");
    app.advance(1).await;
    assert_eq!([lists(&account).await, lists(&account).await], [0, 0]);
    let refusal = account.get(LIST, &[]).await;
    let text = "api minute-quota reach limit, must slower, retry next minute rid: ";
    assert!(refusal["errmsg"].as_str().unwrap().starts_with(text), "{refusal}");
}

async fn a_components_calls_count_in_the_accounts_day_but_have_a_minute_limit_of_their_own(app: TestApp) {
    let account = app.account().await;
    let component = TestComponent::new(&app).await;
    component.gets_grant(&account, &[1]).await;
    let theirs = account.with_token(&component.token_for(&account).await);
    limits(&account, LIST, Some(3), Some(1)).await;
    assert_eq!(
        [lists(&account).await, lists(&account).await, lists(&theirs).await, lists(&theirs).await],
        [0, 45011, 0, 45011]
    );
    app.advance(60_000).await;
    assert_eq!([lists(&theirs).await, lists(&account).await], [0, 45009]);
    assert_eq!(used(&theirs).await, (3, 0));
}

async fn every_endpoint_is_counted(app: TestApp) {
    let service = app.account().await;
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    for row in endpoint::ALL.iter().filter(|row| row.called_by != CalledBy::Secret && row.quota.is_some()) {
        let may = |kind| row.check_account(kind, true).is_ok();
        let account = if may(protocol::AccountKind::Service) { &service } else { &mini };
        limits(account, row.path, Some(1), Some(0)).await;
        calls(account, row).await;
        assert_eq!(calls(account, row).await, 45009, "{}", row.name);
        app.advance(60_000).await;
        limits(account, row.name, Some(0), Some(1)).await;
        calls(account, row).await;
        assert_eq!(calls(account, row).await, 45011, "{}", row.name);
        let standard =
            LimitChange { endpoint: Some(row.path.into()), standard: true, ..LimitChange::default() };
        app.command(of(account, standard)).await.unwrap();
        assert_ne!(calls(account, row).await / 10, 4501, "{} as before", row.name);
    }
}

async fn quota_calls_refuse_bad_tokens_and_long_bodies_too(app: TestApp) {
    let account = app.account().await;
    for row in endpoint::ALL.iter().filter(|row| row.called_by == CalledBy::Any) {
        assert_eq!(calls(&account.with_token("50_nobody"), row).await, 40001, "{}", row.name);
        assert_eq!(calls(&account.with_token("a.b"), row).await, 40014, "{}", row.name);
        if row.methods == Methods::Get {
            continue;
        }
        let path = format!("{}?access_token={}", row.path, account.token);
        assert_eq!(
            code(&account.raw("POST", &path, vec![b' '; 256 * 1024 + 1]).await),
            45002,
            "{}",
            row.name
        );
    }
}

async fn only_calls_with_the_right_secret_use_up_the_token_quota(app: TestApp) {
    let account = app.account().await;
    let good = json!({"grant_type": "client_credential", "appid": account.appid, "secret": account.secret});
    let bad = json!({"grant_type": "client_credential", "appid": account.appid, "secret": "wrong"});
    for path in ["/cgi-bin/stable_token", "/cgi-bin/token"] {
        let ask = |body: &Value| {
            let (account, body) = (account.clone(), body.clone());
            async move {
                let query = query_of(&body);
                code(&account.raw("POST", &format!("{path}?{query}"), body.to_string().into_bytes()).await)
            }
        };
        limits(&account, path, Some(3), None).await;
        // The account fetched one token when it was created.
        let free = if path == "/cgi-bin/token" { 2 } else { 3 };
        for _ in 0..free {
            assert_eq!(ask(&bad).await, 40125);
            assert_eq!(ask(&good).await, 0);
        }
        assert_eq!([ask(&bad).await, ask(&good).await], [40125, 45009], "{path}");
        limits(&account, path, Some(0), Some(2)).await;
        app.advance(60_000).await;
        assert_eq!([ask(&good).await, ask(&good).await, ask(&good).await], [0, 0, 45011], "{path}");
    }
}

async fn the_remaining_quota_is_answered_as_on_weixins_page(app: TestApp) {
    let account = app.account().await;
    lists(&account).await;
    let expected = json!({
        "component_rate_limit": {"call_count": 300000, "refresh_second": 60}, "errcode": 0, "errmsg": "ok",
        "quota": {"daily_limit": 10000000, "remain": 9999999, "used": 1},
        "rate_limit": {"call_count": 300000, "refresh_second": 60}
    });
    assert_eq!(asks(&account, LIST).await, expected);
    assert_eq!(asks(&account, "/cgi-bin/stable_token").await["quota"]["daily_limit"], 500_000);
    assert_eq!(
        asks(&account, "/customservice/getkflist").await["quota"]["used"],
        1,
        "by another of its paths"
    );
    for path in ["", "/cgi-bin/nothing", "cgi-bin/customservice/getkflist"] {
        assert_eq!(code(&asks(&account, path).await), 76021, "{path}");
        assert_eq!(
            code(&account.post("/cgi-bin/openapi/quota/clear", json!({"cgi_path": path})).await),
            76021
        );
    }
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    for path in ["/customservice/kfsession/create", "/cgi-bin/clear_quota/v2"] {
        assert_eq!(code(&asks(&mini, path).await), 76022, "{path}");
        assert_eq!(code(&mini.post("/cgi-bin/openapi/quota/clear", json!({"cgi_path": path})).await), 76022);
    }
    let component = TestComponent::new(&app).await;
    let own = account.with_token(&component.own_token().await);
    assert_eq!(
        code(&asks(&own, LIST).await),
        76022,
        "a component's own token cannot call an account's endpoint"
    );
    assert_eq!(asks(&own, "/cgi-bin/openapi/quota/get").await["quota"]["used"], 2);
}

async fn an_account_clears_its_calls_ten_times_a_month(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    limits(&account, LIST, Some(1), None).await;
    assert_eq!(code(&account.post("/cgi-bin/clear_quota", json!({"appid": other.appid})).await), 40013);
    assert_eq!(code(&account.post("/cgi-bin/clear_quota", json!({"appid": "x"})).await), 40013);
    let by_secret =
        |secret: &str| format!("/cgi-bin/clear_quota/v2?appid={}&appsecret={secret}", account.appid);
    for round in 0..10 {
        assert_eq!([lists(&account).await, lists(&account).await], [0, 45009]);
        if round % 2 == 0 {
            assert_eq!(clears(&account).await, 0);
        } else {
            let answer = account.raw("POST", &by_secret(&account.secret), Vec::new()).await;
            assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok"}));
        }
    }
    assert_eq!([lists(&account).await, clears(&account).await, lists(&account).await], [0, 48006, 45009]);
    assert_eq!(code(&account.raw("POST", &by_secret(&account.secret), Vec::new()).await), 48006);
    assert_eq!(clears(&other).await, 0, "each account has its own");
    // From 16:00 on the 15th until the 1st of the next month.
    app.advance(16 * 24 * HOUR + 8 * HOUR - 1).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(clears(&account).await, 48006);
    app.advance(1).await;
    assert_eq!(clears(&account).await, 0, "a new month");
}

async fn one_endpoint_is_cleared_fifty_times_a_month(app: TestApp) {
    let account = app.account().await;
    let clear = async || code(&account.post("/cgi-bin/openapi/quota/clear", json!({"cgi_path": LIST})).await);
    limits(&account, LIST, Some(1), None).await;
    assert_eq!([lists(&account).await, lists(&account).await], [0, 45009]);
    for _ in 0..50 {
        assert_eq!(clear().await, 0);
    }
    assert_eq!([lists(&account).await, clear().await, lists(&account).await], [0, 48006, 45009]);
}

async fn the_secret_clears_a_quota_that_no_token_can(app: TestApp) {
    let account = app.account().await;
    let ask = |path: &'static str, body: Value| {
        let account = account.clone();
        async move { code(&account.raw("POST", path, body.to_string().into_bytes()).await) }
    };
    let v2 = "/cgi-bin/clear_quota/v2";
    assert_eq!(ask(v2, json!({})).await, 41002);
    assert_eq!(ask(v2, json!({"appid": "x"})).await, 41004);
    assert_eq!(ask(v2, json!({"appid": "x", "appsecret": "y"})).await, 40013);
    assert_eq!(ask(v2, json!({"appid": account.appid, "appsecret": "y"})).await, 40125);
    assert_eq!(ask(v2, json!({"appid": account.appid, "appsecret": account.secret})).await, 0);
    assert_eq!(code(&account.raw("GET", v2, Vec::new()).await), 43002);
    assert_eq!(code(&account.raw("POST", v2, b"{".to_vec()).await), 47001);
    assert_eq!(code(&account.raw("POST", v2, vec![b' '; 256 * 1024 + 1]).await), 45002);
}

async fn a_component_clears_for_accounts_that_granted_it_a_set(app: TestApp) {
    let (account, component) = (app.account().await, TestComponent::new(&app).await);
    let path = "/cgi-bin/component/clear_quota/v2";
    let ask = |component: &str, appid: &str, secret: &str| {
        let body = json!({"component_appid": component, "appid": appid, "appsecret": secret});
        let account = account.clone();
        async move { code(&account.raw("POST", path, body.to_string().into_bytes()).await) }
    };
    let (id, secret) = (&component.appid, &component.secret);
    assert_eq!(ask("", &account.appid, secret).await, 41018);
    assert_eq!(ask(id, "", secret).await, 41002);
    assert_eq!(ask(id, &account.appid, "").await, 41004);
    assert_eq!(ask("wx00000000000000ff", &account.appid, secret).await, 40013);
    assert_eq!(ask(id, "wx00000000000000ff", secret).await, 40013);
    assert_eq!(ask(id, &account.appid, &account.secret).await, 40125);
    assert_eq!(ask(id, &account.appid, secret).await, 61003);
    component.gets_grant(&account, &[]).await;
    assert_eq!([ask(id, &account.appid, secret).await, ask(id, id, secret).await], [0, 0]);
    for _ in 0..9 {
        assert_eq!(clears(&account).await, 0);
    }
    assert_eq!([ask(id, &account.appid, secret).await, ask(id, id, secret).await], [48006, 0]);
    assert_eq!(code(&account.raw("GET", path, Vec::new()).await), 43002);
    assert_eq!(code(&account.raw("POST", path, b"{".to_vec()).await), 47001);
    assert_eq!(code(&account.raw("POST", path, vec![b' '; 256 * 1024 + 1]).await), 45002);
}

async fn an_operator_sets_limits_that_count_from_the_next_call(app: TestApp) {
    let account = app.account().await;
    assert_eq!(lists(&account).await, 0);
    let order = async |change: LimitChange| app.command(of(&account, change)).await;
    let line =
        |lines: &Value| lines.as_array().unwrap().iter().find(|it| it["path"] == LIST).unwrap().clone();
    let all = LimitChange { daily: Some(1), ..LimitChange::default() };
    let expected = json!({
        "daily": 1, "endpoint": "getkflist", "path": "/cgi-bin/customservice/getkflist",
        "per_minute": 300000, "set": true, "used_today": 1
    });
    assert_eq!(line(&order(all).await.unwrap()), expected);
    assert_eq!(lists(&account).await, 45009);
    limits(&account, "getkflist", Some(2), None).await;
    assert_eq!([lists(&account).await, lists(&account).await], [0, 45009]);
    order(LimitChange { endpoint: Some(LIST.into()), standard: true, ..LimitChange::default() })
        .await
        .unwrap();
    assert_eq!(lists(&account).await, 45009, "as all");
    assert_eq!(
        line(&order(LimitChange { standard: true, ..LimitChange::default() }).await.unwrap())["set"],
        false
    );
    assert_eq!(lists(&account).await, 0);
    let unknown =
        order(LimitChange { endpoint: Some("nothing".into()), daily: Some(1), ..LimitChange::default() })
            .await;
    assert!(unknown.unwrap_err().contains("no such endpoint"));
    let unknown = Command::Limit(LimitCommand::Quota {
        appid: "wx00000000000000ff".into(),
        change: LimitChange::default(),
    });
    assert!(app.command(unknown).await.unwrap_err().contains("no such account"));
}

async fn calls_at_once_are_counted_to_the_last(app: TestApp) {
    let account = app.account().await;
    limits(&account, LIST, Some(100), None).await;
    let calls = (0..150).map(|_| {
        let account = account.clone();
        async move { lists(&account).await }
    });
    let codes = futures_util::future::join_all(calls).await;
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 100);
    assert!(codes.iter().all(|code| [0, 45009].contains(code)));
}

/// The members of a JSON object as a query string.
fn query_of(body: &Value) -> String {
    let pairs =
        body.as_object().unwrap().iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
    pairs.collect::<Vec<_>>().join("&")
}
