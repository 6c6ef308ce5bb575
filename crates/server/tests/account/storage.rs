//! Bytes of files: the limits of a customer's day, of an account and of a disk, and how long files are kept.

use crate::actors::form::{JPEG, MP4, PNG, numbered, sized};
use crate::actors::{CapturedErrors, TestAccount, TestAgent, TestApp, TestCustomer, code, cookie_of, until};
use crate::edge::limits::set;
use kefu::config::{Rules, Settings};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
const KB: usize = 1 << 10;

async fn posts(app: &TestApp, path: &str, cookie: &str, bytes: Vec<u8>) -> reqwest::Response {
    let request = app.http.post(format!("{}{path}", app.base)).header("sec-fetch-site", "same-origin");
    let request = request.header("cookie", cookie).header("content-type", "image/png").body(bytes);
    request.send().await.expect("an answer")
}

/// A customer's page sends a picture: status and number.
async fn shows(
    app: &TestApp,
    account: &TestAccount,
    customer: &TestCustomer,
    bytes: Vec<u8>,
    id: &str,
) -> (u16, i64) {
    let path = format!("/chat/api/{}/image?client_id={id}", account.appid);
    let response = posts(app, &path, &customer.cookie(), bytes).await;
    (response.status().as_u16(), code(&response.json().await.expect("JSON")))
}

async fn replies(app: &TestApp, agent: &TestAgent, session: &Value, bytes: Vec<u8>) -> (u16, i64) {
    let path = format!("/desk/api/image?appid={}&session={session}&client_id=r1", agent.appid);
    let response = posts(app, &path, &agent.cookie, bytes).await;
    (response.status().as_u16(), code(&response.json().await.expect("JSON")))
}

/// A picture whose bytes differ for each `which`.
fn picture(which: u8, size: usize) -> Vec<u8> {
    numbered(which.into(), size)
}

/// The last message on a customer's page.
async fn last(customer: &TestCustomer) -> Value {
    customer.snapshot().await["messages"].as_array().unwrap().last().cloned().unwrap()
}

on_both_engines! {
    a_customer_may_send_a_limited_number_of_bytes_a_day,
    new_customers_from_one_address_share_a_limit,
    an_account_has_a_limit_of_bytes_that_counts_equal_files_once,
    expired_files_free_space_in_their_account,
    uploads_leave_free_space_on_the_disk,
    message_files_expire_as_the_operator_sets_and_the_page_shows_it,
    message_files_are_kept_by_default,
}

async fn a_customer_may_send_a_limited_number_of_bytes_a_day(app: TestApp) {
    let rules = Rules { customer_files_mib_per_day: 1, ..Rules::default() };
    let app = set(&app, Settings::default(), rules).await;
    let account = app.account().await;
    let (ann, bob) = (account.customer(), account.customer());
    ann.says("hello").await;
    bob.says("hello").await;
    assert_eq!(shows(&app, &account, &ann, picture(1, 600 * KB), "p1").await, (200, 0));
    assert_eq!(shows(&app, &account, &ann, picture(2, 600 * KB), "p2").await, (429, 990_025));
    assert_eq!(app.files(), 1, "nothing was stored");
    for _ in 0..20 {
        assert_eq!(
            shows(&app, &account, &ann, picture(2, 600 * KB), "p2").await,
            (429, 990_025),
            "that is not the address's"
        );
    }
    assert_eq!(
        shows(&app, &account, &ann, picture(1, 600 * KB), "p1").await,
        (200, 0),
        "what came before is answered again"
    );
    assert_eq!(shows(&app, &account, &bob, picture(1, 600 * KB), "p1").await, (200, 0), "another customer");
    assert_eq!(
        shows(&app, &account, &ann, picture(3, 300 * KB), "p3").await,
        (200, 0),
        "what is left of the day"
    );
    app.advance(DAY).await;
    assert_eq!(shows(&app, &account, &ann, picture(2, 600 * KB), "p2").await, (200, 0), "another day");
    until("each content is there once", || async { app.files() == 3 }).await;
    app.inner.stop.cancel();
}

async fn new_customers_from_one_address_share_a_limit(app: TestApp) {
    let rules = Rules { customer_files_mib_per_day: 1, ..Rules::default() };
    let app = set(&app, Settings::default(), rules).await;
    let account = app.account().await;
    let path = format!("/chat/api/{}/image?client_id=p1", account.appid);
    let cookie = || crate::actors::first_cookie(&account.appid);
    let first = posts(&app, &path, &cookie(), picture(1, 600 * KB)).await;
    assert!(first.status() == 200 && cookie_of(&first).is_some());
    let second = posts(&app, &path, &cookie(), picture(2, 600 * KB)).await;
    assert_eq!((second.status().as_u16(), second.headers().contains_key("retry-after")), (429, true));
    assert_eq!(code(&second.json().await.unwrap()), 990_027);
    // A customer with messages has a count of their own, until the address has sent as much as five customers may.
    let mut sent = 0;
    let refused = loop {
        let customer = account.customer();
        customer.says("hello").await;
        match shows(&app, &account, &customer, picture(3, 900 * KB), "p1").await {
            (200, _) => sent += 1,
            refused => break refused,
        }
    };
    assert_eq!((sent, refused), (4, (429, 990_027)));
    app.inner.stop.cancel();
}

