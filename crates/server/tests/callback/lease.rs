//! One node delivers for an account. What a node still writes after another one took over does nothing.

use super::receiver::{Receiver, delivers, listens, pushes_after};
use crate::actors::{TestAccount, TestApp, TestCustomer, until};
use crate::cluster::on_two_nodes;
use kefu::desk::callback::{Finished, Outcome, Push, lease, outcome, pushes};
use kefu::desk::{Desk, cluster};
use model::Appid;
use protocol::callback::Reply;
use protocol::message::{Content, Text};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The first push that is not done.
async fn next_push(desk: &Desk, appid: &Appid) -> Push {
    let cursor = pushes::cursor(desk, appid).await.unwrap().expect("a developer's server");
    pushes_after(desk, appid, cursor).await.pushes.remove(0)
}

/// A push whose answer is this text.
fn answered(push: &Push, text: &str) -> Finished {
    let reply = Reply::Message(Content::Text(Text { content: text.to_owned() }));
    Finished { push: push.clone(), outcome: Outcome::Taken, tries: Vec::new(), fault: String::new(), reply }
}

fn failed(push: &Push) -> Finished {
    let (outcome, fault) = (Outcome::Failed, "no answer".to_owned());
    Finished { push: push.clone(), outcome, tries: Vec::new(), fault, reply: Reply::Nothing }
}

