//! An account, and its developer's program, which calls the API.

use super::{TestAgent, TestApp, TestCustomer, code, seen};
use kefu::admin::Command;
use kefu::admin::customer::CustomerCommand;
use serde_json::{Value, json};

#[derive(Clone)]
pub struct TestAccount {
    pub app: TestApp,
    pub appid: String,
    pub secret: String,
    /// The part of an agent's id after the @: the alias, or the original id.
    pub suffix: String,
    pub token: String,
}

impl TestAccount {
    pub async fn new(app: TestApp, created: &Value) -> TestAccount {
        let text = |name: &str| created[name].as_str().unwrap_or_default().to_owned();
        let suffix = if text("alias").is_empty() { text("original_id") } else { text("alias") };
        let account =
            TestAccount { appid: text("appid"), secret: text("secret"), suffix, token: String::new(), app };
        let token = account.fetch_token().await;
        TestAccount { token, ..account }
    }

    pub async fn fetch_token(&self) -> String {
        let query = format!("grant_type=client_credential&appid={}&secret={}", self.appid, self.secret);
        let answer = self.raw("GET", &format!("/cgi-bin/token?{query}"), Vec::new()).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// getStableAccessToken.
    pub async fn fetch_stable_token(&self, force_refresh: bool) -> Value {
        let body = self.stable_token_body(force_refresh).to_string();
        self.raw("POST", "/cgi-bin/stable_token", body.into_bytes()).await
    }

    /// The body of getStableAccessToken.
    pub fn stable_token_body(&self, force_refresh: bool) -> Value {
        let (appid, secret) = (&self.appid, &self.secret);
        json!({
            "grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": force_refresh
        })
    }

    /// The same account at another server.
    pub fn at(&self, app: &TestApp) -> TestAccount {
        TestAccount { app: app.clone(), ..self.clone() }
    }

    /// The same account with another token.
    pub fn with_token(&self, token: &str) -> TestAccount {
        TestAccount { token: token.to_owned(), ..self.clone() }
    }

    pub fn kf(&self, prefix: &str) -> String {
        format!("{prefix}@{}", self.suffix)
    }

    /// Any request to one of Weixin's paths. Asserts that the answer has Weixin's form, see `read_answer`.
    pub async fn raw(&self, method: &str, path_and_query: &str, body: Vec<u8>) -> Value {
        let url = format!("{}{path_and_query}", self.app.base);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let response = self.app.http.request(method, url).body(body).send().await.expect("an answer");
        TestAccount::read_answer(path_and_query, response).await
    }

    /// Reads an answer of one of Weixin's paths. Asserts status 200, Weixin's content type, one line, and no CORS
    /// header.
    pub async fn read_answer(what: &str, response: reqwest::Response) -> Value {
        assert_eq!(response.status(), 200, "{what}");
        assert_eq!(response.headers()["content-type"], "application/json; encoding=utf-8");
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
        let path = response.url().path().to_owned();
        let text = response.text().await.unwrap();
        assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
        let answer = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text:?}"));
        seen::note(&path, code(&answer), &answer);
        answer
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let query: String = query.iter().map(|(name, value)| format!("&{name}={value}")).collect();
        self.raw("GET", &format!("{path}?access_token={}{query}", self.token), Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.raw("POST", &format!("{path}?access_token={}", self.token), body.to_string().into_bytes()).await
    }

    pub async fn adds(&self, prefix: &str) -> Value {
        self.post("/customservice/kfaccount/add", json!({"kf_account": self.kf(prefix), "nickname": prefix}))
            .await
    }

    pub async fn invites(&self, prefix: &str, person: &str) -> Value {
        let body = json!({"kf_account": self.kf(prefix), "invite_wx": person});
        self.post("/customservice/kfaccount/inviteworker", body).await
    }

    pub async fn kf_list(&self) -> Value {
        self.get("/cgi-bin/customservice/getkflist", &[]).await["kf_list"].clone()
    }

    /// The online list as `(agent, status, sessions)`.
    pub async fn online(&self) -> Vec<(String, i64, i64)> {
        let answer = self.get("/cgi-bin/customservice/getonlinekflist", &[]).await;
        let list = answer["kf_online_list"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        let entry = |kf: &Value| {
            let text = kf["kf_account"].as_str().unwrap().to_owned();
            (text, kf["status"].as_i64().unwrap(), kf["accepted_case"].as_i64().unwrap())
        };
        list.iter().map(entry).collect()
    }

    /// The openids of the customers whom an agent serves.
    pub async fn sessions(&self, prefix: &str) -> Vec<String> {
        let answer =
            self.get("/customservice/kfsession/getsessionlist", &[("kf_account", &self.kf(prefix))]).await;
        let list = answer["sessionlist"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        list.iter().map(|session| session["openid"].as_str().unwrap().to_owned()).collect()
    }

    /// The openids of the customers who wait.
    pub async fn waiting(&self) -> Vec<String> {
        let answer = self.get("/customservice/kfsession/getwaitcase", &[]).await;
        let list = answer["waitcaselist"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        assert!(answer["count"].as_i64().unwrap() >= list.len() as i64);
        list.iter().map(|case| case["openid"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn creates(&self, prefix: &str, openid: &str) -> Value {
        let body = json!({"kf_account": self.kf(prefix), "openid": openid});
        self.post("/customservice/kfsession/create", body).await
    }

    pub async fn closes(&self, prefix: &str, openid: &str) -> Value {
        let body = json!({"kf_account": self.kf(prefix), "openid": openid});
        self.post("/customservice/kfsession/close", body).await
    }

    /// sendCustomMessage.
    pub async fn sends(&self, openid: &str, mut body: Value) -> Value {
        body["touser"] = openid.into();
        self.post("/cgi-bin/message/custom/send", body).await
    }

    /// Sends a text by sendCustomMessage; the errcode of the answer.
    pub async fn sends_text(&self, openid: &str, text: &str) -> i64 {
        code(&self.sends(openid, json!({"msgtype": "text", "text": {"content": text}})).await)
    }

    /// Sends a typing command; the errcode of the answer.
    pub async fn sends_typing(&self, openid: &str, command: &str) -> i64 {
        code(
            &self.post("/cgi-bin/message/custom/typing", json!({"touser": openid, "command": command})).await,
        )
    }

    /// An operator's command creates a customer; its openid.
    pub async fn creates_customer(&self) -> String {
        let command = CustomerCommand::Create { appid: self.appid.clone() };
        let made = self.app.command(Command::Customer(command)).await.expect("a customer");
        made["openid"].as_str().unwrap().to_owned()
    }

    /// An operator's command lets a customer do something, such as subscribe.
    pub async fn customer_acts(&self, openid: &str, action: &str) -> Result<Value, String> {
        self.customer_acts_with(openid, action, &[]).await
    }

    /// The same, with members of the event.
    pub async fn customer_acts_with(
        &self,
        openid: &str,
        action: &str,
        members: &[(&str, &str)],
    ) -> Result<Value, String> {
        let (appid, openid, action) = (self.appid.clone(), openid.to_owned(), action.to_owned());
        let members = members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.app.command(Command::Customer(CustomerCommand::Act { appid, openid, action, members })).await
    }

    /// An operator's command lets a customer write; the message.
    pub async fn customer_says(&self, openid: &str, text: &str) -> Value {
        let (appid, openid, text) = (self.appid.clone(), openid.to_owned(), text.to_owned());
        self.app
            .command(Command::Customer(CustomerCommand::Say { appid, openid, text }))
            .await
            .expect("a message")
    }

    /// Adds an agent whose worker has signed up and accepted. The agent is not online yet.
    pub async fn agent(&self, prefix: &str) -> TestAgent {
        let name = format!("w_{prefix}_{}", self.suffix);
        let agent = TestAgent::signs_up(&self.app, &name).await;
        assert_eq!(self.adds(prefix).await, json!({"errcode": 0, "errmsg": "ok"}));
        assert_eq!(self.invites(prefix, &name).await, json!({"errcode": 0, "errmsg": "ok"}));
        let agent = agent.at(self, prefix);
        assert_eq!(agent.answers_invitation(true).await, 200);
        agent
    }

    pub fn customer(&self) -> TestCustomer {
        TestCustomer::new(self)
    }

    /// Changes a setting of the account.
    pub async fn set(&self, change: impl FnOnce(&mut kefu::desk::account::AccountChanges)) {
        let mut settings = kefu::desk::account::AccountChanges::default();
        change(&mut settings);
        let command = Command::AccountSet { appid: self.appid.clone(), settings, new_secret: false };
        self.app.command(command).await.expect("settings");
    }
}
