//! Two nodes on one PostgreSQL. A change at one node holds at the other as soon as it is answered, and reaches the
//! other's streams at once.

use crate::actors::{TestAccount, TestAgent, TestApp, client_id, code, cookie_of, until};
use crate::cluster::on_two_nodes;
use crate::fixture::running::kefu;
use kefu::admin::Command;
use kefu::config::Place;
use kefu::due;
use postgres::fallible_iterator::FallibleIterator as _;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The same account, called at another node.
fn at(account: &TestAccount, app: &TestApp) -> TestAccount {
    TestAccount { app: app.clone(), ..account.clone() }
}

/// The same worker, at another node.
fn there(agent: &TestAgent, app: &TestApp) -> TestAgent {
    TestAgent { app: app.clone(), ..agent.clone() }
}

/// The name of the channel on which nodes notify each other.
const CHANNEL: &str = "'kefu_' || current_schema()::regnamespace::oid::text";

/// A client of the nodes' database, which lives on a thread of its own.
fn with_client<T: Send + 'static>(
    app: &TestApp,
    work: impl FnOnce(postgres::Client) -> T + Send + 'static,
) -> std::thread::JoinHandle<T> {
    let Place::Postgres(url) = app.fresh.place.clone() else { panic!("nodes share a PostgreSQL") };
    std::thread::spawn(move || work(postgres::Client::connect(&url, postgres::NoTls).unwrap()))
}

/// The connections over which nodes are notified.
async fn listeners(app: &TestApp) -> Vec<i32> {
    let sql = format!("select pid from pg_stat_activity where query = 'listen ' || {CHANNEL} order by pid");
    let pids = move |mut client: postgres::Client| {
        client.query(&sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    };
    with_client(app, pids).join().unwrap()
}

/// The database ends a connection.
fn ends_connection(app: &TestApp, pid: i32) {
    let end = move |mut client: postgres::Client| {
        client.execute("select pg_terminate_backend($1)", &[&pid]).unwrap();
    };
    with_client(app, end).join().unwrap();
}

/// Gathers the payloads of notifications until it is dropped.
fn notifications(app: &TestApp) -> Arc<Mutex<String>> {
    let payloads = Arc::<Mutex<String>>::default();
    let (gathers, (ready, is_ready)) = (Arc::downgrade(&payloads), std::sync::mpsc::channel());
    with_client(app, move |mut client| {
        let channel: String = client.query_one(&format!("select {CHANNEL}"), &[]).unwrap().get(0);
        client.batch_execute(&format!("listen {channel}")).unwrap();
        ready.send(()).unwrap();
        while let Some(payloads) = gathers.upgrade() {
            let next = client.notifications().timeout_iter(Duration::from_millis(100)).next().unwrap();
            next.iter().for_each(|it| payloads.lock().unwrap().push_str(it.payload()));
        }
    });
    is_ready.recv().unwrap();
    payloads
}

#[test]
fn lists_agree_at_both_nodes_after_every_step() {
    on_two_nodes(async |here, there| {
        let account = here.account_with(|settings| settings.reception = Some("manual".into())).await;
        let there = at(&account, &there);
        assert_eq!(there.kf_list().await, json!([]));
        let ann = account.agent("a1").await;
        assert_eq!(there.kf_list().await, account.kf_list().await);
        assert_eq!(there.kf_list().await[0]["kf_account"], account.kf("a1"));
        let _desk = ann.comes_online().await;
        assert_eq!(there.online().await, [(account.kf("a1"), 1, 0)]);
        let customer = there.customer();
        customer.says("hello").await;
        assert_eq!(
            (account.waiting().await, there.waiting().await),
            (vec![customer.openid()], vec![customer.openid()])
        );
        assert_eq!(code(&there.creates("a1", &customer.openid()).await), 0);
        assert_eq!((account.waiting().await, there.waiting().await), (vec![], vec![]));
        assert_eq!(
            (account.sessions("a1").await, there.sessions("a1").await),
            (vec![customer.openid()], vec![customer.openid()])
        );
        assert_eq!(code(&account.closes("a1", &customer.openid()).await), 0);
        assert_eq!(there.sessions("a1").await, Vec::<String>::new());
        ann.sets_away(true).await;
        assert_eq!(there.online().await, [(account.kf("a1"), 0, 0)]);
    });
}

/// Without notifications each message would arrive when the readers poll, every five seconds: 20 s for five.
#[test]
fn a_change_at_one_node_reaches_streams_of_the_other_at_once() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = at(&account, &there).customer();
        let begun = Instant::now();
        for number in 0..5 {
            let text = format!("message {number}");
            customer.says(&text).await;
            desk.sees(&text).await;
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(15), "{took:?}");
    });
}

