//! A clock that was ahead and is set back: what it stamped ends by the right time, also after a restart. Clocks of two
//! nodes that differ.

mod fixture;

use crate::actors::form::PNG;
use crate::actors::{BEGIN, CapturedErrors, TestAccount, TestAgent, TestApp, code, until};
use crate::cluster::on_two_nodes;
use crate::operating::doctor::{asks, free, state};
use fixture::{ClockFixture, lists, stable};
use kefu::desk::cluster;
use kefu::due::Lease;
use serde_json::json;
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The texts that getmsglist lists of a day, asked for `number` records at a time.
async fn listed(account: &TestAccount, from: i64, number: i64) -> String {
    let (mut msgid, mut texts) = (1, String::new());
    loop {
        let body = json!({"starttime": from / 1000, "endtime": (from + DAY) / 1000, "msgid": msgid, "number": number});
        let answer = account.post("/customservice/msgrecord/getmsglist", body).await;
        let records = answer["recordlist"].as_array().unwrap_or_else(|| panic!("{answer}"));
        if records.is_empty() {
            return texts;
        }
        records.iter().for_each(|record| texts.push_str(record["text"].as_str().unwrap()));
        msgid = answer["msgid"].as_i64().unwrap();
    }
}

/// The texts and times that getrecord lists of the day in Beijing that begins at `from`.
async fn listed_by_page(account: &TestAccount, from: i64) -> Vec<(String, i64)> {
    let body =
        json!({"starttime": from / 1000, "endtime": (from + DAY) / 1000, "pageindex": 1, "pagesize": 1000});
    let answer = account.post("/customservice/msgrecord/getrecord", body).await;
    let records = answer["recordlist"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    let records = records.map(|it| (it["text"].as_str().unwrap().to_owned(), it["time"].as_i64().unwrap()));
    records.filter(|(text, _)| !text.is_empty()).collect()
}

on_both_engines! {
    what_a_clock_ahead_stamped_ends_by_the_right_time,
    what_a_clock_ahead_stamped_ends_by_the_right_time_after_a_restart_too,
    times_of_a_right_clock_stay_after_a_wrong_clock_came_and_went,
    a_clock_that_went_back_by_mistake_and_returns_moves_nothing,
    a_clock_that_was_not_set_moves_nothing,
    records_keep_their_times_and_none_is_skipped,
}

async fn what_a_clock_ahead_stamped_ends_by_the_right_time(app: TestApp) {
    let mut fixture = ClockFixture::set(&app, DAY).await;
    app.advance(-DAY).await;
    app.advance(MINUTE).await;
    fixture.holds_soon(false).await;
    fixture.holds_on().await;
}

async fn what_a_clock_ahead_stamped_ends_by_the_right_time_after_a_restart_too(app: TestApp) {
    let fixture = ClockFixture::set(&app, 20 * DAY).await;
    kefu::due::flush_all_counts(&app.inner).await.unwrap();
    app.clock.advance(-20 * DAY);
    let restarted = app.restarts(true).await;
    let mut fixture = fixture.at(&restarted);
    restarted.heartbeat().await;
    restarted.advance(0).await;
    restarted.advance(MINUTE).await;
    restarted.heartbeat().await;
    until("streams of the node that ended are gone", || async {
        restarted
            .inner
            .desk
            .store
            .read("", |tx| tx.all("select node from stream", &[]))
            .await
            .unwrap()
            .is_empty()
    })
    .await;
    fixture.holds_soon(true).await;
    fixture.holds_on().await;
}

async fn times_of_a_right_clock_stay_after_a_wrong_clock_came_and_went(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    let media = account.media("image", PNG).await;
    app.advance(10 * MINUTE).await;
    app.advance(-10 * MINUTE).await;
    app.advance(30 * MINUTE - 1).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    app.advance(1).await;
    assert_eq!(account.sessions("a1").await, Vec::<String>::new());
    app.advance(90 * MINUTE - 1).await;
    assert_eq!(lists(&account).await, 0);
    app.advance(1).await;
    assert_eq!(lists(&account).await, 42001);
    app.advance(3 * DAY - 2 * HOUR - 1).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.fetches(&media).await.headers()["content-type"], "image/png");
    app.advance(1).await;
    assert_eq!(account.fetch_code(&media).await, 40007);
}

