//! Cookies of customers: a cookie that an attacker planted reads nothing, and no customer loses a session.

use crate::actors::form::PNG;
use crate::actors::{Stream, TestAccount, TestApp, TestCustomer, code, cookie_of};
use kefu::bind;
use kefu::config::Settings;
use kefu::desk::sha256;
use serde_json::{Value, json};

/// The answer to a call of the chat page: status, errcode, the cookie that it sets, the body.
struct ChatAnswer(u16, i64, Option<String>, Value);

async fn said(response: reqwest::Response) -> ChatAnswer {
    let (status, cookie) = (response.status().as_u16(), cookie_of(&response));
    let answer: Value = response.json().await.unwrap();
    ChatAnswer(status, code(&answer), cookie, answer)
}

async fn writes(app: &TestApp, account: &TestAccount, cookie: &str, id: &str) -> ChatAnswer {
    let path = format!("/chat/api/{}/message", account.appid);
    said(app.send(&path, cookie, &json!({"client_id": id, "text": format!("text of {id}")})).await).await
}

async fn shows(app: &TestApp, account: &TestAccount, cookie: &str, id: &str) -> ChatAnswer {
    let url = format!("{}/chat/api/{}/image?client_id={id}", app.base, account.appid);
    let request = app.http.post(url).header("sec-fetch-site", "same-origin").header("cookie", cookie);
    said(request.header("content-type", "image/png").body(PNG.to_vec()).send().await.unwrap()).await
}

async fn chooses(
    app: &TestApp,
    account: &TestAccount,
    cookie: &str,
    message: &Value,
    id: &str,
) -> ChatAnswer {
    let path = format!("/chat/api/{}/menu_choice", account.appid);
    said(app.send(&path, cookie, &json!({"client_id": id, "message": message, "id": "101"})).await).await
}

async fn snapshot(app: &TestApp, account: &TestAccount, cookie: &str) -> ChatAnswer {
    said(app.ask(&format!("/chat/api/{}/snapshot", account.appid), cookie).await).await
}

/// The texts that the page shows for a cookie.
async fn texts(app: &TestApp, account: &TestAccount, cookie: &str) -> Vec<String> {
    let ChatAnswer(_, _, _, page) = snapshot(app, account, cookie).await;
    page["messages"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap().to_owned()).collect()
}

/// The cookie of a new browser.
async fn first_cookie(app: &TestApp, account: &TestAccount) -> String {
    snapshot(app, account, "").await.2.expect("a cookie for a new browser")
}

async fn asserts_that_it_opens_nothing(app: &TestApp, account: &TestAccount, cookie: &str) {
    let ChatAnswer(_, _, set, page) = snapshot(app, account, cookie).await;
    assert_eq!((&page["state"], &page["messages"], &page["since"]), (&json!("none"), &json!([]), &json!("")));
    assert_eq!(set, None, "the new one may be on its way");
    for path in ["messages", "stream", "file?message=1"] {
        let answer = app.ask(&format!("/chat/api/{}/{path}", account.appid), cookie).await;
        assert_eq!(answer.status(), 401, "{path}");
    }
}

/// A customer of an older version, which did not replace cookies.
async fn of_before(app: &TestApp, account: &TestAccount) -> (TestCustomer, String) {
    let customer = account.customer();
    customer.says("long ago").await;
    let (secret, appid, openid) = ("b".repeat(43), account.appid.clone(), customer.openid());
    let hash = sha256(&secret);
    let sql = "insert into visitor (appid, sha256, openid) values ($1, $2, $3)";
    let insert = move |tx: &mut kefu::store::Tx<'_>| tx.run(sql, bind![&appid, &hash, &openid]).map(|_| ());
    app.inner.desk.store.write_silent(&account.appid, insert).await.unwrap();
    (customer, format!("kefu_{}={secret}", account.appid))
}

async fn streams(app: &TestApp, account: &TestAccount, cookie: &str) -> Stream {
    let ChatAnswer(_, _, _, page) = snapshot(app, account, cookie).await;
    let since = page["since"].as_str().unwrap();
    Stream::open(app, &format!("/chat/api/{}/stream?since={since}", account.appid), cookie).await
}

on_both_engines! {
    a_planted_cookie_cannot_read_what_is_written_with_it,
    a_first_picture_replaces_the_cookie_like_a_first_text,
    a_repeated_first_message_finds_its_session,
    two_pages_of_one_browser_that_write_first_at_once_are_one_customer,
    an_old_cookie_ends_once_its_replacement_is_used,
    with_tls_cookies_are_bound_to_the_host,
    replaced_cookies_are_forgotten_after_a_day,
}

