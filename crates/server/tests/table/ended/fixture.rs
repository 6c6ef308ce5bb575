//! One credential of each kind, the ways to end them, and the answers to them.

use crate::actors::form::{MP4, PNG};
use crate::actors::{TestAccount, TestAgent, TestApp, TestComponent, TestCustomer, code, cookie_of};
use kefu::admin::Command;
use kefu::admin::remove::{RemoveCommand, Subject};
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";
const PASSWORD: &str = "correct horse";
const DAY: i64 = 86_400_000;

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Issued {
    Login,
    Debug,
    Own,
    Stable,
    Authorizer,
    Component,
    Cookie,
    Link,
    Invitation,
    /// The address of a video.
    Video,
    /// The address of a message's file, with the customer's cookie.
    Picture,
}

impl Issued {
    /// The errcode while it is valid. An account's endpoint refuses a component's own token with its own errcode; a
    /// link for a taken name is refused with another.
    pub fn alive(self) -> i64 {
        match self {
            Issued::Component => 61_015,
            Issued::Link => 990_011,
            _ => 0,
        }
    }

    /// Whether it can be used once only.
    pub fn is_used_up(self) -> bool {
        self == Issued::Invitation
    }
}

/// A way to end credentials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    WorkerReset,
    /// The worker changes the password with another login.
    OwnPassword,
    OneLogin,
    OtherLogins,
    AllLogins,
    LogOut,
    TokenRevoke,
    TokenExpire,
    ComponentTokenRevoke,
    /// Two newer tokens of each kind; for stable ones a forced refresh.
    NewTokens,
    SecretReset,
    GrantRevoke,
    NewGrant,
    AdministratorRevoke,
    AdministratorAgain,
    AccountRemove,
    WorkerRemove,
    AgentDelete,
    /// Eight days pass.
    Time,
}

#[derive(Clone)]
pub struct EndedFixture {
    app: TestApp,
    /// The node that is asked whether a credential is valid.
    there: TestApp,
    pub account: TestAccount,
    component: std::sync::Arc<TestComponent>,
    /// The worker, with a login that ends the other logins.
    eve: TestAgent,
    password: String,
    login: String,
    customer: TestCustomer,
    tokens: Vec<(Issued, String)>,
    link: String,
    film: String,
    picture: i64,
}

fn text(answer: &Value, name: &str) -> Option<String> {
    answer[name].as_str().map(str::to_owned)
}

/// The errcode of a page's answer.
async fn number(response: reqwest::Response) -> i64 {
    if response.status() == 200 { 0 } else { code(&response.json().await.expect("a refusal")) }
}

