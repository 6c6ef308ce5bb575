//! Customers who wait are served in the order of their first word without an answer, as soon as there is room.

use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code};
use serde_json::{Value, json};

/// Customers who write one after another, a second apart.
async fn come(app: &TestApp, account: &TestAccount, number: usize) -> Vec<TestCustomer> {
    let mut customers = Vec::new();
    for n in 0..number {
        let customer = account.customer();
        customer.says(&format!("customer {n}")).await;
        app.advance(1_000).await;
        customers.push(customer);
    }
    customers
}

fn openids(customers: &[TestCustomer]) -> Vec<String> {
    customers.iter().map(TestCustomer::openid).collect()
}

async fn served_by(account: &TestAccount, customer: &TestCustomer) -> Value {
    let openid = customer.openid();
    let session = account.get("/customservice/kfsession/getsession", &[("openid", &openid)]).await;
    session["kf_account"].clone()
}

on_both_engines! {
    an_agent_who_comes_online_gets_the_earliest_customers_up_to_the_limit,
    an_agent_who_comes_back_gets_customers_who_wait,
    each_way_to_have_room_serves_the_next_customer,
    a_later_customer_does_not_overtake_one_who_waits,
    a_customer_who_writes_more_keeps_the_place,
    a_customer_who_is_handed_back_keeps_the_place,
    an_agents_own_switch_and_limit_count_before_the_accounts,
    the_workbench_shows_the_accounts_values_and_the_agents_own,
    by_hand_an_agent_may_exceed_the_limit,
    a_customer_who_is_handed_back_goes_to_another_agent,
    round_robin_goes_on_with_the_next_agent,
    a_customer_goes_to_the_last_agent_first_if_the_account_wants_it,
    a_customer_who_waited_has_the_same_records_as_one_who_did_not,
    more_customers_than_one_round_assigns_are_all_served,
    places_outlive_a_restart_and_assignment_begins_ten_seconds_later,
    a_customer_sees_how_many_are_before,
}

async fn an_agent_who_comes_online_gets_the_earliest_customers_up_to_the_limit(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(2)).await;
    let ann = account.agent("a1").await;
    let customers = come(&app, &account, 3).await;
    assert_eq!(account.waiting().await, openids(&customers));
    let mut desk = ann.comes_online().await;
    desk.sees_fact("the second one is the agent's", |fact| {
        fact["session"]["openid"] == customers[1].openid() && fact["session"]["state"] == "open"
    })
    .await;
    assert_eq!(account.sessions("a1").await, openids(&customers[..2]));
    assert_eq!(account.waiting().await, [customers[2].openid()]);
}

async fn an_agent_who_comes_back_gets_customers_who_wait(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    ann.sets_away(true).await;
    let customers = come(&app, &account, 2).await;
    assert_eq!(account.waiting().await.len(), 2);
    ann.sets_away(false).await;
    assert_eq!(account.sessions("a1").await, openids(&customers));
}

async fn each_way_to_have_room_serves_the_next_customer(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let (ann, sue) = (account.agent("a1").await, account.agent("s1").await);
    account.post("/customservice/kfaccount/setadmin", json!({"kf_account": account.kf("s1")})).await;
    let (_desk, _office) = (ann.comes_online().await, sue.comes_online().await);
    sue.sets_away(true).await;
    let customers = come(&app, &account, 7).await;
    let session = async |n: usize| ann.session_with(&customers[n].openid()).await.unwrap();
    let is_next = async |n: usize, way: &str| {
        assert_eq!(account.sessions("a1").await, [customers[n].openid()], "{way}");
    };
    is_next(0, "online").await;
    assert_eq!(ann.closes(session(0).await).await.0, 200);
    is_next(1, "the agent ends a session").await;
    assert_eq!(code(&account.closes("a1", &customers[1].openid()).await), 0);
    is_next(2, "a program ends a session").await;
    let id = session(2).await;
    assert_eq!(sue.moves(id, &account.kf("a1"), &account.kf("s1")).await.0, 200);
    is_next(3, "a supervisor takes one over").await;
    assert_eq!(sue.replies(id, "您好").await.0, 200);
    let id = session(3).await;
    assert_eq!(ann.replies(id, "您好").await.0, 200);
    app.advance(30 * 60_000).await;
    is_next(4, "time ends a session").await;
    account.set(|settings| settings.capacity = Some(2)).await;
    assert_eq!(account.sessions("a1").await, openids(&customers[4..6]), "the limit is raised");
    let (status, _) = ann.sends("/desk/api/intake", json!({"appid": account.appid, "capacity": 3})).await;
    assert_eq!(status, 200);
    assert_eq!(account.sessions("a1").await, openids(&customers[4..7]), "the agent's own limit is raised");
}

