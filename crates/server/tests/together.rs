//! Nodes that share the load: two on one PostgreSQL. What was done at one holds at the other as soon as it is
//! answered, and is heard there at once.

use crate::actors::{Agent, App, Engine, Shop, code, cookie_of, run};
use kefu::admin::Order;
use kefu::due;
use serde_json::json;
use std::time::{Duration, Instant};

/// Sentences about this node and another one, on one database.
macro_rules! on_two_nodes {
    ($($(#[$doc:meta])* async fn $sentence:ident($here:ident: App, $there:ident: App) $body:block)*) => { $(
        $(#[$doc])*
        #[test]
        fn $sentence() {
            run(Engine::Postgres, |$here: App| Box::pin(async move {
                let $there = App::start($here.fresh.clone(), 8).await;
                let other = $there.inner.stop.clone();
                $body
                other.cancel();
            }));
        }
    )* };
}

/// The same shop, asked at another node.
fn at(shop: &Shop, app: &App) -> Shop {
    Shop { app: app.clone(), ..shop.clone() }
}

/// The same worker, at another node.
fn there(agent: &Agent, app: &App) -> Agent {
    Agent { app: app.clone(), ..agent.clone() }
}

on_two_nodes! {
    async fn lists_agree_at_both_nodes_after_every_step(here: App, there: App) {
        let shop = here.account_with(|settings| settings.reception = Some("manual".into())).await;
        let there = at(&shop, &there);
        assert_eq!(there.kf_list().await, json!([]));
        let ann = shop.agent("a1").await;
        assert_eq!(there.kf_list().await, shop.kf_list().await);
        assert_eq!(there.kf_list().await[0]["kf_account"], shop.kf("a1"));
        let _desk = ann.comes_online().await;
        assert_eq!(there.online().await, [(shop.kf("a1"), 1, 0)]);
        let customer = there.customer();
        customer.says("hello").await;
        assert_eq!((shop.waiting().await, there.waiting().await), (vec![customer.openid()], vec![customer.openid()]));
        assert_eq!(code(&there.creates("a1", &customer.openid()).await), 0);
        assert_eq!((shop.waiting().await, there.waiting().await), (vec![], vec![]));
        assert_eq!((shop.sessions("a1").await, there.sessions("a1").await), (vec![customer.openid()], vec![customer.openid()]));
        assert_eq!(code(&shop.closes("a1", &customer.openid()).await), 0);
        assert_eq!(there.sessions("a1").await, Vec::<String>::new());
        ann.is_away(true).await;
        assert_eq!(there.online().await, [(shop.kf("a1"), 0, 0)]);
    }

    /// Without hints each message would be heard when the readers poll, every five seconds.
    async fn what_happens_at_one_node_is_heard_at_the_other_at_once(here: App, there: App) {
        let shop = here.account().await;
        let ann = shop.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = at(&shop, &there).customer();
        let begun = Instant::now();
        for number in 0..5 {
            let text = format!("message {number}");
            customer.says(&text).await;
            desk.sees(&text).await;
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

    async fn a_stream_that_was_cut_goes_on_at_the_other_node(here: App, there: App) {
        let shop = here.account().await;
        let ann = shop.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = shop.customer();
        customer.says("one").await;
        let last = desk.sees("one").await.id;
        drop(desk);
        customer.says("two").await;
        customer.says("three").await;
        let mut desk = self::there(&ann, &there).resumes(&last).await;
        desk.sees("two").await;
        desk.sees("three").await;
        assert_eq!((desk.count_texts("one").await, desk.count_texts("two").await), (0, 1));
    }

    async fn a_log_in_holds_and_ends_at_both_nodes(here: App, there: App) {
        let shop = here.account().await;
        let ann = shop.agent("a1").await;
        let body = json!({"name": ann.name, "password": "correct horse"});
        let cookie = cookie_of(&there.send("/desk/api/login", "", &body).await).expect("a login");
        assert_eq!(here.ask("/desk/api/snapshot", &cookie).await.status(), 200);
        assert_eq!(there.send("/desk/api/logout", &cookie, &json!({})).await.status(), 200);
        assert_eq!(here.ask("/desk/api/snapshot", &cookie).await.status(), 401);
        // Her password is reset at one: every log-in ends at the other, with its stream.
        let desk = self::there(&ann, &there).comes_online().await;
        here.order(Order::WorkerReset(ann.name.clone())).await.expect("a new password");
        desk.ends().await;
        assert_eq!(there.ask("/desk/api/snapshot", &ann.cookie).await.status(), 401);
    }

    async fn a_token_holds_and_ends_at_both_nodes(here: App, there: App) {
        let shop = here.account().await;
        let (first, there) = (at(&shop, &there), at(&shop, &there));
        assert_eq!(code(&first.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        let second = first.with_token(&shop.fetch_token().await);
        assert_eq!(code(&second.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        assert_eq!(code(&first.get("/cgi-bin/customservice/getkflist", &[]).await), 0, "the one before, for a while");
        let third = second.with_token(&there.fetch_token().await);
        assert_eq!(code(&first.get("/cgi-bin/customservice/getkflist", &[]).await), 40001);
        assert_eq!(code(&at(&first, &shop.app).get("/cgi-bin/customservice/getkflist", &[]).await), 40001);
        assert_eq!(code(&at(&third, &shop.app).get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        // What the account may do changes at one, and is refused at the other at once.
        shop.set(|settings| settings.certified = Some(false)).await;
        assert_eq!(code(&third.get("/cgi-bin/customservice/getkflist", &[]).await), 48001);
    }

    async fn one_customer_is_taken_once_whoever_takes_her_where(here: App, there: App) {
        let shop = here.account_with(|settings| settings.reception = Some("manual".into())).await;
        let (ann, bob) = (shop.agent("a1").await, self::there(&shop.agent("b1").await, &there));
        let (_ann, _bob) = (ann.comes_online().await, bob.comes_online().await);
        for number in 0..5 {
            let customer = shop.customer();
            customer.says(&format!("hello {number}")).await;
            let session = ann.session_with(&customer.openid()).await.expect("she waits");
            let (here, there) = tokio::join!(ann.takes(session), bob.takes(session));
            let mut statuses = [here.0, there.0];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409]);
        }
    }

    async fn what_is_due_happens_once_though_both_look(here: App, there: App) {
        let shop = here.account().await;
        let ann = Agent::signs_up(&here, "ann").await;
        shop.adds("a1").await;
        assert_eq!(code(&shop.invites("a1", &ann.name).await), 0);
        let seq = async |app: &App| app.inner.desk.store.head(&shop.appid).await.unwrap().unwrap().seq;
        let before = seq(&here).await;
        let ten_days = 10 * 24 * 3_600_000;
        here.clock.advance(ten_days);
        there.clock.advance(ten_days);
        let (first, second) = tokio::join!(due::run_once(&here.inner), due::run_once(&there.inner));
        first.and(second).unwrap();
        assert_eq!((seq(&here).await, seq(&there).await), (before + 1, before + 1), "it ended once");
    }
}
