//! Saving the developer's server of an account: its URL must answer the verification.

use super::receiver::{Receiver, TOKEN, delivers, listens, sets};
use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer};
use kefu::admin::Command;
use kefu::admin::callback::{CallbackChange, CallbackCommand};
use serde_json::{Value, json};

async fn shown(account: &TestAccount) -> Value {
    account.app.command(Command::Callback(CallbackCommand::Show(account.appid.clone()))).await.unwrap()
}

fn url(url: &str) -> CallbackChange {
    CallbackChange { url: Some(url.to_owned()), token: Some(TOKEN.to_owned()), ..CallbackChange::default() }
}

on_both_engines! {
    a_server_that_answers_the_echostr_is_saved,
    what_does_not_verify_is_not_saved_and_the_operator_learns_why,
    addresses_inside_a_network_are_not_called,
    settings_that_are_not_verified_stay_staged_and_pushes_go_on_with_those_before,
    an_operator_steps_back_and_forth_between_two_settings,
    the_key_of_the_settings_before_is_still_tried,
    an_administrator_saves_and_learns_nothing_of_a_networks_inside,
}

async fn a_server_that_answers_the_echostr_is_saved(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    assert_eq!(shown(&account).await["url"], "");
    listens(&account, &receiver).await;
    let saved = shown(&account).await;
    assert_eq!(saved["url"], receiver.url);
    assert_eq!(
        (&saved["token"], &saved["mode"], &saved["format"]),
        (&TOKEN.into(), &"plain".into(), &"xml".into())
    );
    assert_eq!(saved.get("aes_key"), None, "no key is shown as none");
    let json = CallbackChange { format: Some("json".into()), ..CallbackChange::default() };
    assert_eq!(sets(&account, json).await.unwrap()["url"], receiver.url, "what is not given stays");
    app.command(Command::Callback(CallbackCommand::Remove(account.appid.clone()))).await.unwrap();
    assert_eq!(shown(&account).await["url"], "");
}

async fn what_does_not_verify_is_not_saved_and_the_operator_learns_why(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let safe = CallbackChange { mode: Some("safe".into()), ..url(&receiver.url) };
    let wrong_token = CallbackChange { token: Some("BBBBB".into()), ..url(&receiver.url) };
    for (change, why) in [
        (wrong_token, "status 403"),
        (url("http://127.0.0.1:1/"), "no connection"),
        (url("gopher://a.example/"), "http://"),
        (url(&app.base), "not the echostr"),
        (safe, "EncodingAESKey"),
        (CallbackChange { token: Some("a b".into()), ..url(&receiver.url) }, "letters and digits"),
    ] {
        let said = sets(&account, change).await.expect_err(why);
        assert!(said.contains(why), "{said} does not say {why}");
    }
    let said = sets(&account, url(&app.base)).await.unwrap_err();
    for part in ["its answer begins", " ms; the signature was ", "--verify"] {
        assert!(said.contains(part), "{said} does not say {part}");
    }
    assert_eq!(shown(&account).await["url"], "");
}

async fn addresses_inside_a_network_are_not_called(app: TestApp) {
    let account = app.account().await;
    for address in
        ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::1]:9/", "http://192.168.0.1:8080/"]
    {
        let said = sets(&account, url(address)).await.expect_err("it is blocked");
        assert!(said.contains("may not be called"), "{said}");
    }
}

async fn asks(account: &TestAccount, command: impl Fn(String) -> CallbackCommand) -> Result<Value, String> {
    account.app.command(Command::Callback(command(account.appid.clone()))).await
}

async fn settings_that_are_not_verified_stay_staged_and_pushes_go_on_with_those_before(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    listens(&account, &receiver).await;
    assert!(asks(&account, CallbackCommand::Verify).await.unwrap_err().contains("no settings are staged"));
    // The program has another token until it is deployed again.
    let token = CallbackChange { token: Some("BBBBB".into()), ..CallbackChange::default() };
    sets(&account, token).await.unwrap_err();
    let seen = shown(&account).await;
    assert_eq!((&seen["token"], &seen["staged"]["token"]), (&TOKEN.into(), &"BBBBB".into()));
    assert!(seen["staged"]["fault"].as_str().unwrap().contains("status 403"), "{seen}");
    delivers(&app);
    TestCustomer::new(&account).says("你好").await;
    assert_eq!(receiver.received(1).await[0].element("Content"), "你好");
    receiver.has_token("BBBBB");
    assert_eq!(asks(&account, CallbackCommand::Verify).await.unwrap()["token"], "BBBBB");
    let seen = shown(&account).await;
    assert_eq!((seen.get("staged"), &seen["previous"]["token"]), (None, &TOKEN.into()));
    sets(&account, url("http://127.0.0.1:1/")).await.unwrap_err();
    let seen = asks(&account, CallbackCommand::Discard).await.unwrap();
    assert_eq!((seen.get("staged"), &seen["url"]), (None, &receiver.url.clone().into()));
}

