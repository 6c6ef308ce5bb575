//! Actions while the clock is ahead, and what must hold of them once the clock is right.

use super::{DAY, HOUR, MINUTE};
use crate::actors::form::PNG;
use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code, cookie_of, until};
use kefu::admin::{Command, LimitCommand};
use kefu::desk::quota::LimitChange;
use protocol::endpoint::{self, Methods};
use serde_json::{Value, json};

const LIST: &str = "/cgi-bin/customservice/getkflist";

pub async fn stable(account: &TestAccount, force: bool) -> (String, i64) {
    let answer = account.fetch_stable_token(force).await;
    let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    (token.to_owned(), answer["expires_in"].as_i64().unwrap())
}

pub async fn lists(account: &TestAccount) -> i64 {
    code(&account.get(LIST, &[]).await)
}

async fn clears(account: &TestAccount) -> i64 {
    code(&account.post("/cgi-bin/clear_quota", json!({"appid": account.appid})).await)
}

/// The errcode of each endpoint for a call with a token and no other parameter.
async fn every_endpoint(account: &TestAccount) -> Vec<(&'static str, i64)> {
    let mut answers = Vec::new();
    for row in endpoint::ALL {
        let method = if row.methods == Methods::Get { "GET" } else { "POST" };
        let answer =
            account.raw(method, &format!("{}?access_token={}", row.path, account.token), Vec::new()).await;
        answers.push((row.path, code(&answer)));
    }
    answers
}