#[test]
fn a_closed_stream_can_resume_at_the_other_node() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = account.customer();
        customer.says("one").await;
        let last = desk.sees("one").await.id;
        drop(desk);
        customer.says("two").await;
        customer.says("three").await;
        let mut desk = self::there(&ann, &there).resumes(&last).await;
        desk.sees("two").await;
        desk.sees("three").await;
        assert_eq!((desk.count_texts("one").await, desk.count_texts("two").await), (0, 1));
    });
}

/// Until it is written, the refusal is only in the memory of the node that refused.
#[test]
fn a_refusal_at_one_node_can_be_read_at_the_other_once_it_is_written() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let refused = account.get("/customservice/kfsession/getsession", &[("openid", "bad")]).await;
        let rid = refused["errmsg"].as_str().unwrap().split_once(" rid: ").expect("a request id").1;
        let other = at(&account, &there);
        let asks = async |rid: &str| other.post("/cgi-bin/openapi/rid/get", json!({"rid": rid})).await;
        let verbs = || there.inner.desk.store.verbs();
        let mut of_one = 0;
        for _ in 0..2 {
            let before = verbs();
            assert_eq!(code(&asks("61725984-6126f6f9-040f19c4").await), 76001, "its time is years ago");
            of_one = verbs() - before;
        }
        let before = verbs();
        let asks = asks(rid);
        let settles = async {
            until("the other node has looked for it", || async { verbs() > before + of_one }).await;
            due::flush_all_counts(&here.inner).await.expect("what was refused");
        };
        let (answer, ()) = tokio::join!(asks, settles);
        assert_eq!(code(&answer), 0, "{answer}");
        assert_eq!(answer["request"]["client_ip"], "127.0.0.1");
    });
}

/// After the loss each reader reads once, because it may have missed a notification, and no more than once.
#[test]
fn streams_are_calm_after_a_lost_notification_connection() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = account.customer();
        customer.says("before").await;
        let mut page = customer.watches().await;
        desk.sees("before").await;
        for round in 0..2 {
            until("both nodes listen", || async { listeners(&here).await.len() == 2 }).await;
            let lost = listeners(&here).await;
            lost.iter().for_each(|pid| ends_connection(&here, *pid));
            until("both nodes listen again", || async {
                let now = listeners(&here).await;
                now.len() == 2 && now.iter().all(|pid| !lost.contains(pid))
            })
            .await;
            let before = here.inner.desk.store.verbs();
            tokio::time::sleep(Duration::from_millis(500)).await;
            let verbs = here.inner.desk.store.verbs() - before;
            assert!(verbs < 30, "{verbs} verbs in half a second, and nothing happens");
            // Later changes arrive.
            let text = format!("after {round}");
            let said = json!({"client_id": client_id(&text), "text": text});
            let path = format!("/chat/api/{}/message", account.appid);
            assert_eq!(there.send(&path, &customer.cookie(), &said).await.status(), 200);
            desk.sees(&text).await;
            page.sees(&text).await;
        }
    });
}

