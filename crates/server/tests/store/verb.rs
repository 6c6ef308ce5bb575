//! What the store guarantees to verbs, on both engines.

use crate::actors::{TestAccount, TestAgent, TestApp, code, cookie_of};
use kefu::admin::Command;
use kefu::clock::Clock;
use kefu::config::Place;
use kefu::error::Error;
use kefu::store::Store;
use kefu::{bind, desk};
use model::{Appid, Fact};
use protocol::Errcode;
use serde_json::json;

const RENAME: &str = "update account set name = $2 where appid = $1";
const NAME: &str = "select name from account where appid = $1";

async fn rename(
    store: &Store,
    appid: &str,
    name: &str,
    then: impl Fn() -> Result<bool, Error> + Send + 'static,
) -> Result<(), Error> {
    let (id, name) = (Appid::parse(appid).unwrap(), name.to_owned());
    store
        .write(appid, move |tx| {
            tx.run(RENAME, bind![&id, &name])?;
            if then()? {
                tx.record(Fact::Access);
            }
            Ok(())
        })
        .await
}

async fn name(store: &Store, appid: &str) -> String {
    let id = Appid::parse(appid).unwrap();
    store.read(appid, move |tx| Ok(tx.one(NAME, bind![&id])?.unwrap().text(0))).await.unwrap()
}

/// Other defaults of the database do not change how verbs run.
#[test]
fn sessions_are_set_as_verbs_need_them() {
    let fresh = crate::fixture::engine::Fresh::schema();
    let Place::Postgres(url) = &fresh.place else { panic!("a schema") };
    let options =
        "%20-c%20default_transaction_isolation%3Drepeatable%5C%20read%20-c%20synchronous_commit%3Doff";
    assert!(url.contains("options="), "the schema is named by an option: {url}");
    let place = Place::Postgres(format!("{url}{options}%20-c%20default_transaction_read_only%3Don"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async {
        let store = Store::open(&place, Clock::system()).await.unwrap();
        let select =
            "select current_setting('transaction_isolation') || ' ' || current_setting('synchronous_commit')
            || ' ' || current_setting('transaction_read_only')
            || ' ' || current_setting('idle_in_transaction_session_timeout')";
        store.write_silent("", move |tx| Ok(tx.one(select, &[])?.unwrap().text(0))).await.unwrap()
    });
    assert_eq!(found, "read committed on off 2s");
}

on_both_engines! {
    a_verb_that_fails_or_panics_or_records_nothing_undoes_itself_alone,
    sequence_numbers_have_no_gaps_under_concurrent_writes,
    a_verb_alone_that_fails_or_panics_or_records_nothing_undoes_itself,
    a_verb_that_ignores_a_failed_statement_fails,
    a_cached_answer_costs_one_query_on_postgresql_and_none_on_sqlite,
    a_verb_for_an_unknown_owner_is_refused,
    a_full_queue_refuses_and_accepted_verbs_are_run,
    a_cursor_older_than_a_week_gets_a_reset,
    a_second_process_shares_the_data_or_is_refused_clearly,
}

async fn a_verb_that_fails_or_panics_or_records_nothing_undoes_itself_alone(app: TestApp) {
    let account = app.account().await;
    let (store, appid) = (&app.inner.desk.store, account.appid.as_str());
    let before = store.head(appid).await.unwrap().unwrap().seq;
    // The verbs are sent together, so that they may share a transaction.
    let (good, refused, panicked, silent) = tokio::join!(
        rename(store, appid, "good", || Ok(true)),
        rename(store, appid, "refused", || Err(Errcode::SystemError.into())),
        rename(store, appid, "panicked", || panic!("on purpose")),
        rename(store, appid, "silent", || Ok(false)),
    );
    assert!(good.is_ok() && silent.is_ok());
    assert!(matches!(refused, Err(Error::Refused(Errcode::SystemError))));
    assert!(matches!(panicked, Err(Error::Internal(_))));
    assert_eq!(name(store, appid).await, "good");
    assert_eq!(store.head(appid).await.unwrap().unwrap().seq, before + 1, "only one took a number");
}

async fn sequence_numbers_have_no_gaps_under_concurrent_writes(app: TestApp) {
    let account = app.account().await;
    let (store, appid) = (app.inner.desk.store.clone(), account.appid.clone());
    let before = store.head(&appid).await.unwrap().unwrap().seq;
    let writes = (0..200).map(|number| {
        let store = store.clone();
        let appid = appid.clone();
        async move { rename(&store, &appid, &format!("n{number}"), move || Ok(number % 3 > 0)).await.unwrap() }
    });
    futures_util::future::join_all(writes).await;
    let after = desk::feed::after(&app.inner.desk, &appid, before).await.unwrap();
    let desk::feed::ChangesAfter::Changes(changes) = after else { panic!("a gap") };
    let numbers: Vec<i64> = changes.iter().map(|change| change.seq).collect();
    let kept = (0..200).filter(|number| number % 3 > 0).count() as i64;
    assert_eq!(numbers, (before + 1..=before + kept).collect::<Vec<_>>());
}

async fn a_verb_alone_that_fails_or_panics_or_records_nothing_undoes_itself(app: TestApp) {
    let account = app.account().await;
    let (store, appid) = (&app.inner.desk.store, account.appid.as_str());
    let before = store.head(appid).await.unwrap().unwrap().seq;
    let was = name(store, appid).await;
    let refused = rename(store, appid, "refused", || Err(Errcode::SystemError.into())).await;
    assert!(matches!(refused, Err(Error::Refused(Errcode::SystemError))));
    assert!(matches!(
        rename(store, appid, "panicked", || panic!("on purpose")).await,
        Err(Error::Internal(_))
    ));
    assert!(rename(store, appid, "silent", || Ok(false)).await.is_ok());
    assert_eq!(name(store, appid).await, was);
    assert_eq!(store.head(appid).await.unwrap().unwrap().seq, before);
    // The next verb has its own transaction.
    assert!(rename(store, appid, "good", || Ok(true)).await.is_ok());
    assert_eq!(name(store, appid).await, "good");
    assert_eq!(store.head(appid).await.unwrap().unwrap().seq, before + 1);
}

/// PostgreSQL would roll back and report a commit.
async fn a_verb_that_ignores_a_failed_statement_fails(app: TestApp) {
    let account = app.account().await;
    let id = Appid::parse(&account.appid).unwrap();
    let store = &app.inner.desk.store;
    let was = name(store, &account.appid).await;
    let done = store.write_silent(&account.appid, move |tx| {
        tx.run(RENAME, bind![&id, "half"])?;
        assert!(tx.run("update nothing set name = ''", &[]).is_err());
        Ok(())
    });
    assert!(matches!(done.await, Err(Error::Refused(Errcode::SystemError))));
    assert_eq!(name(store, &account.appid).await, was);
}

async fn a_cached_answer_costs_one_query_on_postgresql_and_none_on_sqlite(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    account.online().await;
    let store = &app.inner.desk.store;
    let before = store.verbs();
    for _ in 0..5 {
        assert_eq!(account.online().await, []);
    }
    assert_eq!(store.verbs() - before, if store.is_shared() { 5 } else { 0 });
    let _desk = ann.comes_online().await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 0)]);
}