async fn a_clock_that_went_back_by_mistake_and_returns_moves_nothing(app: TestApp) {
    let account = app.account().await;
    let media = account.media("image", PNG).await;
    let zoe = TestAgent::signs_up(&app, "zoe").await;
    account.adds("i1").await;
    assert_eq!(code(&account.invites("i1", "zoe").await), 0);
    app.advance(0).await;
    for _ in 0..2 {
        app.advance(-5 * DAY).await;
        app.advance(5 * DAY + 1_000).await;
    }
    assert_eq!(lists(&account).await, 0);
    assert_eq!(account.fetches(&media).await.headers()["content-type"], "image/png");
    assert_eq!(zoe.at(&account, "i1").answers_invitation(true).await, 200);
}

async fn a_clock_that_was_not_set_moves_nothing(app: TestApp) {
    let account = app.account().await;
    let media = account.media("image", PNG).await;
    app.advance(0).await;
    app.advance(-BEGIN).await;
    app.advance(MINUTE).await;
    app.advance(BEGIN + HOUR).await;
    assert_eq!(lists(&account).await, 0);
    assert_eq!(account.fetches(&media).await.headers()["content-type"], "image/png");
}

async fn records_keep_their_times_and_none_is_skipped(app: TestApp) {
    let account = app.account_with(|settings| settings.idle_minutes = Some(2_880)).await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("a").await;
    app.advance(DAY).await;
    customer.says("b").await;
    app.advance(-DAY).await;
    customer.says("c").await;
    app.advance(MINUTE).await;
    customer.says("d").await;
    for number in [1, 2, 10] {
        assert_eq!(listed(&account, BEGIN, number).await, "acd", "{number} at a time");
        assert_eq!(listed(&account, BEGIN + DAY, number).await, "b");
    }
    app.advance(DAY - 2 * MINUTE).await;
    let account = account.with_token(&account.fetch_token().await);
    customer.says("e").await;
    assert_eq!(
        (listed(&account, BEGIN, 1).await, listed(&account, BEGIN + DAY - HOUR, 1).await),
        ("acde".into(), "be".into())
    );
    let midnight = BEGIN + 8 * HOUR;
    let (b, e) = (("b".to_owned(), (BEGIN + DAY) / 1000), ("e".to_owned(), (BEGIN + DAY - MINUTE) / 1000));
    assert_eq!(listed_by_page(&account, midnight).await, [e, b], "by time");
}

fn at(account: &TestAccount, app: &TestApp) -> TestAccount {
    TestAccount { app: app.clone(), ..account.clone() }
}

/// Both nodes check their clocks and run what is due.
async fn look(here: &TestApp, there: &TestApp) {
    there.advance(0).await;
    here.advance(0).await;
}

#[test]
fn nodes_whose_clocks_are_30_seconds_apart_keep_their_promises() {
    on_two_nodes(async |here, there| {
        here.advance(0).await;
        there.advance(30_000).await;
        let account = here.account().await;
        let (account, there_account) = (account.clone(), at(&account, &there));
        let (token, _) = stable(&there_account, false).await;
        let (same, expires_in) = stable(&account, false).await;
        assert_eq!((same == token, expires_in), (true, 7200));
        assert_ne!(stable(&there_account, true).await.0, token);
        let ann = account.agent("a1").await;
        let _desk = ann.comes_online().await;
        let customer = there_account.customer();
        customer.says("hello").await;
        look(&here, &there).await;
        for _ in 0..29 {
            here.advance(MINUTE).await;
            there.advance(MINUTE).await;
        }
        assert_eq!(account.sessions("a1").await, [customer.openid()]);
        // The node whose clock is behind ends the session half a minute later.
        there.advance(2 * MINUTE).await;
        here.advance(2 * MINUTE).await;
        assert_eq!(there_account.sessions("a1").await, Vec::<String>::new());
    });
}

#[test]
fn a_node_moves_nothing_that_a_living_nodes_clock_stamped_until_that_is_set_back() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        there.advance(DAY).await;
        cluster::beat(&there.inner.desk).await.unwrap();
        let ahead = at(&account, &there);
        let ahead = ahead.with_token(&ahead.fetch_token().await);
        look(&here, &there).await;
        assert_eq!(lists(&ahead).await, 0);
        there.advance(-DAY).await;
        cluster::beat(&there.inner.desk).await.unwrap();
        here.advance(30_000).await;
        there.advance(30_000).await;
        assert_eq!((lists(&ahead).await, lists(&at(&ahead, &here)).await), (0, 0));
        here.advance(2 * HOUR).await;
        assert_eq!(lists(&at(&ahead, &here)).await, 42001, "two hours");
    });
}

