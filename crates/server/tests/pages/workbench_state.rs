//! What the server keeps of a worker's page: drafts, and how far each session was read.

use crate::actors::{TestAccount, TestAgent, TestApp};
use serde_json::{Value, json};

/// The drafts of the worker's first account.
async fn drafts(agent: &TestAgent) -> Value {
    agent.first_account().await["drafts"].clone()
}

async fn drafted(agent: &TestAgent, session: i64, text: &str) -> (u16, Value) {
    let body = json!({"appid": agent.appid, "session": session, "text": text});
    agent.sends("/desk/api/draft", body).await
}

/// An account, an agent who is online, a customer who has written "hello", and their session.
async fn serving_agent(
    app: &TestApp,
) -> (TestAccount, TestAgent, crate::actors::Stream, crate::actors::TestCustomer, i64) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let desk = ann.comes_online().await;
    let customer = account.customer();
    let session = customer.says("hello").await["session"].as_i64().unwrap();
    (account, ann, desk, customer, session)
}

on_both_engines! {
    a_draft_is_shown_in_another_browser,
    a_page_saves_no_draft_for_another_worker_who_logged_in,
    a_hundred_drafts_are_kept_and_the_oldest_goes,
    unread_counts_survive_a_reload,
    waiting_counts_come_from_the_server_for_any_number,
    a_customer_sees_whether_the_agent_is_online,
    a_browser_without_cookies_gets_an_error,
}

async fn a_draft_is_shown_in_another_browser(app: TestApp) {
    let (account, ann, _desk, customer, session) = serving_agent(&app).await;
    let bob = account.agent("b1").await;
    assert_eq!(drafted(&ann, session, "Dear").await.0, 200);
    app.clock.advance(1000);
    let (status, kept) = drafted(&ann, session, "Dear customer 👋").await;
    assert_eq!((status, kept), (200, json!({"at": app.clock.now()})));
    assert_eq!(ann.sends("/desk/api/logout", json!({})).await.0, 200);
    let login =
        app.send("/desk/api/login", "", &json!({"name": ann.name, "password": "correct horse"})).await;
    let ann = TestAgent { cookie: crate::actors::cookie_of(&login).unwrap(), ..ann };
    let openid = customer.openid();
    let draft =
        json!({"session": session, "openid": openid, "text": "Dear customer 👋", "at": app.clock.now()});
    assert_eq!(drafts(&ann).await, json!([draft]));
    assert_eq!(drafts(&bob).await, json!([]), "a colleague sees nothing of it");
    assert_eq!(drafted(&ann, session, "").await.0, 200);
    assert_eq!(drafts(&ann).await, json!([]));
    assert_eq!(drafted(&ann, session, &"x".repeat(20_001)).await.0, 413);
    assert_eq!(drafted(&ann, 9_999, "to nobody").await.0, 404);
}

async fn a_page_saves_no_draft_for_another_worker_who_logged_in(app: TestApp) {
    let (account, ann, _desk, customer, session) = serving_agent(&app).await;
    let bob = account.agent("b1").await;
    let last = customer.last().await["id"].as_i64().unwrap();
    for (worker, status) in [(&ann.name, 401), (&bob.name, 200)] {
        let draft = json!({"worker": worker, "appid": bob.appid, "session": session, "text": "between us"});
        assert_eq!(bob.sends("/desk/api/draft", draft).await.0, status);
        let mark = json!({"worker": worker, "appid": bob.appid, "session": session, "message": last});
        assert_eq!(bob.sends("/desk/api/read", mark).await.0, status);
        assert_eq!(drafts(&bob).await.as_array().unwrap().len(), usize::from(status == 200));
    }
    assert_eq!(drafts(&ann).await, json!([]));
}

async fn a_hundred_drafts_are_kept_and_the_oldest_goes(app: TestApp) {
    let (account, ann, _desk, ..) = serving_agent(&app).await;
    let mut sessions = Vec::new();
    for number in 0..101 {
        let said = account.customer().says(&format!("hello {number}")).await;
        sessions.push(said["session"].as_i64().unwrap());
    }
    for session in &sessions {
        app.clock.advance(1);
        assert_eq!(drafted(&ann, *session, "soon").await.0, 200);
    }
    let kept: Vec<_> =
        drafts(&ann).await.as_array().unwrap().iter().map(|it| it["session"].as_i64().unwrap()).collect();
    assert_eq!(kept, sessions[1..]);
}

async fn unread_counts_survive_a_reload(app: TestApp) {
    let (_account, ann, _desk, customer, session) = serving_agent(&app).await;
    let unread = async || ann.first_account().await["unread"].clone();
    for number in 0..60 {
        customer.says(&format!("and {number}")).await;
    }
    assert_eq!(unread().await, json!({session.to_string(): 61}), "more than a page of messages");
    let last = customer.last().await["id"].as_i64().unwrap();
    let read = async |message: i64| {
        let body = json!({"appid": ann.appid, "session": session, "message": message});
        assert_eq!(ann.sends("/desk/api/read", body).await.0, 200);
    };
    read(last).await;
    assert_eq!(unread().await, json!({}));
    read(last - 10).await;
    assert_eq!(unread().await, json!({}), "a mark never goes back");
    customer.says("one more").await;
    assert_eq!(unread().await, json!({session.to_string(): 1}));
    ann.replies(session, "yes").await;
    assert_eq!(unread().await, json!({}), "what was answered was read");
    assert_eq!(ann.closes(session).await.0, 200);
    let marks =
        app.inner.desk.store.read("", |tx| tx.all("select session from read_mark", &[])).await.unwrap();
    assert!(marks.is_empty(), "a closed session has no unread count");
}

async fn waiting_counts_come_from_the_server_for_any_number(app: TestApp) {
    let (account, ann, mut desk, _, session) = serving_agent(&app).await;
    account.set(|settings| settings.reception = Some("manual".into())).await;
    for number in 0..3 {
        account.customer().says(&format!("hello {number}")).await;
    }
    desk.sees_fact("three wait", |fact| fact["counts"] == json!({"waiting": 3})).await;
    account.post("/customservice/kfaccount/setadmin", json!({"kf_account": ann.kf_account})).await;
    let mut desk = ann.comes_online().await;
    assert_eq!(ann.closes(session).await.0, 200);
    desk.sees_fact("none is open", |fact| fact["counts"] == json!({"waiting": 3, "open": 0})).await;
}

async fn a_customer_sees_whether_the_agent_is_online(app: TestApp) {
    let (_account, ann, desk, customer, _) = serving_agent(&app).await;
    assert_eq!(customer.snapshot().await["agent"]["online"], true);
    let mut page = customer.watches().await;
    ann.sets_away(true).await;
    page.sees_fact("away from new customers only", |fact| fact["session"]["agent"]["online"] == true).await;
    ann.leaves(desk).await;
    page.sees_fact("gone", |fact| fact["session"]["agent"]["online"] == false).await;
    assert_eq!(customer.snapshot().await["agent"]["online"], false);
}

async fn a_browser_without_cookies_gets_an_error(app: TestApp) {
    let account = app.account().await;
    let url = format!("{}/chat/api/{}/message", app.base, account.appid);
    let sent = app
        .http
        .post(url)
        .header("sec-fetch-site", "same-origin")
        .json(&json!({"client_id": "1", "text": "hi"}));
    let sent = sent.send().await.unwrap();
    assert_eq!(sent.status(), 400);
    assert_eq!(crate::actors::code(&sent.json().await.unwrap()), 990_029);
    assert!(account.waiting().await.is_empty(), "no customer was created");
}
