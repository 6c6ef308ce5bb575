//! Groups of agents: who manages them, how customers get into one, and what becomes of them there.

use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code};
use kefu::admin::Command;
use kefu::admin::group::GroupCommand;
use kefu::desk::group::{GroupChange, GroupRef};
use serde_json::{Value, json};

pub fn named(name: &str) -> GroupRef {
    GroupRef::Name(name.into())
}

/// An operator's command; the groups.
pub async fn change(account: &TestAccount, change: GroupChange) -> Result<Value, String> {
    let command = GroupCommand { appid: account.appid.clone(), change: Some(change) };
    account.app.command(Command::Group(command)).await
}

/// Makes a group with a menu choice and members; its number.
pub async fn group(account: &TestAccount, name: &str, menu_id: &str, members: &[&str]) -> i64 {
    let add = GroupChange::Add { name: name.into(), menu_id: menu_id.into() };
    let mut groups = change(account, add).await.expect("a group");
    for member in members {
        let join = GroupChange::Join { group: named(name), kf_account: account.kf(member) };
        groups = change(account, join).await.expect("a member");
    }
    let made = groups.as_array().unwrap().last().unwrap();
    assert_eq!(made["name"], name);
    made["id"].as_i64().unwrap()
}

async fn supervisor(account: &TestAccount, prefix: &str) -> TestAgent {
    let agent = account.agent(prefix).await;
    account.post("/customservice/kfaccount/setadmin", json!({"kf_account": agent.kf_account})).await;
    agent
}

/// A customer who has got a menu with the choices 1 and 2, and its message.
async fn with_menu(account: &TestAccount) -> (TestCustomer, Value) {
    let customer = account.customer();
    customer.says("hello").await;
    let list = json!([{"id": "1", "content": "pre-sale"}, {"id": "2", "content": "after-sale"}]);
    let menu = json!({"msgtype": "msgmenu", "msgmenu": {"list": list}});
    assert_eq!(code(&account.sends(&customer.openid(), menu).await), 0);
    let menu = customer.last().await;
    (customer, menu)
}

async fn shown(agent: &TestAgent, customer: &TestCustomer) -> Value {
    let account = agent.first_account().await;
    let lists = ["sessions", "waiting"].map(|list| account[list].as_array().cloned().unwrap());
    lists.into_iter().flatten().find(|it| it["openid"] == customer.openid()).unwrap_or_default()
}

async fn why(agent: &TestAgent, customer: &TestCustomer) -> Value {
    let session = shown(agent, customer).await["id"].clone();
    agent.asks(&format!("/desk/api/why/waiting?appid={}&session={session}", agent.appid)).await.1
}

on_both_engines! {
    operators_manage_groups_and_each_refusal_says_what_is_wrong,
    supervisors_manage_groups_and_agents_see_them,
    a_menu_choice_leads_to_a_group,
    a_customer_who_is_served_stays_with_the_agent,
    each_group_has_its_own_order_and_an_agent_takes_the_earliest_of_all,
    a_customer_of_a_group_waits_for_its_members_and_the_desk_says_why,
    a_deleted_group_leaves_its_customers_in_the_common_queue,
    a_deleted_agent_belongs_to_no_group,
    nobody_is_assigned_while_the_feature_is_off,
}

async fn operators_manage_groups_and_each_refusal_says_what_is_wrong(app: TestApp) {
    let account = app.account().await;
    account.agent("a1").await;
    let id = group(&account, "pre-sale", "1", &["a1", "a1"]).await;
    let all =
        change(&account, GroupChange::Rename { group: named("pre-sale"), name: None, menu_id: None }).await;
    let expected = json!([{"id": id, "name": "pre-sale", "menu_id": "1", "members": [account.kf("a1")]}]);
    assert_eq!(all.unwrap(), expected);
    let refusals = [
        (GroupChange::Add { name: "a@b".into(), menu_id: String::new() }, "no @"),
        (GroupChange::Add { name: "组".repeat(33), menu_id: String::new() }, "1 to 32 characters"),
        (GroupChange::Add { name: "\u{200b}".into(), menu_id: String::new() }, "can be seen"),
        (GroupChange::Add { name: "pre-sale".into(), menu_id: String::new() }, "choose another"),
        (GroupChange::Add { name: "other".into(), menu_id: "1".into() }, "choose another"),
        (GroupChange::Add { name: "other".into(), menu_id: "1".repeat(65) }, "at most 64 characters"),
        (GroupChange::Delete { group: named("other") }, "`kefu group list`"),
        (GroupChange::Join { group: named("pre-sale"), kf_account: "b1@x".into() }, "no such agent"),
    ];
    for (wrong, says) in refusals {
        let refused = change(&account, wrong.clone()).await.expect_err("a refusal");
        assert!(refused.contains(says), "{wrong:?}: {refused}");
    }
    let new = GroupChange::Rename {
        group: named("pre-sale"),
        name: Some("售前".into()),
        menu_id: Some(String::new()),
    };
    let renamed = change(&account, new).await.unwrap();
    assert_eq!((&renamed[0]["name"], &renamed[0]["menu_id"]), (&json!("售前"), &json!("")));
    let leave = GroupChange::Leave { group: GroupRef::Id(id), kf_account: account.kf("a1") };
    for _ in 0..2 {
        assert_eq!(change(&account, leave.clone()).await.unwrap()[0]["members"], json!([]));
    }
    for n in 1..64 {
        change(&account, GroupChange::Add { name: n.to_string(), menu_id: n.to_string() }).await.unwrap();
    }
    let full = change(&account, GroupChange::Add { name: "65".into(), menu_id: String::new() }).await;
    assert!(full.unwrap_err().contains("at most 64 groups"));
    let mut all = Value::Null;
    for name in ["售前", "1"] {
        all = change(&account, GroupChange::Delete { group: named(name) }).await.unwrap();
    }
    assert_eq!(all.as_array().unwrap().len(), 62);
}

