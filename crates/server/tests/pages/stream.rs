//! Streams: how many a person may have, how they catch up, and when a page has to load everything again.

use crate::actors::{Stream, TestAccount, TestAgent, TestApp, TestCustomer, until};
use futures_util::StreamExt;
use futures_util::future::join_all;
use kefu::push::{BEHIND_MAX, FeedStep};
use kefu::streams::limit::STREAMS_MAX;
use model::{Fact, Openid};

/// Makes changes of the account that its customers do not see.
async fn fill(account: &TestAccount, count: usize) {
    let store = &account.app.inner.desk.store;
    let write = || {
        store.write(&account.appid, |tx| {
            let openid = Openid::stored(format!("o{}", "f".repeat(27)));
            tx.record(Fact::Typing { openid, until: 0 });
            Ok(())
        })
    };
    // One commit's worth at a time: more would wait too long on a slow database.
    for begun in (0..count).step_by(32) {
        let written = join_all((begun..count.min(begun + 32)).map(|_| write())).await;
        written.into_iter().for_each(|written| written.expect("a change"));
    }
}

async fn head(account: &TestAccount) -> i64 {
    account.app.inner.desk.store.head(&account.appid).await.unwrap().unwrap().seq
}

async fn opens(account: &TestAccount, customer: &TestCustomer, since: i64) -> Stream {
    opens_at(
        account,
        customer,
        &format!("{};{}:{since}", account.app.inner.desk.store.epoch(), account.appid),
    )
    .await
}

async fn opens_at(account: &TestAccount, customer: &TestCustomer, cursor: &str) -> Stream {
    let path = format!("/chat/api/{}/stream?since={cursor}", account.appid);
    Stream::open(&account.app, &path, &customer.cookie()).await
}

/// Opens the workbench's stream at this seq of the account and at the head of the worker's own feed.
async fn resumes_at(agent: &TestAgent, seq: i64) -> Stream {
    let since = agent.snapshot().await["since"].as_str().unwrap().to_owned();
    let (epoch, pairs) = since.split_once(';').unwrap();
    let own = pairs.split(',').find(|pair| pair.starts_with('@')).unwrap();
    agent.resumes(&format!("{epoch};{own},{}:{seq}", agent.appid)).await
}

async fn is_reset(mut stream: Stream) {
    let reset = stream.waits_for("reset", |event| event.event == "reset").await;
    assert_eq!((reset.id.as_str(), stream.events().len()), ("", 1), "nothing before it");
    stream.ends().await;
}

/// Asserts that the first stream gets `replaced` and ends, and that the others get the message `text`.
async fn the_first_is_replaced(mut streams: Vec<Stream>, text: &str) -> Vec<Stream> {
    let mut first = streams.remove(0);
    let replaced = first.waits_for("replaced", |event| event.event == "replaced").await;
    assert_eq!(replaced.id, "", "the page goes on from where it was");
    for stream in &mut streams {
        stream.sees(text).await;
        assert!(stream.events().iter().all(|event| event.event != "replaced"));
    }
    first.ends().await;
    streams
}

on_both_engines! {
    a_ninth_stream_of_a_customer_replaces_the_oldest,
    a_ninth_stream_of_a_login_replaces_the_oldest_and_the_agent_stays_online,
    streams_opened_again_and_again_change_no_presence,
    a_cursor_above_the_head_or_far_behind_gets_a_reset,
    a_cursor_of_another_epoch_or_without_one_gets_a_reset,
    many_streams_that_are_behind_read_the_feed_once,
    a_stream_gets_each_change_once_and_in_order_however_it_falls_behind,
    a_stream_that_catches_up_skips_typing_that_is_over,
}

async fn a_ninth_stream_of_a_customer_replaces_the_oldest(app: TestApp) {
    let account = app.account().await;
    let (customer, other) = (account.customer(), account.customer());
    customer.says("hello").await;
    other.says("hello").await;
    let bystander = other.watches().await;
    let mut streams = Vec::new();
    for _ in 0..=STREAMS_MAX {
        streams.push(customer.watches().await);
    }
    customer.says("still there?").await;
    let streams = the_first_is_replaced(streams, "still there?").await;
    assert_eq!(bystander.events().len(), 0);
    until("as many are open as may be", || async {
        app.inner.metrics.chat_streams.get() == STREAMS_MAX as i64 + 1
    })
    .await;
    drop((streams, bystander));
    until("nothing is kept of them", || async { app.inner.stream_limit.people() == 0 }).await;
}

