//! A third-party platform that acts for shops.

use super::{TestAccount, TestApp};
use kefu::admin::Order;
use serde_json::Value;

pub struct TestComponent {
    app: TestApp,
    pub appid: String,
    pub secret: String,
}

impl TestComponent {
    pub async fn new(app: &TestApp) -> TestComponent {
        let order = Order::ComponentCreate { appid: None, name: "platform".into() };
        let made = app.order(order).await.expect("a component");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        TestComponent { app: app.clone(), appid: text("component"), secret: text("secret") }
    }

    /// The shop grants it these permission sets, instead of those it had.
    pub async fn gets_grant(&self, account: &TestAccount, sets: &[u16]) {
        let (component, appid) = (self.appid.clone(), account.appid.clone());
        let order = Order::ComponentGrant { component, appid, sets: sets.to_vec() };
        self.app.order(order).await.expect("a grant");
    }

    /// The shop takes them back.
    pub async fn loses_grant(&self, account: &TestAccount) {
        let (component, appid) = (self.appid.clone(), account.appid.clone());
        self.app.order(Order::ComponentRevoke { component, appid }).await.expect("a revocation");
    }

    /// Its token for the shop.
    pub async fn token_for(&self, account: &TestAccount) -> String {
        self.token(Some(account.appid.clone())).await
    }

    /// Its own token.
    pub async fn own_token(&self) -> String {
        self.token(None).await
    }

    async fn token(&self, appid: Option<String>) -> String {
        let order = Order::ComponentToken { component: self.appid.clone(), appid };
        let answer: Value = self.app.order(order).await.expect("a token");
        answer["access_token"].as_str().unwrap().to_owned()
    }
}
