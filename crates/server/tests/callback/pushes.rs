//! The inspector: each push with its tries, replays, pauses and simulated pushes, at `/debug` and by command.

mod command;
mod kept;

use super::receiver::{Received, Receiver, delivers, listens, sets};
use crate::actors::{TestAccount, TestAgent, TestApp, TestComponent, TestCustomer, code};
use kefu::admin::Command;
use kefu::admin::callback::CallbackChange;
use kefu::admin::push::{PushAction, PushCommand};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

async fn orders(account: &TestAccount, action: PushAction) -> Result<Value, String> {
    account.app.command(Command::Push(PushCommand { appid: account.appid.clone(), action })).await
}

/// An administrator of the account, at the debugging page.
async fn administrator(account: &TestAccount) -> TestAgent {
    let eve = TestAgent::signs_up(&account.app, "eve").await;
    let (appid, worker) = (account.appid.clone(), eve.name.clone());
    account.app.command(Command::AccountAdmin { appid, worker, revoke: false }).await.unwrap();
    eve
}

/// The page of pushes that the administrator sees, with these parameters.
async fn page(account: &TestAccount, eve: &TestAgent, parameters: &str) -> Value {
    let (status, page) =
        eve.asks(&format!("/desk/api/debug/pushes?appid={}{parameters}", account.appid)).await;
    assert_eq!(status, 200, "{page}");
    page
}

