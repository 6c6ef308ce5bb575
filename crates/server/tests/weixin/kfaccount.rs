//! addkfaccount, updatekfaccount, delkfaccount, invitekfworker and the two lists.

mod invitation;

use crate::actors::{TestApp, code};
use serde_json::json;

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
add | POST | /customservice/kfaccount/add
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 65404 | - | 65400
    | {"kf_account":"$new_agent","nickname":"n"}
update | POST | /customservice/kfaccount/update
    | subscription* service* | 1 6 100 101 | 65401 | - | 65400
    | {"kf_account":"$agent","nickname":"n"}
del | POST | /customservice/kfaccount/del
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 65401 | - | 65400
    | {"kf_account":"$new_agent"}
inviteworker | POST | /customservice/kfaccount/inviteworker
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 65401 | - | 65401
    | {"kf_account":"$new_agent","invite_wx":"w$cell"}
uploadheadimg | POST | /customservice/kfaccount/uploadheadimg
    | subscription* service* | 1 6 100 101 | 65401 | - | 65401
    | file kf_account=$agent
setadmin | GET | /customservice/kfaccount/setadmin
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 40003 | - | 65400
    | kf_openid=$kf_openid
canceladmin | GET | /customservice/kfaccount/canceladmin
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 40003 | - | 65400
    | kf_openid=$kf_openid
getkflist | GET | /cgi-bin/customservice/getkflist
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 0 | - | 65400
    | -
getonlinekflist | GET | /cgi-bin/customservice/getonlinekflist
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 0 | - | 65400
    | -
"#;

on_both_engines! {
    an_agent_is_added_renamed_listed_and_deleted,
    a_setting_makes_kf_id_a_string_in_both_lists,
    the_retired_auto_accept_is_the_capacity_for_automatic_sessions,
    a_number_is_never_given_twice,
    the_first_reason_in_the_documented_order_is_given,
    the_hundred_and_first_agent_is_refused,
    of_concurrent_adds_of_one_agent_one_succeeds,
    every_way_sdks_name_the_agent_to_delete_is_understood,
    an_official_account_without_an_alias_cannot_add_agents,
    a_mini_program_may_name_the_person_alone,
    deleting_an_agent_closes_its_sessions_and_frees_its_worker,
}

