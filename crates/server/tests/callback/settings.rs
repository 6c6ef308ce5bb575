//! Saving the developer's server of an account: its URL must answer the verification.

use super::receiver::{Receiver, TOKEN, listens, sets};
use crate::actors::{TestAccount, TestApp};
use kefu::admin::Command;
use kefu::admin::callback::{CallbackChange, CallbackCommand};
use serde_json::Value;

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
