//! Presence follows the open streams, even if any step of it fails and whatever the machine's clock shows.

use crate::actors::{Stream, TestAccount, TestAgent, TestApp, run, until};
use crate::cluster::on_two_nodes;
use crate::fixture::engine::Fresh;
use kefu::bind;
use kefu::config::Place;
use kefu::desk::{cluster, presence};
use kefu::due;
use model::{Appid, KfAccount};
use std::time::Duration;

const HOUR: i64 = 3_600_000;
const GRACE: i64 = 5_000;
/// From the last sign of a node until other nodes count it as dead, in milliseconds.
const DEAD: i64 = 15_000;

/// The writes when an agent comes or goes: the statement, and the rows for which a test lets it fail.
const COMING: &[(&str, &str)] =
    &[("insert on stream", "1 = 1"), ("update on agent", "new.connected > old.connected")];
const GOING: &[(&str, &str)] =
    &[("delete on stream", "1 = 1"), ("update on agent", "new.connected < old.connected")];

/// Lets a statement fail from now on, with its transaction.
fn cut(app: &TestApp, (statement, when): (&str, &str)) {
    app.fresh.runs(match app.fresh.place {
        Place::Folder(_) => {
            format!("create trigger cut before {statement} when {when} begin select raise(abort, 'cut'); end")
        }
        Place::Postgres(_) => format!(
            "create or replace function cut() returns trigger language plpgsql
                as $$ begin raise exception 'cut'; end $$;
             create trigger cut before {statement} for each row when ({when}) execute function cut()"
        ),
    });
}

fn mend(app: &TestApp, (statement, _): (&str, &str)) {
    let table = statement.rsplit(' ').next().unwrap();
    app.fresh.runs(match app.fresh.place {
        Place::Folder(_) => "drop trigger cut".to_owned(),
        Place::Postgres(_) => format!("drop trigger cut on {table}"),
    });
}

/// Closes the page's stream and waits until the server has noticed.
async fn closes(agent: &TestAgent, stream: Stream) {
    drop(stream);
    until("the stream is closed", || async { agent.app.inner.streams.agents() == 0 }).await;
}

/// The number of rows in the table `stream`.
async fn rows(app: &TestApp) -> i64 {
    let count =
        |tx: &mut kefu::store::Tx<'_>| Ok(tx.one("select count(*) from stream", &[])?.map(|row| row.int(0)));
    app.inner.desk.store.read("", count).await.unwrap().unwrap()
}

/// The same account, called at another node.
fn at(account: &TestAccount, app: &TestApp) -> TestAccount {
    TestAccount { app: app.clone(), ..account.clone() }
}

/// Marks the node's streams as ended in the store.
async fn forget(app: &TestApp, agent: &TestAgent) {
    let (appid, kf_account) =
        (Appid::stored(agent.appid.clone()), KfAccount::stored(agent.kf_account.clone()));
    presence::remove_streams(&app.inner.desk, &appid, &app.inner.desk.node, vec![kf_account]).await.unwrap();
}

on_both_engines! {
    an_agent_who_comes_is_online_although_a_step_failed,
    a_refused_page_that_does_not_return_leaves_no_row,
    an_agent_who_goes_is_offline_within_a_second_although_a_step_failed,
    an_account_whose_writes_fail_does_not_delay_others,
    a_row_without_a_stream_is_found_at_the_next_heartbeat,
    a_heartbeat_without_differences_writes_nothing,
    an_agent_who_left_before_a_restart_is_offline_although_the_clock_went_back,
    an_agent_who_left_before_a_crash_is_offline_although_the_clock_went_back,
}

async fn an_agent_who_comes_is_online_although_a_step_failed(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    for step in COMING {
        // The page is refused, and tries again.
        cut(&app, *step);
        app.expect_errors(async || assert_eq!(app.ask("/desk/api/stream", &ann.cookie).await.status(), 500))
            .await;
        assert_eq!(account.online().await, [], "{step:?}");
        mend(&app, *step);
        let stream = ann.comes_online().await;
        assert_eq!(account.online().await.len(), 1, "{step:?}");
        // The next heartbeat finds the missing row of an open stream, and writes it once that is possible.
        forget(&app, &ann).await;
        assert_eq!(account.online().await, [], "{step:?}");
        cut(&app, *step);
        app.expect_errors(async || app.heartbeat().await).await;
        mend(&app, *step);
        app.advance(500).await;
        assert_eq!(account.online().await.len(), 1, "{step:?}");
        ann.leaves(stream).await;
        assert_eq!((account.online().await, rows(&app).await), (vec![], 0), "{step:?}");
    }
}

