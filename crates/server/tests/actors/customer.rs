//! A customer at the chat page.

use super::{Stream, TestAccount, TestApp, client_id, cookie_of, first_cookie};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct TestCustomer {
    app: TestApp,
    appid: String,
    cookie: Arc<Mutex<String>>,
    openid: Arc<Mutex<String>>,
}

impl TestCustomer {
    pub fn new(account: &TestAccount) -> TestCustomer {
        TestCustomer {
            app: account.app.clone(),
            appid: account.appid.clone(),
            cookie: Arc::new(Mutex::new(first_cookie(&account.appid))),
            openid: Arc::default(),
        }
    }

    /// The same customer at another node.
    pub fn at(&self, app: &TestApp) -> TestCustomer {
        TestCustomer { app: app.clone(), ..self.clone() }
    }

    pub fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    pub fn openid(&self) -> String {
        self.openid.lock().unwrap().clone()
    }

    /// Writes a text; the message.
    pub async fn says(&self, text: &str) -> Value {
        self.says_as(text, &client_id(text)).await
    }

    /// Writes a text with this client id; the message.
    pub async fn says_as(&self, text: &str, client_id: &str) -> Value {
        let (status, answer) = self.sends(json!({"client_id": client_id, "text": text})).await;
        assert_eq!(status, 200, "{answer}");
        answer["message"].clone()
    }

    /// Chooses an entry of a menu: status and answer.
    pub async fn chooses(&self, message: &Value, id: &str) -> (u16, Value) {
        let body =
            json!({"client_id": format!("t{id}{}", message["id"]), "message": message["id"], "id": id});
        let path = format!("/chat/api/{}/menu_choice", self.appid);
        let response = self.app.send(&path, &self.cookie(), &body).await;
        self.takes_cookie(&response);
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    fn takes_cookie(&self, response: &reqwest::Response) {
        if let Some(cookie) = cookie_of(response) {
            *self.cookie.lock().unwrap() = cookie;
        }
    }

    /// The last message on the page.
    pub async fn last(&self) -> Value {
        self.snapshot().await["messages"].as_array().unwrap().last().cloned().unwrap_or_default()
    }

    pub async fn sends(&self, body: Value) -> (u16, Value) {
        let path = format!("/chat/api/{}/message", self.appid);
        let response = self.app.send(&path, &self.cookie(), &body).await;
        self.takes_cookie(&response);
        let status = response.status().as_u16();
        let answer: Value = response.json().await.expect("JSON");
        if let Some(openid) = answer["message"]["openid"].as_str() {
            openid.clone_into(&mut self.openid.lock().unwrap());
        }
        (status, answer)
    }

    /// A GET of the page.
    pub async fn asks(&self, what: &str) -> Value {
        let path = format!("/chat/api/{}/{what}", self.appid);
        self.app.ask(&path, &self.cookie()).await.json().await.expect("JSON")
    }

    /// What the page shows when it loads.
    pub async fn snapshot(&self) -> Value {
        let path = format!("/chat/api/{}/snapshot", self.appid);
        self.app.ask(&path, &self.cookie()).await.json().await.expect("a snapshot")
    }

    /// Opens the page's stream.
    pub async fn watches(&self) -> Stream {
        let since = self.snapshot().await["since"].as_str().expect("a cursor").to_owned();
        Stream::open(&self.app, &format!("/chat/api/{}/stream?since={since}", self.appid), &self.cookie())
            .await
    }
}
