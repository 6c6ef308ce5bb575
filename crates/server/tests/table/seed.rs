//! Three pages of Weixin's documentation, row by row, typed by hand into `seed/*.txt`. Nothing here uses
//! the server's tables: otherwise the test would compare a table with itself.

mod fixture;
mod page;

use crate::actors::{TestAccount, TestApp, TestComponent, code};
use fixture::{SeedFixture, body, calls, names, provokes};
use kefu::admin::Command;
use serde_json::{Value, json};

const KINDS: [&str; 5] = ["subscription", "service", "mini-program", "mini-game", "other"];

/// Every member of an answer: its path and its value.
fn members(answer: &Value, place: &str, found: &mut Vec<(String, Value)>) {
    for (name, value) in answer.as_object().expect("an object") {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        for element in value.as_array().into_iter().flatten() {
            members(element, &place, found);
        }
        found.push((place, value.clone()));
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "number" => value.is_i64(),
        // In seconds, not milliseconds.
        "timestamp" => value.as_i64().is_some_and(|time| (1_000_000_000..10_000_000_000).contains(&time)),
        "objarray" => value.as_array().is_some_and(|array| array.iter().all(Value::is_object)),
        other => panic!("no such type: {other}"),
    }
}

on_both_engines! {
    every_error_a_page_lists_is_answered_with_its_number_and_its_text,
    every_member_a_page_lists_is_there_with_its_type_and_next_to_no_other,
    members_show_the_state_of_the_desk,
    every_length_ends_where_the_page_says,
    an_account_has_as_many_agents_as_the_page_says,
    every_method_and_path_is_answered,
    every_parameter_is_required,
    each_permission_set_of_a_page_suffices_alone_and_no_other_does,
    without_a_token_nothing_is_answered_not_even_to_the_cloud,
    the_samples_a_page_prints_are_answered,
    only_the_kinds_of_account_a_page_names_may_call,
}

async fn every_error_a_page_lists_is_answered_with_its_number_and_its_text(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    for page in page::all() {
        for (number, text) in &page.errors {
            let answer = provokes(&app, &fixture, &page, *number).await;
            if *number == 0 {
                // "Ok or in a normal state" is what the table prints; the sample prints "ok".
                assert!(
                    answer.get("errmsg").is_none_or(|said| said == "ok" && code(&answer) == 0),
                    "{answer}"
                );
                assert_eq!(answer.get("errcode"), page.answer.get("errcode"), "{}: {answer}", page.name);
                continue;
            }
            let said = answer["errmsg"].as_str().unwrap_or("").split(" rid: ").next();
            assert_eq!((answer["errcode"].as_i64(), said), (Some(*number), Some(*text)), "{}", page.name);
            assert_eq!(answer.as_object().unwrap().len(), 2, "a refusal has two members: {answer}");
        }
    }
}

async fn every_member_a_page_lists_is_there_with_its_type_and_next_to_no_other(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    for page in page::all() {
        let answer = match page.name {
            "addkfaccount" => calls(&page, &fixture.account, page.call, "test1@test").await,
            _ => fixture.asks(&page, &fixture.account).await,
        };
        let mut found = Vec::new();
        members(&answer, "", &mut found);
        for (place, kind, values) in &page.members {
            let value =
                &found.iter().find(|(known, _)| known == place).unwrap_or_else(|| panic!("no {place}")).1;
            assert!(has_type(value, kind), "{place} is no {kind}: {value}");
            assert!(values.is_empty() || values.contains(&value.as_i64().unwrap()), "{place}: {value}");
        }
        // Only a newer page lists it.
        found.retain(|(place, _)| place != "kf_online_list.kf_openid");
        assert_eq!(found.len(), page.members.len(), "{}: {answer}", page.name);
    }
}

async fn members_show_the_state_of_the_desk(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    let [_, online, sessions] = page::all();
    let entry = fixture.asks(&online, &fixture.account).await["kf_online_list"][0].clone();
    assert_eq!(
        (&entry["kf_account"], &entry["status"], &entry["accepted_case"]),
        (&json!("test2@test"), &json!(1), &json!(1))
    );
    assert_eq!(entry["kf_id"], fixture.account.kf_list().await[0]["kf_id"]);
    let list = fixture.asks(&sessions, &fixture.account).await;
    assert_eq!(
        list,
        json!({"sessionlist": [{"createtime": 1_800_000_000, "openid": fixture.customer.openid()}]})
    );
    fixture.agent.sets_away(true).await;
    assert_eq!(fixture.asks(&online, &fixture.account).await["kf_online_list"][0]["status"], 0);
}