async fn an_agent_is_added_renamed_listed_and_deleted(app: TestApp) {
    let account = app.account().await;
    assert_eq!(account.adds("a1").await.to_string(), r#"{"errcode":0,"errmsg":"ok"}"#);
    let list = account.get("/cgi-bin/customservice/getkflist", &[]).await;
    let expected = json!({
        "kf_list": [
            {"kf_account": "a1@shop1", "kf_headimgurl": "", "kf_id": 2001, "kf_nick": "a1", "kf_wx": ""}
        ]
    });
    assert_eq!(list, expected);
    let renamed = json!({"kf_account": account.kf("a1"), "nickname": " 客服1 "});
    assert_eq!(code(&account.post("/customservice/kfaccount/update", renamed).await), 0);
    assert_eq!(account.kf_list().await[0]["kf_nick"], "客服1");
    assert_eq!(
        code(&account.post("/customservice/kfaccount/del", json!({"kf_account": account.kf("a1")})).await),
        0
    );
    assert_eq!(account.kf_list().await, json!([]));
}

async fn a_setting_makes_kf_id_a_string_in_both_lists(app: TestApp) {
    let account = app.account().await;
    let _desk = account.agent("a1").await.comes_online().await;
    let ids = async || {
        let list = |list: serde_json::Value| list[0]["kf_id"].clone();
        let online = account.get("/cgi-bin/customservice/getonlinekflist", &[]).await;
        (list(account.kf_list().await), list(online["kf_online_list"].clone()))
    };
    assert_eq!(ids().await, (json!(2001), json!(2001)));
    account.set(|settings| settings.kf_id_as_string = Some(true)).await;
    assert_eq!(ids().await, (json!("2001"), json!("2001")));
    account.set(|settings| settings.name = Some("Another".into())).await;
    assert_eq!(ids().await, (json!("2001"), json!("2001")));
    account.set(|settings| settings.kf_id_as_string = Some(false)).await;
    assert_eq!(ids().await, (json!(2001), json!(2001)));
    let other = app.account_with(|settings| settings.kf_id_as_string = Some(true)).await;
    other.adds("b1").await;
    assert_eq!(other.kf_list().await[0]["kf_id"], "2001");
}

async fn the_retired_auto_accept_is_the_capacity_for_automatic_sessions(app: TestApp) {
    let account = app.account_with(|settings| settings.capacity = Some(7)).await;
    let _desk = account.agent("a1").await.comes_online().await;
    let list = async || {
        let list = account.get("/cgi-bin/customservice/getonlinekflist", &[]).await;
        list["kf_online_list"][0].clone()
    };
    assert!(list().await.get("auto_accept").is_none());
    account.set(|settings| settings.auto_accept = Some(true)).await;
    let mut agent = list().await;
    agent["kf_openid"] = "…".into();
    let expected = json!({
        "accepted_case": 0, "auto_accept": 7, "kf_account": "a1@shop1", "kf_id": 2001, "kf_openid": "…",
        "status": 1
    });
    assert_eq!(agent, expected);
    account.set(|settings| settings.capacity = Some(8)).await;
    assert_eq!(list().await["auto_accept"], 8);
    account.customer().says("hello").await;
    assert_eq!(
        (list().await["auto_accept"].clone(), list().await["accepted_case"].clone()),
        (json!(8), json!(1))
    );
    account.set(|settings| settings.reception = Some("manual".into())).await;
    assert_eq!(list().await["auto_accept"], 0);
    account.set(|settings| settings.auto_accept = Some(false)).await;
    assert!(list().await.get("auto_accept").is_none());
}

async fn a_number_is_never_given_twice(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    account.adds("a2").await;
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a2"))]).await;
    assert_eq!(code(&account.adds("a1").await), 65406);
    account.adds("a3").await;
    let ids: Vec<i64> =
        account.kf_list().await.as_array().unwrap().iter().map(|kf| kf["kf_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [2001, 2003]);
}

async fn the_first_reason_in_the_documented_order_is_given(app: TestApp) {
    let account = app.account().await;
    let add = |kf: String, nickname: &str| {
        let (account, body) = (account.clone(), json!({"kf_account": kf, "nickname": nickname}));
        async move { code(&account.post("/customservice/kfaccount/add", body).await) }
    };
    assert_eq!(add("a1@elsewhere".into(), "").await, 65404);
    assert_eq!(add(account.kf("a1"), "").await, 65403);
    assert_eq!(add(account.kf("a1"), "一二三四五六七八九十一二三四五六").await, 0);
    assert_eq!(add(account.kf("a2"), "一二三四五六七八九十一二三四五六七").await, 65403);
    assert_eq!(add(account.kf("a1"), "again").await, 65406);
}

async fn the_hundred_and_first_agent_is_refused(app: TestApp) {
    let account = app.account().await;
    for number in 0..100 {
        assert_eq!(code(&account.adds(&format!("a{number}")).await), 0);
    }
    assert_eq!(code(&account.adds("a0").await), 65406);
    assert_eq!(code(&account.adds("a100").await), 65405);
    assert_eq!(account.kf_list().await.as_array().unwrap().len(), 100);
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a7"))]).await;
    assert_eq!(code(&account.adds("a100").await), 0);
}

async fn of_concurrent_adds_of_one_agent_one_succeeds(app: TestApp) {
    let account = app.account().await;
    let adds = (0..16).map(|_| account.adds("a1"));
    let codes: Vec<i64> = futures_util::future::join_all(adds).await.iter().map(code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1);
    assert!(codes.iter().all(|code| [0, 65406].contains(code)));
}

async fn every_way_sdks_name_the_agent_to_delete_is_understood(app: TestApp) {
    let account = app.account().await;
    let (token, del) = (account.token.clone(), "/customservice/kfaccount/del");
    let requests = [
        ("GET", format!("{del}?kf_account={}&access_token={token}", account.kf("a")), String::new()),
        (
            "GET",
            format!("{del}?access_token={token}&kf_account={}", account.kf("a").replace('@', "%40")),
            String::new(),
        ),
        ("POST", format!("{del}?access_token={token}"), json!({"kf_account": account.kf("a")}).to_string()),
        ("POST", format!("{del}?access_token={token}&kf_account={}", account.kf("a")), "{}".into()),
        (
            "POST",
            format!("/cgi-bin{del}?access_token={token}"),
            json!({"kf_account": account.kf("a")}).to_string(),
        ),
    ];
    for (method, path, body) in requests {
        assert_eq!(code(&account.adds("a").await), 0);
        assert_eq!(code(&account.raw(method, &path, body.into_bytes()).await), 0, "{method} {path}");
    }
    assert_eq!(code(&account.raw("POST", &format!("{del}?access_token={token}"), Vec::new()).await), 65401);
    assert_eq!(code(&account.raw("GET", &format!("{del}?access_token={token}"), Vec::new()).await), 65401);
    assert_eq!(
        code(&account.raw("POST", &format!("{del}?access_token={token}"), b"{".to_vec()).await),
        47001
    );
}

async fn an_official_account_without_an_alias_cannot_add_agents(app: TestApp) {
    let official = app.account_with(|settings| settings.alias = None).await;
    assert_eq!(code(&official.adds("a1").await), 65404);
    let mini = app
        .account_with(|settings| {
            settings.alias = None;
            settings.kind = Some("mini-program".into())
        })
        .await;
    assert!(mini.suffix.starts_with("gh_"));
    assert_eq!(code(&mini.adds("a1").await), 0);
}

async fn a_mini_program_may_name_the_person_alone(app: TestApp) {
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    let body = json!({"kf_wx": "ann"});
    assert_eq!(code(&mini.post("/customservice/kfaccount/add", body.clone()).await), 0);
    let list = mini.kf_list().await;
    assert_eq!((&list[0]["kf_account"], &list[0]["invite_wx"]), (&json!(mini.kf("kf2001")), &json!("ann")));
    assert_eq!(code(&mini.post("/customservice/kfaccount/add", body.clone()).await), 65408);
    let bob = mini.agent("a1").await;
    for (person, expected) in [("!", 65409), (bob.name.as_str(), 65407)] {
        let refused = mini.post("/customservice/kfaccount/add", json!({"kf_wx": person})).await;
        assert_eq!(code(&refused), expected, "{person}");
    }
    assert_eq!(mini.kf_list().await.as_array().unwrap().len(), 2, "a refused invitation leaves no agent");
    let account = app.account().await;
    assert_eq!(code(&account.post("/customservice/kfaccount/add", body).await), 47001);
}

async fn deleting_an_agent_closes_its_sessions_and_frees_its_worker(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, "hello!").await.0, 200);
    account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a1"))]).await;
    desk.waits_for("the page has to load again", |event| event.event == "reset").await;
    assert_eq!(ann.snapshot().await["accounts"], json!([]));
    assert_eq!(customer.snapshot().await["state"], "closed");
    assert_eq!(account.online().await, []);
    account.adds("a2").await;
    assert_eq!(code(&account.invites("a2", &ann.name).await), 0);
}
