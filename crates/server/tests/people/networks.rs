//! The addresses of people behind proxies, and the host names under which the desk answers.

use crate::actors::{TestApp, code};
use crate::edge::limits::set;
use kefu::config::{ProxyHeader, Rules, Settings, TlsArgs};
use kefu::listen::{ConnectionLimit, Listener, ListenerKind, serve_all};
use serde_json::json;
use tokio::net::TcpListener;

/// The status of a log-in with a wrong password, through a proxy that sends these headers.
async fn guesses(app: &TestApp, headers: &[(&str, &str)]) -> u16 {
    let request =
        app.http.post(format!("{}/desk/api/login", app.base)).header("sec-fetch-site", "same-origin");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.json(&json!({"name": "ann", "password": "guess"})).send().await.unwrap().status().as_u16()
}

fn behind(proxy: &str, proxy_header: ProxyHeader) -> Settings {
    let trusted_proxy = vec![proxy.parse().unwrap()];
    Settings { log_ins_per_minute: 20, trusted_proxy, proxy_header, ..Settings::default() }
}

/// Asserts that an address may guess five times, and that another address still may.
async fn shuts_out_one(app: &TestApp, mut from: impl FnMut(&str, u16) -> Vec<(&'static str, String)>) {
    let mut guess = async |who: &str, port: u16| {
        let headers = from(who, port);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        guesses(app, &headers).await
    };
    for port in 0..5 {
        assert_eq!(guess("198.51.100.66", 40_000 + port).await, 401);
    }
    assert_eq!(guess("198.51.100.66", 50_000).await, 429, "an address is one, whatever its port");
    assert_eq!(guess("198.51.100.1", 40_000).await, 401, "another is not shut out with it");
}

on_both_engines! {
    addresses_with_ports_from_a_proxy_are_distinguished,
    the_forwarded_header_counts_if_the_proxy_writes_it,
    a_header_that_the_proxy_does_not_write_is_not_read,
    a_demo_answers_only_under_loopback_names,
    answers_under_the_desks_name_have_hsts,
    the_start_page_links_to_the_other_pages,
}

async fn addresses_with_ports_from_a_proxy_are_distinguished(app: TestApp) {
    let app = set(&app, behind("127.0.0.0/8", ProxyHeader::XForwardedFor), Rules::default()).await;
    shuts_out_one(&app, |who, port| vec![("x-forwarded-for", format!("{who}:{port}"))]).await;
    for port in 0..5 {
        let v6 = format!("\"[2001:db8::66]:{}\"", 40_000 + port);
        assert_eq!(guesses(&app, &[("x-forwarded-for", &v6)]).await, 401);
    }
    assert_eq!(guesses(&app, &[("x-forwarded-for", "[2001:db8::66]:1, 127.9.9.9:2")]).await, 429);
    app.inner.stop.cancel();
}

async fn the_forwarded_header_counts_if_the_proxy_writes_it(app: TestApp) {
    let app = set(&app, behind("127.0.0.1", ProxyHeader::Forwarded), Rules::default()).await;
    // The proxy passes on what the client wrote into the other header; it is not read.
    shuts_out_one(&app, |who, port| {
        let injected = ("x-forwarded-for", format!("203.0.113.{}", port % 250));
        vec![("forwarded", format!("for=\"{who}:{port}\";proto=https")), injected]
    })
    .await;
    app.inner.stop.cancel();
}

async fn a_header_that_the_proxy_does_not_write_is_not_read(app: TestApp) {
    let app = set(&app, behind("127.0.0.1", ProxyHeader::XForwardedFor), Rules::default()).await;
    shuts_out_one(&app, |who, port| {
        let injected = ("forwarded", format!("for=203.0.113.{}", port % 250));
        vec![("x-forwarded-for", who.to_owned()), injected]
    })
    .await;
    app.inner.stop.cancel();
}

async fn a_demo_answers_only_under_loopback_names(app: TestApp) {
    let tls = TlsArgs { as_host: Some("api.weixin.qq.com".into()), ..TlsArgs::default() };
    let settings = Settings { is_demo: true, tls, ..Settings::default() };
    let demo = set(&app, settings, Rules::default()).await;
    let paths =
        ["/cgi-bin/token", "/customservice/kfaccount/add", "/cgi-bin/nothing", "/headimg/x", "/nothing"];
    let asks = async |app: &TestApp, host: &str, path: &str| {
        let request = app.http.get(format!("{}{path}", app.base)).header("host", host);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), code(&answer.json().await.unwrap()))
    };
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "desk.example.com",
        "a b",
    ] {
        for path in paths {
            assert_eq!(asks(&demo, host, path).await, (421, 990_038), "{host} {path}");
        }
        assert_eq!(asks(&app, host, "/cgi-bin/token").await.0, 200, "serve answers to any name, {host}");
    }
    for host in [
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]:8080",
        "localhost",
        "LOCALHOST.:80",
        "a.localhost",
        "api.weixin.qq.com",
        "API.weixin.qq.com.:443",
    ] {
        assert_eq!(asks(&demo, host, "/cgi-bin/token").await, (200, 40_002), "{host}");
    }
    assert_eq!(asks(&demo, "evil.example", "/healthz").await.0, 200);
    demo.inner.stop.cancel();
}

