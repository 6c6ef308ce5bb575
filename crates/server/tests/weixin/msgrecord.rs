//! getmsglist, and the withdrawn getrecord.

use crate::actors::{BEGIN, TestAccount, TestApp, code};
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
getmsglist | POST | /customservice/msgrecord/getmsglist
    | subscription* service* | 1 6 19 100 101 | 0 | - | 65400
    | {"starttime":1,"endtime":2,"msgid":1,"number":1}
getrecord | POST | /customservice/msgrecord/getrecord
    | subscription* service* | 1 6 19 100 101 | 0 | 0 | 65400
    | {"starttime":1,"endtime":2,"pageindex":1,"pagesize":1,"openid":"$openid"}
"#;

const LIST: &str = "/customservice/msgrecord/getmsglist";
const OLD: &str = "/customservice/msgrecord/getrecord";
/// The begin of the tests, in Unix seconds.
const NOW: i64 = BEGIN / 1000;
const DAY: i64 = 86_400;

/// The answer of getmsglist for a span of time.
async fn list(account: &TestAccount, from: i64, until: i64, msgid: i64, number: i64) -> Value {
    let body = json!({"starttime": from, "endtime": until, "msgid": msgid, "number": number});
    account.post(LIST, body).await
}

/// Openid, opercode and text of the records of an answer.
fn brief(answer: &Value) -> Vec<(String, i64, String)> {
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    let records = answer["recordlist"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let brief =
        |record: &Value| (text(record, "worker"), record["opercode"].as_i64().unwrap(), text(record, "text"));
    records.iter().map(brief).collect()
}

on_both_engines! {
    what_an_agent_sent_and_got_is_listed_by_number,
    paging_until_an_empty_answer_lists_every_record_once,
    a_window_begins_with_its_first_second_and_ends_before_its_last,
    messages_of_a_waiting_customer_are_received_by_the_agent_who_takes_the_session,
    messages_without_an_agent_are_no_records,
    the_withdrawn_call_lists_events_of_sessions_too,
    messages_older_than_the_record_table_are_listed_too,
    an_invalid_query_is_refused,
}

async fn what_an_agent_sent_and_got_is_listed_by_number(app: TestApp) {
    let account = app.account().await;
    let empty = list(&account, NOW - 60, NOW + 60, 1, 10).await;
    insta::assert_snapshot!(empty.to_string(), @r#"{"msgid":0,"number":0,"recordlist":[]}"#);
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("你好，有什么事情？").await;
    app.advance(21_000).await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    assert_eq!(ann.replies(session, " 您好，我是客服a1。").await.0, 200);
    let answer = list(&account, NOW - 60, NOW + 60, 1, 10).await;
    let record = |opercode: i64, text: &str, time: i64| {
        json!({
            "openid": customer.openid(), "opercode": opercode, "text": text, "time": time, "worker": "a1@shop1"
        })
    };
    let records = [
        record(2003, "你好，有什么事情？", 1_800_000_000),
        record(2002, " 您好，我是客服a1。", 1_800_000_021),
    ];
    assert_eq!(answer, json!({"msgid": 4, "number": 2, "recordlist": records}));
}

async fn paging_until_an_empty_answer_lists_every_record_once(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    for number in 0..7 {
        customer.says(&format!("m{number}")).await;
    }
    for size in [1, 2, 3, 7, 8, 10_000] {
        let (mut msgid, mut found) = (1, Vec::new());
        for round in 0..20 {
            let page = list(&account, NOW, NOW + DAY, msgid, size).await;
            let texts: Vec<_> = brief(&page).into_iter().map(|(_, _, text)| text).collect();
            assert_eq!(page["number"], texts.len());
            if texts.is_empty() {
                assert_eq!(page["msgid"], 0);
                break;
            }
            assert!(page["msgid"].as_i64().unwrap() > msgid && round < 10);
            msgid = page["msgid"].as_i64().unwrap();
            found.extend(texts);
        }
        let all: Vec<_> = (0..7).map(|number| format!("m{number}")).collect();
        assert_eq!(found, all, "{size} at a time");
    }
    let (start, end) = (NOW.to_string(), (NOW + DAY).to_string());
    let strings = json!({"starttime": start, "endtime": end, "msgid": "1", "number": "3"});
    assert_eq!(account.post(LIST, strings).await["number"], 3);
}

async fn a_window_begins_with_its_first_second_and_ends_before_its_last(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    for text in ["0", "1", "2"] {
        customer.says(text).await;
        app.advance(1_000).await;
    }
    let texts = |from, until| {
        let account = account.clone();
        async move {
            let answer = list(&account, from, until, 1, 10).await;
            brief(&answer).into_iter().map(|(_, _, text)| text).collect::<Vec<_>>().concat()
        }
    };
    assert_eq!(texts(NOW, NOW + 3).await, "012");
    assert_eq!(texts(NOW, NOW + 2).await, "01");
    assert_eq!(texts(NOW + 1, NOW + 2).await, "1");
    assert_eq!(texts(NOW + 1, NOW + 1).await, "");
    assert_eq!(texts(NOW + 2, NOW + DAY + 2).await, "2", "24 hours");
    assert_eq!(code(&list(&account, NOW + 2, NOW + DAY + 3, 1, 10).await), 65417, "and a second");
    assert_eq!(texts(NOW - DAY, NOW).await, "");
    assert_eq!(texts(NOW + 3, NOW + DAY).await, "");
}

async fn messages_of_a_waiting_customer_are_received_by_the_agent_who_takes_the_session(app: TestApp) {
    let account = app.account_with(|settings| settings.reception = Some("manual".into())).await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let (customer, other) = (account.customer(), account.customer());
    customer.says("anybody?").await;
    other.says("me too").await;
    customer.says("hello?").await;
    let end = NOW + DAY;
    assert!(brief(&list(&account, NOW, end, 1, 10).await).is_empty(), "no agent has received it");
    app.advance(60_000).await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    ann.takes(session).await;
    ann.takes(session).await;
    assert_eq!(code(&account.creates("a1", &other.openid()).await), 0);
    customer.says("there you are").await;
    let worker = account.kf("a1");
    let got = |text: &str| (worker.clone(), 2003, text.to_owned());
    let answer = list(&account, NOW, end, 1, 10).await;
    assert_eq!(brief(&answer), [got("anybody?"), got("hello?"), got("me too"), got("there you are")]);
    let times: Vec<_> =
        answer["recordlist"].as_array().unwrap().iter().map(|it| it["time"].as_i64().unwrap()).collect();
    assert_eq!(times, [NOW + 60; 4], "received when an agent took the session");
}

async fn messages_without_an_agent_are_no_records(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("no agent is here").await;
    // The session ends after half an hour.
    app.advance(48 * 3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    assert!(account.waiting().await.is_empty());
    let later = NOW + 2 * DAY;
    let _desk = account.agent("a1").await.comes_online().await;
    customer.says("and now?").await;
    assert!(brief(&list(&account, NOW, NOW + DAY, 1, 10).await).is_empty());
    let answer = list(&account, later, later + DAY, 1, 10).await;
    assert_eq!(brief(&answer), [(account.kf("a1"), 2003, "and now?".into())]);
    assert!(brief(&list(&app.account().await, later, later + DAY, 1, 10).await).is_empty(), "another's");
}

async fn the_withdrawn_call_lists_events_of_sessions_too(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let customer = account.customer();
    customer.says("anybody?").await;
    let _desk = ann.comes_online().await;
    app.advance(10_000).await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    ann.takes(session).await;
    ann.replies(session, "here").await;
    ann.closes(session).await;
    let openid = format!("o{}", "x".repeat(27));
    assert_eq!(code(&account.creates("a1", &openid).await), 0);
    let ask = |body: Value| {
        let (account, mut all) = (
            account.clone(),
            json!({"starttime": NOW, "endtime": NOW + 3600, "pageindex": 1, "pagesize": 1000}),
        );
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        async move { account.post(OLD, all).await }
    };
    let answer = ask(json!({})).await;
    let (worker, none) = (account.kf("a1"), String::new());
    let all = [
        (none.clone(), 1000, ""),
        (none, 2001, "anybody?"),
        (worker.clone(), 1001, ""),
        (worker.clone(), 2003, "anybody?"),
        (worker.clone(), 2002, "here"),
        (worker.clone(), 1004, ""),
        (worker, 1002, ""),
    ]
    .map(|(worker, number, text)| (worker, number, text.to_owned()));
    assert_eq!(brief(&answer), all);
    let mut paged = Vec::new();
    for page in 1..=4 {
        paged.extend(brief(&ask(json!({"pageindex": page, "pagesize": 2})).await));
    }
    assert_eq!(paged, all);
    assert_eq!(brief(&ask(json!({"pageindex": 5, "pagesize": 2})).await), []);
    assert_eq!(brief(&ask(json!({"pageindex": i64::MAX, "pagesize": 1000})).await), []);
    assert_eq!(brief(&ask(json!({"openid": openid})).await), all[6..]);
    assert_eq!(brief(&ask(json!({"openid": customer.openid()})).await), all[..6]);
    let one = ask(json!({"pagesize": "1", "openid": openid})).await;
    let expected = json!({
        "errcode": 0, "errmsg": "ok",
        "recordlist": [{
            "openid": "oxxxxxxxxxxxxxxxxxxxxxxxxxxx", "opercode": 1002, "text": "", "time": 1800000010,
            "worker": "a1@shop1"
        }],
        "retcode": 0
    });
    assert_eq!(one, expected);
    let empty = ask(json!({"starttime": NOW - 60, "endtime": NOW})).await;
    insta::assert_snapshot!(empty.to_string(), @r#"{"errcode":0,"errmsg":"ok","recordlist":[],"retcode":0}"#);
    // 08:00 in Beijing is midnight in UTC: the day is Beijing's.
    let midnight = (NOW + 8 * 3600) / DAY * DAY - 8 * 3600;
    assert_eq!(code(&ask(json!({"starttime": midnight, "endtime": midnight + DAY})).await), 0);
    assert_eq!(code(&ask(json!({"starttime": midnight - 1, "endtime": midnight + 1})).await), 65417);
}

async fn messages_older_than_the_record_table_are_listed_too(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let (customer, waits) = (account.customer(), other.customer());
    customer.says("old").await;
    waits.says("no agent got this").await;
    let session = ann.session_with(&customer.openid()).await.unwrap();
    ann.replies(session, "old too").await;
    let before = list(&account, NOW, NOW + DAY, 1, 10).await["recordlist"].clone();
    assert_eq!(before.as_array().unwrap().len(), 2);
    // The tables as in version 4, then the statement of the migration that fills the records.
    let (_, fill) =
        include_str!("../../../store/migrations/V5__supervisor.sql").split_once("insert into").unwrap();
    app.fresh.runs(format!("delete from record; insert into{fill}"));
    assert_eq!(list(&account, NOW, NOW + DAY, 1, 10).await["recordlist"], before);
    assert!(brief(&list(&other, NOW, NOW + DAY, 1, 10).await).is_empty());
    ann.replies(session, "new").await;
    assert_eq!(list(&account, NOW, NOW + DAY, 1, 10).await["msgid"], 4);
}

async fn an_invalid_query_is_refused(app: TestApp) {
    let account = app.account().await;
    let sound = [
        (LIST, json!({"starttime": NOW, "endtime": NOW + 1, "msgid": 1, "number": 10_000})),
        (OLD, json!({"starttime": NOW, "endtime": NOW + 1, "pageindex": 1, "pagesize": 1000})),
    ];
    for (path, body) in sound {
        assert_eq!(code(&account.post(path, body.clone()).await), 0);
        for name in body.as_object().unwrap().keys() {
            for wrong in [
                json!(null),
                json!("x"),
                json!([]),
                json!({}),
                json!(true),
                json!(1.5),
                json!(-1),
                json!("9223372036854775808"),
            ] {
                let mut body = body.clone();
                body[name] = wrong;
                let answer = account.post(path, body.clone()).await;
                assert_eq!(code(&answer), 65416, "{path} {body}");
                assert!(answer["errmsg"].as_str().unwrap().starts_with("param invalid, please check rid: "));
            }
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(code(&account.post(path, body).await), 65416, "{path} without {name}");
        }
        let mut too_many = body.clone();
        for (name, most) in [("number", 10_001), ("pagesize", 1001)] {
            too_many[name] = most.into();
        }
        assert_eq!(code(&account.post(path, too_many).await), 65416);
        let mut milliseconds = body.clone();
        milliseconds["endtime"] = (NOW * 1000).into();
        assert_eq!(code(&account.post(path, milliseconds).await), 65416);
        let mut backwards = body.clone();
        backwards["endtime"] = (NOW - 1).into();
        assert_eq!(code(&account.post(path, backwards).await), 65416);
        let mut long = body.clone();
        long["endtime"] = (NOW + DAY + 1).into();
        let answer = account.post(path, long).await;
        assert_eq!(code(&answer), 65417);
        assert!(
            answer["errmsg"]
                .as_str()
                .unwrap()
                .starts_with("it is too long from the starttime to endtime rid: ")
        );
        let call = format!("{path}?access_token={}", account.token);
        for (sent, expected) in
            [("", 44002), ("{", 47001), ("[]", 47001), (r#"{"number":1,"number":1}"#, 47001)]
        {
            assert_eq!(code(&account.raw("POST", &call, sent.into()).await), expected, "{path} {sent}");
        }
        assert_eq!(code(&account.raw("POST", &call, vec![b' '; 256 * 1024 + 1]).await), 45002);
        assert_eq!(code(&account.raw("GET", &call, Vec::new()).await), 43002);
        for (token, expected) in [("50_never", 40001), ("a.b", 40014)] {
            assert_eq!(code(&account.with_token(token).post(path, body.clone()).await), expected);
        }
    }
    let spaced = format!("/customservice/msgrecord/%20getmsglist%20?access_token={}", account.token);
    assert_eq!(
        code(&account.raw("POST", &spaced, b"{}".to_vec()).await),
        40066,
        "as the old page printed it"
    );
}