async fn the_workbench_shows_the_accounts_values_and_the_agents_own(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(4)).await;
    let ann = account.agent("a1").await;
    let shown = async || {
        let first = ann.first_account().await;
        let of = |name: &str| first["agent"][name].clone();
        assert_eq!((&first["reception"], &first["capacity"]), (&json!("automatic"), &json!(4)));
        [of("is_automatic"), of("capacity"), of("own_reception"), of("own_capacity")]
    };
    assert_eq!(shown().await, [json!(true), json!(4), Value::Null, Value::Null]);
    let own = json!({"appid": account.appid, "reception": "manual", "capacity": 9});
    assert_eq!(ann.sends("/desk/api/intake", own).await.0, 200);
    assert_eq!(shown().await, [json!(false), json!(9), json!("manual"), json!(9)]);
    let none = json!({"appid": account.appid, "reception": null, "capacity": null});
    assert_eq!(ann.sends("/desk/api/intake", none).await.0, 200);
    assert_eq!(shown().await, [json!(true), json!(4), Value::Null, Value::Null]);
}

async fn a_later_customer_does_not_overtake_one_who_waits(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let first = come(&app, &account, 1).await;
    let body = json!({"appid": account.appid, "reception": "automatic", "capacity": 1});
    // The customer who waits is served by the change itself, so the next one waits.
    assert_eq!(ann.sends("/desk/api/intake", body).await.0, 200);
    assert_eq!(account.sessions("a1").await, openids(&first));
    let later = come(&app, &account, 2).await;
    assert_eq!(account.waiting().await, openids(&later));
    let session = ann.session_with(&first[0].openid()).await.unwrap();
    assert_eq!(ann.closes(session).await.0, 200);
    first[0].says("one more thing").await;
    assert_eq!(account.sessions("a1").await, [later[0].openid()]);
    assert_eq!(account.waiting().await, [later[1].openid(), first[0].openid()]);
}

async fn a_customer_who_writes_more_keeps_the_place(app: TestApp) {
    let account = app.account().await;
    let customers = come(&app, &account, 2).await;
    customers[0].says("are you there?").await;
    assert_eq!(account.waiting().await, openids(&customers));
}

async fn a_customer_who_is_handed_back_keeps_the_place(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let (mut desk, _other) = (ann.comes_online().await, bob.comes_online().await);
    let customers = come(&app, &account, 3).await;
    for customer in &customers[..2] {
        assert_eq!(ann.takes(ann.session_with(&customer.openid()).await.unwrap()).await.0, 200);
    }
    let hand_back = async |agent: &TestAgent, id: i64| {
        agent.sends("/desk/api/session/hand_back", json!({"appid": account.appid, "session": id})).await.0
    };
    let (first, second) = (
        ann.session_with(&customers[0].openid()).await.unwrap(),
        ann.session_with(&customers[1].openid()).await.unwrap(),
    );
    assert_eq!(ann.replies(second, "您好").await.0, 200);
    assert_eq!(hand_back(&bob, first).await, 409, "it is another agent's");
    assert_eq!(hand_back(&ann, first).await, 200);
    assert_eq!(hand_back(&ann, second).await, 200);
    desk.sees_fact("it waits again", |fact| {
        fact["session"]["id"] == first && fact["session"]["state"] == "waiting"
    })
    .await;
    let order = [&customers[0], &customers[2], &customers[1]].map(TestCustomer::openid);
    assert_eq!(account.waiting().await, order, "one who has an answer begins to wait now");
    assert_eq!(bob.takes(first).await.0, 200);
    assert_eq!(served_by(&account, &customers[0]).await, account.kf("b1"));
}

async fn an_agents_own_switch_and_limit_count_before_the_accounts(app: TestApp) {
    let account = app
        .account_with(|settings| {
            settings.capacity = Some(5);
            settings.auto_accept = Some(true);
        })
        .await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let (_desk, _other) = (ann.comes_online().await, bob.comes_online().await);
    let sets = async |agent: &TestAgent, reception: Value, capacity: Value| {
        let body = json!({"appid": account.appid, "reception": reception, "capacity": capacity});
        agent.sends("/desk/api/intake", body).await.0
    };
    assert_eq!(sets(&ann, json!("manual"), Value::Null).await, 200);
    assert_eq!(sets(&bob, Value::Null, json!(1)).await, 200);
    for refused in [json!(0), json!(-1), json!(1_001)] {
        assert_eq!(sets(&bob, Value::Null, refused).await, 400);
    }
    let list = account.get("/cgi-bin/customservice/getonlinekflist", &[]).await;
    let accepts: Vec<&Value> =
        list["kf_online_list"].as_array().unwrap().iter().map(|agent| &agent["auto_accept"]).collect();
    assert_eq!(accepts, [&json!(0), &json!(1)]);
    let customers = come(&app, &account, 2).await;
    assert_eq!(account.sessions("b1").await, [customers[0].openid()]);
    assert_eq!(account.waiting().await, [customers[1].openid()]);
    assert_eq!(ann.first_account().await["agent"]["is_automatic"], false);
    assert_eq!(sets(&ann, Value::Null, Value::Null).await, 200);
    assert_eq!(account.sessions("a1").await, [customers[1].openid()], "the account's switch counts again");
}