async fn answers_under_the_desks_name_have_hsts(app: TestApp) {
    let public_url = Some("https://desk.example.com".to_owned());
    let secured = set(&app, Settings { public_url, ..Settings::default() }, Rules::default()).await;
    let hsts = async |app: &TestApp, base: &str, host: &str, path: &str| {
        let answer = app.http.get(format!("{base}{path}")).header("host", host).send().await.unwrap();
        answer.headers().get("strict-transport-security").map(|value| value.to_str().unwrap().to_owned())
    };
    for path in ["/", "/desk/", "/cgi-bin/token", "/nothing", "/openapi.json"] {
        let said = hsts(&secured, &secured.base, "desk.example.com", path).await;
        assert_eq!(said.as_deref(), Some("max-age=15552000"), "{path}");
        assert_eq!(hsts(&secured, &secured.base, "localhost", path).await, None, "{path}");
        assert_eq!(hsts(&secured, &secured.base, "127.0.0.1", path).await, None, "{path}");
        assert_eq!(hsts(&app, &app.base, "desk.example.com", path).await, None, "in clear, {path}");
    }
    // An answer under Weixin's host name has no HSTS header.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = kefu::app::router(secured.inner.clone());
    let entrances = vec![Listener::plain(listener, ListenerKind::Weixin)];
    tokio::spawn(serve_all(entrances, router, ConnectionLimit::new(8), secured.inner.stop.clone()));
    assert_eq!(hsts(&secured, &base, "api.weixin.qq.com", "/cgi-bin/token").await, None);
    secured.inner.stop.cancel();
}

async fn the_start_page_links_to_the_other_pages(app: TestApp) {
    let demo = set(&app, Settings { is_demo: true, ..Settings::default() }, Rules::default()).await;
    let (served, of_demo) = (app.ask("/", "").await, demo.ask("/", "").await);
    for page in [&served, &of_demo] {
        assert_eq!(page.status(), 200);
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    }
    assert_ne!(served.headers()["etag"], of_demo.headers()["etag"]);
    let tag = served.headers()["etag"].to_str().unwrap().to_owned();
    let again = app.http.get(&app.base).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let (served, of_demo) = (served.text().await.unwrap(), of_demo.text().await.unwrap());
    for page in [&served, &of_demo] {
        for link in ["href=\"/desk/\"", "href=\"/debug\"", "href=\"/openapi.json\""] {
            assert!(page.contains(link), "{link}");
        }
        assert!(page.contains("客服工作台") && page.contains("Workbench"));
    }
    assert!(of_demo.contains("/chat/wx0123456789abcdef") && !served.contains("/chat/"));
    assert_eq!(demo.ask("/chat/wx0123456789abcdef", "").await.status(), 200);
    demo.inner.stop.cancel();
}
