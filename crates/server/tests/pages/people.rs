//! Workers at the workbench and customers at the chat page.

use crate::actors::{TestAgent, TestApp, code, cookie_of, until};
use kefu::admin::Command;
use serde_json::{Value, json};

on_both_engines! {
    messages_go_both_ways_and_are_shown_after_a_return,
    a_message_sent_twice_arrives_once,
    a_closed_stream_resumes_at_its_cursor,
    an_unknown_cursor_gets_a_reset,
    a_reload_changes_no_presence_and_a_closed_browser_does,
    two_tabs_are_one_presence,
    a_sign_up_link_works_once_and_for_three_days,
    a_login_opens_the_workbench_until_it_ends,
    a_login_ends_after_a_week,
    an_invitation_shows_at_once_at_an_open_workbench,
    only_our_own_pages_may_act,
    the_length_of_a_text_is_limited,
    agents_and_customers_read_only_their_own_messages,
    a_customer_is_not_shown_to_a_worker_who_is_no_agent,
    a_worker_is_one_agent_of_an_account_at_most,
    a_former_agent_of_a_customer_reads_no_later_session,
    a_first_message_sent_twice_makes_one_customer,
    history_comes_in_pages,
    a_reply_is_possible_for_48_hours,
    only_the_pages_are_served,
}

