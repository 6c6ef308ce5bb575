//! A third-party platform that acts for shops.

use super::{App, Shop};
use kefu::admin::Order;
use serde_json::Value;

pub struct Platform {
    app: App,
    pub component: String,
    pub secret: String,
}

impl Platform {
    pub async fn new(app: &App) -> Platform {
        let order = Order::ComponentCreate { appid: None, name: "platform".into() };
        let made = app.order(order).await.expect("a component");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Platform { app: app.clone(), component: text("component"), secret: text("secret") }
    }

    /// The shop grants it these permission sets, instead of those it had.
    pub async fn is_granted(&self, shop: &Shop, sets: &[u16]) {
        let (component, appid) = (self.component.clone(), shop.appid.clone());
        let order = Order::ComponentGrant { component, appid, sets: sets.to_vec() };
        self.app.order(order).await.expect("a grant");
    }

    /// The shop takes them back.
    pub async fn is_revoked(&self, shop: &Shop) {
        let (component, appid) = (self.component.clone(), shop.appid.clone());
        self.app.order(Order::ComponentRevoke { component, appid }).await.expect("a revocation");
    }

    /// Its token for the shop.
    pub async fn token_for(&self, shop: &Shop) -> String {
        self.token(Some(shop.appid.clone())).await
    }

    /// Its own token.
    pub async fn own_token(&self) -> String {
        self.token(None).await
    }

    async fn token(&self, appid: Option<String>) -> String {
        let order = Order::ComponentToken { component: self.component.clone(), appid };
        let answer: Value = self.app.order(order).await.expect("a token");
        answer["access_token"].as_str().unwrap().to_owned()
    }
}