async fn a_refused_page_that_does_not_return_leaves_no_row(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    cut(&app, COMING[1]);
    app.expect_errors(async || assert_eq!(app.ask("/desk/api/stream", &ann.cookie).await.status(), 500))
        .await;
    mend(&app, COMING[1]);
    assert_eq!(rows(&app).await, 1, "the first of two steps was done");
    app.advance(GRACE).await;
    assert_eq!((account.online().await, rows(&app).await), (vec![], 0));
}

async fn an_agent_who_goes_is_offline_within_a_second_although_a_step_failed(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    for step in GOING {
        let stream = ann.comes_online().await;
        closes(&ann, stream).await;
        cut(&app, *step);
        app.expect_errors(async || app.advance(GRACE).await).await;
        // Further failures of the same kind are not logged.
        for ms in [500, 1_000, 2_000, 4_000, 4_000] {
            app.advance(ms).await;
        }
        assert_eq!((account.online().await.len(), rows(&app).await), (1, 1), "{step:?}");
        mend(&app, *step);
        app.advance(4_000).await;
        assert_eq!((account.online().await, rows(&app).await), (vec![], 0), "{step:?}");
        // The first retry comes at once.
        let stream = ann.comes_online().await;
        closes(&ann, stream).await;
        cut(&app, *step);
        app.expect_errors(async || app.advance(GRACE).await).await;
        mend(&app, *step);
        app.advance(500).await;
        assert_eq!((account.online().await, rows(&app).await), (vec![], 0), "{step:?}");
    }
}

async fn an_account_whose_writes_fail_does_not_delay_others(app: TestApp) {
    let (first, second) = (app.account().await, app.account().await);
    let (ann, bob) = (first.agent("a1").await, second.agent("a1").await);
    let streams = (ann.comes_online().await, bob.comes_online().await);
    drop(streams);
    until("the streams are closed", || async { app.inner.streams.agents() == 0 }).await;
    let step = ("delete on stream", format!("old.appid = '{}'", first.appid));
    cut(&app, (step.0, &step.1));
    app.expect_errors(async || app.advance(GRACE).await).await;
    assert_eq!((first.online().await.len(), second.online().await.len()), (1, 0));
    mend(&app, (step.0, ""));
}

async fn a_row_without_a_stream_is_found_at_the_next_heartbeat(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let (worker, appid) = (model::WechatId::stored(ann.name.clone()), Appid::stored(account.appid.clone()));
    let kf_account = KfAccount::stored(ann.kf_account.clone());
    presence::add_stream(&app.inner.desk, &worker, &appid, &kf_account).await.unwrap();
    assert_eq!(account.online().await.len(), 1);
    app.heartbeat().await;
    assert_eq!((account.online().await, rows(&app).await), (vec![], 0));
}

async fn a_heartbeat_without_differences_writes_nothing(app: TestApp) {
    let account = app.account().await;
    let mut streams = Vec::new();
    for prefix in ["a1", "a2", "a3"] {
        streams.push(account.agent(prefix).await.comes_online().await);
    }
    app.heartbeat().await;
    app.inner.streams.recheck().await.unwrap();
    assert!(app.inner.streams.write_differences().is_empty());
}

async fn an_agent_who_left_before_a_restart_is_offline_although_the_clock_went_back(app: TestApp) {
    who_left_is_offline_after_a_restart(app, true).await;
}

async fn an_agent_who_left_before_a_crash_is_offline_although_the_clock_went_back(app: TestApp) {
    who_left_is_offline_after_a_restart(app, false).await;
}