impl EndedFixture {
    pub async fn begins(app: &TestApp, there: &TestApp, name: &str) -> EndedFixture {
        let (account, component) = (app.account().await, TestComponent::new(app).await);
        component.gets_grant(&account, &[1, 6, 19]).await;
        let link = app.command(Command::WorkerInvite { name: Some(name.into()), hours: 72 }).await.unwrap();
        let link = link["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
        let eve = TestAgent::signs_up(app, name).await;
        account.adds("a1").await;
        assert_eq!(code(&account.invites("a1", name).await), 0);
        let customer = account.customer();
        customer.says("hello").await;
        let (film, path) = (account.media("video", MP4).await, "/cgi-bin/media/get");
        let film = text(&account.get(path, &[("media_id", &film)]).await, "video_url").unwrap();
        let film = film.replace(&app.base, "");
        let mut fixture = EndedFixture {
            app: app.clone(),
            there: there.clone(),
            component: component.into(),
            eve: eve.at(&account, "a1"),
            password: PASSWORD.into(),
            login: String::new(),
            tokens: Vec::new(),
            picture: 0,
            account,
            customer,
            link,
            film,
        };
        fixture.login = fixture.logs_in(app).await.expect("a login");
        fixture.picture = fixture.shows_picture().await;
        fixture.administrator(false).await;
        for kind in [Issued::Debug, Issued::Own, Issued::Stable, Issued::Authorizer] {
            fixture.tokens.push((kind, fixture.issues(kind, 0).await.expect("a token")));
        }
        fixture.tokens.push((Issued::Component, fixture.component.own_token().await));
        fixture
    }

    /// The same, asked at another node.
    pub fn at(&self, there: &TestApp) -> EndedFixture {
        EndedFixture {
            there: there.clone(),
            account: TestAccount { app: there.clone(), ..self.account.clone() },
            ..self.clone()
        }
    }

    async fn logs_in(&self, app: &TestApp) -> Option<String> {
        let body = json!({"name": self.eve.name, "password": self.password});
        cookie_of(&app.send("/desk/api/login", "", &body).await)
    }

    async fn shows_picture(&self) -> i64 {
        let url = format!("{}/chat/api/{}/image?client_id=p1", self.app.base, self.account.appid);
        let request = self.app.http.post(url).header("sec-fetch-site", "same-origin");
        let request = request.header("cookie", self.customer.cookie()).header("content-type", "image/png");
        let sent: Value = request.body(PNG).send().await.unwrap().json().await.unwrap();
        sent["message"]["id"].as_i64().unwrap_or_else(|| panic!("{sent}"))
    }

    async fn administrator(&self, revoke: bool) {
        let (appid, worker) = (self.account.appid.clone(), self.eve.name.clone());
        self.app.command(Command::AccountAdmin { appid, worker, revoke }).await.expect("an administrator");
    }

    async fn command(&self, command: Command) -> Value {
        self.app.command(command).await.expect("an order")
    }

    /// Issues a credential; `None` if that is refused.
    pub async fn issues(&self, credential: Issued, number: usize) -> Option<String> {
        let TestAccount { appid, secret, .. } = &self.account;
        let app = &self.app;
        match credential {
            Issued::Debug => {
                let answer = app.send("/desk/api/debug/token", &self.login, &json!({"appid": appid})).await;
                text(&answer.json().await.unwrap(), "access_token")
            }
            Issued::Own => {
                let query = format!("grant_type=client_credential&appid={appid}&secret={secret}");
                let path = format!("/cgi-bin/token?{query}");
                text(&self.account.raw("GET", &path, Vec::new()).await, "access_token")
            }
            Issued::Stable => self.stable(false).await,
            Issued::Authorizer => {
                let component = self.component.appid.clone();
                let command = Command::ComponentToken { component, appid: Some(appid.clone()) };
                app.command(command).await.ok().and_then(|answer| text(&answer, "access_token"))
            }
            Issued::Login => self.logs_in(app).await,
            Issued::Cookie => {
                let body = json!({"client_id": format!("c{number}"), "text": "hello"});
                let sent = app.send(&format!("/chat/api/{appid}/message"), "", &body).await;
                cookie_of(&sent)
            }
            other => panic!("{other:?} is not issued concurrently"),
        }
    }

    async fn stable(&self, force: bool) -> Option<String> {
        text(&self.account.fetch_stable_token(force).await, "access_token")
    }

    /// The errcode for a credential from `issues`.
    pub async fn observes_issued(&self, credential: Issued, issued: &str) -> i64 {
        let there = &self.there;
        match credential {
            Issued::Login => number(there.ask("/desk/api/snapshot", issued).await).await,
            Issued::Cookie => {
                number(there.ask(&format!("/chat/api/{}/messages", self.account.appid), issued).await).await
            }
            _ => {
                let account = TestAccount { app: there.clone(), ..self.account.with_token(issued) };
                code(&account.get(LIST, &[]).await)
            }
        }
    }

    /// The errcode for the fixture's own credential of a kind.
    pub async fn observes(&self, credential: Issued) -> i64 {
        let there = &self.there;
        match credential {
            Issued::Login => self.observes_issued(credential, &self.login).await,
            Issued::Cookie => self.observes_issued(credential, &self.customer.cookie()).await,
            Issued::Link => {
                let body = json!({"invite": self.link, "name": self.eve.name, "password": PASSWORD});
                number(there.send("/desk/api/signup", "", &body).await).await
            }
            Issued::Invitation => self.observes_invitation().await,
            Issued::Video => {
                number(there.http.get(format!("{}{}", there.base, self.film)).send().await.unwrap()).await
            }
            Issued::Picture => {
                let path = format!("/chat/api/{}/file?message={}", self.account.appid, self.picture);
                number(there.ask(&path, &self.customer.cookie()).await).await
            }
            token => {
                let (_, token) = self.tokens.iter().find(|(kind, _)| *kind == token).expect("a token");
                self.observes_issued(credential, token).await
            }
        }
    }

    /// The worker answers the invitation after a new log-in, if that is possible.
    async fn observes_invitation(&self) -> i64 {
        let Some(cookie) = self.logs_in(&self.there).await else {
            let agents = self.account.kf_list().await;
            let is_asked = agents[0]["invite_status"] == "waiting";
            return if is_asked { 0 } else { 990_017 };
        };
        let answer =
            json!({"appid": self.account.appid, "kf_account": self.account.kf("a1"), "accept": true});
        number(self.there.send("/desk/api/invitation", &cookie, &answer).await).await
    }

    /// Ends credentials after some of the concurrent issues have begun.
    pub async fn ends_after(self, end: End, turns: usize) -> EndedFixture {
        for _ in 0..turns * 20 {
            tokio::task::yield_now().await;
        }
        self.ends(end).await
    }

    /// Ends credentials, and returns once that is answered.
    pub async fn ends(mut self, end: End) -> EndedFixture {
        let (appid, name) = (self.account.appid.clone(), self.eve.name.clone());
        match end {
            End::WorkerReset => {
                self.password = text(&self.command(Command::WorkerReset(name)).await, "password").unwrap();
            }
            End::OwnPassword => {
                let body = json!({"current": self.password, "new": "battery staple"});
                assert_eq!(self.eve.sends("/desk/api/password", body).await.0, 200);
                self.password = "battery staple".to_owned();
            }
            End::OneLogin => {
                let list: Value = self.eve.asks("/desk/api/logins").await.1;
                let other = list["logins"].as_array().unwrap().iter().find(|it| it["current"] == false);
                let id = other.expect("the other login")["id"].clone();
                assert_eq!(self.eve.sends("/desk/api/login/end", json!({"id": id})).await.0, 200);
            }
            End::OtherLogins => {
                assert_eq!(self.eve.sends("/desk/api/login/end", json!({})).await.0, 200);
            }
            End::AllLogins => drop(self.command(Command::WorkerLogOut { name, login: None }).await),
            End::LogOut => {
                assert_eq!(self.app.send("/desk/api/logout", &self.login, &json!({})).await.status(), 200);
            }
            End::TokenRevoke => drop(self.command(Command::TokenRevoke(appid)).await),
            End::TokenExpire => drop(self.command(Command::TokenExpire(appid)).await),
            End::ComponentTokenRevoke => {
                drop(self.command(Command::TokenRevoke(self.component.appid.clone())).await)
            }
            End::NewTokens => {
                for _ in 0..2 {
                    for kind in [Issued::Debug, Issued::Own, Issued::Authorizer] {
                        self.issues(kind, 0).await.expect("a newer token");
                    }
                    self.component.own_token().await;
                }
                self.stable(true).await.expect("a newer token");
            }
            End::SecretReset => {
                let command = Command::AccountSet { appid, settings: Default::default(), new_secret: true };
                self.account.secret = text(&self.command(command).await, "secret").unwrap();
            }
            End::GrantRevoke => self.component.loses_grant(&self.account).await,
            End::NewGrant => {
                let component = self.component.appid.clone();
                // The grant may have been revoked before.
                let _ = self.app.command(Command::ComponentRevoke { component, appid }).await;
                self.component.gets_grant(&self.account, &[1, 6, 19]).await;
            }
            End::AdministratorRevoke => self.administrator(true).await,
            End::AdministratorAgain => {
                self.administrator(true).await;
                self.administrator(false).await;
            }
            End::AccountRemove => self.removes(Subject::Account(appid)).await,
            End::WorkerRemove => self.removes(Subject::Worker(name)).await,
            End::AgentDelete => {
                let kf_account = self.account.kf("a1");
                let query = [("kf_account", kf_account.as_str())];
                assert_eq!(code(&self.account.get("/customservice/kfaccount/del", &query).await), 0);
            }
            End::Time => {
                if self.app.base != self.there.base {
                    self.there.clock.advance(8 * DAY);
                }
                self.app.advance(8 * DAY).await;
            }
        }
        self
    }

    async fn removes(&self, subject: Subject) {
        drop(self.command(Command::Remove(RemoveCommand { subject, confirmed: true })).await);
    }
}
