//! Passwords: a log-in that was verified against an old password fails, and workers change their passwords.

use super::hashing::OF_A_SITE;
use crate::actors::{TestAgent, TestApp, code, cookie_of};
use kefu::admin::Command;
use kefu::config::Settings;
use kefu::desk::hashing::Requester;
use kefu::desk::{login, password};
use kefu::error::Error;
use protocol::Errcode;
use serde_json::{Value, json};

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

/// Tries to log in: the status, and the cookie.
async fn logs_in(app: &TestApp, name: &str, password: &str) -> (u16, Option<String>) {
    let response = app.send("/desk/api/login", "", &json!({"name": name, "password": password})).await;
    (response.status().as_u16(), cookie_of(&response))
}

async fn is_in(app: &TestApp, cookie: &str) -> bool {
    app.ask("/desk/api/logins", cookie).await.status() == 200
}

/// A worker changes the password: status and code.
async fn changes(app: &TestApp, cookie: &str, current: &str, new: &str) -> (u16, i64) {
    let response = app.send("/desk/api/password", cookie, &json!({"current": current, "new": new})).await;
    (response.status().as_u16(), code(&response.json::<Value>().await.unwrap()))
}

async fn link(app: &TestApp) -> String {
    let made = app.command(Command::WorkerInvite { name: None, hours: 72 }).await.unwrap();
    made["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned()
}

on_both_engines! {
    no_login_begins_with_a_password_that_was_reset_after_it_was_verified,
    no_login_issued_during_a_reset_survives_it,
    a_sign_up_link_used_twice_at_once_creates_one_worker,
    a_password_change_ends_all_other_logins,
    of_two_concurrent_password_changes_one_succeeds,
    guessing_the_current_password_at_an_open_workbench_is_slow,
    an_operator_gets_an_error_for_logins_of_an_unknown_worker,
}

async fn no_login_begins_with_a_password_that_was_reset_after_it_was_verified(app: TestApp) {
    TestAgent::signs_up(&app, "ann").await;
    let desk = &app.inner.desk;
    let verified = password::verify(desk, "ann", OLD, Requester::Known).await.unwrap();
    app.command(Command::WorkerReset("ann".into())).await.unwrap();
    let begun = login::start(desk, &verified, login::LoginOrigin::default()).await;
    assert!(matches!(begun, Err(Error::Refused(Errcode::WrongPassword))), "{begun:?}");
    assert_eq!(app.command(Command::WorkerLogins("ann".into())).await.unwrap(), json!([]));
}

async fn no_login_issued_during_a_reset_survives_it(app: TestApp) {
    TestAgent::signs_up(&app, "ann").await;
    // Log-ins beyond the share of a network would be refused with 503.
    let tries = || futures_util::future::join_all((0..OF_A_SITE / 2).map(|_| logs_in(&app, "ann", OLD)));
    let reset = app.command(Command::WorkerReset("ann".into()));
    let (before, reset, beside) = tokio::join!(tries(), reset, tries());
    for (status, cookie) in before.into_iter().chain(beside) {
        assert!(status == 200 || status == 401, "{status}");
        if let Some(cookie) = cookie {
            assert!(!is_in(&app, &cookie).await, "a login with the old password lives");
        }
    }
    let password = reset.unwrap()["password"].as_str().unwrap().to_owned();
    assert_eq!(logs_in(&app, "ann", &password).await.0, 200);
}

async fn a_sign_up_link_used_twice_at_once_creates_one_worker(app: TestApp) {
    let link = link(&app).await;
    let sign_up = async |name: &str| {
        let body = json!({"invite": link, "name": name, "password": OLD});
        app.send("/desk/api/signup", "", &body).await.status().as_u16()
    };
    let mut statuses: [u16; 2] = tokio::join!(sign_up("ann"), sign_up("bob")).into();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
    assert_eq!(app.command(Command::WorkerList).await.unwrap().as_array().unwrap().len(), 1);
}

async fn a_password_change_ends_all_other_logins(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let phone = logs_in(&app, &ann.name, OLD).await.1.unwrap();
    let elsewhere = TestAgent { cookie: phone.clone(), ..ann.clone() }.comes_online().await;
    assert_eq!(changes(&app, "", OLD, NEW).await, (401, 990_002));
    assert_eq!(changes(&app, &ann.cookie, OLD, "short").await, (400, 990_013));
    assert_eq!(changes(&app, &ann.cookie, OLD, &"x".repeat(257)).await, (400, 990_013));
    assert_eq!(changes(&app, &ann.cookie, "wrong", NEW).await, (401, 990_010));
    assert!(is_in(&app, &phone).await, "nothing has changed");
    assert_eq!(changes(&app, &ann.cookie, OLD, NEW).await, (200, 0));
    elsewhere.ends().await;
    assert_eq!((is_in(&app, &ann.cookie).await, is_in(&app, &phone).await), (true, false));
    assert_eq!((logs_in(&app, &ann.name, OLD).await.0, logs_in(&app, &ann.name, NEW).await.0), (401, 200));
}

async fn of_two_concurrent_password_changes_one_succeeds(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let phone = logs_in(&app, "ann", OLD).await.1.unwrap();
    let (here, there) =
        tokio::join!(changes(&app, &ann.cookie, OLD, NEW), changes(&app, &phone, OLD, "third of them"));
    let (won, lost, cookie, password) =
        if here.0 == 200 { (here, there, &ann.cookie, NEW) } else { (there, here, &phone, "third of them") };
    assert!(won == (200, 0) && matches!(lost, (401, 990_002 | 990_010)), "{won:?} {lost:?}");
    assert!(is_in(&app, cookie).await);
    assert_eq!(logs_in(&app, "ann", password).await.0, 200);
}

async fn guessing_the_current_password_at_an_open_workbench_is_slow(app: TestApp) {
    let app = app.beside(Settings { log_ins_per_minute: 4, ..Settings::default() }).await;
    let ann = TestAgent::signs_up(&app, "ann").await;
    assert_eq!(changes(&app, &ann.cookie, "wrong", NEW).await, (401, 990_010));
    assert_eq!(changes(&app, &ann.cookie, OLD, NEW).await, (429, 990_006));
    app.clock.advance(60_000);
    assert_eq!(changes(&app, &ann.cookie, OLD, NEW).await, (200, 0));
}

async fn an_operator_gets_an_error_for_logins_of_an_unknown_worker(app: TestApp) {
    let said = app.command(Command::WorkerLogins("nobody".into())).await.unwrap_err();
    assert!(said.contains("no such worker") && said.contains("kefu worker list"), "{said}");
}
