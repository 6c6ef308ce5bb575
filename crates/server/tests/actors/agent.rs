//! A worker at the workbench.

use super::{Stream, TestAccount, TestApp, client_id, cookie_of, until};
use kefu::admin::Command;
use serde_json::{Value, json};

#[derive(Clone)]
pub struct TestAgent {
    pub app: TestApp,
    pub name: String,
    pub cookie: String,
    pub appid: String,
    pub kf_account: String,
}

impl TestAgent {
    /// Creates a worker by a sign-up link.
    pub async fn signs_up(app: &TestApp, name: &str) -> TestAgent {
        let link = app.command(Command::WorkerInvite { name: None, hours: 72 }).await.expect("a link");
        let invite = link["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
        let body = json!({"invite": invite, "name": name, "password": "correct horse"});
        let response = app.send("/desk/api/signup", "", &body).await;
        assert_eq!(response.status(), 200, "{name}");
        let cookie = cookie_of(&response).expect("a login");
        TestAgent {
            app: app.clone(),
            name: name.into(),
            cookie,
            appid: String::new(),
            kf_account: String::new(),
        }
    }

    /// The same worker as an agent of an account.
    pub fn at(&self, account: &TestAccount, prefix: &str) -> TestAgent {
        TestAgent { appid: account.appid.clone(), kf_account: account.kf(prefix), ..self.clone() }
    }

    /// A POST of the workbench: status and answer.
    /// The same agent at another server.
    pub fn moved_to(&self, app: &TestApp) -> TestAgent {
        TestAgent { app: app.clone(), ..self.clone() }
    }

    pub async fn sends(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self.app.send(path, &self.cookie, &body).await;
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    pub async fn answers_invitation(&self, accept: bool) -> u16 {
        let body = json!({"appid": self.appid, "kf_account": self.kf_account, "accept": accept});
        self.sends("/desk/api/invitation", body).await.0
    }

    pub async fn snapshot(&self) -> Value {
        self.app.ask("/desk/api/snapshot", &self.cookie).await.json().await.expect("a snapshot")
    }

    /// Opens the workbench's stream: the agent is online.
    pub async fn comes_online(&self) -> Stream {
        let since = self.snapshot().await["since"].as_str().expect("a cursor").to_owned();
        self.resumes(&since).await
    }

    /// Opens the stream at a cursor.
    pub async fn resumes(&self, since: &str) -> Stream {
        Stream::open(&self.app, &format!("/desk/api/stream?since={since}"), &self.cookie).await
    }

    /// Closes the stream and waits out the five seconds of grace: the agent is offline.
    pub async fn leaves(&self, stream: Stream) {
        let agents = self.app.inner.streams.agents();
        drop(stream);
        until("the agent's stream is closed", || async { self.app.inner.streams.agents() < agents }).await;
        self.app.advance(5_000).await;
    }

    pub async fn sets_away(&self, away: bool) {
        let (status, _) = self.sends("/desk/api/presence", json!({"appid": self.appid, "away": away})).await;
        assert_eq!(status, 200);
    }

    pub async fn takes(&self, session: i64) -> (u16, Value) {
        self.sends("/desk/api/session/accept", json!({"appid": self.appid, "session": session})).await
    }

    pub async fn closes(&self, session: i64) -> (u16, Value) {
        self.sends("/desk/api/session/close", json!({"appid": self.appid, "session": session})).await
    }

    /// Moves a session from the agent who served it, as the page showed it, to another agent.
    pub async fn moves(&self, session: i64, from: &str, to: &str) -> (u16, Value) {
        let body = json!({"appid": self.appid, "session": session, "from": from, "to": to});
        self.sends("/desk/api/session/transfer", body).await
    }

    /// A GET of the workbench: status and answer.
    pub async fn asks(&self, path: &str) -> (u16, Value) {
        let response = self.app.ask(path, &self.cookie).await;
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    pub async fn replies(&self, session: i64, text: &str) -> (u16, Value) {
        let client_id = format!("r{}", client_id(text));
        let body = json!({"appid": self.appid, "session": session, "client_id": client_id, "text": text});
        self.sends("/desk/api/message", body).await
    }

    /// What the workbench shows of the worker's first account.
    pub async fn first_account(&self) -> Value {
        self.snapshot().await["accounts"][0].clone()
    }

    /// The session of a customer whom the agent serves or could take.
    pub async fn session_with(&self, openid: &str) -> Option<i64> {
        let shown = self.first_account().await;
        let lists = ["sessions", "waiting"].map(|list| shown[list].as_array().cloned().unwrap_or_default());
        lists
            .iter()
            .flatten()
            .find(|session| session["openid"] == openid)
            .and_then(|session| session["id"].as_i64())
    }
}
