//! `/openapi.json` agrees with the answers of the server.

use crate::actors::{TestAccount, TestApp, code};
use serde_json::{Map, Value};

async fn document(app: &TestApp) -> Value {
    let response = app.ask("/openapi.json", "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.expect("JSON")
}

fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods: &Map<String, Value> = methods.as_object().expect("methods");
            methods.iter().map(move |(method, operation)| (path, method, operation))
        })
        .collect()
}

on_both_engines! {
    endpoints_answer_the_codes_that_the_description_lists,
}

async fn endpoints_answer_the_codes_that_the_description_lists(app: TestApp) {
    let account: TestAccount = app.account().await;
    let document = document(&app).await;
    let operations = operations(&document);
    assert!(operations.len() > protocol::endpoint::ALL.len());
    for (path, method, operation) in operations {
        let answer = account.raw(&method.to_uppercase(), path, Vec::new()).await;
        let wanted: &[i64] = if operation["security"] == Value::Array(Vec::new()) {
            &[40002, 41002, 41018, 44002]
        } else {
            &[41001]
        };
        assert!(wanted.contains(&code(&answer)), "{method} {path}: {answer}");
        // Cloud calls have no access_token, and are refused.
        let cloud = account
            .raw(
                &method.to_uppercase(),
                &format!("{path}?cloudbase_access_token={}", account.token),
                Vec::new(),
            )
            .await;
        assert_eq!(code(&cloud), code(&answer), "{method} {path}: {cloud}");
        let codes = operation["x-kefu"]["codes"].as_array().expect("codes");
        assert!(codes.contains(&code(&answer).into()), "{method} {path}: {answer}");
    }
}