async fn supervisors_manage_groups_and_agents_see_them(app: TestApp) {
    let account = app.account().await;
    let (ann, sue) = (account.agent("a1").await, supervisor(&account, "s1").await);
    let mut desk = ann.comes_online().await;
    let appid = account.appid.clone();
    let send = async |by: &TestAgent, verb: &str, mut body: Value| {
        body["appid"] = appid.clone().into();
        by.sends(&format!("/desk/api/group/{verb}"), body).await
    };
    let (status, made) = send(&sue, "add", json!({"name": "pre-sale", "menu_id": "1"})).await;
    let id = made["group"].as_i64().unwrap();
    assert_eq!(status, 200);
    desk.sees_fact("a group was made", |fact| fact["group"]["name"] == "pre-sale").await;
    let member = json!({"group": id, "kf_account": account.kf("a1")});
    assert_eq!(send(&sue, "join", member.clone()).await.0, 200);
    assert_eq!(send(&sue, "join", member.clone()).await.0, 200, "safe to repeat");
    desk.sees_fact("the agent joined", |fact| fact["group"]["members"] == json!([account.kf("a1")])).await;
    assert_eq!(send(&sue, "rename", json!({"group": id, "name": "售前"})).await.0, 200);
    let expected = json!([{"id": id, "name": "售前", "menu_id": "1", "members": [account.kf("a1")]}]);
    let listed = ann.asks(&format!("/desk/api/groups?appid={appid}")).await;
    assert_eq!(listed, (200, json!({"groups": expected})));
    assert_eq!(ann.first_account().await["groups"], expected);
    for verb in ["rename", "delete", "join", "leave"] {
        assert_eq!(send(&ann, verb, member.clone()).await.0, 403, "{verb}");
    }
    assert_eq!(send(&ann, "add", json!({"name": "mine"})).await.0, 403);
    for (verb, body, refusal) in [
        ("add", json!({"name": "a@b"}), (400, 990_039)),
        ("add", json!({"name": "x", "menu_id": "1".repeat(65)}), (400, 990_040)),
        ("delete", json!({"group": 99}), (409, 990_041)),
        ("add", json!({"name": "售前"}), (409, 990_042)),
        ("join", json!({"group": id, "kf_account": "b1@x"}), (404, 990_004)),
    ] {
        let (status, answer) = send(&sue, verb, body).await;
        assert_eq!((status, code(&answer)), refusal, "{verb}");
    }
    assert_eq!(send(&sue, "leave", member).await.0, 200);
    assert_eq!(send(&sue, "delete", json!({"group": id})).await.0, 200);
    desk.sees_fact("the group is gone", |fact| fact["group_gone"] == id).await;
    assert_eq!(ann.first_account().await["groups"], json!([]));
}

async fn a_menu_choice_leads_to_a_group(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let id = group(&account, "after-sale", "2", &["b1"]).await;
    // Without a session, the choice begins one in the group.
    let (customer, menu) = with_menu(&account).await;
    let openid = customer.openid();
    let session = shown(&ann, &customer).await["id"].as_i64().unwrap();
    assert_eq!(ann.takes(session).await.0, 200);
    assert_eq!(ann.closes(session).await.0, 200);
    let mut desk = ann.comes_online().await;
    assert_eq!(customer.chooses(&menu, "2").await.0, 200);
    assert_eq!(account.waiting().await, [customer.openid()], "the agent who is there is no member");
    desk.sees_fact("the customer waits for the group", |fact| fact["session"]["group"] == id).await;
    // While waiting, it moves the customer, to the place of before.
    let (other, menu) = with_menu(&account).await;
    app.advance(1_000).await;
    assert_eq!(account.sessions("a1").await, [other.openid()]);
    let (third, last) = with_menu(&account).await;
    let since = shown(&ann, &third).await["since"].clone();
    app.advance(1_000).await;
    assert_eq!(third.chooses(&last, "2").await.0, 200);
    let now = shown(&ann, &third).await;
    assert_eq!((&now["group"], &now["since"]), (&json!(id), &since));
    assert_eq!(third.asks("place").await["before"], 1, "the place counts the customer's own queue");
    assert_eq!(third.chooses(&last, "1").await.0, 200);
    assert_eq!(shown(&ann, &third).await["group"], id, "no group has this choice");
    let _other = bob.comes_online().await;
    assert_eq!(account.sessions("b1").await, [openid]);
    // An agent serves this customer: nothing moves.
    assert_eq!(other.chooses(&menu, "2").await.0, 200);
    assert_eq!(shown(&ann, &other).await["group"], 0);
}