async fn a_planted_cookie_cannot_read_what_is_written_with_it(app: TestApp) {
    let account = app.account().await;
    let planted = first_cookie(&app, &account).await;
    let ChatAnswer(status, _, own, sent) = writes(&app, &account, &planted, "c1").await;
    let own = own.expect("a new cookie");
    assert_eq!(status, 200);
    assert_ne!(own, planted);
    asserts_that_it_opens_nothing(&app, &account, &planted).await;
    let menu = &sent["message"]["id"];
    for refused in [
        writes(&app, &account, &planted, "e1").await,
        shows(&app, &account, &planted, "e2").await,
        chooses(&app, &account, &planted, menu, "e3").await,
    ] {
        assert_eq!((refused.0, refused.1, refused.2), (409, 990_034, None));
    }
    assert_eq!(texts(&app, &account, &own).await, ["text of c1"]);
    assert_eq!(writes(&app, &account, &own, "c2").await.2, None, "it stays");
    // Later the cookie counts as none: a message with it creates another customer.
    app.clock.advance(30_000);
    asserts_that_it_opens_nothing(&app, &account, &planted).await;
    let ChatAnswer(status, _, other, answer) = writes(&app, &account, &planted, "e4").await;
    assert_eq!(status, 200);
    assert_ne!(answer["message"]["openid"], sent["message"]["openid"]);
    assert_eq!(texts(&app, &account, &other.unwrap()).await, ["text of e4"]);
    assert_eq!(texts(&app, &account, &own).await, ["text of c1", "text of c2"]);
    assert_eq!(chooses(&app, &account, &first_cookie(&app, &account).await, menu, "e5").await.0, 401);
}

async fn a_first_picture_replaces_the_cookie_like_a_first_text(app: TestApp) {
    let account = app.account().await;
    let planted = first_cookie(&app, &account).await;
    let ChatAnswer(status, _, own, sent) = shows(&app, &account, &planted, "p1").await;
    assert_eq!(status, 200);
    asserts_that_it_opens_nothing(&app, &account, &planted).await;
    let file = format!("/chat/api/{}/file?message={}", account.appid, sent["message"]["id"]);
    assert_eq!(app.ask(&file, &own.unwrap()).await.status(), 200);
    let ChatAnswer(status, _, again, answer) = shows(&app, &account, &planted, "p1").await;
    assert_eq!((status, &answer["message"]), (200, &sent["message"]));
    assert_eq!(app.ask(&file, &again.unwrap()).await.status(), 200);
}

async fn a_repeated_first_message_finds_its_session(app: TestApp) {
    let settings = Settings { new_customers_per_hour: 1, ..Settings::default() };
    let account = app.account().await;
    let front = app.beside(settings).await;
    let planted = first_cookie(&front, &account).await;
    let sent = writes(&front, &account, &planted, "c1").await;
    app.clock.advance(20_000);
    let again = writes(&front, &account, &planted, "c1").await;
    assert_eq!((again.0, &again.3["message"]), (200, &sent.3["message"]), "it makes no new customer");
    let (lost, own) = (sent.2.unwrap(), again.2.unwrap());
    assert_ne!(lost, own, "each answer has its own");
    assert_eq!(texts(&front, &account, &own).await, ["text of c1"]);
    app.clock.advance(24 * 3_600_000 - 20_001);
    let late = writes(&front, &account, &planted, "c1").await;
    assert_eq!((late.0, &late.3["message"]), (200, &sent.3["message"]));
    assert_eq!(texts(&front, &account, &late.2.unwrap()).await, ["text of c1"]);
    app.clock.advance(1);
    let new = writes(&front, &account, &planted, "c1").await;
    assert_ne!(new.3["message"]["openid"], sent.3["message"]["openid"], "a day is over");
    assert_eq!(texts(&front, &account, &own).await, ["text of c1"]);
}

async fn two_pages_of_one_browser_that_write_first_at_once_are_one_customer(app: TestApp) {
    let account = app.account().await;
    let shared = first_cookie(&app, &account).await;
    let (one, other) =
        tokio::join!(writes(&app, &account, &shared, "c1"), writes(&app, &account, &shared, "c2"));
    let (first, second, id) = if one.0 == 200 { (one, other, "c2") } else { (other, one, "c1") };
    assert_eq!((first.0, second.0, second.1), (200, 409, 990_034));
    let again = writes(&app, &account, &first.2.unwrap(), id).await;
    assert_eq!((again.0, &again.3["message"]["openid"]), (200, &first.3["message"]["openid"]));
    assert_eq!(account.waiting().await.len(), 1);
}

