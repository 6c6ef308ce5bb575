//! A component: a third-party platform that acts for accounts.

use super::{TestAccount, TestApp};
use kefu::admin::Command;
use serde_json::Value;

pub struct TestComponent {
    app: TestApp,
    pub appid: String,
    pub secret: String,
}

impl TestComponent {
    pub async fn new(app: &TestApp) -> TestComponent {
        let command = Command::ComponentCreate { appid: None, name: "platform".into() };
        let made = app.command(command).await.expect("a component");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        TestComponent { app: app.clone(), appid: text("component"), secret: text("secret") }
    }

    /// The account grants these permission sets, in place of those granted before.
    pub async fn gets_grant(&self, account: &TestAccount, sets: &[u16]) {
        let (component, appid) = (self.appid.clone(), account.appid.clone());
        let command = Command::ComponentGrant { component, appid, sets: sets.to_vec() };
        self.app.command(command).await.expect("a grant");
    }

    /// The account revokes the grant.
    pub async fn loses_grant(&self, account: &TestAccount) {
        let (component, appid) = (self.appid.clone(), account.appid.clone());
        self.app.command(Command::ComponentRevoke { component, appid }).await.expect("a revocation");
    }

    /// A token for the account.
    pub async fn token_for(&self, account: &TestAccount) -> String {
        self.token(Some(account.appid.clone())).await
    }

    /// A token of the component itself.
    pub async fn own_token(&self) -> String {
        self.token(None).await
    }

    async fn token(&self, appid: Option<String>) -> String {
        let command = Command::ComponentToken { component: self.appid.clone(), appid };
        let answer: Value = self.app.command(command).await.expect("a token");
        answer["access_token"].as_str().unwrap().to_owned()
    }
}
