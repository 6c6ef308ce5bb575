//! sendCustomMessage: messages of programs to customers.

use crate::actors::{TestAccount, TestApp, code};
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
send | POST | /cgi-bin/message/custom/send
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | 65401 | 40003 | 40003
    | {"touser":"$openid","msgtype":"text","text":{"content":"hello"},"customservice":{"kf_account":"$agent"}}
typing | POST | /cgi-bin/message/custom/typing
    | subscription* service* mini-program mini-game | 1 6 19 100 101 | - | 40003 | 40003
    | {"touser":"$openid","command":"Typing"}
business/typing | POST | /cgi-bin/message/custom/business/typing
    | subscription*=40200 service*=40200 mini-program mini-game | 1 6 19 100 101 | - | 40003 | 40200
    | {"touser":"$openid","command":"Typing"}
"#;

/// A menu to choose from.
pub fn menu() -> Value {
    json!({"msgtype": "msgmenu", "msgmenu": {"head_content": "您对本次服务是否满意呢? ",
        "list": [{"id": "101", "content": "满意"}, {"id": 102, "content": "不满意"}], "tail_content": "欢迎再次光临"}})
}

/// An account of this kind.
pub async fn of_kind(app: &TestApp, kind: &str) -> TestAccount {
    app.account_with(|settings| settings.kind = Some(kind.into())).await
}

/// A message as the customer's page shows it, without ids and times.
pub fn shown(message: &Value) -> Value {
    let mut message = message.clone();
    for member in ["id", "at", "client_id", "openid", "session"] {
        message.as_object_mut().unwrap().remove(member);
    }
    message
}

on_both_engines! {
    the_id_of_a_message_is_its_authors_own,
    a_program_writes_and_the_customer_reads_it_at_once,
    an_agent_sees_what_a_program_wrote_in_the_session,
    a_message_between_sessions_is_shown_between_them,
    a_program_keeps_an_open_session_from_ending,
    a_program_may_speak_as_an_agent_whom_the_customer_then_sees,
    the_older_path_of_mini_programs_is_the_same,
    only_customers_of_the_account_are_written_to,
    a_choice_from_a_menu_becomes_a_message_of_the_customer,
    the_path_of_sub_merchants_asks_for_one_before_anything_else,
    a_text_of_invisible_characters_counts_as_empty,
}