async fn every_length_ends_where_the_page_says(app: TestApp) {
    let [page, ..] = page::all();
    for parameter in &page.body {
        assert_eq!(parameter.kind, "string");
        let (part, most, made_of) = parameter.limit.unwrap();
        match (parameter.name, part, made_of) {
            ("kf_account", "before the @", "English, numerals or underscores") => {
                let account = app.account().await;
                assert_eq!(names(&account, &account.kf(&"aZ9_".repeat(3)[..most]), "n").await, 0);
                assert_eq!(names(&account, &account.kf(&"b".repeat(most + 1)), "n").await, 65404);
                for other in ["", "-", ".", " ", "a b", "é", "客服", "ａ", "a@b", "a\n"] {
                    assert_eq!(names(&account, &account.kf(other), "n").await, 65404, "{other:?}");
                }
            }
            ("kf_account", "after the @", "the account's own") => {
                let account = app.account_with(|settings| settings.alias = Some("s".repeat(most))).await;
                assert_eq!(names(&account, &account.kf("0123456789"), "n").await, 0, "both limits at once");
                assert_eq!(names(&account, &format!("a@{}", "s".repeat(most + 1)), "n").await, 65404);
                assert_eq!(names(&account, &format!("a@{}", "s".repeat(most - 1)), "n").await, 65404);
                let command = Command::AccountSet {
                    appid: account.appid.clone(),
                    settings: kefu::desk::account::AccountChanges {
                        alias: Some("s".repeat(most + 1)),
                        ..Default::default()
                    },
                    new_secret: false,
                };
                assert!(app.command(command).await.is_err(), "no account is called that");
            }
            ("nickname", "whole", "words") => {
                let account = app.account().await;
                for (number, letter) in ["n", "é", "客", "🦊"].into_iter().enumerate() {
                    assert_eq!(
                        names(&account, &account.kf(&format!("a{number}")), &letter.repeat(most)).await,
                        0
                    );
                    assert_eq!(names(&account, &account.kf("b"), &letter.repeat(most + 1)).await, 65403);
                }
                assert_eq!(account.kf_list().await[2]["kf_nick"], "客".repeat(most));
            }
            other => panic!("no test for {other:?}"),
        }
    }
}

async fn an_account_has_as_many_agents_as_the_page_says(app: TestApp) {
    let [page, online, sessions] = page::all();
    assert_eq!((online.agents, sessions.agents), (None, None));
    let (account, most) = (app.account().await, page.agents.unwrap());
    for number in 1..=most {
        assert_eq!(names(&account, &account.kf(&format!("a{number}")), "n").await, 0, "{number}");
    }
    assert_eq!(names(&account, &account.kf("more"), "n").await, 65405);
    assert_eq!(account.kf_list().await.as_array().unwrap().len(), most);
}

async fn every_method_and_path_is_answered(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    for page in page::all() {
        for (number, call) in std::iter::once(&page.call).chain(&page.clients).enumerate() {
            let kf_account = match page.name {
                "addkfaccount" => fixture.account.kf(&format!("new{number}")),
                _ => fixture.agent.kf_account.clone(),
            };
            assert_eq!(code(&calls(&page, &fixture.account, *call, &kf_account).await), 0, "{call:?}");
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let (_, path) = page.call;
            if page.call == (method, path) || page.clients.contains(&(method, path)) {
                continue;
            }
            let refused = if page.call.0 == "GET" { 43001 } else { 43002 };
            let answer = calls(&page, &fixture.account, (method, path), &fixture.agent.kf_account).await;
            assert_eq!(code(&answer), refused, "{method} {path}");
        }
    }
}

async fn every_parameter_is_required(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    for page in page::all() {
        let (method, path) = page.call;
        for left_out in &page.query {
            let mut others = page.query.iter().filter(|parameter| parameter.name != left_out.name);
            let query = others.next().map_or(String::new(), |other| match other.name {
                "access_token" => format!("?access_token={}", fixture.account.token),
                _ => format!("?kf_account={}", fixture.agent.kf_account),
            });
            let expected = if left_out.name == "access_token" { 41001 } else { 65401 };
            let answer =
                fixture.account.raw(method, &format!("{path}{query}"), body(&page, "a@test", "n")).await;
            assert_eq!(
                (code(&answer), left_out.kind),
                (expected, "string"),
                "{} without {}",
                page.name,
                left_out.name
            );
        }
        for left_out in &page.body {
            let mut sent: Value = serde_json::from_slice(&body(&page, "a@test", "n")).unwrap();
            for wrong in [json!(1), json!(["a@test"]), Value::Null] {
                sent[left_out.name] = wrong;
                assert_eq!(code(&fixture.account.post(path, sent.clone()).await), 47001, "{sent}");
            }
            sent.as_object_mut().unwrap().remove(left_out.name);
            assert_eq!(code(&fixture.account.post(path, sent).await), 47001, "{}", left_out.name);
        }
    }
}

