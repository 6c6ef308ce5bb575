//! Pictures that people send from the pages, and the files of messages.

use super::{TestAccount, TestAgent, TestApp, TestCustomer};
use serde_json::Value;

/// A page's POST with a picture as its body: status and answer.
async fn sends(app: &TestApp, path: &str, cookie: &str, bytes: &[u8]) -> (u16, Value) {
    let request = app.http.post(format!("{}{path}", app.base)).header("sec-fetch-site", "same-origin");
    let request = request.header("cookie", cookie).header("content-type", "image/png").body(bytes.to_vec());
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// A customer sends a picture.
pub async fn shows(
    app: &TestApp,
    account: &TestAccount,
    customer: &TestCustomer,
    bytes: &[u8],
    id: &str,
) -> (u16, Value) {
    let path = format!("/chat/api/{}/image?client_id={id}", account.appid);
    sends(app, &path, &customer.cookie(), bytes).await
}

/// An agent sends a picture.
pub async fn replies(
    app: &TestApp,
    agent: &TestAgent,
    session: &Value,
    bytes: &[u8],
    id: &str,
) -> (u16, Value) {
    let path = format!("/desk/api/image?appid={}&session={session}&client_id={id}", agent.appid);
    sends(app, &path, &agent.cookie, bytes).await
}

/// The file of a message: status, type, bytes.
pub async fn file(app: &TestApp, path: String, cookie: &str) -> (u16, String, Vec<u8>) {
    let response = app.ask(&path, cookie).await;
    let status = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (status, kind, response.bytes().await.unwrap().to_vec())
}