async fn an_account_has_a_limit_of_bytes_that_counts_equal_files_once(app: TestApp) {
    let rules = Rules { account_files_mib: 1, ..Rules::default() };
    let app = set(&app, Settings::default(), rules).await;
    let (account, other) = (app.account().await, app.account().await);
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    let session = customer.says("hello").await["session"].clone();
    let media_id = account.media("image", &picture(1, 600 * KB)).await;
    account.media("image", &picture(1, 600 * KB)).await;
    let image = json!({"msgtype": "image", "image": {"media_id": media_id}});
    assert_eq!(code(&account.sends(&customer.openid(), image.clone()).await), 0);
    let (errors, guard) = CapturedErrors::expected();
    assert_eq!(code(&account.uploads("image", &picture(2, 600 * KB)).await), -1);
    assert_eq!(code(&account.uploads("image", &picture(2, 600 * KB)).await), -1);
    assert_eq!(replies(&app, &ann, &session, picture(2, 600 * KB)).await, (507, 990_026));
    assert_eq!(shows(&app, &account, &customer, picture(2, 600 * KB), "p1").await, (507, 990_026));
    drop(guard);
    let said = errors.0.lock().unwrap().clone();
    assert!(said.len() == 1 && said[0].contains("--account-files-mib"), "{said:?}");
    assert_eq!(code(&other.uploads("image", &picture(2, 600 * KB)).await), 0, "another account");
    until("what was refused is gone", || async { app.files() == 2 }).await;
    // The message keeps its file, and the account's byte count, after the temporary files have expired.
    app.advance(3 * DAY).await;
    let account = account.with_token(&account.fetch_token().await);
    let (_, guard) = CapturedErrors::expected();
    assert_eq!(code(&account.uploads("image", &picture(2, 600 * KB)).await), -1);
    drop(guard);
    app.inner.stop.cancel();
}

async fn expired_files_free_space_in_their_account(app: TestApp) {
    let app = set(&app, Settings::default(), Rules { account_files_mib: 1, ..Rules::default() }).await;
    let account = app.account().await;
    for which in [1, 2, 3] {
        let account = account.with_token(&account.fetch_token().await);
        account.media("image", &picture(which, 900 * KB)).await;
        app.advance(3 * DAY).await;
    }
    app.inner.stop.cancel();
}

async fn uploads_leave_free_space_on_the_disk(app: TestApp) {
    let app = set(&app, Settings::default(), Rules { files_free_mib: u32::MAX, ..Rules::default() }).await;
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    let (errors, guard) = CapturedErrors::expected();
    for size in [PNG.len(), 600 * KB] {
        assert_eq!(code(&account.uploads("image", &sized(PNG, size)).await), -1);
        assert_eq!(shows(&app, &account, &customer, sized(PNG, size), "p1").await, (507, 990_024));
    }
    drop(guard);
    let said = errors.0.lock().unwrap().clone();
    assert!(said.len() == 1 && said[0].contains("--files-free-mib"), "{said:?}");
    assert_eq!(
        (customer.says("and now?").await["text"].as_str(), app.files()),
        (Some("and now?"), 0),
        "nothing is left"
    );
    app.inner.stop.cancel();
}

async fn message_files_expire_as_the_operator_sets_and_the_page_shows_it(app: TestApp) {
    let app = set(&app, Settings::default(), Rules { message_files_days: 2, ..Rules::default() }).await;
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    // More files than one round removes.
    for at in 0..60_u8 {
        assert_eq!(
            shows(&app, &account, &customer, picture(at, PNG.len() + 1), &format!("p{at}")).await,
            (200, 0)
        );
    }
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, "thanks").await.0, 200);
    app.advance(DAY).await;
    let film =
        json!({"media_id": account.with_token(&account.fetch_token().await).media("video", MP4).await});
    let writes = account.with_token(&account.fetch_token().await);
    assert_eq!(code(&writes.sends(&customer.openid(), json!({"msgtype": "video", "video": film})).await), 0);
    assert_eq!(app.files(), 61);
    let messages = |snapshot: Value| snapshot["messages"].as_array().unwrap().clone();
    assert!(messages(customer.snapshot().await).iter().all(|message| message.get("gone").is_none()));
    app.advance(DAY).await;
    assert_eq!(app.files(), 11, "a round");
    app.advance(1000).await;
    assert_eq!(app.files(), 1, "the next");
    let shown = messages(customer.snapshot().await);
    let (film, picture) = (shown.last().unwrap(), &shown[shown.len() - 3]);
    assert_eq!(
        (film.get("gone"), picture["gone"].as_bool(), picture["kind"].as_str()),
        (None, Some(true), Some("image"))
    );
    for path in [
        format!("/chat/api/{}/file?message={}", account.appid, picture["id"]),
        format!("/desk/api/file?appid={}&message={}", account.appid, picture["id"]),
    ] {
        let cookie = if path.starts_with("/chat") { customer.cookie() } else { ann.cookie.clone() };
        assert_eq!(app.ask(&path, &cookie).await.status(), 404, "{path}");
    }
    app.advance(2 * DAY).await;
    assert_eq!((last(&customer).await["gone"].as_bool(), app.files()), (Some(true), 0));
    app.inner.stop.cancel();
}

async fn message_files_are_kept_by_default(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(shows(&app, &account, &customer, JPEG.to_vec(), "p1").await, (200, 0));
    for _ in 0..5 {
        app.advance(100 * DAY).await;
    }
    assert_eq!((last(&customer).await.get("gone"), app.files()), (None, 1));
}