async fn a_ninth_stream_of_a_login_replaces_the_oldest_and_the_agent_stays_online(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let elsewhere = app
        .send("/desk/api/login", "", &serde_json::json!({"name": ann.name, "password": "correct horse"}))
        .await;
    let elsewhere = TestAgent { cookie: crate::actors::cookie_of(&elsewhere).unwrap(), ..ann.clone() };
    let mut bystander = elsewhere.comes_online().await;
    let mut streams = Vec::new();
    for _ in 0..=STREAMS_MAX {
        streams.push(ann.comes_online().await);
    }
    account.customer().says("hello").await;
    let streams = the_first_is_replaced(streams, "hello").await;
    bystander.sees("hello").await;
    // The remaining streams keep the agent online.
    drop(bystander);
    app.advance(10_000).await;
    assert_eq!(account.online().await.len(), 1);
    let gone = app.inner.metrics.desk_streams.get() - 1;
    drop(streams);
    until("the streams are closed", || async {
        app.inner.metrics.desk_streams.get() < gone && app.inner.streams.agents() == 0
    })
    .await;
    app.advance(5_000).await;
    assert_eq!(account.online().await, []);
}

async fn streams_opened_again_and_again_change_no_presence(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let since = ann.snapshot().await["since"].as_str().unwrap().to_owned();
    let before = head(&account).await;
    let mut streams = Vec::new();
    for _ in 0..40 {
        streams.push(ann.resumes(&since).await);
    }
    until("the older ones are gone", || async { app.inner.metrics.desk_streams.get() == STREAMS_MAX as i64 })
        .await;
    app.advance(10_000).await;
    assert_eq!(
        (head(&account).await, account.online().await.len()),
        (before + 1, 1),
        "the agent came online once"
    );
}

async fn a_cursor_above_the_head_or_far_behind_gets_a_reset(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _online = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    let here = head(&account).await;
    for wrong in [here + 1, here + 1_000_000, i64::MAX, i64::MAX - 1, -1, i64::MIN] {
        is_reset(opens(&account, &customer, wrong).await).await;
        is_reset(resumes_at(&ann, wrong).await).await;
    }
    // A cursor at the limit gets all changes. One change further gets `reset`, without a read of the feed.
    let mut stream = opens(&account, &customer, 0).await;
    stream.sees("hello").await;
    fill(&account, usize::try_from(BEHIND_MAX - head(&account).await).unwrap()).await;
    opens(&account, &customer, 0).await.sees("hello").await;
    fill(&account, 1).await;
    until("it is read", || async { app.inner.feeds.lag().1 == 0 }).await;
    let before = app.inner.desk.store.verbs();
    for _ in 0..20 {
        is_reset(opens(&account, &customer, 0).await).await;
    }
    let extra = app.inner.desk.store.verbs() - before - 20;
    assert!(extra < 8, "beside the cookie, which is looked up each time, {extra} verbs");
    is_reset(resumes_at(&ann, 0).await).await;
    opens(&account, &customer, 1).await.sees("hello").await;
}

/// Numbers of another epoch are of another store, where they mean other changes.
async fn a_cursor_of_another_epoch_or_without_one_gets_a_reset(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let customer = account.customer();
    customer.says("hello").await;
    let (chat, bench) = (customer.snapshot().await, ann.snapshot().await);
    let here = chat["since"].as_str().unwrap();
    let (epoch, pairs) = here.split_once(';').expect("an epoch");
    let desk = bench["since"].as_str().unwrap().split_once(';').unwrap().1;
    assert_eq!((chat["epoch"].as_str(), bench["epoch"].as_str()), (Some(epoch), Some(epoch)));
    for wrong in [
        String::new(),
        ";".to_owned(),
        format!("{epoch},"),
        format!("{epoch}0;"),
        "0123456789abcdef;".to_owned(),
    ] {
        is_reset(opens_at(&account, &customer, &format!("{wrong}{pairs}")).await).await;
        is_reset(ann.resumes(&format!("{wrong}{desk}")).await).await;
    }
    let mut page = opens_at(&account, &customer, here).await;
    let mut bench = ann.resumes(&format!("{epoch};{desk}")).await;
    customer.says("and on").await;
    let (at_page, at_bench) = (page.sees("and on").await, bench.sees("and on").await);
    assert!(
        [&at_page, &at_bench].iter().all(|event| event.id.starts_with(&format!("{epoch};"))),
        "{at_page:?} {at_bench:?}"
    );
    // A page without a cursor begins with the first change.
    opens_at(&account, &customer, "").await.sees("hello").await;
}

