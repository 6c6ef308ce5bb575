//! The machine's clock is set forward and back while the desk runs.

use crate::actors::{TestApp, code, until};
use serde_json::json;

const HOUR: i64 = 3_600_000;

on_both_engines! {
    an_agent_who_leaves_is_gone_though_the_clock_went_back,
    a_row_that_is_a_day_overdue_and_fails_is_tried_again_a_minute_from_now,
    no_message_is_lost_or_reordered_when_the_clock_jumps,
}

async fn an_agent_who_leaves_is_gone_though_the_clock_went_back(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let stream = ann.comes_online().await;
    app.advance(1).await;
    let agents = app.inner.streams.agents();
    drop(stream);
    until("the agent's stream is closed", || async { app.inner.streams.agents() < agents }).await;
    assert_eq!(account.online().await.len(), 1, "the agent may come back within the grace");
    app.advance(-HOUR).await;
    app.advance(4_999).await;
    assert_eq!(account.online().await.len(), 1, "the agent still may come back");
    app.advance(1).await;
    assert_eq!(account.online().await, []);
}

async fn a_row_that_is_a_day_overdue_and_fails_is_tried_again_a_minute_from_now(app: TestApp) {
    use kefu::bind;
    // A folder in place of the object: removing it as a file fails.
    let object = "aa/aa000000000000000000000000000000";
    std::fs::create_dir_all(app.fresh.folder_of_files().join(object).join("inside")).unwrap();
    let (store, yesterday) = (&app.inner.desk.store, app.clock.now() - 24 * HOUR);
    store
        .write_silent("", move |tx| {
            let insert = "insert into due (owner, kind, key, at) values ('', 'object', $1, $2)";
            tx.run(insert, bind![object, yesterday]).map(|_| ())
        })
        .await
        .unwrap();
    let verbs = store.verbs();
    app.expect_errors(async || app.advance(0).await).await;
    assert!(store.verbs() - verbs < 20, "{} verbs", store.verbs() - verbs);
    let select = "select at from due where owner = '' and kind = 'object' and key = $1";
    let at =
        store.read("", move |tx| Ok(tx.one(select, bind![object])?.map(|row| row.int(0)))).await.unwrap();
    assert_eq!(at, Some(app.clock.now() + 60_000));
}

async fn no_message_is_lost_or_reordered_when_the_clock_jumps(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    let mut said = Vec::new();
    for (number, jump) in [0, HOUR, -2 * HOUR, HOUR, -26 * HOUR, 26 * HOUR].into_iter().enumerate() {
        app.advance(jump).await;
        let text = format!("message {number}");
        customer.says(&text).await;
        desk.sees(&text).await;
        said.push(text);
    }
    let answer = customer.snapshot().await;
    let texts: Vec<_> = answer["messages"].as_array().unwrap().iter().map(|it| it["text"].clone()).collect();
    assert_eq!(json!(texts), json!(said));
    assert_eq!(account.online().await.len(), 1);
    // What expires by the clock expires by the present clock, and not before.
    let account = account.with_token(&account.fetch_token().await);
    app.advance(-HOUR).await;
    assert_eq!(code(&account.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
    app.advance(HOUR + 2 * HOUR).await;
    assert_eq!(code(&account.get("/cgi-bin/customservice/getkflist", &[]).await), 42001);
}
