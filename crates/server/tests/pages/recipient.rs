//! The workbench shows who gets what a customer writes: the desk, the developer's server, or both.

use crate::actors::{TestAgent, TestApp, TestCustomer, until};
use crate::callback::receiver::{Receiver, delivers, listens};
use kefu::bind;
use serde_json::{Value, json};

on_both_engines! {
    a_session_says_who_gets_what_the_customer_writes,
}

/// The agent's session with a customer, open or waiting, once there is one.
async fn session(ann: &TestAgent, customer: &TestCustomer) -> Value {
    let openid = customer.openid();
    until("there is a session", || async { ann.session_with(&openid).await.is_some() }).await;
    let shown = ann.snapshot().await["accounts"][0].clone();
    let all = ["sessions", "waiting"].map(|list| shown[list].as_array().unwrap().clone()).concat();
    all.into_iter().find(|session| session["openid"] == openid).unwrap()
}

async fn a_session_says_who_gets_what_the_customer_writes(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let (ann, receiver) = (account.agent("a").await, Receiver::start().await);
    let mut stream = ann.comes_online().await;
    let alone = TestCustomer::new(&account);
    alone.says("你好").await;
    assert_eq!(session(&ann, &alone).await["recipient"], Value::Null, "there is no developer's server");
    listens(&account, &receiver).await;
    receiver.answers(|push| (200, push.answered("<MsgType>transfer_customer_service</MsgType>")));
    delivers(&app);
    assert_eq!(session(&ann, &alone).await["recipient"], "both", "the session stays with the desk");
    for closed in ["developer", "both"] {
        let customer = TestCustomer::new(&account);
        customer.says("人工").await;
        let waiting = session(&ann, &customer).await;
        assert_eq!((&waiting["state"], &waiting["recipient"]), (&json!("waiting"), &json!("both")));
        let id = waiting["id"].as_i64().unwrap();
        let taken = ann.takes(id).await.1;
        assert_eq!(taken["session"]["recipient"], "desk");
        assert_eq!(session(&ann, &customer).await["recipient"], "desk");
        if closed == "both" {
            // The server is left alone, and customers wait at the desk meanwhile.
            let (appid, end) = (account.appid.clone(), app.clock.now() + 30_000);
            let sql = "update callback set desk_while_shielded = 1, shielded_until = $2 where appid = $1";
            let store = &app.inner.desk.store;
            store
                .write_silent(appid.clone(), move |tx| tx.run(sql, bind![&appid, end]).map(|_| ()))
                .await
                .unwrap();
        }
        assert_eq!(ann.closes(id).await.0, 200);
        let is_closed = |fact: &Value| fact["session"]["id"] == id && fact["session"]["state"] == "closed";
        let event = stream.sees_fact("the session is closed", is_closed).await;
        let facts = event.data["facts"].as_array().unwrap();
        let fact = facts.iter().find(|fact| is_closed(fact)).unwrap();
        assert_eq!(fact["session"]["recipient"], closed, "{fact}");
    }
}
