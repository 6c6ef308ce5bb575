//! An account of a given kind, and the calls that `matrix.rs` makes for it.

use super::{CallerToken, MatrixRow};
use crate::actors::form::{FORM, MP4, PNG, form};
use crate::actors::{Stream, TestAccount, TestApp, code};
use kefu::admin::Command;
use serde_json::{Value, json};

/// An account of a kind with an agent, and a second account of the same kind.
pub struct MatrixFixture {
    pub account: TestAccount,
    pub other: TestAccount,
    pub expired: String,
    /// The openid of the worker of the agent `fix`, or "none".
    kf_openid: String,
    /// The streams of the agents, if the account may have agents online.
    _desks: Vec<Stream>,
}

impl MatrixFixture {
    pub async fn begins(app: &TestApp, kind: &str, principal: &str, certified: bool) -> MatrixFixture {
        let created = || {
            app.account_with(|settings| {
                settings.kind = Some(kind.into());
                settings.principal = Some(principal.into());
                settings.certified = Some(certified);
            })
        };
        let (account, other) = (created().await, created().await);
        let expired = account.token.clone();
        app.command(Command::TokenExpire(account.appid.clone())).await.unwrap();
        let account = account.with_token(&account.fetch_token().await);
        let mut fixture =
            MatrixFixture { account, other, expired, kf_openid: String::new(), _desks: Vec::new() };
        if certified && ["subscription", "service"].contains(&kind) {
            for account in [&fixture.account, &fixture.other] {
                fixture._desks.push(account.agent("fix").await.comes_online().await);
            }
        } else if kind.starts_with("mini") {
            fixture.account.agent("fix").await;
            fixture.other.adds("fix").await;
        } else {
            fixture.account.adds("fix").await;
            fixture.other.adds("fix").await;
        }
        let agents = fixture.account.kf_list().await;
        fixture.kf_openid = agents[0]["kf_openid"].as_str().unwrap_or("none").to_owned();
        fixture
    }

    /// Creates what a call needs to succeed.
    pub async fn prepares(&self, row: &MatrixRow, cell: usize) {
        if CUSTOMERS.contains(&row.name) {
            self.account.customer_says(&openid(row, cell), "hello").await;
        }
        let answer = match row.name {
            "del" | "inviteworker" => self.account.adds(&format!("{}{cell}", &row.name[..1])).await,
            "close" => self.account.creates("fix", &openid(row, cell)).await,
            "business/update" | "business/get" => self.registers(&format!("prepared_{cell}")).await,
            // The binding may be in this state already.
            "work/bind" => return drop(self.account.post("/customservice/work/unbind", corp()).await),
            "work/unbind" => return drop(self.account.post("/customservice/work/bind", corp()).await),
            _ => return,
        };
        assert_eq!(code(&answer), 0, "{} {cell}: {answer}", row.name);
    }

    /// The media id of a new picture, or an empty one if the account must not upload.
    async fn icon(&self) -> String {
        self.account.uploads("image", PNG).await["media_id"].as_str().unwrap_or_default().to_owned()
    }

    /// Registers a sub-merchant.
    async fn registers(&self, account_name: &str) -> Value {
        let body =
            json!({"account_name": account_name, "nickname": "name", "icon_media_id": self.icon().await});
        self.account.post("/cgi-bin/business/register", body).await
    }

    /// The request id of a refused call.
    async fn refusal(&self) -> String {
        let refusal = self.account.post("/cgi-bin/openapi/quota/get", json!({"cgi_path": ""})).await;
        refusal["errmsg"].as_str().unwrap().split_once(" rid: ").unwrap().1.to_owned()
    }