/// The texts on the customer's page.
async fn texts(customer: &TestCustomer) -> Vec<String> {
    let page = customer.snapshot().await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

fn appid(account: &TestAccount) -> Appid {
    Appid::parse(&account.appid).unwrap()
}

on_both_engines! {
    writes_under_a_lease_that_was_taken_over_do_nothing,
    an_end_acts_once_however_often_it_is_recorded,
    ends_that_are_recorded_together_are_recorded_once_and_under_the_lease_only,
}

async fn writes_under_a_lease_that_was_taken_over_do_nothing(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let (desk, appid, customer) = (&app.inner.desk, appid(&account), TestCustomer::new(&account));
    customer.says("你好").await;
    let (push, begun) = (next_push(desk, &appid).await, pushes::cursor(desk, &appid).await.unwrap());
    let stale = lease::take(desk, &appid).await.unwrap().expect("no node has it").lease;
    let own = lease::take(desk, &appid).await.unwrap().expect("it is this node's").lease;
    let upto = push.id.seq;
    for end in [answered(&push, "晚了"), failed(&push)] {
        assert!(!outcome::finish(desk, &appid, stale, end, upto).await.unwrap());
    }
    assert!(!outcome::advance(desk, &appid, stale, upto).await.unwrap());
    assert_eq!(pushes::cursor(desk, &appid).await.unwrap(), begun);
    assert_eq!(next_push(desk, &appid).await.id, push.id, "it is still to be pushed");
    assert!(outcome::finish(desk, &appid, own, answered(&push, "您好"), upto).await.unwrap());
    assert_eq!(texts(&customer).await, ["你好", "您好"]);
    assert_eq!(pushes::cursor(desk, &appid).await.unwrap(), Some(upto));
}

async fn an_end_acts_once_however_often_it_is_recorded(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let (desk, appid, customer) = (&app.inner.desk, appid(&account), TestCustomer::new(&account));
    customer.says("一").await;
    customer.says("二").await;
    let lease = lease::take(desk, &appid).await.unwrap().expect("no node has it").lease;
    let first = next_push(desk, &appid).await;
    for end in [failed(&first), failed(&first), answered(&first, "您好")] {
        assert!(outcome::finish(desk, &appid, lease, end, first.id.seq).await.unwrap());
    }
    let second = next_push(desk, &appid).await;
    for end in [answered(&second, "您好"), answered(&second, "您好"), failed(&second)] {
        assert!(outcome::finish(desk, &appid, lease, end, second.id.seq).await.unwrap());
    }
    let notice = "该公众号提供的服务出现故障，请稍后再试";
    assert_eq!(texts(&customer).await, ["一", "二", notice, "您好"]);
    assert_eq!(pushes::cursor(desk, &appid).await.unwrap(), Some(second.id.seq));
}

async fn ends_that_are_recorded_together_are_recorded_once_and_under_the_lease_only(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    let (desk, appid) = (&app.inner.desk, appid(&account));
    for _ in 0..3 {
        TestCustomer::new(&account).says("你好").await;
    }
    let left = async || {
        let cursor = pushes::cursor(desk, &appid).await.unwrap().expect("a developer's server");
        pushes_after(desk, &appid, cursor).await.pushes
    };
    let pushes = left().await;
    let (first, last) = (pushes[0].id, pushes[2].id);
    let taken = |push: &Push| Finished { outcome: Outcome::Taken, ..failed(push) };
    let ends: Arc<[Finished]> = pushes[..2].iter().map(taken).collect();
    let stale = lease::take(desk, &appid).await.unwrap().expect("no node has it").lease;
    let own = lease::take(desk, &appid).await.unwrap().expect("it is this node's").lease;
    assert!(!outcome::record_all(desk, &appid, stale, ends.clone(), first.seq).await.unwrap());
    assert_eq!(left().await.len(), 3);
    for _ in 0..2 {
        assert!(outcome::record_all(desk, &appid, own, ends.clone(), first.seq).await.unwrap());
    }
    assert_eq!(left().await.iter().map(|push| push.id).collect::<Vec<_>>(), [last]);
    assert_eq!(pushes::cursor(desk, &appid).await.unwrap(), Some(first.seq));
}

#[test]
fn a_stopped_node_that_wakes_writes_nothing() {
    on_two_nodes(async |here, there| {
        let (account, receiver) = (here.account().await, Receiver::start().await);
        listens(&account, &receiver).await;
        let (stopped, desk) = (&here.inner.desk, &there.inner.desk);
        let (appid, customer) = (appid(&account), TestCustomer::new(&account));
        customer.says("你好").await;
        let push = next_push(stopped, &appid).await;
        let stale = lease::take(stopped, &appid).await.unwrap().expect("no node has it").lease;
        assert_eq!(lease::take(desk, &appid).await.unwrap(), None, "a living node has it");
        cluster::fence(desk, &stopped.node).await.unwrap();
        let own = lease::take(desk, &appid).await.unwrap().expect("its holder counts as dead").lease;
        assert!(!lease::renew(stopped, &appid).await.unwrap());
        assert_eq!(lease::take(stopped, &appid).await.unwrap(), None);
        let end = outcome::finish(stopped, &appid, stale, answered(&push, "晚了"), push.id.seq);
        assert!(!end.await.unwrap());
        assert!(outcome::finish(desk, &appid, own, answered(&push, "您好"), push.id.seq).await.unwrap());
        assert_eq!(texts(&customer).await, ["你好", "您好"]);
    });
}

/// Both nodes deliver for the account; then the one that has the lease counts as dead while pushes are under way.
#[test]
fn two_nodes_that_race_for_an_account_lose_nothing_and_act_once() {
    on_two_nodes(async |here, there| {
        let (account, receiver) = (here.account().await, Receiver::start().await);
        listens(&account, &receiver).await;
        let number = AtomicUsize::new(0);
        receiver.answers(move |push| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let answer = format!("{}: {number}", push.element("Content"));
            (200, push.answered(&format!("<MsgType>text</MsgType><Content>{answer}</Content>")))
        });
        delivers(&here);
        delivers(&there);
        let customers: Vec<_> = (0..4).map(|_| TestCustomer::new(&account)).collect();
        for n in 0..6 {
            if n == 3 {
                // Both count as dead and go on, so each takes over from the other whenever it can.
                cluster::fence(&there.inner.desk, &here.inner.desk.node).await.unwrap();
                cluster::fence(&here.inner.desk, &there.inner.desk.node).await.unwrap();
            }
            for customer in &customers {
                customer.says(&n.to_string()).await;
            }
        }
        for customer in &customers {
            let answers = async || -> Vec<String> {
                let texts = texts(customer).await;
                let answers = texts.iter().filter_map(|text| text.split_once(": "));
                answers.map(|(to, _)| to.to_owned()).collect()
            };
            until("every message is answered", || async { answers().await.len() >= 6 }).await;
            assert_eq!(answers().await, ["0", "1", "2", "3", "4", "5"], "each once, in order");
        }
        let mut ids = HashMap::<String, String>::new();
        for push in receiver.so_far() {
            let (customer, said) = (push.query["openid"].clone(), push.element("Content"));
            let id = push.element("MsgId");
            assert_eq!(*ids.entry(format!("{customer} {said}")).or_insert(id.clone()), id, "{}", push.body);
        }
        assert_eq!(ids.len(), 24);
    });
}