/// What the actions left behind.
pub struct ClockFixture {
    /// An account whose daily quota is used up.
    limited: TestAccount,
    /// An account in manual reception: customers wait until an agent takes them.
    manual: TestAccount,
    account: TestAccount,
    token: String,
    stable: String,
    served: TestCustomer,
    /// A customer who chose from a menu, which opens a window of one minute.
    chose: String,
    invited: TestAgent,
    /// The cookie of a log-in.
    login: String,
    link: String,
    media: String,
    /// The errcode of each endpoint before.
    said: Vec<(&'static str, i64)>,
}

impl ClockFixture {
    pub async fn set(app: &TestApp, ahead: i64) -> ClockFixture {
        // The agent goes offline, and keeps the customer.
        let account = app.account_with(|settings| settings.grace_s = Some(86_400)).await;
        let limited = app.account().await;
        let manual = app.account_with(|settings| settings.reception = Some("manual".into())).await;
        let ann = account.agent("a1").await;
        account.adds("i1").await;
        let said = every_endpoint(&account).await;
        let change =
            LimitChange { endpoint: Some(LIST.into()), daily: Some(2), per_minute: None, standard: false };
        let command = Command::Limit(LimitCommand::Quota { appid: limited.appid.clone(), change });
        app.command(command).await.expect("a limit");

        app.advance(ahead).await;
        let again = async |account: TestAccount| account.with_token(&account.fetch_token().await);
        let (account, limited, manual) = (again(account).await, again(limited).await, again(manual).await);
        every_endpoint(&account).await;
        assert_eq!([lists(&limited).await, lists(&limited).await, lists(&limited).await], [0, 0, 45009]);
        while clears(&account).await == 0 {}
        stable(&account, false).await;
        let body = json!({"name": ann.name, "password": "correct horse"});
        let login = cookie_of(&app.send("/desk/api/login", "", &body).await).expect("a login");
        let desk = TestAgent { cookie: login.clone(), ..ann }.comes_online().await;
        let (served, waits) = (account.customer(), manual.customer());
        served.says("hello").await;
        waits.says("hello").await;
        assert_eq!(account.sends_typing(&served.openid(), "Typing").await, 0);
        let chose = account.creates_customer().await;
        account.customer_acts(&chose, "menu").await.unwrap();
        let invited = TestAgent::signs_up(app, "zoe").await.at(&account, "i1");
        assert_eq!(code(&account.invites("i1", "zoe").await), 0);
        let link = app.command(Command::WorkerInvite { name: None, hours: 1 }).await.expect("a link");
        let link = link["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
        let media = account.media("image", PNG).await;
        let agents = app.inner.streams.agents();
        drop(desk);
        until("the agent's stream is closed", || async { app.inner.streams.agents() < agents }).await;
        assert_eq!(account.online().await.len(), 1, "the agent may come back within the grace");
        let (stable, token) = (stable(&account, true).await.0, account.token.clone());
        ClockFixture {
            limited,
            manual,
            account,
            token,
            stable,
            served,
            chose,
            invited,
            login,
            link,
            media,
            said,
        }
    }

    /// The same, seen from another server of the desk.
    pub fn at(self, app: &TestApp) -> ClockFixture {
        let at = |account: &TestAccount| TestAccount { app: app.clone(), ..account.clone() };
        let (account, limited, manual) = (at(&self.account), at(&self.limited), at(&self.manual));
        let invited = TestAgent { app: app.clone(), ..self.invited.clone() };
        let served = self.served.at(app);
        ClockFixture { account, limited, manual, invited, served, ..self }
    }

    /// Advances the clock and fetches a token.
    async fn after(&mut self, ms: i64) {
        self.account.app.advance(ms).await;
        self.account.token = self.account.fetch_token().await;
    }

    /// What must hold within a minute after the clock is right.
    pub async fn holds_soon(&mut self, is_next_month: bool) {
        assert_eq!(self.account.online().await, [], "the agent is offline at once, not a day later");
        assert_eq!(
            code(
                &self
                    .account
                    .with_token(&self.token)
                    .get("/cgi-bin/customservice/getonlinekflist", &[])
                    .await
            ),
            0
        );
        assert_eq!(
            [lists(&self.limited).await, lists(&self.limited).await, lists(&self.limited).await],
            [0, 0, 45009]
        );
        let (same, expires_in) = stable(&self.account, false).await;
        assert_eq!((same == self.stable, (300..=7200).contains(&expires_in)), (true, true), "{expires_in}");
        assert_eq!(self.account.sends_text(&self.chose, "hello").await, 45015, "a minute is over");
        self.served.says("are you there?").await;
        assert_eq!(self.account.sends_typing(&self.served.openid(), "Typing").await, 0);
        assert_ne!(stable(&self.account, true).await.0, self.stable);
        if is_next_month {
            assert_eq!(clears(&self.account).await, 0);
        }
        assert_eq!(every_endpoint(&self.account).await, self.said);
        let revoked =
            self.account.app.command(Command::TokenRevoke(self.manual.appid.clone())).await.unwrap();
        assert_eq!((revoked["revoked"].as_i64().unwrap() > 0, lists(&self.manual).await), (true, 40001));
        self.manual.token = self.manual.fetch_token().await;
    }

    /// What must hold in the following days.
    pub async fn holds_on(&mut self) {
        let served = self.served.openid();
        let is_served =
            async |fixture: &ClockFixture| fixture.account.sessions("a1").await == [served.as_str()];
        self.after(30 * MINUTE - 1).await;
        assert!(is_served(self).await);
        self.after(1).await;
        assert!(!is_served(self).await, "half an hour without a message");
        self.after(30 * MINUTE).await;
        let body = json!({"invite": self.link, "name": "eve", "password": "correct horse"});
        let late = self.account.app.send("/desk/api/signup", "", &body).await;
        assert_eq!(late.json::<Value>().await.unwrap()["errcode"], 990_012, "a link of an hour");
        self.after(HOUR).await;
        let account = self.account.with_token(&self.token);
        assert!([42001, 40001].contains(&lists(&account).await), "two hours");
        self.after(22 * HOUR - 2 * MINUTE).await;
        assert_eq!(self.invited.snapshot().await["invitations"].as_array().unwrap().len(), 1);
        self.after(2 * MINUTE).await;
        assert_eq!(self.invited.answers_invitation(true).await, 409, "an invitation of a day");
        self.after(DAY - 2 * MINUTE).await;
        assert_eq!(self.account.sends_text(&served, "just in time").await, 0);
        self.after(2 * MINUTE).await;
        assert_eq!(self.account.sends_text(&served, "too late").await, 45015);
        self.manual.token = self.manual.fetch_token().await;
        assert_eq!(
            self.manual.waiting().await,
            Vec::<String>::new(),
            "no customer waits for longer than 48 hours"
        );
        self.after(DAY - 2 * MINUTE).await;
        assert_eq!(self.account.fetches(&self.media).await.headers()["content-type"], "image/png");
        self.after(2 * MINUTE).await;
        assert_eq!(self.account.fetch_code(&self.media).await, 40007, "three days");
        self.after(4 * DAY - 2 * MINUTE).await;
        assert_eq!(self.account.app.ask("/desk/api/snapshot", &self.login).await.status(), 200);
        self.after(2 * MINUTE).await;
        assert_eq!(self.account.app.ask("/desk/api/snapshot", &self.login).await.status(), 401, "seven days");
    }
}