async fn the_id_of_a_message_is_its_authors_own(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    let reply =
        json!({"appid": account.appid, "session": session, "client_id": "same", "text": "the agent's"});
    let answer = app.send("/desk/api/message", &ann.cookie, &reply).await;
    let replied: Value = answer.json().await.unwrap();
    let said = customer.says_as("the customer's", "same").await;
    assert_eq!((&said["text"], &said["from"]), (&json!("the customer's"), &json!("customer")));
    assert_eq!(customer.says_as("again", "same").await, said, "sent twice, kept once");
    let again: Value = app.send("/desk/api/message", &ann.cookie, &reply).await.json().await.unwrap();
    assert_eq!((&again, &again["message"]["text"]), (&replied, &json!("the agent's")));
    let texts: Vec<_> = customer.snapshot().await["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["text"].clone())
        .collect();
    assert_eq!(json!(texts), json!(["hello", "the agent's", "the customer's"]));
}

async fn a_program_writes_and_the_customer_reads_it_at_once(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    let mut page = customer.watches().await;
    let answer =
        account.sends(&customer.openid(), json!({"msgtype": "text", "text": {"content": "good day"}})).await;
    insta::assert_snapshot!(answer.to_string(), @r#"{"errcode":0,"errmsg":"ok"}"#);
    page.sees("good day").await;
    let expected = json!({"from": "account", "kf_account": "", "kind": "text", "text": "good day"});
    assert_eq!(shown(&customer.last().await), expected);
}

async fn an_agent_sees_what_a_program_wrote_in_the_session(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    desk.sees("hello").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(account.sends_text(&customer.openid(), "from a machine").await, 0);
    let event = desk.sees("from a machine").await;
    let message = &event.data["facts"][0]["message"];
    assert_eq!((&message["session"], &message["from"]), (&json!(session), &json!("account")));
    let messages = ann.first_account().await["messages"].as_array().unwrap().clone();
    assert_eq!(
        messages.iter().map(|it| it["from"].as_str().unwrap()).collect::<Vec<_>>(),
        ["customer", "account"]
    );
}

async fn a_message_between_sessions_is_shown_between_them(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let customer = account.customer();
    let first = {
        let _desk = ann.comes_online().await;
        customer.says("first").await["session"].as_i64().unwrap()
    };
    assert_eq!(ann.closes(first).await.0, 200);
    assert_eq!(account.sends_text(&customer.openid(), "between").await, 0);
    assert_eq!(customer.last().await["session"], 0);
    // The agent served the customer before that message, so it is not part of that session.
    let history = |session: i64| {
        let (app, cookie) = (app.clone(), ann.cookie.clone());
        let path = format!("/desk/api/messages?appid={}&session={session}", account.appid);
        async move {
            let page: Value = app.ask(&path, &cookie).await.json().await.unwrap();
            page["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["text"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(history(first).await, ["first"]);
    let _desk = ann.comes_online().await;
    let second = customer.says("second").await["session"].as_i64().unwrap();
    assert_eq!(history(second).await, ["first", "between", "second"]);
    assert_eq!(history(first).await, ["first"]);
}

async fn a_program_keeps_an_open_session_from_ending(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(29 * 60_000).await;
    assert_eq!(account.sends_text(&customer.openid(), "a moment").await, 0);
    app.advance(29 * 60_000).await;
    assert_eq!(account.sessions("a1").await.len(), 1);
    app.advance(60_000).await;
    assert_eq!(account.sessions("a1").await.len(), 0);
}

async fn a_program_may_speak_as_an_agent_whom_the_customer_then_sees(app: TestApp) {
    let account = app.account().await;
    account.adds("robot").await;
    let customer = account.customer();
    customer.says("hello").await;
    let mut message =
        json!({"msgtype": "text", "text": {"content": "I am here"}, "aimsgcontext": {"is_ai_msg": 1}});
    message["customservice"] = json!({"kf_account": account.kf("robot")});
    message["businessid"] = json!(1);
    assert_eq!(code(&account.sends(&customer.openid(), message.clone()).await), 0);
    let expected = json!({
        "ai": true, "from": "agent", "kf_account": "robot@shop1", "kind": "text", "nickname": "robot",
        "text": "I am here"
    });
    assert_eq!(shown(&customer.last().await), expected);
    message["customservice"] = json!({"kf_account": account.kf("nobody")});
    assert_eq!(code(&account.sends(&customer.openid(), message.clone()).await), 65401);
    message["customservice"] = Value::Null;
    message["aimsgcontext"] = json!({"is_ai_msg": 0, "msgid": 7});
    assert_eq!(code(&account.sends(&customer.openid(), message).await), 0);
    assert_eq!(customer.last().await.get("ai"), None);
}

async fn the_older_path_of_mini_programs_is_the_same(app: TestApp) {
    let account = of_kind(&app, "mini-program").await;
    let openid = account.creates_customer().await;
    account.customer_says(&openid, "hello").await;
    let body = json!({"touser": openid, "msgtype": "text", "text": {"content": "hi"}, "businessid": 1});
    assert_eq!(code(&account.post("/cgi-bin/message/custom/business/send", body).await), 0);
}

async fn only_customers_of_the_account_are_written_to(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let openid = other.creates_customer().await;
    other.customer_says(&openid, "hello").await;
    for stranger in ["", "o", "客", &openid, &format!("o{}", "x".repeat(27))] {
        assert_eq!(account.sends_text(stranger, "hello").await, 40003, "{stranger}");
        assert_eq!(account.sends_typing(stranger, "Typing").await, 40003, "{stranger}");
    }
    assert_eq!(
        code(
            &account
                .post("/cgi-bin/message/custom/send", json!({"msgtype": "text", "text": {"content": "a"}}))
                .await
        ),
        47001
    );
    // A session with a customer who has never written.
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let unseen = format!("o{}", "y".repeat(27));
    assert_eq!(code(&account.creates("a1", &unseen).await), 0);
    assert_eq!(account.sends_text(&unseen, "hello").await, 45015);
}

async fn a_choice_from_a_menu_becomes_a_message_of_the_customer(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let (customer, other) = (account.customer(), account.customer());
    customer.says("hello").await;
    other.says("good day").await;
    assert_eq!(code(&account.sends(&customer.openid(), menu()).await), 0);
    let sent = customer.last().await;
    let (status, answer) = customer.chooses(&sent, "102").await;
    assert_eq!(status, 200);
    let expected = json!({
        "body": {"bizmsgmenuid": "102"}, "from": "customer", "kf_account": "", "kind": "text", "text": "不满意"
    });
    assert_eq!(shown(&answer["message"]), expected);
    desk.sees("不满意").await;
    // Choosing again returns the same message.
    assert_eq!(customer.chooses(&sent, "102").await.1, answer);
    assert_eq!(customer.snapshot().await["messages"].as_array().unwrap().len(), 3);
    for (who, message, id) in
        [(&customer, &sent, "103"), (&other, &sent, "101"), (&customer, &answer["message"], "102")]
    {
        assert_eq!(who.chooses(message, id).await.0, 404, "{id}");
    }
}

async fn the_path_of_sub_merchants_asks_for_one_before_anything_else(app: TestApp) {
    let account = of_kind(&app, "mini-program").await;
    let customer = account.customer();
    customer.says("hello").await;
    let path = "/cgi-bin/message/custom/business/send";
    let body = |openid: &str, businessid: Value| {
        let text = json!({"content": "hi"});
        json!({"touser": openid, "msgtype": "text", "text": text, "businessid": businessid})
    };
    for missing in [Value::Null, json!("")] {
        for openid in ["nobody", &customer.openid()] {
            let refused = account.post(path, body(openid, missing.clone())).await;
            assert!(
                refused.to_string().starts_with(r#"{"errcode":40101,"errmsg":"missing parameter rid: "#),
                "{refused}"
            );
            let refused = account.post(&format!("/{path}"), body(openid, missing.clone())).await;
            assert_eq!(code(&refused), 40101, "with more slashes, too");
        }
    }
    assert_eq!(code(&account.post(path, json!({"touser": "nobody", "msgtype": "nothing"})).await), 40101);
    assert_eq!(code(&account.post(path, json!({})).await), 47001);
    for given in [json!(1), json!("1")] {
        assert_eq!(code(&account.post(path, body("nobody", given.clone())).await), 40003);
        assert_eq!(code(&account.post(path, body(&customer.openid(), given.clone())).await), 0);
    }
    assert_eq!(
        code(&account.post("/cgi-bin/message/custom/send", body(&customer.openid(), Value::Null)).await),
        0
    );
}

async fn a_text_of_invisible_characters_counts_as_empty(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("hello").await;
    for blank in [
        "",
        " ",
        "\u{3000}\n",
        "\u{200b}\u{feff}",
        "\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}",
        "\u{ad}\u{fe0f}",
    ] {
        assert_eq!(account.sends_text(&customer.openid(), blank).await, 44004, "{blank:?}");
        let (status, said) = customer.sends(json!({"client_id": "blank", "text": blank})).await;
        assert_eq!((status, code(&said)), (400, 990_019), "{blank:?}");
        let nickname = json!({"kf_account": account.kf("a1"), "nickname": blank});
        assert_eq!(code(&account.post("/customservice/kfaccount/add", nickname).await), 65403, "{blank:?}");
    }
    for seen in ["👩\u{200d}👧", "❤\u{fe0f}"] {
        assert_eq!(account.sends_text(&customer.openid(), seen).await, 0, "{seen:?}");
        customer.says(seen).await;
    }
    let emoji = json!({"kf_account": account.kf("a1"), "nickname": "👩\u{200d}👧"});
    assert_eq!(code(&account.post("/customservice/kfaccount/add", emoji).await), 0);
}
