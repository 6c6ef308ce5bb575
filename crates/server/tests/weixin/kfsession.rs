//! createkfsession, closesession, getkfsession, getkfsessionlist, getwaitcase.

use crate::actors::{TestApp, code};
use serde_json::json;

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
create | POST | /customservice/kfsession/create
    | subscription* service* | 1 6 100 101 | 65401 | 0 | 65400
    | {"kf_account":"$agent","openid":"$openid"}
close | POST | /customservice/kfsession/close
    | subscription* service* | 1 6 100 101 | 65401 | 65413 | 65401
    | {"kf_account":"$agent","openid":"$openid"}
getsession | GET | /customservice/kfsession/getsession
    | subscription* service* | 1 6 100 101 | - | 0 | 65400
    | openid=$openid
getsessionlist | GET | /customservice/kfsession/getsessionlist
    | subscription* service* | 1 6 100 101 | 65401 | - | 65401
    | kf_account=$agent
getwaitcase | GET | /customservice/kfsession/getwaitcase
    | subscription* service* | 1 6 100 101 | 0 | - | 65400
    | -
"#;

on_both_engines! {
    a_first_message_goes_to_an_agent_with_room,
    without_online_agents_a_customer_waits_until_an_agent_takes_the_session,
    a_session_opened_by_a_program_does_not_let_it_write,
    in_manual_reception_every_customer_waits,
    least_sessions_first_then_longest_idle_and_never_beyond_capacity,
    create_and_close_follow_the_documented_codes,
    create_takes_a_customer_from_the_waiting_list,
    an_away_agent_keeps_sessions_and_gets_no_new_ones,
    an_open_session_ends_after_half_an_hour_of_silence,
    a_customer_waits_for_two_days_at_most,
    a_hundred_are_listed_in_order_and_all_are_counted,
    questions_about_unknown_agents_or_customers_have_their_codes,
    an_agent_cannot_take_what_another_has,
    cached_lists_equal_the_store_after_any_change,
}

async fn a_first_message_goes_to_an_agent_with_room(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 0)]);
    let customer = account.customer();
    customer.says("你好").await;
    desk.sees("你好").await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 1)]);
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    let session = account.get("/customservice/kfsession/getsession", &[("openid", &customer.openid())]).await;
    assert_eq!(session, json!({"createtime": 1_800_000_000, "kf_account": account.kf("a1")}));
    assert_eq!(account.waiting().await, Vec::<String>::new());
}

async fn without_online_agents_a_customer_waits_until_an_agent_takes_the_session(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let ann = account.agent("a1").await;
    let customer = account.customer();
    customer.says("anybody?").await;
    let wait = account.get("/customservice/kfsession/getwaitcase", &[]).await;
    assert_eq!(
        wait,
        json!({"count": 1, "waitcaselist": [{"latest_time": 1_800_000_000, "openid": customer.openid()}]})
    );
    let mut page = customer.watches().await;
    let _desk = ann.comes_online().await;
    assert_eq!(
        account.waiting().await,
        [customer.openid()],
        "the customer waits until an agent takes the session"
    );
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.takes(session).await.0, 200);
    page.sees_fact("an agent is there", |fact| fact["session"]["agent"]["nickname"] == "a1").await;
    assert_eq!(account.waiting().await, Vec::<String>::new());
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    assert_eq!(ann.takes(session).await.0, 200, "safe to repeat");
}

async fn a_session_opened_by_a_program_does_not_let_it_write(app: TestApp) {
    let account = app.account().await;
    let _desk = account.agent("a1").await.comes_online().await;
    let stranger = "o00000000000000000000000_new";
    assert_eq!(account.sends_text(stranger, "hello").await, 40003, "an openid that is unknown here");
    assert_eq!(code(&account.creates("a1", stranger).await), 0);
    assert_eq!(account.sends_text(stranger, "hello").await, 45015, "the customer has done nothing yet");
    assert_eq!(account.sends_typing(stranger, "Typing").await, 45015);
}

async fn in_manual_reception_every_customer_waits(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let _desk = account.agent("a1").await.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(account.waiting().await, [customer.openid()]);
}