async fn a_verb_for_an_unknown_owner_is_refused(app: TestApp) {
    let refused = rename(&app.inner.desk.store, "wx00000000000000ff", "x", || Ok(true)).await;
    assert!(matches!(refused, Err(Error::Refused(Errcode::InvalidAppid))));
    assert_eq!(app.inner.desk.store.head("wx00000000000000ff").await.unwrap(), None);
}

async fn a_full_queue_refuses_and_accepted_verbs_are_run(app: TestApp) {
    let account = app.account().await;
    let (store, appid) = (app.inner.desk.store.clone(), account.appid.clone());
    let before = store.head(&appid).await.unwrap().unwrap().seq;
    let writes = (0..6_000).map(|_| {
        let (store, appid) = (store.clone(), appid.clone());
        async move {
            rename(&store, &appid, "x", || {
                std::thread::sleep(std::time::Duration::from_micros(20));
                Ok(true)
            })
            .await
        }
    });
    let outcomes = futures_util::future::join_all(writes).await;
    let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as i64;
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(Error::Refused(Errcode::SystemError))))
    );
    // The queue holds 4,096 verbs; a slow machine refuses those that waited too long.
    assert!((1..6_000).contains(&accepted), "{accepted}");
    assert_eq!(store.head(&appid).await.unwrap().unwrap().seq, before + accepted);
}

async fn a_cursor_older_than_a_week_gets_a_reset(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let old = ann.snapshot().await["since"].as_str().unwrap().to_owned();
    account.adds("a2").await;
    for _ in 0..9 {
        app.advance(24 * 3_600_000).await;
    }
    let account = account.with_token(&account.fetch_token().await);
    account.adds("a3").await;
    // The worker's login has expired by now.
    let reset = app.command(Command::WorkerReset(ann.name.clone())).await.unwrap();
    let body = json!({"name": ann.name, "password": reset["password"]});
    let cookie = cookie_of(&app.send("/desk/api/login", "", &body).await).unwrap();
    let ann = TestAgent { cookie, ..ann };
    let mut stream = ann.resumes(&old).await;
    stream.waits_for("reset", |event| event.event == "reset").await;
}

/// SQLite's data has one process; PostgreSQL's may have several, which see the same.
async fn a_second_process_shares_the_data_or_is_refused_clearly(app: TestApp) {
    if let Place::Folder(folder) = &app.fresh.place {
        let error =
            Store::open(&app.fresh.place, Clock::system()).await.err().expect("a refusal").to_string();
        assert!(
            error.contains("another Kefu uses the data") && error.contains(&folder.display().to_string()),
            "{error}"
        );
        return;
    }
    let other = TestApp::start(app.fresh.clone(), 8).await;
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let there = TestAccount { app: other.clone(), ..account.clone() };
    assert_eq!(there.online().await, []);
    let mut desk = ann.comes_online().await;
    assert_eq!(there.online().await, [(account.kf("a1"), 1, 0)]);
    let customer = there.customer();
    customer.says("from the other side").await;
    desk.sees("from the other side").await;
    assert_eq!(there.sessions("a1").await, account.sessions("a1").await);
    account.fetch_token().await;
    account.fetch_token().await;
    assert_eq!(code(&there.get("/cgi-bin/customservice/getkflist", &[]).await), 40001);
    // The first node stops; the node that notices it ends its streams.
    desk::cluster::fence(&other.inner.desk, &app.inner.desk.node).await.unwrap();
    desk::presence::remove_all_streams(&other.inner.desk, &app.inner.desk.node).await.unwrap();
    let fresh = there.with_token(&there.fetch_token().await);
    assert_eq!(fresh.online().await, []);
    other.inner.stop.cancel();
}
