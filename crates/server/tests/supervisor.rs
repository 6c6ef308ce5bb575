//! Supervisors: setkfadmin, cancelkfadmin, and what they see and do at the workbench.

use crate::actors::{App, Shop, code};
use serde_json::{Value, json};

const SET: &str = "/customservice/kfaccount/setadmin";
const CANCEL: &str = "/customservice/kfaccount/canceladmin";

/// The openid of the worker who is an agent.
async fn openid_of(shop: &Shop, prefix: &str) -> String {
    let list = shop.kf_list().await;
    let agent = list.as_array().unwrap().iter().find(|kf| kf["kf_account"] == shop.kf(prefix)).unwrap();
    agent["kf_openid"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn an_agent_is_a_supervisor_once_she_is_set_until_she_is_cancelled(app: App) {
        let shop = app.account().await;
        let ann = shop.agent("a1").await;
        let kf_openid = openid_of(&shop, "a1").await;
        assert_eq!(ann.account().await["agent"]["supervisor"], false);
        let done = shop.get(SET, &[("kf_openid", &kf_openid)]).await;
        insta::assert_snapshot!(done.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
        assert_eq!(ann.account().await["agent"]["supervisor"], true);
        let mut desk = ann.comes_online().await;
        let seq = ann.account().await["seq"].clone();
        assert_eq!(code(&shop.get(SET, &[("kf_openid", &kf_openid), ("business_id", "1")]).await), 0, "safe to repeat");
        assert_eq!(ann.account().await["seq"], seq, "and nothing has changed");
        let done = shop.get(CANCEL, &[("kf_openid", &kf_openid)]).await;
        insta::assert_snapshot!(done.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
        desk.hears("her page loads again", |heard| heard.event == "reset").await;
        assert_eq!(ann.account().await["agent"]["supervisor"], false);
        assert_eq!(code(&shop.get(CANCEL, &[("kf_openid", &kf_openid)]).await), 0, "safe to repeat");
    }

    async fn she_is_named_in_the_query_or_in_the_body_by_her_openid_or_her_id(app: App) {
        let shop = app.account().await;
        let ann = shop.agent("a1").await;
        let kf_openid = openid_of(&shop, "a1").await;
        let kf = shop.kf("a1");
        let bodies = [
            json!({"kf_openid": kf_openid}),
            json!({"kfaccount": kf}),
            json!({"kf_account": kf, "business_id": "7"}),
            json!({"kf_openid": kf_openid, "kfaccount": "nobody@else"}),
        ];
        for body in bodies {
            for (path, is_one) in [(SET, true), (CANCEL, false)] {
                assert_eq!(code(&shop.post(path, body.clone()).await), 0, "{body}");
                assert_eq!(ann.account().await["agent"]["supervisor"], is_one, "{body}");
            }
        }
        for name in ["kf_openid", "kf_account", "kfaccount"] {
            let value = if name == "kf_openid" { &kf_openid } else { &kf };
            for (path, is_one) in [(SET, true), (CANCEL, false)] {
                let call = format!("{path}?access_token={}&{name}={value}", shop.token);
                assert_eq!(code(&shop.raw(if is_one { "POST" } else { "GET" }, &call, Vec::new()).await), 0);
                assert_eq!(ann.account().await["agent"]["supervisor"], is_one, "{name}");
            }
        }
    }

    async fn nobody_else_becomes_one(app: App) {
        let (shop, other) = (app.account().await, app.account().await);
        shop.adds("free").await;
        other.agent("e1").await;
        let stranger = openid_of(&other, "e1").await;
        for path in [SET, CANCEL] {
            let refused = shop.get(path, &[("kf_openid", &stranger)]).await;
            assert!(refused.to_string().starts_with(r#"{"errcode":40003,"errmsg":"invalid openid rid: "#), "{refused}");
            for (body, expected) in [
                (json!({"kf_openid": "bad"}), 40003), (json!({"kf_openid": ""}), 40003), (json!({"kf_openid": null}), 40003), (json!({}), 40003),
                (json!({"kf_openid": 1}), 47001), (json!({"kf_account": 1}), 47001), (json!({"kfaccount": "x@y"}), 65401), (json!({"kf_account": shop.kf("free")}), 65402),
            ] {
                assert_eq!(code(&shop.post(path, body.clone()).await), expected, "{path} {body}");
            }
            let call = |token: &str| format!("{path}?access_token={token}");
            assert_eq!(code(&shop.raw("POST", &call(&shop.token), Vec::new()).await), 40003);
            assert_eq!(code(&shop.raw("POST", &call(&shop.token), b"{".to_vec()).await), 47001);
            assert_eq!(code(&shop.raw("POST", &call(&shop.token), vec![b' '; 256 * 1024 + 1]).await), 45002);
            assert_eq!(code(&shop.raw("GET", &call(&shop.token), Vec::new()).await), 40003);
            assert_eq!(code(&shop.raw("PUT", &call(&shop.token), Vec::new()).await), 43001);
            for (token, expected) in [("50_never", 40001), ("a.b", 40014)] {
                assert_eq!(code(&shop.raw("GET", &call(token), Vec::new()).await), expected);
            }
        }
        let flags: Vec<Value> = vec![other.kf_list().await, shop.kf_list().await];
        assert!(!flags.iter().any(|list| list.to_string().contains("supervisor")), "no list tells who is one");
    }

    async fn who_is_added_again_under_an_id_of_before_is_no_supervisor(app: App) {
        let shop = app.account().await;
        let ann = shop.agent("a1").await;
        assert_eq!(code(&shop.post(SET, json!({"kf_account": shop.kf("a1")})).await), 0);
        shop.get("/customservice/kfaccount/del", &[("kf_account", &shop.kf("a1"))]).await;
        shop.adds("a1").await;
        shop.invites("a1", &ann.name).await;
        assert_eq!(ann.answers_invitation(true).await, 200);
        assert_eq!(ann.account().await["agent"]["supervisor"], false);
    }
}
