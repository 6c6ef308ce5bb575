//! How long pushes and their tries are kept.

use super::{administrator, done, orders, receiver_with_status, shown};
use crate::actors::{TestAccount, TestApp, TestCustomer};
use crate::callback::receiver::{delivers, listens};
use kefu::admin::push::PushAction;
use kefu::bind;
use model::{Appid, Fact};
use serde_json::{Value, json};

const DAY: i64 = 24 * 3_600_000;

on_both_engines! {
    what_a_push_said_is_gone_with_its_change,
    old_pushes_and_their_tries_are_dropped_with_the_feed,
    the_tries_of_the_latest_pushes_are_kept,
}

async fn what_a_push_said_is_gone_with_its_change(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    delivers(&app);
    TestCustomer::new(&account).says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    let appid = account.appid.clone();
    let forgets = app.inner.desk.store.write_silent(appid.clone(), move |tx| {
        tx.run("delete from change where owner = $1", bind![&appid]).map(|_| ())
    });
    forgets.await.unwrap();
    let shown = shown(&account, &eve, &push).await;
    assert_eq!((&shown["gone"], &shown["request"]), (&json!(true), &Value::Null));
    assert_eq!(shown["tries"][0]["status"], 200, "the answer is still known");
    let body = json!({"appid": account.appid, "ids": [push["id"]]});
    assert_eq!(eve.sends("/desk/api/debug/pushes/replay", body).await.0, 404);
}

async fn old_pushes_and_their_tries_are_dropped_with_the_feed(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    listens(&account, &receiver).await;
    delivers(&app);
    let eve = administrator(&account).await;
    TestCustomer::new(&account).says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    app.advance(6 * DAY).await;
    let show = || orders(&account, PushAction::Show(push["id"].as_str().unwrap().into()));
    assert_eq!(show().await.unwrap()["tries"][0]["status"], 200);
    app.advance(2 * DAY).await;
    assert!(show().await.unwrap_err().contains("no such push"));
    assert_eq!(tries(&app, &account).await, 0);
}

async fn tries(app: &TestApp, account: &TestAccount) -> i64 {
    let appid = account.appid.clone();
    let count = app
        .inner
        .desk
        .store
        .read("", move |tx| tx.number("select count(*) from push_try where appid = $1", bind![&appid]));
    count.await.unwrap()
}

/// Changes the account until a change has this number.
async fn changes_until(app: &TestApp, account: &TestAccount, last: i64) {
    let (desk, appid) = (&app.inner.desk, Appid::parse(&account.appid).unwrap());
    while desk.store.head(appid.as_str()).await.unwrap().unwrap().seq < last {
        let change = desk.write(&appid, |tx, _| {
            tx.record(Fact::Access);
            Ok(())
        });
        change.await.unwrap();
    }
}

/// Older ones are deleted with a push whose change has a round number.
async fn the_tries_of_the_latest_pushes_are_kept(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    let appid = account.appid.clone();
    let older = app.inner.desk.store.write_silent(appid.clone(), move |tx| {
        for seq in 0..10_005_i64 {
            tx.run(
                "insert into push_try (appid, seq, fact, number, replay, at, took_ms, status, fault, headers, answer,
                    understood, warnings) values ($1, $2, 0, 1, 0, 0, 0, 200, '', '[]', '', '', '')",
                bind![&appid, seq - 20_000],
            )?;
        }
        Ok(())
    });
    older.await.unwrap();
    delivers(&app);
    changes_until(&app, &account, 1023).await;
    TestCustomer::new(&account).says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    assert_eq!(tries(&app, &account).await, 10_000);
    assert_eq!(shown(&account, &eve, &push).await["tries"].as_array().unwrap().len(), 1);
}