async fn an_operator_steps_back_and_forth_between_two_settings(app: TestApp) {
    let (account, old, new) = (app.account().await, Receiver::start().await, Receiver::start().await);
    assert!(asks(&account, CallbackCommand::Back).await.unwrap_err().contains("no settings"));
    listens(&account, &old).await;
    listens(&account, &new).await;
    assert_eq!(shown(&account).await["url"], new.url);
    delivers(&app);
    let customer = TestCustomer::new(&account);
    customer.says("一").await;
    new.received(1).await;
    assert_eq!(asks(&account, CallbackCommand::Back).await.unwrap()["url"], old.url);
    customer.says("二").await;
    assert_eq!(old.received(1).await[0].element("Content"), "二");
    assert_eq!(asks(&account, CallbackCommand::Back).await.unwrap()["url"], new.url);
    asks(&account, CallbackCommand::Remove).await.unwrap();
    assert_eq!(shown(&account).await["url"], "");
    assert_eq!(asks(&account, CallbackCommand::Back).await.unwrap()["url"], new.url, "also from none");
    customer.says("三").await;
    assert_eq!(new.received(2).await[1].element("Content"), "三");
}

async fn the_key_of_the_settings_before_is_still_tried(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let [first, second, third] = ["A", "B", "C"].map(|letter| letter.repeat(43));
    let with = |key: &str| CallbackChange {
        mode: Some("safe".into()),
        aes_key: Some(key.to_owned()),
        ..url(&receiver.url)
    };
    let appid = model::Appid::parse(&account.appid).unwrap();
    let keys = async || {
        let settings = kefu::desk::account::callback::show(&app.inner.desk, &appid).await.unwrap().unwrap();
        [settings.key, settings.previous_key].map(|key| key.map(|key| key.as_str().to_owned()))
    };
    sets(&account, with(&first)).await.unwrap();
    assert_eq!(keys().await, [Some(first.clone()), None]);
    // A key that was only staged was never used.
    let wrong = CallbackChange { token: Some("BBBBB".into()), ..with(&second) };
    sets(&account, wrong).await.unwrap_err();
    sets(&account, with(&third)).await.unwrap();
    assert_eq!(keys().await, [Some(third.clone()), Some(first.clone())]);
    sets(&account, CallbackChange { format: Some("json".into()), ..CallbackChange::default() })
        .await
        .unwrap();
    assert_eq!(keys().await, [Some(third.clone()), Some(first.clone())], "the same key stays");
    asks(&account, CallbackCommand::Back).await.unwrap();
    asks(&account, CallbackCommand::Back).await.unwrap();
    assert_eq!(keys().await[0], Some(third));
}

async fn an_administrator_saves_and_learns_nothing_of_a_networks_inside(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    let (ann, appid) = (TestAgent::signs_up(&app, "ann").await, account.appid.clone());
    let grant = Command::AccountAdmin { appid: appid.clone(), worker: ann.name.clone(), revoke: false };
    app.command(grant).await.unwrap();
    let path = "/desk/api/debug/callback";
    let acts = async |action: &str, url: &str, token: &str| {
        let body = json!({"appid": appid, "action": action, "url": url, "token": token});
        let (status, answer) = ann.sends(path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let hidden = acts("save", "http://10.0.0.1/", TOKEN).await["fault"].clone();
    for url in ["http://169.254.169.254/", "http://192.168.0.1:8080/", "http://[::1]:9/"] {
        assert_eq!(acts("save", url, TOKEN).await["fault"], hidden, "{url}");
    }
    let seen = ann.asks(&format!("{path}?appid={appid}")).await.1;
    assert_eq!((&seen["current"], &seen["fault"]), (&Value::Null, &hidden));
    let wrong = acts("save", &receiver.url, "BBBBB").await["fault"].as_str().unwrap().to_owned();
    assert!(wrong.contains("status 403") && !wrong.contains("who are you"), "{wrong}");
    assert_eq!(acts("save", "nowhere", TOKEN).await["staged"]["url"], receiver.url, "it is not sound");
    let saved = acts("save", &receiver.url, TOKEN).await;
    assert_eq!(
        saved,
        json!({
            "current": {
                "url": receiver.url, "token": TOKEN, "mode": "plain", "format": "xml", "aes_key": ""
            },
            "staged": null, "previous": null, "fault": ""
        })
    );
    receiver.has_token("BBBBB");
    let next = acts("save", &receiver.url, "BBBBB").await;
    assert_eq!((&next["current"]["token"], &next["previous"]["token"]), (&"BBBBB".into(), &TOKEN.into()));
    assert_eq!(acts("back", "", "").await["current"]["token"], TOKEN);
    acts("save", &receiver.url, "CCCCC").await;
    receiver.has_token("CCCCC");
    assert_eq!(acts("verify", "", "").await["current"]["token"], "CCCCC");
    acts("save", "http://127.0.0.1:1/", TOKEN).await;
    let dropped = acts("discard", "", "").await;
    assert_eq!((&dropped["staged"], &dropped["fault"]), (&Value::Null, &"".into()));
    assert_eq!(acts("remove", "", "").await["current"], Value::Null);
}
