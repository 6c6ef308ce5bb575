//! One of each credential, the ways of ending them, and what each is answered with.

use crate::actors::form::{MP4, PNG};
use crate::actors::{Agent, App, Customer, Platform, Shop, code, cookie_of};
use kefu::admin::Order;
use kefu::admin::remove::{Remove, Subject};
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";
const PASSWORD: &str = "correct horse";
const DAY: i64 = 86_400_000;

/// What opens something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Credential {
    Login,
    Debug,
    Own,
    Stable,
    Authorizer,
    Component,
    Cookie,
    Link,
    Invitation,
    /// The address of a film.
    Video,
    /// The file of a message, for its customer.
    Picture,
}

impl Credential {
    /// What is answered while it lives. An account's endpoint tells a platform's own token from an unknown one; a
    /// link for a name that is taken says that.
    pub fn alive(self) -> i64 {
        match self {
            Credential::Component => 61_015,
            Credential::Link => 990_011,
            _ => 0,
        }
    }

    /// Whether it is good once.
    pub fn is_used_up(self) -> bool {
        self == Credential::Invitation
    }
}

/// A way of ending something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    WorkerReset,
    /// The worker changes the password, by another login.
    OwnPassword,
    OneLogin,
    OtherLogins,
    AllLogins,
    LogOut,
    TokenRevoke,
    TokenExpire,
    ComponentTokenRevoke,
    /// Two newer tokens of each kind; of stable ones a forced refresh.
    NewTokens,
    SecretReset,
    GrantRevoke,
    NewGrant,
    AdministratorRevoke,
    AdministratorAgain,
    AccountRemove,
    WorkerRemove,
    AgentDelete,
    /// Eight days.
    Time,
}

#[derive(Clone)]
pub struct Scene {
    app: App,
    /// The node that is asked whether something lives.
    there: App,
    pub shop: Shop,
    platform: std::sync::Arc<Platform>,
    /// The worker, with a login from which the others are ended.
    eve: Agent,
    password: String,
    login: String,
    customer: Customer,
    tokens: Vec<(Credential, String)>,
    link: String,
    film: String,
    picture: i64,
}

fn text(answer: &Value, name: &str) -> Option<String> {
    answer[name].as_str().map(str::to_owned)
}

/// What a page's call is answered with.
async fn number(response: reqwest::Response) -> i64 {
    if response.status() == 200 { 0 } else { code(&response.json().await.expect("a refusal")) }
}