async fn many_streams_that_are_behind_read_the_feed_once(app: TestApp) {
    let account = app.account().await;
    let customers: Vec<_> = (0..25).map(|_| account.customer()).collect();
    for (number, customer) in customers.iter().enumerate() {
        customer.says(&format!("hello {number}")).await;
    }
    fill(&account, 250).await;
    // An open stream keeps the reader.
    let _page = customers[0].watches().await;
    let before = app.inner.desk.store.verbs();
    let streams = customers.iter().enumerate().flat_map(|(number, customer)| {
        (0..STREAMS_MAX as i64 - 1).map(move |since| (number, customer, since))
    });
    let streams = join_all(streams.map(|(number, customer, since)| {
        let account = &account;
        async move {
            let mut stream = opens(account, customer, since % 2).await;
            stream.sees(&format!("hello {number}")).await;
            stream
        }
    }))
    .await;
    assert_eq!(streams.len(), 175);
    let extra = app.inner.desk.store.verbs() - before - 175;
    assert!(extra < 12, "beside their cookies {extra} verbs");
}

async fn a_stream_gets_each_change_once_and_in_order_however_it_falls_behind(app: TestApp) {
    let account = app.account().await;
    let feeds = &app.inner.feeds;
    let mut random = 88_172_645_463_325_252_u64;
    let mut chance = move |most: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % most
    };
    fill(&account, 70).await;
    let mut streams: Vec<_> = (0..6)
        .map(|number| {
            let since = number * 13;
            (feeds.follow(account.appid.clone(), since).boxed(), since)
        })
        .collect();
    for _ in 0..12 {
        // More changes than a stream buffers, fewer than it may be behind: some streams continue at once, some later.
        fill(&account, [1, 2, 63, 64, 65, 130, 300, 400][chance(8) as usize]).await;
        let here = head(&account).await;
        for (stream, cursor) in &mut streams {
            let most = if here - *cursor > BEHIND_MAX - 400 { u64::MAX } else { chance(500) };
            let to = here.min(cursor.saturating_add_unsigned(most));
            while *cursor < to {
                let Some(FeedStep::Change(change)) = stream.next().await else { panic!("lost at {cursor}") };
                assert_eq!(change.seq, *cursor + 1);
                *cursor += 1;
            }
        }
    }
    // A stream whose client does not read falls behind too far, and sends `reset` once.
    let (idle, cursor) = &mut streams[0];
    fill(&account, usize::try_from(BEHIND_MAX).unwrap() + 1).await;
    until("it is read", || async { feeds.lag().1 == 0 }).await;
    let mut last = *cursor;
    while let Some(step) = idle.next().await {
        match step {
            FeedStep::Change(change) => {
                assert_eq!(change.seq, last + 1);
                last = change.seq;
            }
            FeedStep::Lost => break,
        }
    }
    assert!(idle.next().await.is_none() && last < head(&account).await);
}

async fn a_stream_that_catches_up_skips_typing_that_is_over(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    let since = head(&account).await;
    assert_eq!(account.sends_typing(&customer.openid(), "Typing").await, 0);
    let typing = |event: &crate::actors::StreamEvent| event.event == "typing";
    // The first stream reads the typing while it lasts. The second gets the same block after the typing is over.
    opens(&account, &customer, since).await.waits_for("typing", typing).await;
    app.advance(15_000).await;
    let mut page = opens(&account, &customer, since).await;
    customer.says("anybody?").await;
    page.sees("anybody?").await;
    assert!(page.events().iter().all(|event| !typing(event)));
}
