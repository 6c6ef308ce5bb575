//! Windows: how many messages a customer's action lets programs send, and for how long.

use crate::actors::{TestAccount, TestApp, until};

const MINUTE: i64 = 60_000;
const DAYS: i64 = 48 * 3_600_000;

/// Sends texts until one is refused: the number of texts sent, and the errcode of the refusal.
async fn drain(account: &TestAccount, openid: &str) -> (usize, i64) {
    for sent in 0..30 {
        match account.sends_text(openid, "hello").await {
            0 => {}
            refusal => return (sent, refusal),
        }
    }
    (30, 0)
}

async fn of_kind(app: &TestApp, kind: &str) -> TestAccount {
    app.account_with(|settings| settings.kind = Some(kind.into())).await
}

/// Advances the clock and fetches a token, because a token expires before some windows.
async fn after(app: &TestApp, account: TestAccount, ms: i64) -> TestAccount {
    app.advance(ms).await;
    account.with_token(&account.fetch_token().await)
}

on_both_engines! {
    each_action_opens_the_window_that_the_page_states,
    windows_do_not_add_up,
    a_customer_who_unsubscribed_cannot_be_written_to,
    a_choice_from_a_menu_opens_a_shorter_window_than_a_message,
    opening_the_page_of_a_mini_program_enters_customer_service,
    entering_counts_once_a_visit,
    a_visit_lasts_while_a_stream_is_open_and_half_an_hour_longer,
    agents_may_reply_for_48_hours_without_using_windows,
    customers_can_only_do_what_their_kind_of_account_allows,
}

async fn each_action_opens_the_window_that_the_page_states(app: TestApp) {
    for (kind, deed, count, ms) in [
        ("service", "message", 5, DAYS),
        ("subscription", "message", 5, DAYS),
        ("mini-program", "message", 5, DAYS),
        ("mini-game", "message", 5, DAYS),
        ("service", "menu", 3, MINUTE),
        ("subscription", "menu", 3, MINUTE),
        ("service", "follow", 3, MINUTE),
        ("subscription", "follow", 3, MINUTE),
        ("service", "scan", 3, MINUTE),
        ("subscription", "scan", 3, MINUTE),
        ("service", "pay", 30, DAYS),
        ("subscription", "pay", 30, DAYS),
        ("mini-program", "enter", 2, MINUTE),
        ("mini-game", "enter", 2, MINUTE),
    ] {
        let mut account = of_kind(&app, kind).await;
        let (first, last) = (account.creates_customer().await, account.creates_customer().await);
        assert_eq!(account.sends_text(&first, "hello").await, 45015, "before any deed");
        for openid in [&first, &last] {
            if deed == "message" {
                account.customer_says(openid, "hello").await;
            } else {
                account.customer_acts(openid, deed).await.unwrap();
            }
        }
        let refusal = if count == 30 { 0 } else { 45047 };
        assert_eq!(drain(&account, &first).await, (count, refusal), "{deed} at a {kind}");
        account = after(&app, account, ms - 1).await;
        assert_eq!(account.sends_text(&last, "just in time").await, 0, "{deed} at a {kind}");
        account = after(&app, account, 1).await;
        for openid in [&first, &last] {
            assert_eq!(account.sends_text(openid, "too late").await, 45015, "{deed} at a {kind}");
        }
    }
}

async fn windows_do_not_add_up(app: TestApp) {
    let account = app.account().await;
    let openid = account.creates_customer().await;
    account.customer_says(&openid, "hello").await;
    account.customer_says(&openid, "hello?").await;
    assert_eq!(drain(&account, &openid).await, (5, 45047));
    // A short window within a long one has the short one's count and the longer time.
    account.customer_acts(&openid, "menu").await.unwrap();
    let account = after(&app, account, MINUTE).await;
    assert_eq!(drain(&account, &openid).await, (3, 45047));
    account.customer_acts(&openid, "pay").await.unwrap();
    account.customer_acts(&openid, "scan").await.unwrap();
    assert_eq!(drain(&account, &openid).await, (3, 45047));
    let account = after(&app, account, DAYS - 1).await;
    assert_eq!(account.sends_text(&openid, "used up").await, 45047);
    account.customer_acts(&openid, "follow").await.unwrap();
    let account = after(&app, account, MINUTE - 1).await;
    assert_eq!(account.sends_text(&openid, "the longer of both").await, 0);
    let account = after(&app, account, 1).await;
    assert_eq!(account.sends_text(&openid, "over").await, 45015);
}

async fn a_customer_who_unsubscribed_cannot_be_written_to(app: TestApp) {
    let account = app.account().await;
    let openid = account.creates_customer().await;
    account.customer_says(&openid, "hello").await;
    account.customer_acts(&openid, "unfollow").await.unwrap();
    assert_eq!(account.sends_text(&openid, "come back").await, 45015);
    account.customer_acts(&openid, "follow").await.unwrap();
    assert_eq!(drain(&account, &openid).await, (3, 45047));
}

async fn a_choice_from_a_menu_opens_a_shorter_window_than_a_message(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    let menu =
        serde_json::json!({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "yes"}]}});
    account.sends(&customer.openid(), menu).await;
    let sent = customer.last().await;
    let account = after(&app, account, DAYS).await;
    assert_eq!(account.sends_text(&customer.openid(), "over").await, 45015);
    assert_eq!(customer.chooses(&sent, "1").await.0, 200);
    assert_eq!(drain(&account, &customer.openid()).await, (3, 45047));
    let account = after(&app, account, MINUTE).await;
    assert_eq!(account.sends_text(&customer.openid(), "over").await, 45015);
}