async fn each_permission_set_of_a_page_suffices_alone_and_no_other_does(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    let component = TestComponent::new(&app).await;
    component.gets_grant(&fixture.account, &[]).await;
    let acting = fixture.account.with_token(&component.token_for(&fixture.account).await);
    for set in 1..=120 {
        component.gets_grant(&fixture.account, &[set]).await;
        for page in page::all() {
            let answer = code(&fixture.asks(&page, &acting).await);
            let listed = page.platform && page.sets.contains(&set);
            // The agent exists already: the call is allowed, and refused for that reason.
            let allowed = if page.name == "addkfaccount" { 65406 } else { 0 };
            assert_eq!(answer, if listed { allowed } else { 61007 }, "{} with set {set}", page.name);
        }
    }
}

async fn without_a_token_nothing_is_answered_not_even_to_the_cloud(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    let (account, kf_account) = (&fixture.account, &fixture.agent.kf_account);
    let token = &account.token;
    let queries = [
        String::new(),
        "access_token=".into(),
        "cloudbase_access_token=".into(),
        format!("cloudbase_access_token={token}"),
        format!("access_token=&cloudbase_access_token={token}"),
        format!("token={token}"),
        format!("ACCESS_TOKEN={token}"),
        format!("component_access_token={token}"),
        format!("openid=o&from_appid={}", account.appid),
        format!("%20access_token={token}"),
    ];
    for page in page::all() {
        assert!(!page.cloud);
        for query in &queries {
            let path = format!("{}?{query}&kf_account={kf_account}", page.call.1);
            let with_token =
                json!({"kf_account": "a@test", "nickname": "n", "access_token": token}).to_string();
            let answer = account.raw(page.call.0, &path, with_token.into_bytes()).await;
            let said = answer["errmsg"].as_str().unwrap().split(" rid: ").next();
            assert_eq!((code(&answer), said), (41001, Some("access_token missing")), "{path}");
        }
        let method = page.call.0.parse().unwrap();
        let request = app.http.request(method, format!("{}{}", app.base, page.call.1)).bearer_auth(token);
        let request =
            request.header("x-wx-source", "cloud").header("cookie", format!("access_token={token}"));
        assert_eq!(
            code(&TestAccount::read_answer("in a header", request.send().await.unwrap()).await),
            41001
        );
    }
    assert_eq!(account.kf_list().await.as_array().unwrap().len(), 1);
}

async fn the_samples_a_page_prints_are_answered(app: TestApp) {
    let fixture = SeedFixture::begins(&app).await;
    let account = &fixture.account;
    for page in page::all() {
        let answer = if page.request.starts_with('{') {
            let path = format!("{}?access_token={}", page.call.1, account.token);
            account.raw(page.call.0, &path, page.request.into()).await
        } else {
            let path = page.request.strip_prefix("https://api.weixin.qq.com").unwrap();
            assert!(
                [40001, 41001].contains(&code(&account.raw("GET", path, Vec::new()).await)),
                "as printed"
            );
            let path = if path.contains('?') {
                path.to_owned()
            } else {
                format!("{path}?access_token=ACCESS_TOKEN")
            };
            let path =
                path.replace("ACCESS_TOKEN", &account.token).replace("KFACCOUNT", &fixture.agent.kf_account);
            account.raw("GET", &path, Vec::new()).await
        };
        let (mut printed, mut found) = (Vec::new(), Vec::new());
        members(&page.answer, "", &mut printed);
        members(&answer, "", &mut found);
        assert!(page.answer.get("errcode").is_none() || page.answer == answer, "{answer}");
        for (place, sample) in printed {
            let same = |value: &Value| std::mem::discriminant(value) == std::mem::discriminant(&sample);
            assert!(found.iter().any(|(known, value)| *known == place && same(value)), "{place} in {answer}");
        }
    }
}

async fn only_the_kinds_of_account_a_page_names_may_call(app: TestApp) {
    for kind in KINDS {
        for (principal, certified) in [("enterprise", true), ("enterprise", false), ("individual", false)] {
            let account = app.account_with(|settings| {
                settings.kind = Some(kind.into());
                settings.principal = Some(principal.into());
                settings.certified = Some(certified);
            });
            let account = account.await;
            for page in page::all() {
                let row = page.callers.iter().find(|(named, _)| *named == kind);
                let may = row.is_some_and(|(_, must_be_certified)| certified || !must_be_certified);
                // addkfaccount has just added the agent, who has no worker yet.
                let allowed = if page.name == "getkfsessionlist" { 65402 } else { 0 };
                let answer = calls(&page, &account, page.call, &account.kf("a1")).await;
                assert_eq!(
                    code(&answer),
                    if may { allowed } else { 48001 },
                    "{} by {principal} {kind}",
                    page.name
                );
            }
        }
    }
}
