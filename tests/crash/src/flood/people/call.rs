//! The calls of the honest load, and how often each is made.

use super::{AGENT, APPID, People, RENAMED, answered};
use crate::flood::attack::png;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An honest call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    /// A program lists the account's agents.
    ListAgents,
    /// A program reads the customer's session.
    GetSession,
    /// A program renames an agent.
    RenameAgent,
    /// The worker's page loads.
    LoadWorkbench,
    /// The agent replies.
    Reply,
    /// The customer writes.
    Write,
    /// A program uploads a picture.
    Upload,
    /// The worker logs in.
    LogIn,
}

/// Each call, and the time between two of them.
pub(super) const HABITS: [(Call, Duration); 8] = [
    (Call::ListAgents, Duration::from_millis(100)),
    (Call::GetSession, Duration::from_millis(200)),
    (Call::RenameAgent, Duration::from_millis(250)),
    (Call::LoadWorkbench, Duration::from_millis(500)),
    (Call::Reply, Duration::from_millis(500)),
    (Call::Write, Duration::from_millis(1000)),
    (Call::Upload, Duration::from_millis(1000)),
    (Call::LogIn, Duration::from_millis(1000)),
];

/// The size of an uploaded picture, bytes.
const PICTURE: usize = 100 << 10;

impl People {
    pub(super) async fn call(&self, call: Call) -> Result<Value, String> {
        answered(match call {
            Call::ListAgents => self.program.get(self.api("/cgi-bin/customservice/getkflist")),
            Call::GetSession => {
                let path = self.api("/customservice/kfsession/getsession");
                self.program.get(format!("{path}&openid={}", self.openid))
            }
            Call::RenameAgent => {
                let agent = json!({"kf_account": RENAMED, "nickname": format!("n{}", self.next())});
                self.program.post(self.api("/customservice/kfaccount/update")).json(&agent)
            }
            Call::LoadWorkbench => {
                self.worker.get(format!("{}/desk/api/snapshot", self.base)).header("cookie", &self.login)
            }
            Call::Reply => self.reply(),
            Call::Write => self.message(),
            Call::Upload => self.upload(),
            Call::LogIn => self.log_in(&self.doors[self.next() % self.doors.len()]),
        })
        .await
    }

    fn next(&self) -> usize {
        self.sent.fetch_add(1, Ordering::Relaxed)
    }

    /// A new id for a message, unique over all runs.
    fn client_id(&self) -> String {
        let port = self.base.rsplit(':').next().unwrap_or_default();
        format!("{}_{port}_{}", std::process::id(), self.next())
    }

    /// The URL of a program's call.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}{path}?access_token={}", self.base, self.token)
    }

    /// A request of the customer's page.
    pub(super) fn chat(&self, path: &str) -> RequestBuilder {
        let request = self.customer.get(format!("{}/chat/api/{APPID}/{path}", self.base));
        request.header("cookie", &self.cookie)
    }

    pub(super) fn message(&self) -> RequestBuilder {
        let body = json!({"client_id": self.client_id(), "text": "where is my order?"});
        let request = self.customer.post(format!("{}/chat/api/{APPID}/message", self.base));
        request.header("sec-fetch-site", "same-origin").header("cookie", &self.cookie).json(&body)
    }

    fn reply(&self) -> RequestBuilder {
        let (client_id, text) = (self.client_id(), format!("{AGENT} looks after it"));
        let body = json!({"appid": APPID, "session": self.session, "client_id": client_id, "text": text});
        let request = self.worker.post(format!("{}/desk/api/message", self.base));
        request.header("sec-fetch-site", "same-origin").header("cookie", &self.login).json(&body)
    }

    fn upload(&self) -> RequestBuilder {
        const HEAD: &str = "--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\
            Content-Type: image/png\r\n\r\n";
        let body = [HEAD.as_bytes(), &png(PICTURE, self.next()), b"\r\n--x--\r\n"].concat();
        let request = self.program.post(self.api("/cgi-bin/media/upload") + "&type=image");
        request.header("content-type", "multipart/form-data; boundary=x").body(body)
    }

    pub(super) fn log_in(&self, from: &Client) -> RequestBuilder {
        let body = json!({"name": "kf_demo", "password": "demo"});
        let request = from.post(format!("{}/desk/api/login", self.base));
        request.header("sec-fetch-site", "same-origin").json(&body)
    }
}