/// Two agents have streams when the node stops, and one of them comes back. A third left two seconds before.
async fn who_left_is_offline_after_a_restart(app: TestApp, said_so: bool) {
    let account = app.account().await;
    let (ann, bob, cat) = (account.agent("a1").await, account.agent("a2").await, account.agent("a3").await);
    let (_ann, _bob) = (ann.comes_online().await, bob.comes_online().await);
    let left = cat.comes_online().await;
    drop(left);
    until("the stream is closed", || async { app.inner.streams.agents() == 2 }).await;
    app.advance(2_000).await;
    let again = app.restarts(said_so).await;
    again.clock.advance(-HOUR);
    let account = at(&account, &again);
    again.heartbeat().await;
    let _back = TestAgent { app: again.clone(), ..ann.clone() }.comes_online().await;
    // A stopped counter is noticed later than a removed row. A node that has the store alone needs neither.
    let end = if again.inner.desk.store.is_shared() && !said_so { DEAD + 1 } else { GRACE };
    again.clock.advance(end - 1);
    again.heartbeat().await;
    assert_eq!(account.online().await.len(), 3, "agents with a stream have five seconds to come back");
    again.clock.advance(1);
    again.heartbeat().await;
    until("the rows of the node that ended are gone", || async { rows(&again).await == 1 }).await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 0)]);
    again.inner.stop.cancel();
}

#[test]
fn nodes_with_different_clocks_agree_on_presence() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        for apart in [30_000, -60_000] {
            there.clock.advance(apart);
            // Either node may run what is due.
            due::run_once(&there.inner).await.unwrap();
            let stream = ann.comes_online().await;
            closes(&ann, stream).await;
            here.advance(GRACE - 1).await;
            due::run_once(&there.inner).await.unwrap();
            assert_eq!(account.online().await.len(), 1);
            here.advance(1).await;
            assert_eq!((account.online().await, at(&account, &there).online().await), (vec![], vec![]));
        }
    });
}

#[test]
fn the_last_stream_of_two_nodes_takes_the_agent_offline() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let elsewhere = TestAgent { app: there.clone(), ..ann.clone() };
        let (first, second) = (ann.comes_online().await, elsewhere.comes_online().await);
        closes(&ann, first).await;
        here.advance(GRACE).await;
        assert_eq!((account.online().await.len(), rows(&here).await), (1, 1));
        closes(&elsewhere, second).await;
        there.advance(GRACE).await;
        assert_eq!((account.online().await, rows(&here).await), (vec![], 0));
    });
}

#[test]
fn a_node_that_counted_as_dead_is_back_a_heartbeat_later() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let _stays = ann.comes_online().await;
        there.heartbeat().await;
        there.clock.advance(DEAD + 1);
        cut(&there, GOING[1]);
        let fails = async || {
            there.heartbeat().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(account.online().await.len(), 1);
        };
        here.expect_errors(fails).await;
        mend(&there, GOING[1]);
        until("the agents of a dead node are offline", || async {
            there.heartbeat().await;
            account.online().await.is_empty()
        })
        .await;
        // The node continues without knowing it. The rows of its open streams are written again.
        let _comes = ann.comes_online().await;
        assert!(!cluster::beat(&here.inner.desk).await.unwrap());
        here.heartbeat().await;
        assert_eq!((account.online().await.len(), rows(&here).await), (1, 1));
    });
}

#[test]
fn a_success_of_one_kind_does_not_end_the_outage_of_another() {
    run(Fresh::folder(), async |app: TestApp| {
        let account = app.account().await;
        // The write is refused, which must be logged.
        account.get("/customservice/kfsession/getsessionlist", &[("kf_account", "x")]).await;
        due::flush_all_counts(&app.inner).await.unwrap();
        account.get("/customservice/kfsession/getsessionlist", &[("kf_account", "x")]).await;
        cut(&app, ("insert on rid", "1 = 1"));
        let settles = tokio::spawn(due::flush_counts(app.inner.clone()));
        let fails = async || tokio::time::sleep(Duration::from_millis(4_500)).await;
        assert_eq!(app.count_errors(fails).await, 1, "an outage is one line, however long");
        mend(&app, ("insert on rid", ""));
        settles.abort();
    });
}

#[test]
fn rows_of_an_earlier_version_are_run() {
    run(Fresh::folder(), async |app: TestApp| {
        let account = app.account().await;
        let ann = account.agent("a1").await;
        let (appid, kf_account) = (account.appid.clone(), ann.kf_account.clone());
        let set = move |tx: &mut kefu::store::Tx<'_>| {
            tx.run("update agent set connected = 1 where appid = $1", bind![&appid])?;
            let insert = "insert into due (owner, kind, key, at) values ($1, 'presence', $2, 0)";
            tx.run(insert, bind![&appid, &kf_account]).map(|_| ())
        };
        app.inner.desk.store.write_silent(&account.appid, set).await.unwrap();
        assert_eq!(account.online().await.len(), 1);
        app.advance(0).await;
        assert_eq!(account.online().await, []);
    });
}