/// A command that works on the database notifies the nodes before it ends.
#[test]
fn a_command_notifies_nodes_of_its_change() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let mut other = self::there(&ann, &there).comes_online().await;
        let (payloads, openid) = (notifications(&here), format!("o{}", "c".repeat(27)));
        let args =
            ["customer", "say", "--appid", &account.appid, "--openid", &openid, "--text", "by command"];
        let (done, said) = kefu(&args, &here.fresh);
        assert!(done, "{said}");
        let seq = here.inner.desk.store.head(&account.appid).await.unwrap().unwrap().seq;
        let line = format!("{} {seq}", account.appid);
        until("the nodes are notified", || async { payloads.lock().unwrap().lines().any(|it| it == line) })
            .await;
        desk.sees("by command").await;
        other.sees("by command").await;
    });
}

#[test]
fn a_log_in_holds_and_ends_at_both_nodes() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = account.agent("a1").await;
        let body = json!({"name": ann.name, "password": "correct horse"});
        let cookie = cookie_of(&there.send("/desk/api/login", "", &body).await).expect("a login");
        assert_eq!(here.ask("/desk/api/snapshot", &cookie).await.status(), 200);
        assert_eq!(there.send("/desk/api/logout", &cookie, &json!({})).await.status(), 200);
        assert_eq!(here.ask("/desk/api/snapshot", &cookie).await.status(), 401);
        // A password reset at one node ends all log-ins at the other, with their streams.
        let desk = self::there(&ann, &there).comes_online().await;
        here.command(Command::WorkerReset(ann.name.clone())).await.expect("a new password");
        desk.ends().await;
        assert_eq!(there.ask("/desk/api/snapshot", &ann.cookie).await.status(), 401);
    });
}

#[test]
fn a_token_holds_and_ends_at_both_nodes() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let (first, there) = (at(&account, &there), at(&account, &there));
        assert_eq!(code(&first.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        let second = first.with_token(&account.fetch_token().await);
        assert_eq!(code(&second.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        assert_eq!(
            code(&first.get("/cgi-bin/customservice/getkflist", &[]).await),
            0,
            "the one before, for a while"
        );
        let third = second.with_token(&there.fetch_token().await);
        assert_eq!(code(&first.get("/cgi-bin/customservice/getkflist", &[]).await), 40001);
        assert_eq!(code(&at(&first, &account.app).get("/cgi-bin/customservice/getkflist", &[]).await), 40001);
        assert_eq!(code(&at(&third, &account.app).get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        // The account loses its certification at one node; the other refuses at once.
        account.set(|settings| settings.certified = Some(false)).await;
        assert_eq!(code(&third.get("/cgi-bin/customservice/getkflist", &[]).await), 48001);
    });
}

#[test]
fn a_session_is_taken_once_if_agents_take_it_at_both_nodes() {
    on_two_nodes(async |here, there| {
        let account = here.account_with(|settings| settings.reception = Some("manual".into())).await;
        let (ann, bob) = (account.agent("a1").await, self::there(&account.agent("b1").await, &there));
        let (_ann, _bob) = (ann.comes_online().await, bob.comes_online().await);
        for number in 0..5 {
            let customer = account.customer();
            customer.says(&format!("hello {number}")).await;
            let session = ann.session_with(&customer.openid()).await.expect("the customer waits");
            let (here, there) = tokio::join!(ann.takes(session), bob.takes(session));
            let mut statuses = [here.0, there.0];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409]);
        }
    });
}

#[test]
fn what_is_due_happens_once_although_both_nodes_run_it() {
    on_two_nodes(async |here, there| {
        let account = here.account().await;
        let ann = TestAgent::signs_up(&here, "ann").await;
        account.adds("a1").await;
        assert_eq!(code(&account.invites("a1", &ann.name).await), 0);
        let seq = async |app: &TestApp| app.inner.desk.store.head(&account.appid).await.unwrap().unwrap().seq;
        let before = seq(&here).await;
        let ten_days = 10 * 24 * 3_600_000;
        here.clock.advance(ten_days);
        there.clock.advance(ten_days);
        let (first, second) = tokio::join!(due::run_once(&here.inner), due::run_once(&there.inner));
        first.and(second).unwrap();
        assert_eq!((seq(&here).await, seq(&there).await), (before + 1, before + 1), "it ended once");
    });
}