impl Scene {
    pub async fn begins(app: &App, there: &App, name: &str) -> Scene {
        let (shop, platform) = (app.account().await, Platform::new(app).await);
        platform.is_granted(&shop, &[1, 6, 19]).await;
        let link = app.order(Order::WorkerInvite { name: Some(name.into()), hours: 72 }).await.unwrap();
        let link = link["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
        let eve = Agent::signs_up(app, name).await;
        shop.adds("a1").await;
        assert_eq!(code(&shop.invites("a1", name).await), 0);
        let customer = shop.customer();
        customer.says("hello").await;
        let (film, path) = (shop.media("video", MP4).await, "/cgi-bin/media/get");
        let film = text(&shop.get(path, &[("media_id", &film)]).await, "video_url").unwrap();
        let film = film.replace(&app.base, "");
        let mut scene = Scene {
            app: app.clone(),
            there: there.clone(),
            platform: platform.into(),
            eve: eve.at(&shop, "a1"),
            password: PASSWORD.into(),
            login: String::new(),
            tokens: Vec::new(),
            picture: 0,
            shop,
            customer,
            link,
            film,
        };
        scene.login = scene.logs_in(app).await.expect("a login");
        scene.picture = scene.shows_picture().await;
        scene.administrator(false).await;
        for kind in [Credential::Debug, Credential::Own, Credential::Stable, Credential::Authorizer] {
            scene.tokens.push((kind, scene.issues(kind, 0).await.expect("a token")));
        }
        scene.tokens.push((Credential::Component, scene.platform.own_token().await));
        scene
    }

    /// The same seen from another node.
    pub fn at(&self, there: &App) -> Scene {
        Scene { there: there.clone(), shop: Shop { app: there.clone(), ..self.shop.clone() }, ..self.clone() }
    }

    async fn logs_in(&self, app: &App) -> Option<String> {
        let body = json!({"name": self.eve.name, "password": self.password});
        cookie_of(&app.send("/desk/api/login", "", &body).await)
    }

    async fn shows_picture(&self) -> i64 {
        let url = format!("{}/chat/api/{}/image?client_id=p1", self.app.base, self.shop.appid);
        let request = self.app.http.post(url).header("sec-fetch-site", "same-origin");
        let request = request.header("cookie", self.customer.cookie()).header("content-type", "image/png");
        let sent: Value = request.body(PNG).send().await.unwrap().json().await.unwrap();
        sent["message"]["id"].as_i64().unwrap_or_else(|| panic!("{sent}"))
    }

    async fn administrator(&self, revoke: bool) {
        let (appid, worker) = (self.shop.appid.clone(), self.eve.name.clone());
        self.app.order(Order::AccountAdmin { appid, worker, revoke }).await.expect("an administrator");
    }

    async fn order(&self, order: Order) -> Value {
        self.app.order(order).await.expect("an order")
    }

    /// A new credential; `None` when it is refused.
    pub async fn issues(&self, credential: Credential, number: usize) -> Option<String> {
        let Shop { appid, secret, .. } = &self.shop;
        let app = &self.app;
        match credential {
            Credential::Debug => {
                let answer = app.send("/desk/api/debug/token", &self.login, &json!({"appid": appid})).await;
                text(&answer.json().await.unwrap(), "access_token")
            }
            Credential::Own => {
                let query = format!("grant_type=client_credential&appid={appid}&secret={secret}");
                let path = format!("/cgi-bin/token?{query}");
                text(&self.shop.raw("GET", &path, Vec::new()).await, "access_token")
            }
            Credential::Stable => self.stable(false).await,
            Credential::Authorizer => {
                let component = self.platform.component.clone();
                let order = Order::ComponentToken { component, appid: Some(appid.clone()) };
                app.order(order).await.ok().and_then(|answer| text(&answer, "access_token"))
            }
            Credential::Login => self.logs_in(app).await,
            Credential::Cookie => {
                let body = json!({"client_id": format!("c{number}"), "text": "hello"});
                let sent = app.send(&format!("/chat/api/{appid}/message"), "", &body).await;
                cookie_of(&sent)
            }
            other => panic!("{other:?} is issued by nobody at the same time"),
        }
    }

    async fn stable(&self, force: bool) -> Option<String> {
        text(&self.shop.fetch_stable_token(force).await, "access_token")
    }

    /// What one of these is answered with now.
    pub async fn observes_issued(&self, credential: Credential, issued: &str) -> i64 {
        let there = &self.there;
        match credential {
            Credential::Login => number(there.ask("/desk/api/snapshot", issued).await).await,
            Credential::Cookie => {
                number(there.ask(&format!("/chat/api/{}/messages", self.shop.appid), issued).await).await
            }
            _ => {
                let shop = Shop { app: there.clone(), ..self.shop.with_token(issued) };
                code(&shop.get(LIST, &[]).await)
            }
        }
    }

    /// What the scene's own credential of a kind is answered with now.
    pub async fn observes(&self, credential: Credential) -> i64 {
        let there = &self.there;
        match credential {
            Credential::Login => self.observes_issued(credential, &self.login).await,
            Credential::Cookie => self.observes_issued(credential, &self.customer.cookie()).await,
            Credential::Link => {
                let body = json!({"invite": self.link, "name": self.eve.name, "password": PASSWORD});
                number(there.send("/desk/api/signup", "", &body).await).await
            }
            Credential::Invitation => self.observes_invitation().await,
            Credential::Video => {
                number(there.http.get(format!("{}{}", there.base, self.film)).send().await.unwrap()).await
            }
            Credential::Picture => {
                let path = format!("/chat/api/{}/file?message={}", self.shop.appid, self.picture);
                number(there.ask(&path, &self.customer.cookie()).await).await
            }
            token => {
                let (_, token) = self.tokens.iter().find(|(kind, _)| *kind == token).expect("a token");
                self.observes_issued(credential, token).await
            }
        }
    }

    /// The worker answers it after a fresh log-in; who cannot log in any more is not asked any more.
    async fn observes_invitation(&self) -> i64 {
        let Some(cookie) = self.logs_in(&self.there).await else {
            let agents = self.shop.kf_list().await;
            let is_asked = agents[0]["invite_status"] == "waiting";
            return if is_asked { 0 } else { 990_017 };
        };
        let answer = json!({"appid": self.shop.appid, "kf_account": self.shop.kf("a1"), "accept": true});
        number(self.there.send("/desk/api/invitation", &cookie, &answer).await).await
    }

    /// The same once what is about to be issued has come so far.
    pub async fn ends_after(self, end: End, turns: usize) -> Scene {
        for _ in 0..turns * 20 {
            tokio::task::yield_now().await;
        }
        self.ends(end).await
    }

    /// Ends something, and answers when that is answered.
    pub async fn ends(mut self, end: End) -> Scene {
        let (appid, name) = (self.shop.appid.clone(), self.eve.name.clone());
        match end {
            End::WorkerReset => {
                self.password = text(&self.order(Order::WorkerReset(name)).await, "password").unwrap();
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
            End::AllLogins => drop(self.order(Order::WorkerLogOut { name, login: None }).await),
            End::LogOut => {
                assert_eq!(self.app.send("/desk/api/logout", &self.login, &json!({})).await.status(), 200);
            }
            End::TokenRevoke => drop(self.order(Order::TokenRevoke(appid)).await),
            End::TokenExpire => drop(self.order(Order::TokenExpire(appid)).await),
            End::ComponentTokenRevoke => {
                drop(self.order(Order::TokenRevoke(self.platform.component.clone())).await)
            }
            End::NewTokens => {
                for _ in 0..2 {
                    for kind in [Credential::Debug, Credential::Own, Credential::Authorizer] {
                        self.issues(kind, 0).await.expect("a newer token");
                    }
                    self.platform.own_token().await;
                }
                self.stable(true).await.expect("a newer token");
            }
            End::SecretReset => {
                let order = Order::AccountSet { appid, settings: Default::default(), new_secret: true };
                self.shop.secret = text(&self.order(order).await, "secret").unwrap();
            }
            End::GrantRevoke => self.platform.is_revoked(&self.shop).await,
            End::NewGrant => {
                let component = self.platform.component.clone();
                // It may have been taken back before.
                let _ = self.app.order(Order::ComponentRevoke { component, appid }).await;
                self.platform.is_granted(&self.shop, &[1, 6, 19]).await;
            }
            End::AdministratorRevoke => self.administrator(true).await,
            End::AdministratorAgain => {
                self.administrator(true).await;
                self.administrator(false).await;
            }
            End::AccountRemove => self.removes(Subject::Account(appid)).await,
            End::WorkerRemove => self.removes(Subject::Worker(name)).await,
            End::AgentDelete => {
                let kf_account = self.shop.kf("a1");
                let query = [("kf_account", kf_account.as_str())];
                assert_eq!(code(&self.shop.get("/customservice/kfaccount/del", &query).await), 0);
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
        drop(self.order(Order::Remove(Remove { subject, confirmed: true })).await);
    }
}