async fn least_sessions_first_then_longest_idle_and_never_beyond_capacity(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(2)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let _first = ann.comes_online().await;
    app.advance(1_000).await;
    let _second = bob.comes_online().await;
    let mut served = Vec::new();
    for number in 0..5 {
        let customer = account.customer();
        customer.says(&format!("hello {number}")).await;
        let session =
            account.get("/customservice/kfsession/getsession", &[("openid", &customer.openid())]).await;
        served.push(session["kf_account"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        served,
        [account.kf("a1"), account.kf("b1"), account.kf("a1"), account.kf("b1"), String::new()]
    );
    assert_eq!(account.waiting().await.len(), 1);
}

async fn create_and_close_follow_the_documented_codes(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    account.adds("free").await;
    let openid = format!("o{}", "x".repeat(27));
    assert_eq!(code(&account.creates("nobody", "bad").await), 65401);
    assert_eq!(code(&account.creates("free", "bad").await), 65402);
    assert_eq!(code(&account.closes("free", "bad").await), 65402);
    assert_eq!(code(&account.creates("a1", "bad").await), 65415);
    let stream = ann.comes_online().await;
    let _other = bob.comes_online().await;
    assert_eq!(code(&account.creates("a1", "bad").await), 40003);
    assert_eq!(code(&account.closes("a1", "bad").await), 40003);
    assert_eq!(code(&account.closes("a1", &openid).await), 65413);
    assert_eq!(code(&account.creates("a1", &openid).await), 0, "an openid that never wrote");
    assert_eq!(code(&account.creates("a1", &openid).await), 0, "safe to repeat");
    assert_eq!(code(&account.creates("b1", &openid).await), 65414);
    assert_eq!(code(&account.closes("b1", &openid).await), 65414);
    ann.leaves(stream).await;
    assert_eq!(
        code(&account.creates("a1", &openid).await),
        0,
        "the agent serves the customer already, although offline"
    );
    assert_eq!(code(&account.closes("a1", &openid).await), 0);
    assert_eq!(code(&account.closes("a1", &openid).await), 65413);
}

async fn create_takes_a_customer_from_the_waiting_list(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(2_000).await;
    assert_eq!(code(&account.creates("a1", &customer.openid()).await), 0);
    desk.sees_fact("the session is the agent's", |fact| fact["session"]["state"] == "open").await;
    assert_eq!(account.waiting().await, Vec::<String>::new());
    let list =
        account.get("/customservice/kfsession/getsessionlist", &[("kf_account", &account.kf("a1"))]).await;
    assert_eq!(list, json!({"sessionlist": [{"createtime": 1_800_000_002, "openid": customer.openid()}]}));
}

async fn an_away_agent_keeps_sessions_and_gets_no_new_ones(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let (first, second) = (account.customer(), account.customer());
    first.says("hello").await;
    ann.sets_away(true).await;
    desk.sees_fact("the agent is away", |fact| fact["agent"]["presence"] == "away").await;
    assert_eq!(account.online().await, [(account.kf("a1"), 0, 1)]);
    second.says("hello").await;
    assert_eq!(account.waiting().await, [second.openid()]);
    assert_eq!(code(&account.creates("a1", &second.openid()).await), 65415);
    first.says("still there?").await;
    desk.sees("still there?").await;
    ann.sets_away(false).await;
    assert_eq!(account.online().await, [(account.kf("a1"), 1, 2)], "and gets who waits when back");
}

async fn an_open_session_ends_after_half_an_hour_of_silence(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(29 * 60_000).await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, "one moment").await.0, 200);
    app.advance(30 * 60_000 - 1).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    app.advance(1).await;
    assert_eq!(account.sessions("a1").await, Vec::<String>::new());
    desk.sees_fact("it is closed", |fact| fact["session"]["state"] == "closed").await;
    assert_eq!(ann.replies(session, "too late").await.0, 409);
    customer.says("hello again").await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
}

async fn a_customer_waits_for_two_days_at_most(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(47 * 3_600_000).await;
    customer.says("hello?").await;
    app.advance(47 * 3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.waiting().await, [customer.openid()]);
    app.advance(3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.waiting().await, Vec::<String>::new());
}