async fn opening_the_page_of_a_mini_program_enters_customer_service(app: TestApp) {
    for (kind, count) in [("mini-program", 2), ("mini-game", 2), ("service", 0)] {
        let account = of_kind(&app, kind).await;
        let customer = account.customer();
        customer.says("hello").await;
        let account = after(&app, account, DAYS).await;
        customer.snapshot().await;
        let refusal = if count == 0 { 45015 } else { 45047 };
        assert_eq!(drain(&account, &customer.openid()).await, (count, refusal), "{kind}");
    }
}

async fn entering_counts_once_a_visit(app: TestApp) {
    let account = of_kind(&app, "mini-program").await;
    let customer = account.customer();
    customer.snapshot().await;
    customer.says("hello").await;
    let loads = async |count: u64| {
        let before = app.inner.desk.store.verbs();
        for _ in 0..count {
            customer.snapshot().await;
        }
        // Each page load opens a window, also of a known customer.
        app.inner.desk.store.verbs() - before - 2 * count
    };
    // The page loads its snapshot after its first message has created the customer.
    assert_eq!(loads(50).await, 0);
    assert_eq!((drain(&account, &customer.openid()).await, loads(50).await), ((5, 45047), 0));
    assert_eq!(account.sends_text(&customer.openid(), "used up").await, 45047);
    let account = after(&app, account, 30 * MINUTE - 1).await;
    assert_eq!(loads(2).await, 0);
    let account = after(&app, account, 1).await;
    assert_eq!((loads(50).await, drain(&account, &customer.openid()).await), (1, (2, 45047)));
    // Each visit opens a window of one minute.
    let account = after(&app, account, DAYS).await;
    assert_eq!(loads(50).await, 1);
    let account = after(&app, account, MINUTE - 1).await;
    assert_eq!(account.sends_text(&customer.openid(), "just in time").await, 0);
    let account = after(&app, account, 1).await;
    assert_eq!(account.sends_text(&customer.openid(), "too late").await, 45015);
}

async fn a_visit_lasts_while_a_stream_is_open_and_half_an_hour_longer(app: TestApp) {
    let account = of_kind(&app, "mini-game").await;
    let customer = account.customer();
    customer.says("hello").await;
    let (first, second) = (customer.watches().await, customer.watches().await);
    let mut account = account;
    for _ in 0..5 {
        account = after(&app, account, 15 * MINUTE).await;
    }
    // Another server, without this one's memory, knows of the visit.
    let again = customer.at(&app.beside(kefu::config::Settings::default()).await);
    again.snapshot().await;
    customer.snapshot().await;
    assert_eq!(account.sends_text(&customer.openid(), "one of five").await, 0);
    drop(first);
    drop(second);
    until("the customer's streams are closed", || async { app.inner.stream_limit.people() == 0 }).await;
    let account = after(&app, account, 29 * MINUTE).await;
    customer.snapshot().await;
    assert_eq!(drain(&account, &customer.openid()).await, (4, 45047));
    let account = after(&app, account, 30 * MINUTE).await;
    again.snapshot().await;
    assert_eq!(drain(&account, &customer.openid()).await, (2, 45047));
}

async fn agents_may_reply_for_48_hours_without_using_windows(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    // Replies of agents use up no window.
    for number in 0..10 {
        assert_eq!(ann.replies(session, &format!("reply {number}")).await.0, 200);
    }
    assert_eq!(drain(&account, &customer.openid()).await, (5, 45047));
    assert_eq!(ann.replies(session, "and more").await.0, 200);
    // A window for programs does not let agents write: the customer has to write.
    let quiet = account.creates_customer().await;
    account.customer_acts(&quiet, "scan").await.unwrap();
    account.creates("a1", &quiet).await;
    let session = ann.session_with(&quiet).await.unwrap();
    assert_eq!(ann.replies(session, "hello").await.1["errcode"], 990_016);
    assert_eq!(account.sends_text(&quiet, "hello").await, 0);
    assert_eq!(ann.replies(session, "hello?").await.1["errcode"], 990_016);
}

async fn customers_can_only_do_what_their_kind_of_account_allows(app: TestApp) {
    let (account, game) = (app.account().await, of_kind(&app, "mini-game").await);
    let openid = account.creates_customer().await;
    for (at, deed) in [
        (&account, "enter"),
        (&game, "follow"),
        (&game, "unfollow"),
        (&game, "scan"),
        (&game, "menu"),
        (&game, "pay"),
    ] {
        let refusal = at.customer_acts(&openid, deed).await.unwrap_err();
        assert_eq!(refusal, format!("customers of an account of this kind cannot {deed}"));
    }
    for (openid, deed, says) in [
        (openid.as_str(), "message", "one of the values"),
        (&openid, "dance", "one of the values"),
        ("me", "scan", "an openid is"),
    ] {
        let refusal = account.customer_acts(openid, deed).await.unwrap_err();
        assert!(refusal.starts_with(says), "{deed}: {refusal}");
    }
    // An unknown openid becomes a customer.
    let unseen = format!("o{}", "z".repeat(27));
    account.customer_acts(&unseen, "scan").await.unwrap();
    assert_eq!(account.sends_text(&unseen, "hello").await, 0);
    let said = format!("o{}", "s".repeat(27));
    account.customer_says(&said, "hello").await;
    assert_eq!((account.sends_text(&said, "hello").await, account.waiting().await), (0, vec![said]));
}