async fn a_customer_who_is_served_stays_with_the_agent(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    group(&account, "after-sale", "2", &[]).await;
    let _desk = ann.comes_online().await;
    let (customer, menu) = with_menu(&account).await;
    assert_eq!(customer.chooses(&menu, "2").await.0, 200);
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    assert_eq!(shown(&ann, &customer).await["group"], 0);
}

async fn each_group_has_its_own_order_and_an_agent_takes_the_earliest_of_all(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(3)).await;
    let ann = account.agent("a1").await;
    group(&account, "pre-sale", "1", &["a1"]).await;
    group(&account, "after-sale", "2", &["a1"]).await;
    let mut customers = Vec::new();
    for choice in ["2", "", "1", "2"] {
        let (customer, menu) = with_menu(&account).await;
        if !choice.is_empty() {
            assert_eq!(customer.chooses(&menu, choice).await.0, 200);
        }
        app.advance(1_000).await;
        customers.push(customer.openid());
    }
    assert_eq!(account.waiting().await, customers, "getwaitcase is in the order of all");
    let _desk = ann.comes_online().await;
    assert_eq!(account.sessions("a1").await, customers[..3]);
}

async fn a_customer_of_a_group_waits_for_its_members_and_the_desk_says_why(app: TestApp) {
    let account = app.account().await;
    let (ann, bob, sue) =
        (account.agent("a1").await, account.agent("b1").await, supervisor(&account, "s1").await);
    let id = group(&account, "after-sale", "2", &[]).await;
    let (customer, menu) = with_menu(&account).await;
    customer.chooses(&menu, "2").await;
    let _desk = ann.comes_online().await;
    let said = why(&ann, &customer).await;
    assert_eq!((&said["reason"], &said["group"]), (&json!("empty_group"), &json!(id)));
    assert_eq!(said["agents"][0]["reason"], "other_group");
    let idle = ann.asks(&format!("/desk/api/why/idle?appid={}", account.appid)).await.1;
    assert_eq!((&idle["waiting"], &idle["for_others"]), (&json!(1), &json!(1)));
    let join =
        |agent: &TestAgent| json!({"appid": account.appid, "group": id, "kf_account": agent.kf_account});
    assert_eq!(sue.sends("/desk/api/group/join", join(&bob)).await.0, 200);
    assert_eq!(why(&ann, &customer).await["reason"], "other_group", "the member is not there");
    let idle = bob.asks(&format!("/desk/api/why/idle?appid={}", account.appid)).await.1;
    assert_eq!((&idle["waiting"], &idle["for_others"]), (&json!(1), &json!(0)));
    assert_eq!(sue.sends("/desk/api/group/join", join(&ann)).await.0, 200);
    assert_eq!(account.sessions("a1").await, [customer.openid()], "a new member gets who waits, at once");
}

async fn a_deleted_group_leaves_its_customers_in_the_common_queue(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(1)).await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let id = group(&account, "after-sale", "2", &["b1"]).await;
    let mut customers = Vec::new();
    for _ in 0..3 {
        let (customer, menu) = with_menu(&account).await;
        customer.chooses(&menu, "2").await;
        app.advance(1_000).await;
        customers.push(customer);
    }
    let _other = bob.comes_online().await;
    let since = shown(&ann, &customers[1]).await["since"].clone();
    let mut desk = ann.comes_online().await;
    assert_eq!(shown(&bob, &customers[0]).await["group"], id);
    assert_eq!(change(&account, GroupChange::Delete { group: GroupRef::Id(id) }).await.unwrap(), json!([]));
    desk.sees_fact("the group is gone", |fact| fact["group_gone"] == id).await;
    assert_eq!(account.sessions("a1").await, [customers[1].openid()], "the agent without a group had room");
    assert_eq!(shown(&ann, &customers[1]).await["since"], since);
    for (agent, customer) in [(&bob, &customers[0]), (&ann, &customers[2])] {
        assert_eq!(shown(agent, customer).await["group"], 0);
    }
}

async fn a_deleted_agent_belongs_to_no_group(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    group(&account, "after-sale", "2", &["a1"]).await;
    account.agent("b1").await;
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("b1"))]).await;
    account.adds("b1").await;
    assert_eq!(ann.first_account().await["groups"][0]["members"], json!([account.kf("a1")]));
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a1"))]).await;
    account.adds("a1").await;
    let listed =
        account.app.command(Command::Group(GroupCommand { appid: account.appid.clone(), change: None }));
    assert_eq!(listed.await.unwrap()[0]["members"], json!([]));
}

async fn nobody_is_assigned_while_the_feature_is_off(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    account.set(|settings| settings.feature = Some(false)).await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(shown(&ann, &customer).await["state"], "waiting");
    account.set(|settings| settings.feature = Some(true)).await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
}