    /// Makes the call with a token. In the row's call, the values of the account replace `$agent`, `$new_agent`,
    /// `$openid`, `$kf_openid`, `$appid`, `$rid`, `$icon` and `$film`, and the number of the call replaces `$cell`.
    pub async fn calls(&self, row: &MatrixRow, cell: usize, credential: CallerToken, token: &str) -> Value {
        let new_agent = match credential {
            CallerToken::OthersAgent => "fix".to_owned(),
            _ => format!("{}{cell}", &row.name[..1]),
        };
        let named = if credential == CallerToken::OthersOpenid { &self.other } else { &self.account };
        let mut call = row.call.to_owned();
        for (name, value) in [
            ("$agent", named.kf("fix")),
            ("$new_agent", named.kf(&new_agent)),
            ("$openid", openid(row, cell)),
            ("$kf_openid", self.kf_openid.clone()),
            ("$appid", self.account.appid.clone()),
            ("$cell", cell.to_string()),
        ] {
            call = call.replace(name, &value);
        }
        if call.contains("$rid") {
            call = call.replace("$rid", &self.refusal().await);
        }
        if call.contains("$icon") {
            call = call.replace("$icon", &self.icon().await);
        }
        if call.contains("$film") {
            let film = self.account.uploads("video", MP4).await;
            call = call.replace("$film", film["media_id"].as_str().unwrap_or_default());
        }
        let path = format!("{}?access_token={token}", row.path);
        if let Some(query) = call.strip_prefix("file ") {
            return self
                .account
                .posts(&format!("{path}&{query}"), FORM, form(&[], Some(("media", PNG))))
                .await;
        }
        let (path, body) = match call.starts_with('{') {
            true => (path, call.into_bytes()),
            false if call.is_empty() => (path, Vec::new()),
            false => (format!("{path}&{call}"), Vec::new()),
        };
        self.account.raw(row.method, &path, body).await
    }
}

impl MatrixFixture {
    /// Asserts the order of checks: method, token, permission set, body, feature. `unset` is the token of a component
    /// with an empty grant.
    pub async fn asks_with_ever_less_wrong(&self, row: &MatrixRow, cell: usize, kind: &str, unset: &str) {
        let own = self.calls(row, cell, CallerToken::Own, &self.account.token).await;
        assert_eq!(code(&own), row.off, "{} with the feature off", row.name);
        let asks = |method: &'static str, token: &str| {
            let (account, path) = (self.account.clone(), format!("{}?access_token={token}", row.path));
            async move { code(&account.raw(method, &path, b"{".to_vec()).await) }
        };
        assert_eq!(
            asks("PUT", "").await,
            if row.method == "GET" || row.name == "del" { 43001 } else { 43002 }
        );
        assert_eq!(asks(row.method, "").await, 41001);
        assert_eq!(asks(row.method, &self.expired).await, 42001);
        let last = match row.name {
            "uploadheadimg" => 41005,
            "upload" => 40004,
            "mediaget" => 41006,
            "setadmin" | "canceladmin" => 47001,
            _ if row.method == "POST" => 47001,
            _ => row.off,
        };
        let refused = |code| if row.component().is_some() { last } else { code };
        assert_eq!(asks(row.method, unset).await, refused(61007));
        assert_eq!(asks(row.method, &self.account.token).await, last, "{}", row.name);
        self.account.set(|settings| settings.certified = Some(false)).await;
        let uncertified = if row.may_call(kind, false) { 61007 } else { 48001 };
        assert_eq!(asks(row.method, unset).await, refused(uncertified));
        self.account.set(|settings| settings.certified = Some(true)).await;
    }
}

/// The body that names an enterprise of WeCom.
fn corp() -> Value {
    json!({"corpid": "wwee11111xxxxxxx"})
}

/// The endpoints that name a customer; each call names another one.
const CUSTOMERS: [&str; 3] = ["send", "typing", "business/typing"];

/// The openid of a customer for each endpoint, so that one call does not disturb the next.
fn openid(row: &MatrixRow, cell: usize) -> String {
    let of_cell = if CUSTOMERS.contains(&row.name) { cell } else { 0 };
    format!("o{:_>27}", format!("{}{of_cell}", row.name.replace('/', "-")))
}