/// The account's pushes, newest first, once `number` are done.
async fn done(account: &TestAccount, eve: &TestAgent, number: usize) -> Vec<Value> {
    for _ in 0..6000 {
        let pushes = page(account, eve, "").await["pushes"].as_array().unwrap().clone();
        if pushes.len() >= number {
            return pushes;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{number} pushes are not done");
}

async fn shown(account: &TestAccount, eve: &TestAgent, push: &Value) -> Value {
    let path =
        format!("/desk/api/debug/pushes/show?appid={}&id={}", account.appid, push["id"].as_str().unwrap());
    let (status, shown) = eve.asks(&path).await;
    assert_eq!(status, 200, "{shown}");
    shown
}

/// A receiver that answers with a status that changes, and with a text if the status is 200.
async fn receiver_with_status() -> (Receiver, Arc<AtomicU16>) {
    let (receiver, status) = (Receiver::start().await, Arc::new(AtomicU16::new(200)));
    let now = status.clone();
    receiver.answers(move |push| match now.load(Ordering::Relaxed) {
        200 => (200, push.answered("<MsgType>text</MsgType><Content>收到</Content>")),
        status => (status, "out of order".to_owned()),
    });
    (receiver, status)
}

fn words(warnings: &Value) -> Vec<&str> {
    warnings.as_array().unwrap().iter().map(|it| it["warning"].as_str().unwrap()).collect()
}

fn ids(pushes: &Value) -> Vec<String> {
    pushes.as_array().unwrap().iter().map(|push| push["id"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    each_push_is_shown_with_what_it_said_and_what_was_answered,
    each_failed_try_is_shown,
    pushes_are_filtered_and_pulled_by_a_cursor,
    a_program_pulls_pushes_with_the_accounts_own_token,
    a_replay_shows_the_answer_and_acts_only_when_asked_to,
    all_that_failed_is_replayed_oldest_first,
    paused_pushes_wait_until_they_are_resumed,
    any_message_or_event_is_simulated,
    a_late_push_says_why_its_answer_did_nothing,
    a_try_with_other_settings_than_the_one_before_says_so,
    replays_are_limited,
}

async fn each_push_is_shown_with_what_it_said_and_what_was_answered(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    delivers(&app);
    let customer = TestCustomer::new(&account);
    let message = customer.says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    assert_eq!(
        push,
        json!({"id": push["id"], "openid": customer.openid(), "what": "text", "outcome": "taken", "tries": 1,
               "fault": "", "at": push["at"]})
    );
    let shown = shown(&account, &eve, &push).await;
    let received = receiver.received(1).await[0].clone();
    assert_eq!((&shown["push"], &shown["gone"]), (&push, &json!(false)));
    assert_eq!(shown["request"]["clear"], received.body);
    assert_eq!(shown["request"]["sent"], received.body, "plain mode");
    assert!(shown["request"]["clear"].as_str().unwrap().contains(&message["id"].to_string()));
    let names: Vec<_> = shown["request"]["query"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["signature", "timestamp", "nonce", "openid"]);
    let only = &shown["tries"][0];
    assert_eq!((&only["status"], &only["replay"], &only["fault"]), (&json!(200), &json!(false), &json!("")));
    assert!(only["answer"].as_str().unwrap().contains("收到"));
    assert_eq!(
        only["understood"],
        json!({"reply": "text", "says": {"content": "收到"}, "form": "xml", "key": null})
    );
    let headers: Vec<_> = only["headers"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(headers, ["content-length", "date"], "the cookie is not kept");
    let by_command = orders(&account, PushAction::Show(push["id"].as_str().unwrap().into())).await.unwrap();
    assert_eq!(by_command["tries"], shown["tries"], "a command shows the same");
    assert!(!shown.to_string().contains(super::receiver::TOKEN), "the token does not leave");
}

async fn each_failed_try_is_shown(app: TestApp) {
    let (account, (receiver, status)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    status.store(502, Ordering::Relaxed);
    delivers(&app);
    TestCustomer::new(&account).says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    assert_eq!((&push["outcome"], &push["tries"]), (&json!("failed"), &json!(3)));
    let shown = shown(&account, &eve, &push).await;
    let tries = shown["tries"].as_array().unwrap();
    assert_eq!(tries.len(), 3);
    for it in tries {
        assert_eq!((&it["status"], &it["answer"]), (&json!(502), &json!("out of order")));
        assert!(it["fault"].as_str().unwrap().contains("502") && it["understood"].is_null());
    }
}

async fn pushes_are_filtered_and_pulled_by_a_cursor(app: TestApp) {
    let (account, (receiver, status)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    assert_eq!(page(&account, &eve, "").await, json!({"pushes": [], "paused": false, "pushed": false}));
    listens(&account, &receiver).await;
    delivers(&app);
    let (one, two) = (TestCustomer::new(&account), TestCustomer::new(&account));
    one.says("一").await;
    done(&account, &eve, 1).await;
    two.says("二").await;
    done(&account, &eve, 2).await;
    status.store(500, Ordering::Relaxed);
    one.says("三").await;
    let all = done(&account, &eve, 3).await;
    let all = ids(&json!(all));
    let listed = async |parameters: String| ids(&page(&account, &eve, &parameters).await["pushes"]);
    assert_eq!(listed(format!("&openid={}", one.openid())).await, [all[0].clone(), all[2].clone()]);
    assert_eq!(listed("&outcome=failed".into()).await, all[..1]);
    assert_eq!(listed("&what=image".into()).await, all[..0]);
    assert_eq!(listed(format!("&before={}", all[0])).await, all[1..]);
    // A program pulls, oldest first; what is behind a push under way follows when that is done.
    let (mut pulled, mut since) = (Vec::new(), "0.0".to_owned());
    for _ in 0..6000 {
        if pulled.len() >= 3 {
            break;
        }
        let new = listed(format!("&since={since}")).await;
        since = new.last().cloned().unwrap_or(since);
        pulled.extend(new);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(pulled, [all[2].clone(), all[1].clone(), all[0].clone()]);
    assert_eq!(listed(format!("&since={since}")).await, all[..0]);
    for wrong in ["&outcome=lost", "&since=1", "&before=a.b", "&since=-1.0"] {
        let path = format!("/desk/api/debug/pushes?appid={}{wrong}", account.appid);
        assert_eq!(eve.asks(&path).await.0, 400, "{wrong}");
    }
}

async fn a_program_pulls_pushes_with_the_accounts_own_token(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let (other, platform) = (app.account().await, TestComponent::new(&app).await);
    listens(&account, &receiver).await;
    delivers(&app);
    let eve = administrator(&account).await;
    TestCustomer::new(&account).says("你好").await;
    done(&account, &eve, 1).await;
    let mut pulled = account.get("/debug/api/pushes", &[]).await;
    while pulled["pushes"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        pulled = account.get("/debug/api/pushes", &[("since", "0.0")]).await;
    }
    let id = pulled["pushes"][0]["id"].as_str().unwrap();
    let shown = account.get("/debug/api/pushes/show", &[("id", id)]).await;
    assert_eq!(shown["request"]["clear"], receiver.received(1).await[0].body);
    assert_eq!(account.get("/debug/api/pushes", &[("since", id)]).await["pushes"], json!([]));
    assert_eq!(other.get("/debug/api/pushes", &[]).await["pushes"], json!([]));
    let refused = async |token: &str, path: &str| {
        let url = format!("{}/debug/api/pushes{path}access_token={token}", app.base);
        let response = app.http.get(url).send().await.unwrap();
        (response.status().as_u16(), code(&response.json().await.unwrap()))
    };
    assert_eq!(refused(&other.token, &format!("/show?id={id}&")).await, (404, 990_004));
    platform.gets_grant(&account, &[1]).await;
    assert_eq!(refused(&platform.token_for(&account).await, "?").await, (403, 990_003));
    assert_eq!(refused("none", "?").await, (401, 990_002));
    assert_eq!(refused(&account.token, "?since=x&").await, (400, 990_001));
}

async fn a_replay_shows_the_answer_and_acts_only_when_asked_to(app: TestApp) {
    let (account, (receiver, status)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    status.store(500, Ordering::Relaxed);
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    let push = done(&account, &eve, 1).await[0].clone();
    status.store(200, Ordering::Relaxed);
    let replays = async |act: bool| {
        let body = json!({"appid": account.appid, "ids": [push["id"]], "act": act});
        let (status, answer) = eve.sends("/desk/api/debug/pushes/replay", body).await;
        assert_eq!((status, answer["replayed"].as_array().unwrap().len()), (200, 1), "{answer}");
        answer["replayed"][0].clone()
    };
    let replayed = replays(false).await;
    assert_eq!((&replayed["id"], &replayed["acted"]), (&push["id"], &json!(false)));
    assert_eq!(replayed["answered"]["understood"]["says"]["content"], "收到");
    assert_ne!(customer.last().await["text"], "收到");
    let received = receiver.received(4).await;
    assert_eq!(received[3].body, received[0].body, "the same MsgId and CreateTime");
    let replayed = replays(true).await;
    assert_eq!((&replayed["acted"], &replayed["refused"]), (&json!(true), &json!("")));
    assert_eq!(customer.last().await["text"], "收到");
    let shown = shown(&account, &eve, &push).await;
    let kinds: Vec<_> = shown["tries"].as_array().unwrap().iter().map(|it| &it["replay"]).collect();
    assert_eq!(kinds, [false, false, false, true, true]);
    assert_eq!(shown["push"]["outcome"], "failed", "a replay does not change how the push ended");
}

async fn all_that_failed_is_replayed_oldest_first(app: TestApp) {
    let (account, (receiver, status)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    delivers(&app);
    let customer = TestCustomer::new(&account);
    for (text, with) in [("一", 500), ("二", 200), ("三", 500)] {
        status.store(with, Ordering::Relaxed);
        let before = page(&account, &eve, "").await["pushes"].as_array().unwrap().len();
        customer.says(text).await;
        done(&account, &eve, before + 1).await;
    }
    status.store(200, Ordering::Relaxed);
    let failed = ids(&page(&account, &eve, "&outcome=failed").await["pushes"]);
    let since = app.inner.desk.now() - 1000;
    let body = json!({"appid": account.appid, "failed_since": since});
    let (_, answer) = eve.sends("/desk/api/debug/pushes/replay", body).await;
    let replayed = ids(&answer["replayed"]);
    assert_eq!(replayed, [failed[1].clone(), failed[0].clone()], "{answer}");
    let texts: Vec<_> = receiver.received(9).await[7..].iter().map(|push| push.element("Content")).collect();
    assert_eq!(texts, ["一", "三"]);
    let action = |after: Option<String>| PushAction::Replay {
        ids: Vec::new(),
        failed_within_s: Some(60),
        after,
        acts: false,
    };
    let later = orders(&account, action(Some(replayed[0].clone()))).await.unwrap();
    assert_eq!(ids(&later), [replayed[1].clone()]);
    app.advance(120_000).await;
    assert_eq!(orders(&account, action(None)).await.unwrap(), json!([]));
}

async fn paused_pushes_wait_until_they_are_resumed(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    let said = orders(&account, PushAction::Pause(true)).await.unwrap_err();
    assert!(said.contains("no developer's server"), "{said}");
    listens(&account, &receiver).await;
    let body = json!({"appid": account.appid});
    assert_eq!(eve.sends("/desk/api/debug/pushes/pause", body.clone()).await.0, 200);
    assert_eq!(page(&account, &eve, "").await["paused"], true);
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("一").await;
    customer.says("二").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.received(0).await.len(), 0, "the desk looks for accounts each second");
    assert_eq!(eve.sends("/desk/api/debug/pushes/resume", body).await.0, 200);
    let texts: Vec<_> = receiver.received(2).await.iter().map(|push| push.element("Content")).collect();
    assert_eq!(texts, ["一", "二"]);
    assert_eq!(page(&account, &eve, "").await["paused"], false);
}

async fn any_message_or_event_is_simulated(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    receiver.answers(|push: &Received| match push.element("Content").as_str() {
        "人工" => (200, push.answered("<MsgType>transfer_customer_service</MsgType>")),
        "你好" => (200, push.answered("<MsgType>text</MsgType><Content>收到</Content>")),
        _ => (200, "success".to_owned()),
    });
    let (openid, customer) = ("o".repeat(28), TestCustomer::new(&account));
    let (_, kinds) = eve.asks("/desk/api/debug/pushes/kinds").await;
    let kinds = kinds["kinds"].as_array().unwrap().clone();
    let simulates = async |body: Value| {
        let mut body = body;
        body["appid"] = json!(account.appid);
        eve.sends("/desk/api/debug/pushes/simulate", body).await
    };
    for (number, kind) in kinds.iter().enumerate() {
        let (status, answer) = simulates(json!({"openid": openid, "what": kind["what"]})).await;
        assert_eq!(status, 200, "{answer}");
        let received = receiver.received(number + 1).await[number].clone();
        let named = if kind["event"] == true { "Event" } else { "MsgType" };
        assert_eq!(kind["what"], received.element(named));
        assert_eq!(received.element("FromUserName"), openid);
        assert_eq!(answer["request"]["clear"], received.body);
    }
    customer.says("在吗").await;
    let simulated = |text: &str, act: bool| {
        let members = json!({"Content": text});
        json!({"openid": customer.openid(), "what": "text", "members": members, "act": act})
    };
    let (_, answer) = simulates(simulated("你好", false)).await;
    assert_eq!(answer["answered"]["understood"]["says"]["content"], "收到");
    assert_eq!(customer.last().await["text"], "在吗");
    let (_, answer) = simulates(simulated("你好", true)).await;
    assert_eq!((&answer["acted"], &customer.last().await["text"]), (&json!(true), &json!("收到")));
    let (_, answer) = simulates(simulated("人工", true)).await;
    assert_eq!(answer["acted"], true, "{answer}");
    assert_eq!(account.waiting().await, [customer.openid()]);
    let unknown = json!({"openid": openid, "what": "text", "members": {"Content": "你好"}, "act": true});
    let (_, answer) = simulates(unknown).await;
    assert!(answer["acted"] == false && answer["refused"].as_str().unwrap().contains("40003"), "{answer}");
    for wrong in [json!({"openid": "me", "what": "text"}), json!({"openid": openid, "what": "poll"})] {
        assert_eq!(simulates(wrong).await.0, 400);
    }
}

async fn a_late_push_says_why_its_answer_did_nothing(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    let customer = TestCustomer::new(&account);
    customer.says("一").await;
    customer.says("二").await;
    app.advance(61_000).await;
    delivers(&app);
    let pushes = done(&account, &eve, 2).await;
    assert_eq!(pushes[0]["outcome"], "late");
    let shown = shown(&account, &eve, &pushes[0]).await;
    assert_eq!(words(&shown["warnings"]), ["late", "collision"], "both were written in one second");
    assert_eq!(shown["tries"][0]["understood"]["says"]["content"], "收到");
    assert!(shown["warnings"][0]["en"].as_str().unwrap().contains("60 s"));
    assert_eq!(customer.last().await["text"], "二");
}

async fn a_try_with_other_settings_than_the_one_before_says_so(app: TestApp) {
    let (account, (receiver, status)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    delivers(&app);
    status.store(500, Ordering::Relaxed);
    receiver.releases(0);
    TestCustomer::new(&account).says("一").await;
    receiver.received(1).await;
    receiver.has_token("BBBBB");
    let token = Some("BBBBB".to_owned());
    sets(&account, CallbackChange { token, ..CallbackChange::default() }).await.expect("it is verified");
    // Another customer's push shows that the delivery knows the settings.
    status.store(200, Ordering::Relaxed);
    TestCustomer::new(&account).says("二").await;
    receiver.received(2).await;
    receiver.releases(usize::MAX);
    let pushes = done(&account, &eve, 2).await;
    let first = pushes.iter().find(|push| push["tries"] == 2).unwrap_or_else(|| panic!("{pushes:?}"));
    let tries = shown(&account, &eve, first).await["tries"].as_array().unwrap().clone();
    assert_eq!(
        (words(&tries[0]["warnings"]), words(&tries[1]["warnings"])),
        (vec![], vec!["settings_changed"])
    );
    assert_eq!(tries[1]["understood"]["says"]["content"], "收到");
}

async fn replays_are_limited(app: TestApp) {
    let (account, (receiver, _)) = (app.account().await, receiver_with_status().await);
    let eve = administrator(&account).await;
    listens(&account, &receiver).await;
    let body = json!({"appid": account.appid, "openid": "o".repeat(28), "what": "unsubscribe"});
    for _ in 0..60 {
        assert_eq!(eve.sends("/desk/api/debug/pushes/simulate", body.clone()).await.0, 200);
    }
    assert_eq!(eve.sends("/desk/api/debug/pushes/simulate", body).await.0, 429);
}