async fn an_old_cookie_ends_once_its_replacement_is_used(app: TestApp) {
    let account = app.account().await;
    let (customer, before) = of_before(&app, &account).await;
    let mut stream = streams(&app, &account, &before).await;
    assert_eq!(texts(&app, &account, &before).await, ["long ago"]);
    // The answer is lost, and so is the answer to its repetition.
    let (lost, again) =
        (writes(&app, &account, &before, "c1").await, writes(&app, &account, &before, "c1").await);
    assert!(lost.2.is_some() && lost.2 != again.2);
    assert_eq!(lost.3, again.3);
    assert_eq!(texts(&app, &account, &before).await, ["long ago", "text of c1"], "it still opens the page");
    let own = writes(&app, &account, &before, "c2").await.2.expect("a new cookie");
    assert_eq!(texts(&app, &account, &own).await, ["long ago", "text of c1", "text of c2"]);
    asserts_that_it_opens_nothing(&app, &account, &before).await;
    let refused = writes(&app, &account, &before, "c1").await;
    assert_eq!(
        (refused.0, refused.1),
        (409, 990_034),
        "another page of the same browser sends the new cookie"
    );
    assert_eq!(chooses(&app, &account, &before, &json!(1), "").await.1, 990_034);
    let more = writes(&app, &account, &own, "c3").await;
    assert_eq!((&more.3["message"]["openid"], more.2), (&json!(customer.openid()), None));
    stream.sees("text of c3").await;
    assert_eq!(texts(&app, &account, &again.2.unwrap()).await.len(), 4, "had it arrived, it would do");
}

async fn with_tls_cookies_are_bound_to_the_host(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("in clear").await;
    let tls =
        app.beside(Settings { public_url: Some("https://desk.example".into()), ..Settings::default() }).await;
    let ann = account.agent("a1").await;
    let body = json!({"name": ann.name, "password": "correct horse"});
    let response = tls.send("/desk/api/login", "", &body).await;
    let header = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        header.starts_with("__Host-kefu_login=")
            && header.contains("; Path=/; ")
            && header.ends_with("; Secure"),
        "{header}"
    );
    let login = cookie_of(&response).unwrap();
    assert_eq!(tls.ask("/desk/api/logins", &login).await.status(), 200);
    assert_eq!(
        tls.ask("/desk/api/logins", login.strip_prefix("__Host-").unwrap()).await.status(),
        401,
        "by a name that others set"
    );
    let out = tls.send("/desk/api/logout", &login, &json!({})).await;
    assert!(
        out.headers()["set-cookie"].to_str().unwrap().starts_with("__Host-kefu_login=; Path=/; Max-Age=0; ")
    );

    // A cookie that another host planted is ignored, whether a customer has it or not.
    let planted = format!("kefu_{}={}", account.appid, "e".repeat(43));
    let first = snapshot(&tls, &account, &planted).await.2.unwrap();
    assert!(first.starts_with(&format!("__Host-kefu_{}=", account.appid)), "{first}");
    let own = writes(&tls, &account, &format!("{planted}; {first}"), "c1").await.2.unwrap();
    assert_eq!(texts(&tls, &account, &format!("{planted}; {own}")).await, ["text of c1"]);
    let unprefixed = own.strip_prefix("__Host-").unwrap();
    assert!(texts(&tls, &account, unprefixed).await.is_empty());
    assert_ne!(writes(&tls, &account, unprefixed, "c1").await.3["message"]["openid"], customer.openid());

    // A session that began without TLS continues.
    let before = customer.cookie();
    assert_eq!(texts(&tls, &account, &before).await, ["in clear"]);
    let now = writes(&tls, &account, &before, "c2").await.2.expect("a new cookie");
    assert!(now.starts_with("__Host-"), "{now}");
    assert_eq!(texts(&tls, &account, &format!("{before}; {now}")).await, ["in clear", "text of c2"]);
    asserts_that_it_opens_nothing(&app, &account, &before).await;
}

async fn replaced_cookies_are_forgotten_after_a_day(app: TestApp) {
    let account = app.account().await;
    let replaced = async || {
        let appid = account.appid.clone();
        let sql = "select count(*) from visitor where appid = $1 and replaced_at > 0";
        app.inner
            .desk
            .store
            .read("", move |tx| Ok(tx.one(sql, bind![&appid])?.unwrap().int(0)))
            .await
            .unwrap()
    };
    for id in ["c1", "c2", "c3"] {
        writes(&app, &account, &first_cookie(&app, &account).await, id).await;
    }
    assert_eq!(replaced().await, 3);
    app.clock.advance(24 * 3_600_000);
    writes(&app, &account, &first_cookie(&app, &account).await, "c4").await;
    assert_eq!(replaced().await, 1);
}
