//! Supervisors: setkfadmin, cancelkfadmin, and what a supervisor sees and does at the workbench.

use crate::actors::{TestAccount, TestAgent, TestApp, code};
use serde_json::{Value, json};

const SET: &str = "/customservice/kfaccount/setadmin";
const CANCEL: &str = "/customservice/kfaccount/canceladmin";

/// The openid of an agent's worker.
async fn openid_of(account: &TestAccount, prefix: &str) -> String {
    let list = account.kf_list().await;
    let agent = list.as_array().unwrap().iter().find(|kf| kf["kf_account"] == account.kf(prefix)).unwrap();
    agent["kf_openid"].as_str().unwrap().to_owned()
}

/// An agent who is a supervisor, not online yet.
async fn supervisor(account: &TestAccount, prefix: &str) -> TestAgent {
    let agent = account.agent(prefix).await;
    assert_eq!(code(&account.post(SET, json!({"kf_account": account.kf(prefix)})).await), 0);
    agent
}

on_both_engines! {
    an_agent_is_a_supervisor_from_setkfadmin_until_cancelkfadmin,
    a_supervisor_is_named_in_query_or_body_by_openid_or_agent_id,
    only_agents_of_the_account_become_supervisors,
    an_agent_added_again_under_an_old_id_is_no_supervisor,
    a_supervisor_sees_every_session_and_who_serves_it,
    an_agent_transfers_a_session_to_a_colleague,
    a_transfer_does_not_change_earlier_records,
    a_supervisor_moves_takes_over_and_ends_any_session,
    of_two_concurrent_moves_of_a_session_one_succeeds,
    more_sessions_than_a_page_holds_are_read_page_by_page,
}