async fn a_customer_who_is_handed_back_goes_to_another_agent(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let _desk = ann.comes_online().await;
    let customers = come(&app, &account, 1).await;
    let session = ann.session_with(&customers[0].openid()).await.unwrap();
    let body = json!({"appid": account.appid, "session": session});
    assert_eq!(ann.sends("/desk/api/session/hand_back", body).await.0, 200);
    assert_eq!(account.waiting().await, openids(&customers), "though the agent has room");
    let _other = bob.comes_online().await;
    assert_eq!(account.sessions("b1").await, openids(&customers));
}

async fn by_hand_an_agent_may_exceed_the_limit(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customers = come(&app, &account, 2).await;
    assert_eq!(ann.takes(ann.session_with(&customers[1].openid()).await.unwrap()).await.0, 200);
    assert_eq!(account.sessions("a1").await, openids(&customers));
}

async fn round_robin_goes_on_with_the_next_agent(app: TestApp) {
    let account = app.account_with(|settings| settings.strategy = Some("round_robin".into())).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let (_desk, _other) = (ann.comes_online().await, bob.comes_online().await);
    let mut served = Vec::new();
    for customer in come(&app, &account, 3).await {
        served.push(served_by(&account, &customer).await);
        let session =
            ann.session_with(&customer.openid()).await.or(bob.session_with(&customer.openid()).await);
        // With the fewest sessions, the first agent would get every customer.
        let agent = if served.len() % 2 == 1 { &ann } else { &bob };
        assert_eq!(agent.closes(session.unwrap()).await.0, 200);
    }
    assert_eq!(served, ["a1", "b1", "a1"].map(|prefix| json!(account.kf(prefix))));
}

async fn a_customer_goes_to_the_last_agent_first_if_the_account_wants_it(app: TestApp) {
    let account = app.account_with(|settings| settings.last_agent_first = Some(true)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let (_desk, _other) = (ann.comes_online().await, bob.comes_online().await);
    let customers = come(&app, &account, 2).await;
    assert_eq!(served_by(&account, &customers[1]).await, account.kf("b1"));
    let session = bob.session_with(&customers[1].openid()).await.unwrap();
    assert_eq!(bob.closes(session).await.0, 200);
    let more = come(&app, &account, 1).await;
    assert_eq!(served_by(&account, &more[0]).await, account.kf("b1"), "the fewest sessions");
    customers[1].says("again").await;
    assert_eq!(served_by(&account, &customers[1]).await, account.kf("b1"), "though both have one session");
}

async fn a_customer_who_waited_has_the_same_records_as_one_who_did_not(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let customer = account.customer();
    customer.says("你好").await;
    let _desk = ann.comes_online().await;
    let window = json!({"starttime": 1_799_999_000, "endtime": 1_800_003_000, "msgid": 1, "number": 100});
    let list = account.post("/customservice/msgrecord/getmsglist", window).await;
    let records: Vec<(i64, &Value)> = list["recordlist"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| (record["opercode"].as_i64().unwrap(), &record["text"]))
        .collect();
    assert_eq!(records, [(2003, &json!("你好"))]);
}

async fn more_customers_than_one_round_assigns_are_all_served(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(200)).await;
    let ann = account.agent("a1").await;
    let mut order = Vec::new();
    for n in 0..70 {
        let customer = account.customer();
        customer.says(&n.to_string()).await;
        order.push(customer.openid());
    }
    let _desk = ann.comes_online().await;
    app.advance(0).await;
    assert_eq!(account.sessions("a1").await, order);
    assert_eq!(account.waiting().await, Vec::<String>::new());
}

async fn places_outlive_a_restart_and_assignment_begins_ten_seconds_later(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let _desk = ann.comes_online().await;
    let customers = come(&app, &account, 3).await;
    let (waiting, served) = (account.waiting().await, account.sessions("a1").await);
    let again = app.restarts(true).await;
    let (account, bob) = (account.at(&again), bob.moved_to(&again));
    assert_eq!((account.waiting().await, account.sessions("a1").await), (waiting.clone(), served.clone()));
    let _other = bob.comes_online().await;
    assert_eq!(account.waiting().await, waiting, "nobody is assigned yet");
    let session = bob.session_with(&customers[1].openid()).await.unwrap();
    let path = format!("/desk/api/why/waiting?appid={}&session={session}", account.appid);
    assert_eq!(bob.asks(&path).await.1["reason"], "starting");
    again.advance(9_999).await;
    assert_eq!(account.waiting().await, waiting);
    again.advance(1).await;
    assert_eq!(account.sessions("b1").await, [customers[1].openid()]);
    assert_eq!(account.waiting().await, [customers[2].openid()]);
}

async fn a_customer_sees_how_many_are_before(app: TestApp) {
    let account = app.account().await;
    let customers = come(&app, &account, 3).await;
    let place = async |customer: &TestCustomer| customer.asks("place").await;
    assert_eq!(place(&customers[2]).await, json!({"before": 2, "since": 1_800_000_002_000_i64}));
    let ann = account.agent("a1").await;
    account.set(|settings| settings.capacity = Some(1)).await;
    let _desk = ann.comes_online().await;
    assert_eq!(place(&customers[2]).await["before"], 1);
    assert_eq!(place(&customers[0]).await, json!({"since": 0}));
}