#[test]
fn the_log_says_once_that_clocks_differ() {
    on_two_nodes(async |here, there| {
        let (said, _guard) = CapturedErrors::warnings();
        let mut lease = Lease::begin(&here.inner).await.unwrap();
        let mut heartbeat = async || {
            cluster::beat(&there.inner.desk).await.unwrap();
            lease.renew(&here.inner).await;
            said.0.lock().unwrap().iter().filter(|line| line.contains("apart")).count()
        };
        assert_eq!(heartbeat().await, 0);
        there.clock.advance(2_000);
        assert_eq!(heartbeat().await, 0, "no warning");
        there.clock.advance(1_000);
        assert_eq!([heartbeat().await, heartbeat().await], [1, 1]);
        there.clock.advance(-3_000);
        assert_eq!(heartbeat().await, 1);
        there.clock.advance(-30_000);
        assert_eq!(heartbeat().await, 2, "two new warnings");
    });
}

#[test]
fn the_doctor_says_that_a_nodes_clock_differs() {
    on_two_nodes(async |here, _there| {
        let (_, found) = asks(&here.fresh, &["--listen", &free()]);
        let (how, says) = state(&found, "nodes");
        assert!(how == "warning" && says.contains(&*here.inner.desk.node), "{says}");
    });
}

/// Columns with times that are not moved when a clock is set back, and why.
const STAYS: &[(&str, &str)] = &[
    ("account.created_at", "records what happened"),
    ("administrator.granted_at", "records what happened"),
    ("business.created_at", "records what happened"),
    ("callback.set_at", "records what happened"),
    ("callback.shielded_until", "a time that is further ahead than a shield lasts is passed over"),
    ("callback_version.set_at", "records what happened"),
    ("listen_key.made_at", "records what happened"),
    ("change.at", "records what happened; the feed is only kept longer"),
    ("clock.latest", "what clocks have shown"),
    ("component.created_at", "records what happened"),
    ("content.created_at", "records what happened"),
    ("customer.created_at", "records what happened"),
    ("missed.at", "records what happened"),
    ("missed.since", "records what happened"),
    ("customer.event_at", "the next event gets the second after it"),
    ("draft.at", "orders drafts"),
    ("due.at", "rows that are too far ahead are due at once"),
    ("ended_login.expires_at", "only bounds how long a reason is kept"),
    ("message.at", "records what happened; files are only kept longer"),
    ("node.clock", "what the node's clock showed"),
    ("node.started_at", "records what happened"),
    ("note.at", "records what happened"),
    ("push.at", "records what happened; pushes are only kept longer"),
    ("push_alarm.first_at", "records what happened"),
    ("push_alarm.last_at", "records what happened"),
    ("push_try.at", "records what happened; tries are only kept longer"),
    ("record.at", "records what happened"),
    ("removed.at", "records what happened"),
    ("rid.at", "records what happened; a refusal is only kept longer"),
    ("stored_bytes.day", "another day than today counts as none"),
    ("work.bound_at", "records what happened"),
    ("worker.created_at", "records what happened"),
];

/// Every column with times is moved by `desk/src/clock.rs` or listed above.
#[test]
fn every_time_column_is_moved_or_listed_as_fixed() {
    let is_time = |column: &str| {
        let ends = ["at", "_at", "until", "_until", "since", "_since"];
        ["day", "latest", "clock", "window_start"].contains(&column)
            || ends.iter().any(|end| column == *end || end.starts_with('_') && column.ends_with(end))
    };
    let mut tables = String::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../store/migrations")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("--"));
        code.for_each(|line| tables.extend([line, " "]));
    }
    let mut found = BTreeSet::new();
    for statement in tables.split(';') {
        let words: Vec<_> = statement.split_whitespace().collect();
        let columns =
            words.windows(2).filter(|pair| pair[1].trim_end_matches(',') == "bigint").map(|pair| pair[0]);
        if let ["create", "table", table, ..] | ["alter", "table", table, ..] = words[..] {
            found.extend(columns.filter(|column| is_time(column)).map(|column| format!("{table}.{column}")));
        }
    }
    assert!(found.len() > 30, "{found:?}");
    let source = include_str!("../../../desk/src/clock.rs");
    let moves = |column: &str| {
        let (table, column) = column.split_once('.').unwrap();
        source.split(';').any(|it| {
            it.contains(&format!("update {table} set")) && it.contains(&format!("{column} - $"))
                || it.contains(&format!("delete from {table} where {column} > "))
        })
    };
    let stays: BTreeSet<_> = STAYS.iter().map(|(column, _)| (*column).to_owned()).collect();
    let expected: BTreeSet<_> = found.iter().filter(|column| !moves(column)).cloned().collect();
    assert_eq!(expected, stays);
}