async fn messages_go_both_ways_and_are_shown_after_a_return(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    assert_eq!(customer.snapshot().await["state"], "none");
    customer.says("hello").await;
    let mut page = customer.watches().await;
    let event = desk.sees("hello").await;
    let session = event.data["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|fact| fact["message"]["session"].as_i64())
        .unwrap();
    assert_eq!(ann.replies(session, "good day").await.0, 200);
    page.sees("good day").await;
    desk.sees("good day").await;
    let snapshot = customer.snapshot().await;
    assert_eq!((&snapshot["state"], &snapshot["agent"]["nickname"]), (&json!("open"), &json!("a1")));
    let texts: Vec<&Value> =
        snapshot["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["hello", "good day"]);
    assert_eq!(ann.first_account().await["messages"].as_array().unwrap().len(), 2);
}

async fn a_message_sent_twice_arrives_once(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    let first = customer.says_as("hello", "same").await;
    assert_eq!(customer.says_as("hello", "same").await, first);
    let session = first["session"].as_i64().unwrap();
    let (_, reply) = ann.replies(session, "yes").await;
    assert_eq!(ann.replies(session, "yes").await.1, reply);
    desk.sees("yes").await;
    assert_eq!((desk.count_texts("hello").await, desk.count_texts("yes").await), (1, 1));
}

async fn a_closed_stream_resumes_at_its_cursor(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("one").await;
    let cursor = desk.sees("one").await.id;
    drop(desk);
    customer.says("two").await;
    let mut desk = ann.resumes(&cursor).await;
    desk.sees("two").await;
    customer.says("three").await;
    desk.sees("three").await;
    assert_eq!((desk.count_texts("one").await, desk.count_texts("two").await), (0, 1));
}

async fn an_unknown_cursor_gets_a_reset(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.resumes(&format!("{}:999999", account.appid)).await;
    desk.waits_for("reset", |event| event.event == "reset").await;
}

async fn a_reload_changes_no_presence_and_a_closed_browser_does(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let desk = ann.comes_online().await;
    let online = [(account.kf("a1"), 1, 0)];
    drop(desk);
    until("the stream is closed", || async { app.inner.streams.agents() == 0 }).await;
    app.advance(4_999).await;
    assert_eq!(account.online().await, online);
    let desk = ann.comes_online().await;
    app.advance(10_000).await;
    assert_eq!(account.online().await, online);
    ann.leaves(desk).await;
    assert_eq!(account.online().await, []);
}

async fn two_tabs_are_one_presence(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let (first, second) = (ann.comes_online().await, ann.comes_online().await);
    drop(first);
    app.advance(10_000).await;
    assert_eq!(account.online().await.len(), 1);
    ann.leaves(second).await;
    assert_eq!(account.online().await.len(), 0);
}

async fn a_sign_up_link_works_once_and_for_three_days(app: TestApp) {
    let link = |order: Value| order["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
    let invite = link(app.command(Command::WorkerInvite { name: None, hours: 72 }).await.unwrap());
    let sign_up = |invite: &str, name: &str, password: &str| {
        let (app, body) = (app.clone(), json!({"invite": invite, "name": name, "password": password}));
        async move {
            let answer: Value = app.send("/desk/api/signup", "", &body).await.json().await.unwrap();
            code(&answer)
        }
    };
    assert_eq!(sign_up("wrong", "ann", "long enough").await, 990_012);
    assert_eq!(sign_up(&invite, "no spaces", "long enough").await, 990_020);
    assert_eq!(sign_up(&invite, "ann", "short").await, 990_013);
    assert_eq!(sign_up(&invite, "ann", "long enough").await, 0);
    assert_eq!(sign_up(&invite, "bob", "long enough").await, 990_012);
    let second = link(app.command(Command::WorkerInvite { name: None, hours: 72 }).await.unwrap());
    assert_eq!(sign_up(&second, "ann", "long enough").await, 990_011);
    let named =
        link(app.command(Command::WorkerInvite { name: Some("cat".into()), hours: 72 }).await.unwrap());
    assert_eq!(sign_up(&named, "dog", "long enough").await, 990_012);
    assert_eq!(sign_up(&named, "cat", "long enough").await, 0);
    app.advance(3 * 24 * 3_600_000).await;
    assert_eq!(sign_up(&second, "bob", "long enough").await, 990_012);
}

async fn a_login_opens_the_workbench_until_it_ends(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let log_in = |name: &str, password: &str| {
        let (app, body) = (app.clone(), json!({"name": name, "password": password}));
        async move { app.send("/desk/api/login", "", &body).await }
    };
    assert_eq!(log_in("ann", "wrong").await.status(), 401);
    assert_eq!(log_in("nobody", "correct horse").await.status(), 401);
    let response = log_in("ann", "correct horse").await;
    assert_eq!(response.status(), 200);
    let again = TestAgent { cookie: cookie_of(&response).unwrap(), ..ann.clone() };
    assert_eq!(again.snapshot().await["worker"]["name"], "ann");
    let stream = again.comes_online().await;
    assert_eq!(again.sends("/desk/api/logout", json!({})).await.0, 200);
    stream.ends().await;
    assert_eq!(code(&again.snapshot().await), 990_002);
    assert_eq!(ann.snapshot().await["worker"]["name"], "ann", "another browser's login lives on");
    let stream = ann.comes_online().await;
    let reset = app.command(Command::WorkerReset("ann".into())).await.unwrap();
    stream.ends().await;
    assert_eq!(code(&ann.snapshot().await), 990_002);
    assert_eq!(log_in("ann", reset["password"].as_str().unwrap()).await.status(), 200);
}

async fn a_login_ends_after_a_week(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let stream = ann.comes_online().await;
    app.advance(7 * 24 * 3_600_000 - 1).await;
    assert_eq!(ann.snapshot().await["worker"]["name"], "ann");
    app.advance(1).await;
    stream.ends().await;
    assert_eq!(code(&ann.snapshot().await), 990_002);
}

async fn an_invitation_shows_at_once_at_an_open_workbench(app: TestApp) {
    let account = app.account().await;
    let ann = TestAgent::signs_up(&app, "ann").await;
    let mut desk = ann.comes_online().await;
    account.adds("a1").await;
    account.invites("a1", "ann").await;
    desk.waits_for("reset", |event| event.event == "reset").await;
    assert_eq!(ann.snapshot().await["invitations"].as_array().unwrap().len(), 1);
}

async fn only_our_own_pages_may_act(app: TestApp) {
    let account = app.account().await;
    let url = format!("{}/chat/api/{}/message", app.base, account.appid);
    let body = json!({"client_id": "1", "text": "hi"});
    let host = app.base.strip_prefix("http://").unwrap();
    let cookie = crate::actors::first_cookie(&account.appid);
    let tries = [
        (vec![], 403),
        (vec![("origin", "http://evil.example")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("origin", app.base.as_str())], 200),
        (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], 200),
    ];
    for (headers, status) in tries {
        let request = app.http.post(&url).header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        assert_eq!(request.json(&body).send().await.unwrap().status(), status, "{headers:?} at {host}");
    }
    let form = app.http.post(&url).header("sec-fetch-site", "same-origin").body(body.to_string());
    assert_eq!(form.send().await.unwrap().status(), 400, "a form can send this without asking");
}

async fn the_length_of_a_text_is_limited(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    for text in [String::new(), " \n".into(), "x".repeat(2049)] {
        assert_eq!(code(&customer.sends(json!({"client_id": "1", "text": text})).await.1), 990_019);
    }
    assert_eq!(customer.sends(json!({"client_id": "1", "text": "x".repeat(2048)})).await.0, 200);
    assert_eq!(customer.sends(json!({"client_id": "", "text": "x"})).await.0, 400);
    assert_eq!(customer.sends(json!({"text": "x"})).await.0, 400);
    assert_eq!(customer.sends(json!({"client_id": "2", "text": "x".repeat(300_000)})).await.0, 413);
}

async fn agents_and_customers_read_only_their_own_messages(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let (ann, eve) = (account.agent("a1").await, other.agent("e1").await);
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    let session = customer.says("a secret").await["session"].as_i64().unwrap();
    let history = format!("/desk/api/messages?appid={}&session={session}", account.appid);
    assert_eq!(app.ask(&history, &ann.cookie).await.status(), 200);
    assert_eq!(app.ask(&history, &eve.cookie).await.status(), 403);
    assert_eq!(app.ask(&history, "").await.status(), 401);
    let (status, _) =
        eve.sends("/desk/api/session/accept", json!({"appid": account.appid, "session": session})).await;
    assert_eq!(status, 403);
    let stranger = account.customer();
    stranger.says("hello").await;
    assert_eq!(stranger.snapshot().await["messages"].as_array().unwrap().len(), 1);
    assert_eq!(app.ask(&format!("/chat/api/{}/messages", account.appid), "").await.status(), 401);
    let foreign = customer.cookie().replace(&account.appid, &other.appid);
    let snapshot: Value =
        app.ask(&format!("/chat/api/{}/snapshot", other.appid), &foreign).await.json().await.unwrap();
    assert_eq!(snapshot["messages"], json!([]));
}

async fn a_customer_is_not_shown_to_a_worker_who_is_no_agent(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let bob = TestAgent::signs_up(&app, "bob").await.at(&account, "a1");
    let bind = Command::AgentBind {
        appid: account.appid.clone(),
        kf_account: account.kf("a1"),
        worker: "bob".into(),
    };
    assert!(app.command(bind).await.unwrap_err().contains("65412"));
    assert_eq!(bob.answers_invitation(true).await, 409);
    let stream = bob.resumes("").await;
    assert_eq!(account.online().await, [], "the worker is no agent of the account");
    let mut desk = ann.comes_online().await;
    account.customer().says("for ann alone").await;
    desk.sees("for ann alone").await;
    assert_eq!(stream.count_texts("for ann alone").await, 0);
}

async fn a_worker_is_one_agent_of_an_account_at_most(app: TestApp) {
    let account = app.account().await;
    let ann = TestAgent::signs_up(&app, "ann").await.at(&account, "a1");
    for prefix in ["a1", "a2"] {
        account.adds(prefix).await;
    }
    assert_eq!(code(&account.invites("a1", "ann").await), 0);
    let bind = Command::AgentBind {
        appid: account.appid.clone(),
        kf_account: account.kf("a2"),
        worker: "ann".into(),
    };
    app.command(bind).await.unwrap();
    assert_eq!(ann.answers_invitation(true).await, 409);
    assert_eq!(ann.snapshot().await["accounts"].as_array().unwrap().len(), 1);
}

async fn a_former_agent_of_a_customer_reads_no_later_session(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let first = ann.comes_online().await;
    let customer = account.customer();
    let session = customer.says("for ann").await["session"].as_i64().unwrap();
    assert_eq!(ann.closes(session).await.0, 200);
    ann.leaves(first).await;
    let _desk = bob.comes_online().await;
    let later = customer.says("for bob").await["session"].as_i64().unwrap();
    let texts = |agent: TestAgent, session: i64| async move {
        let path = format!("/desk/api/messages?appid={}&session={session}", agent.appid);
        let answer: Value = agent.app.ask(&path, &agent.cookie).await.json().await.unwrap();
        answer["messages"]
            .as_array()
            .map(|all| all.iter().map(|message| message["text"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(texts(ann.clone(), session).await.unwrap(), ["for ann"]);
    assert_eq!(texts(ann, later).await, None);
    assert_eq!(texts(bob, later).await.unwrap(), ["for ann", "for bob"]);
}

async fn a_first_message_sent_twice_makes_one_customer(app: TestApp) {
    let account = app.account().await;
    let page = app.ask(&format!("/chat/api/{}/snapshot", account.appid), "").await;
    let cookie = cookie_of(&page).expect("a cookie for a new browser");
    let body = json!({"client_id": "1", "text": "hello"});
    let send = || async { app.send(&format!("/chat/api/{}/message", account.appid), &cookie, &body).await };
    // Both requests are sent at once, as a page does that does not know whether the first arrived.
    let (first, second) = tokio::join!(send(), send());
    let (first, second): (Value, Value) = (first.json().await.unwrap(), second.json().await.unwrap());
    assert_eq!(first["message"], second["message"]);
    assert_eq!(account.waiting().await.len(), 1);
}

async fn history_comes_in_pages(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    for number in 0..60 {
        customer.says(&format!("{number}")).await;
    }
    let snapshot = customer.snapshot().await;
    let messages = snapshot["messages"].as_array().unwrap();
    assert_eq!(
        (messages.len(), &messages[0]["text"], &messages[49]["text"]),
        (50, &json!("10"), &json!("59"))
    );
    let before = format!("/chat/api/{}/messages?before={}", account.appid, messages[0]["id"]);
    let older: Value = app.ask(&before, &customer.cookie()).await.json().await.unwrap();
    assert_eq!(older["messages"].as_array().unwrap().len(), 10);
}

async fn a_reply_is_possible_for_48_hours(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(47 * 3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(code(&account.creates("a1", &customer.openid()).await), 0);
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, "in time").await.0, 200);
    app.clock.advance(3_600_000);
    let (status, refusal) = ann.replies(session, "late").await;
    assert_eq!((status, code(&refusal)), (409, 990_016));
}

async fn only_the_pages_are_served(app: TestApp) {
    let account = app.account().await;
    for path in ["/desk/".to_owned(), format!("/chat/{}", account.appid)] {
        let response = app.ask(&path, "").await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(
            response.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'")
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    for (path, status) in [
        ("/nothing", 404),
        ("/desk/api/nothing", 404),
        ("/desk/assets/nothing.js", 404),
        ("/desk/api/login", 400),
    ] {
        let response = app.ask(path, "").await;
        assert_eq!(response.status(), status, "{path}");
        let answer: Value = response.json().await.unwrap();
        assert!(code(&answer) >= 990_000 && !answer["errmsg"].as_str().unwrap().is_empty());
    }
    let mistyped = app.ask("/chat/wx1", "").await;
    assert_eq!(mistyped.status(), 404);
    assert!(mistyped.text().await.unwrap().contains("<html"), "a person reads this");
    assert_eq!(app.ask("/healthz", "").await.status(), 200);
    assert_eq!(app.ask("/readyz", "").await.status(), 200);
}
