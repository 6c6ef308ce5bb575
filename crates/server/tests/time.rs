//! The machine's clock is set, forth and back, while the desk runs.

use crate::actors::{App, code, until};
use serde_json::json;

const HOUR: i64 = 3_600_000;

on_both_engines! {
    async fn an_agent_who_leaves_is_gone_though_the_clock_went_back(app: App) {
        let shop = app.account().await;
        let ann = shop.agent("a1").await;
        let stream = ann.comes_online().await;
        app.advance(1).await;
        let agents = app.inner.streams.agents();
        drop(stream);
        until("her stream is closed", || async { app.inner.streams.agents() < agents }).await;
        assert_eq!(shop.online().await.len(), 1, "she may come back");
        app.advance(-HOUR).await;
        assert_eq!(shop.online().await, []);
    }

    async fn nothing_is_lost_or_out_of_order_when_the_clock_jumps(app: App) {
        let shop = app.account().await;
        let ann = shop.agent("a1").await;
        let mut desk = ann.comes_online().await;
        let customer = shop.customer();
        let mut said = Vec::new();
        for (number, jump) in [0, HOUR, -2 * HOUR, HOUR, -26 * HOUR, 26 * HOUR].into_iter().enumerate() {
            app.advance(jump).await;
            let text = format!("message {number}");
            customer.says(&text).await;
            desk.sees(&text).await;
            said.push(text);
        }
        let answer = customer.snapshot().await;
        let texts: Vec<_> = answer["messages"].as_array().unwrap().iter().map(|it| it["text"].clone()).collect();
        assert_eq!(json!(texts), json!(said));
        assert_eq!(shop.online().await.len(), 1);
        // What ends by the clock ends by the one that is right now, and not before.
        let shop = shop.with_token(&shop.fetch_token().await);
        app.advance(-HOUR).await;
        assert_eq!(code(&shop.get("/cgi-bin/customservice/getkflist", &[]).await), 0);
        app.advance(HOUR + 2 * HOUR).await;
        assert_eq!(code(&shop.get("/cgi-bin/customservice/getkflist", &[]).await), 42001);
    }
}
