//! The document holds every route, and every row says how its bodies look.

use protocol::AccountKind;
use protocol::endpoint::{
    ALL, CLEAR_QUOTA, Endpoint, GET_KF_LIST, GET_ONLINE_KF_LIST, Methods, SEND_CUSTOM_MESSAGE,
};
use protocol::openapi::{document, operations, parameters, type_of};
use protocol::schema::{Answers, Reads};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every route of the table, spelt out.
fn routes() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for row in ALL {
        for path in row.paths() {
            if row.methods != Methods::Post {
                routes.insert((path.to_owned(), "get".to_owned()));
            }
            if row.methods != Methods::Get {
                routes.insert((path.to_owned(), "post".to_owned()));
            }
        }
    }
    routes
}

#[test]
fn no_route_is_missing_from_the_document_and_none_is_made_up() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.keys().map(move |method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(described, routes());
    assert_eq!(operations().count(), described.len());
}

#[test]
fn operations_have_weixins_names_and_no_two_the_same() {
    let ids: BTreeSet<_> = operations().map(|operation| operation.id).collect();
    assert_eq!(ids.len(), operations().count());
    for row in ALL {
        let document = document();
        let main = &document["paths"][row.path][row.main_method()];
        assert_eq!(main["operationId"], row.name);
        assert_eq!(main["deprecated"], Value::Null, "{}", row.name);
    }
}

/// The description of an endpoint's call by a method.
fn operation(row: &Endpoint, method: &str) -> Value {
    document()["paths"][row.path][method].clone()
}

#[test]
fn it_says_of_each_kind_of_account_whether_it_calls_and_must_be_certified() {
    let kinds = [
        (AccountKind::Subscription, "subscription"),
        (AccountKind::Service, "service"),
        (AccountKind::MiniProgram, "mini-program"),
        (AccountKind::MiniGame, "mini-game"),
        (AccountKind::Other, "other"),
    ];
    let document = document();
    for row in ALL.iter().filter(|row| row.called_by != protocol::CalledBy::Secret) {
        let callers = &document["paths"][row.path][row.main_method()]["x-kefu"]["callers"];
        let callers = callers.as_array().expect("callers");
        for (kind, word) in kinds {
            let said = callers
                .iter()
                .find(|caller| caller["kind"] == word)
                .map(|caller| caller["certified"] == true);
            let allowed = |certified| row.check_account(kind, certified).is_ok();
            let expected = allowed(true).then(|| !allowed(false));
            assert_eq!(said, expected, "{} by {word}", row.name);
        }
    }
    let text = |row| operation(row, row.main_method())["description"].as_str().expect("a text").to_owned();
    assert!(
        text(&GET_KF_LIST).contains(
            "Called by: certified subscription accounts, certified service accounts, mini programs"
        )
    );
    assert!(text(&CLEAR_QUOTA).contains(
        "Called by: subscription accounts, service accounts, mini programs, mini games; third-party"
    ));
}

#[test]
fn platforms_clear_quotas_without_a_permission_set() {
    let facts = operation(&CLEAR_QUOTA, "post")["x-kefu"].clone();
    assert_eq!((&facts["platforms"], &facts["sets"]), (&"any".into(), &Value::Array(Vec::new())));
    assert_eq!(operation(&GET_KF_LIST, "get")["x-kefu"]["platforms"], "sets");
}

#[test]
fn a_method_beyond_the_page_is_marked() {
    for row in [&GET_KF_LIST, &GET_ONLINE_KF_LIST] {
        assert_eq!(operation(row, "get")["x-beyond-page"], Value::Null);
        assert_eq!(operation(row, "post")["x-beyond-page"], true);
        assert!(row.differs.contains("POST without a body"), "{}", row.name);
    }
}

#[test]
fn limits_and_cloud_calls_are_stated() {
    let add = operation(&protocol::endpoint::ADD_KF_ACCOUNT, "post");
    let members = &add["requestBody"]["content"]["application/json"]["schema"]["properties"];
    let said = members["kf_account"]["description"].as_str().expect("a text");
    assert!(said.contains("1 to 10 letters") && said.contains("up to 30"), "{said}");
    assert!(
        members["nickname"]["description"].as_str().is_some_and(|said| said.contains("1 to 16 characters"))
    );
    let rules = add["x-kefu"]["rules"].to_string();
    assert!(rules.contains("100 agents") && rules.contains("kefu account set --alias"), "{rules}");
    let send = operation(&SEND_CUSTOM_MESSAGE, "post");
    assert_eq!(send["x-kefu"]["cloud"], "customerServiceMessage.send");
    assert_eq!(add["x-kefu"]["cloud"], Value::Null);
}

#[test]
fn every_row_says_what_it_is_for_and_how_its_answer_looks() {
    for row in ALL {
        let name = row.name;
        assert!(!matches!(row.answers, Answers::Unstated), "{name} has no column `answers`");
        assert!(row.meaning.trim().ends_with('.'), "{name}: its comment is one sentence: {}", row.meaning);
        assert!(row.meaning_zh.ends_with('。'), "{name} has no column `meaning_zh`");
        assert!(!row.group.is_empty(), "{name} has no column `group`");
    }
}

#[test]
fn every_member_of_a_body_is_a_parameter_and_every_parameter_a_member() {
    let document = document();
    for row in ALL.iter().filter(|row| matches!(row.takes.reads, Reads::Json(_))) {
        let body = &document["paths"][row.path]["post"]["requestBody"];
        let members =
            body["content"]["application/json"]["schema"]["properties"].as_object().expect("members");
        let parameters: BTreeSet<&str> = row.takes.parameters().map(|it| it.name).collect();
        assert_eq!(members.keys().map(String::as_str).collect::<BTreeSet<_>>(), parameters, "{}", row.name);
        for parameter in row.takes.parameters() {
            let word = type_of(row, parameter);
            let is_known = ["string", "number", "boolean", "object"].contains(&word.as_str());
            assert!(is_known, "`{}` of {}: {word}", parameter.name, row.name);
        }
    }
}

#[test]
fn a_name_with_another_meaning_is_listed_behind_its_group() {
    let names: Vec<String> = parameters().into_iter().map(|(name, _)| name).collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    for name in ["access_token", "kf_account", "business_id", "business.business_id", "business.nickname"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn whatever_is_referred_to_is_there() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a place in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn an_operation_lists_its_codes_and_nothing_of_ours() {
    let document = document();
    let operation = &document["paths"]["/customservice/kfsession/create"]["post"];
    let codes = operation["x-kefu"]["codes"].as_array().expect("codes");
    assert!(codes.contains(&65415.into()) && codes.contains(&0.into()) && !codes.contains(&65405.into()));
    let explained = document["x-errcodes"].as_object().expect("codes");
    assert!(explained["65415"]["mend"]["zh"].as_str().is_some_and(|text| text.contains("getonlinekflist")));
    let is_ours =
        |number: &String| number.parse::<i64>().is_ok_and(|number| (990_000..1_000_000).contains(&number));
    assert!(!explained.keys().any(is_ours));
}