async fn an_agent_is_a_supervisor_from_setkfadmin_until_cancelkfadmin(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let kf_openid = openid_of(&account, "a1").await;
    assert_eq!(ann.first_account().await["agent"]["supervisor"], false);
    let done = account.get(SET, &[("kf_openid", &kf_openid)]).await;
    insta::assert_snapshot!(done.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
    assert_eq!(ann.first_account().await["agent"]["supervisor"], true);
    let mut desk = ann.comes_online().await;
    let seq = ann.first_account().await["seq"].clone();
    assert_eq!(
        code(&account.get(SET, &[("kf_openid", &kf_openid), ("business_id", "")]).await),
        0,
        "safe to repeat"
    );
    assert_eq!(ann.first_account().await["seq"], seq, "and nothing has changed");
    let done = account.get(CANCEL, &[("kf_openid", &kf_openid)]).await;
    insta::assert_snapshot!(done.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
    desk.waits_for("the page has to load again", |event| event.event == "reset").await;
    assert_eq!(ann.first_account().await["agent"]["supervisor"], false);
    assert_eq!(code(&account.get(CANCEL, &[("kf_openid", &kf_openid)]).await), 0, "safe to repeat");
}

async fn a_supervisor_is_named_in_query_or_body_by_openid_or_agent_id(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let kf_openid = openid_of(&account, "a1").await;
    let kf = account.kf("a1");
    let bodies = [
        json!({"kf_openid": kf_openid}),
        json!({"kfaccount": kf}),
        json!({"kf_account": kf, "business_id": null}),
        json!({"kf_openid": kf_openid, "kfaccount": "nobody@else"}),
    ];
    for body in bodies {
        for (path, is_one) in [(SET, true), (CANCEL, false)] {
            assert_eq!(code(&account.post(path, body.clone()).await), 0, "{body}");
            assert_eq!(ann.first_account().await["agent"]["supervisor"], is_one, "{body}");
        }
    }
    for name in ["kf_openid", "kf_account", "kfaccount"] {
        let value = if name == "kf_openid" { &kf_openid } else { &kf };
        for (path, is_one) in [(SET, true), (CANCEL, false)] {
            let call = format!("{path}?access_token={}&{name}={value}", account.token);
            assert_eq!(code(&account.raw(if is_one { "POST" } else { "GET" }, &call, Vec::new()).await), 0);
            assert_eq!(ann.first_account().await["agent"]["supervisor"], is_one, "{name}");
        }
    }
}

async fn only_agents_of_the_account_become_supervisors(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    account.adds("free").await;
    other.agent("e1").await;
    let stranger = openid_of(&other, "e1").await;
    for path in [SET, CANCEL] {
        let refused = account.get(path, &[("kf_openid", &stranger)]).await;
        assert!(
            refused.to_string().starts_with(r#"{"errcode":40003,"errmsg":"invalid openid rid: "#),
            "{refused}"
        );
        for (body, expected) in [
            (json!({"kf_openid": "bad"}), 40003),
            (json!({"kf_openid": ""}), 40003),
            (json!({"kf_openid": null}), 40003),
            (json!({}), 40003),
            (json!({"kf_openid": 1}), 47001),
            (json!({"kf_account": 1}), 47001),
            (json!({"kfaccount": "x@y"}), 65401),
            (json!({"kf_account": account.kf("free")}), 65402),
        ] {
            assert_eq!(code(&account.post(path, body.clone()).await), expected, "{path} {body}");
        }
        let call = |token: &str| format!("{path}?access_token={token}");
        assert_eq!(code(&account.raw("POST", &call(&account.token), Vec::new()).await), 40003);
        assert_eq!(code(&account.raw("POST", &call(&account.token), b"{".to_vec()).await), 47001);
        assert_eq!(
            code(&account.raw("POST", &call(&account.token), vec![b' '; 256 * 1024 + 1]).await),
            45002
        );
        assert_eq!(code(&account.raw("GET", &call(&account.token), Vec::new()).await), 40003);
        assert_eq!(code(&account.raw("PUT", &call(&account.token), Vec::new()).await), 43001);
        for (token, expected) in [("50_never", 40001), ("a.b", 40014)] {
            assert_eq!(code(&account.raw("GET", &call(token), Vec::new()).await), expected);
        }
    }
    let flags: Vec<Value> = vec![other.kf_list().await, account.kf_list().await];
    assert!(!flags.iter().any(|list| list.to_string().contains("supervisor")), "no list names supervisors");
}

async fn an_agent_added_again_under_an_old_id_is_no_supervisor(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    assert_eq!(code(&account.post(SET, json!({"kf_account": account.kf("a1")})).await), 0);
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a1"))]).await;
    account.adds("a1").await;
    account.invites("a1", &ann.name).await;
    assert_eq!(ann.answers_invitation(true).await, 200);
    assert_eq!(ann.first_account().await["agent"]["supervisor"], false);
}

async fn a_supervisor_sees_every_session_and_who_serves_it(app: TestApp) {
    let account = app.account().await;
    let (ann, bob, sue) =
        (account.agent("a1").await, account.agent("b1").await, supervisor(&account, "s1").await);
    let _ann_desk = ann.comes_online().await;
    let (served, other) = (account.customer(), account.customer());
    served.says("for ann").await;
    let shown = sue.first_account().await;
    let open = &shown["others"][0];
    assert_eq!(
        (open["openid"].as_str(), open["kf_account"].as_str()),
        (Some(&*served.openid()), Some(&*account.kf("a1")))
    );
    assert_eq!(
        (open["nickname"].as_str(), open["preview"].as_str(), shown["others_count"].as_i64()),
        (Some("a1"), Some("for ann"), Some(1))
    );
    assert_eq!(shown["messages"], json!([]), "messages of others are fetched one session at a time");
    let id = open["id"].as_i64().unwrap();
    let history = format!("/desk/api/messages?appid={}&session={id}&before=0", account.appid);
    assert_eq!(sue.asks(&history).await.1["messages"][0]["text"], "for ann");
    assert_eq!(bob.asks(&history).await.0, 403, "no other agent");
    assert_eq!(bob.first_account().await["others"], json!([]));

    let (mut sue_page, mut bob_page) = (sue.comes_online().await, bob.comes_online().await);
    sue.sets_away(true).await;
    bob.sets_away(true).await;
    served.says("a secret").await;
    sue_page.sees("a secret").await;
    ann.replies(id, "an answer").await;
    sue_page.sees("an answer").await;
    other.says("second").await;
    sue_page
        .sees_fact("another session", |fact| {
            fact["session"]["openid"] == other.openid() && fact["session"]["preview"] == "second"
        })
        .await;
    ann.closes(id).await;
    sue_page
        .sees_fact("its end", |fact| fact["session"]["id"] == id && fact["session"]["state"] == "closed")
        .await;
    bob_page
        .sees_fact("its end", |fact| fact["session"]["id"] == id && fact["session"]["state"] == "closed")
        .await;
    assert_eq!(bob_page.count_texts("a secret").await + bob_page.count_texts("an answer").await, 0);
    assert_eq!(
        sue.replies(sue.first_account().await["others"][0]["id"].as_i64().unwrap(), "mine").await.0,
        409,
        "the supervisor reads and cannot write"
    );
}

async fn an_agent_transfers_a_session_to_a_colleague(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("for the other department").await;
    let id = ann.session_with(&customer.openid()).await.unwrap();
    let (a, b) = (account.kf("a1"), account.kf("b1"));
    let (status, refusal) = ann.moves(id, &a, &b).await;
    assert_eq!((status, code(&refusal)), (409, 990_022), "the agent is offline");
    assert_eq!(code(&ann.moves(id, &a, &account.kf("nobody")).await.1), 990_022);
    let mut other = bob.comes_online().await;
    bob.sets_away(true).await;
    assert_eq!(code(&ann.moves(id, &a, &b).await.1), 990_022, "away is not online");
    let colleagues = ann.asks(&format!("/desk/api/colleagues?appid={}", account.appid)).await.1;
    let expected = json!({
        "colleagues": [
            {"kf_account": "a1@shop1", "nickname": "a1", "open": 1, "limit": 10, "presence": "online"},
            {"kf_account": "b1@shop1", "nickname": "b1", "open": 0, "limit": 10, "presence": "away"}
        ]
    });
    assert_eq!(colleagues, expected);
    bob.sets_away(false).await;
    let mut page = customer.watches().await;
    app.advance(5_000).await;
    assert_eq!(ann.moves(id, &a, &b).await, (200, json!({"errcode": 0, "errmsg": "ok"})));
    assert_eq!(ann.moves(id, &a, &b).await.0, 200, "safe to repeat");
    other
        .sees_fact("the session is the agent's", |fact| {
            fact["session"]["id"] == id && fact["session"]["preview"] == "for the other department"
        })
        .await;
    desk.sees_fact("it is bob's", |fact| {
        fact["session"]["kf_account"] == b && fact["session"]["preview"] == ""
    })
    .await;
    page.sees_fact("another agent", |fact| fact["session"]["agent"]["nickname"] == "b1").await;
    assert_eq!(
        (account.sessions("a1").await, account.sessions("b1").await),
        (vec![], vec![customer.openid()])
    );
    assert_eq!(account.online().await, [(a.clone(), 1, 0), (b.clone(), 1, 1)]);
    let now = account.get("/customservice/kfsession/getsession", &[("openid", &customer.openid())]).await;
    assert_eq!(now, json!({"createtime": 1_800_000_005, "kf_account": b}));
    let history = format!("/desk/api/messages?appid={}&session={id}&before=0", account.appid);
    assert_eq!(
        bob.asks(&history).await.1["messages"][0]["text"],
        "for the other department",
        "the agent reads the earlier messages"
    );
    assert_eq!(ann.asks(&history).await.0, 403);
    assert_eq!(code(&ann.replies(id, "still me").await.1), 990_014);
    assert_eq!(code(&ann.moves(id, &a, &account.kf("c1")).await.1), 990_014, "the session has moved");
    assert_eq!(ann.moves(id, &b, &a).await.0, 403, "an agent cannot take it back");
    assert_eq!(bob.replies(id, "bob here").await.0, 200);
    assert_eq!(bob.closes(id).await.0, 200);
    assert_eq!(code(&bob.moves(id, &b, &a).await.1), 990_015);
    assert_eq!(code(&bob.moves(999_999, &b, &a).await.1), 990_004);
}

async fn a_transfer_does_not_change_earlier_records(app: TestApp) {
    let account = app.account().await;
    let (ann, sue) = (account.agent("a1").await, supervisor(&account, "s1").await);
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("one").await;
    let id = ann.session_with(&customer.openid()).await.unwrap();
    let _other = sue.comes_online().await;
    assert_eq!(sue.moves(id, &account.kf("a1"), &account.kf("s1")).await.0, 200);
    customer.says("two").await;
    assert_eq!(sue.moves(id, &account.kf("s1"), &account.kf("a1")).await.0, 200);
    customer.says("three").await;
    let body = json!({"starttime": 1_800_000_000, "endtime": 1_800_000_060, "pageindex": 1, "pagesize": 100});
    let records = account.post("/customservice/msgrecord/getrecord", body).await["recordlist"].clone();
    let brief: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!("{} {} {}", it["opercode"], it["worker"].as_str().unwrap(), it["text"].as_str().unwrap())
        })
        .collect();
    let suffix = &account.suffix;
    let all = [
        format!("1001 a1@{suffix} "),
        format!("2003 a1@{suffix} one"),
        format!("1005 s1@{suffix} "),
        format!("2003 s1@{suffix} two"),
        format!("1003 a1@{suffix} "),
        format!("2003 a1@{suffix} three"),
    ];
    assert_eq!(brief, all);
}

async fn a_supervisor_moves_takes_over_and_ends_any_session(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let (ann, bob, sue) =
        (account.agent("a1").await, account.agent("b1").await, supervisor(&account, "s1").await);
    let mut desks = [ann.comes_online().await, bob.comes_online().await];
    let (a, b, s) = (account.kf("a1"), account.kf("b1"), account.kf("s1"));
    let customer = account.customer();
    customer.says("hello").await;
    let id = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(bob.moves(id, "", &b).await.0, 403, "only a supervisor moves a session from the waiting list");
    assert_eq!(sue.moves(id, "", &a).await.0, 200);
    desks[0].sees_fact("it is ann's", |fact| fact["session"]["kf_account"] == a).await;
    assert_eq!(sue.moves(id, &a, &b).await.0, 200);
    assert_eq!(account.sessions("b1").await, [customer.openid()]);
    let (status, refusal) = sue.moves(id, &a, &s).await;
    assert_eq!((status, code(&refusal)), (409, 990_005), "it was somewhere else by then");
    assert_eq!(sue.moves(id, &b, &s).await.0, 200, "a supervisor takes it over, even if offline");
    assert_eq!(sue.replies(id, "sue here").await.0, 200);
    assert_eq!(sue.moves(id, &s, &a).await.0, 200);
    assert_eq!(bob.closes(id).await.0, 409, "no other agent ends it");
    assert_eq!(sue.closes(id).await.0, 200);
    assert_eq!(sue.closes(id).await.0, 200, "safe to repeat");
    assert!(account.sessions("a1").await.is_empty());
    customer.says("again").await;
    let waits = sue.session_with(&customer.openid()).await.unwrap();
    assert_eq!(bob.closes(waits).await.0, 409);
    assert_eq!(sue.closes(waits).await.0, 200);
    assert!(account.waiting().await.is_empty());
    account.get(CANCEL, &[("kf_account", &s)]).await;
    assert_eq!(sue.moves(id, &a, &b).await.0, 403, "and no more");
    assert_eq!(sue.asks(&format!("/desk/api/sessions?appid={}", account.appid)).await.0, 403);
}

async fn of_two_concurrent_moves_of_a_session_one_succeeds(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let supervisors = [supervisor(&account, "s1").await, supervisor(&account, "t1").await];
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    for round in 0..10 {
        customer.says(&format!("hello {round}")).await;
        let id = ann.session_with(&customer.openid()).await.unwrap();
        let a = account.kf("a1");
        let moves = supervisors.iter().map(|who| who.moves(id, &a, &who.kf_account));
        let answers = futures_util::future::join_all(moves).await;
        let mut numbers: Vec<i64> = answers.iter().map(|(_, answer)| code(answer)).collect();
        let winner = numbers.iter().position(|number| *number == 0).unwrap();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 990_005]);
        let prefixes = ["s1", "t1"];
        assert_eq!(account.sessions(prefixes[winner]).await, [customer.openid()]);
        assert!(account.sessions(prefixes[1 - winner]).await.is_empty());
        // One supervisor closes while the other moves the session back: in either order it ends closed.
        let back = supervisors[winner].moves(id, &supervisors[winner].kf_account, &a);
        let (back, end) = futures_util::join!(back, supervisors[1 - winner].closes(id));
        assert!([0, 990_015].contains(&code(&back.1)) && end.0 == 200, "{back:?} {end:?}");
        for prefix in ["a1", "s1", "t1"] {
            assert!(account.sessions(prefix).await.is_empty());
        }
    }
}

async fn more_sessions_than_a_page_holds_are_read_page_by_page(app: TestApp) {
    let account = app.account().await;
    let (ann, sue) = (account.agent("a1").await, supervisor(&account, "s1").await);
    let _desk = ann.comes_online().await;
    for number in 0..205 {
        assert_eq!(code(&account.creates("a1", &format!("o{number:0>27}")).await), 0);
    }
    let shown = sue.first_account().await;
    let first = shown["others"].as_array().unwrap();
    assert_eq!((first.len(), shown["others_count"].as_i64()), (200, Some(205)));
    let path = format!("/desk/api/sessions?appid={}&after={}", account.appid, first[199]["id"]);
    let rest = sue.asks(&path).await.1["sessions"].clone();
    assert_eq!(rest.as_array().unwrap().len(), 5);
    assert_eq!(rest[4]["openid"], format!("o{:0>27}", 204));
    assert_eq!(sue.asks(&format!("/desk/api/sessions?appid={}&after=x", account.appid)).await.0, 400);
}