async fn a_hundred_are_listed_in_order_and_all_are_counted(app: TestApp) {
    let account = app.account().await;
    let mut order = Vec::new();
    for number in 0..103 {
        let customer = account.customer();
        customer.says(&format!("{number}")).await;
        order.push(customer.openid());
    }
    let wait = account.get("/customservice/kfsession/getwaitcase", &[]).await;
    assert_eq!(wait["count"], 103);
    assert_eq!(account.waiting().await, order[..100]);
}

async fn questions_about_unknown_agents_or_customers_have_their_codes(app: TestApp) {
    let account = app.account().await;
    account.adds("free").await;
    let list = "/customservice/kfsession/getsessionlist";
    assert_eq!(code(&account.get(list, &[]).await), 65401);
    assert_eq!(code(&account.get(list, &[("kf_account", &account.kf("nobody"))]).await), 65401);
    assert_eq!(code(&account.get(list, &[("kf_account", &account.kf("free"))]).await), 65402);
    let one = "/customservice/kfsession/getsession";
    assert_eq!(code(&account.get(one, &[]).await), 40003);
    assert_eq!(code(&account.get(one, &[("openid", "short")]).await), 40003);
    let unknown = account.get(one, &[("openid", &format!("o{}", "y".repeat(27)))]).await;
    assert_eq!(unknown, json!({"createtime": 0, "kf_account": ""}));
}

async fn an_agent_cannot_take_what_another_has(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let (_first, mut second) = (ann.comes_online().await, bob.comes_online().await);
    let customer = account.customer();
    customer.says("hello").await;
    second.sees("hello").await;
    let session = bob.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.takes(session).await.0, 200);
    second
        .sees_fact("it is gone", |fact| {
            fact["session"]["kf_account"] == account.kf("a1") && fact["session"]["preview"] == ""
        })
        .await;
    let (status, refusal) = bob.takes(session).await;
    assert_eq!((status, code(&refusal)), (409, 990_014));
    assert_eq!(bob.replies(session, "mine").await.0, 409);
    assert_eq!(bob.closes(session).await.0, 409);
    customer.says("a secret for ann").await;
    assert_eq!(ann.replies(session, "bye").await.0, 200);
    assert_eq!(ann.closes(session).await.0, 200);
    assert_eq!(ann.closes(session).await.0, 200, "safe to repeat");
    assert_eq!(second.count_texts("a secret for ann").await, 0);
}

/// The lists are cached and updated from changes. After any change they must equal the store's.
async fn cached_lists_equal_the_store_after_any_change(app: TestApp) {
    let account = app.account().await;
    let prefixes = ["a1", "b1", "c1"];
    let mut desks = Vec::new();
    for prefix in prefixes {
        let agent = account.agent(prefix).await;
        desks.push((agent.comes_online().await, agent));
    }
    let openids: Vec<String> = (0..8).map(|n| format!("o{}{n}", "x".repeat(26))).collect();
    let (mut served, mut dice) = (vec![None; openids.len()], 7_u64);
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % sides
    };
    for round in 0..40 {
        // Sometimes more changes than an update reads.
        let steps = if round % 13 == 12 { 80 } else { roll(4) };
        for _ in 0..steps {
            let (customer, agent) = (roll(openids.len()), roll(prefixes.len()));
            match served[customer] {
                None => {
                    assert_eq!(code(&account.creates(prefixes[agent], &openids[customer]).await), 0);
                    served[customer] = Some(agent);
                }
                Some(agent) => {
                    assert_eq!(code(&account.closes(prefixes[agent], &openids[customer]).await), 0);
                    served[customer] = None;
                }
            }
        }
        let away = roll(9);
        if away < prefixes.len() {
            desks[away].1.sets_away(true).await;
        }
        for (number, prefix) in prefixes.iter().enumerate() {
            let mut wanted: Vec<_> = (0..openids.len())
                .filter(|it| served[*it] == Some(number))
                .map(|it| openids[it].clone())
                .collect();
            let mut found = account.sessions(prefix).await;
            wanted.sort();
            found.sort();
            assert_eq!(found, wanted, "{prefix} in round {round}");
            let online = account.online().await;
            let entry = online.iter().find(|entry| entry.0 == account.kf(prefix)).unwrap();
            assert_eq!(entry.2, wanted.len() as i64, "{prefix} in round {round}");
        }
        if away < prefixes.len() {
            assert_eq!(account.online().await[away].1, 0);
            desks[away].1.sets_away(false).await;
        }
    }
}
