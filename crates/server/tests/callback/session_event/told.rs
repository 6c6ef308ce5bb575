//! What becomes of a session that an agent has, and who is told: each row of the table in `model::session::leave`.

use super::super::receiver::delivers;
use super::{IDLE, SessionFixture, group_of_b};
use crate::actors::{Stream, TestApp, TestCustomer, code};
use model::session::leave::{Cause, Then, leave, told};
use serde_json::{Value, json};

on_both_engines! {
    each_cause_does_and_tells_what_the_table_says,
}

async fn each_cause_does_and_tells_what_the_table_says(app: TestApp) {
    delivers(&app);
    for (cause, _) in Cause::ALL {
        for is_answered in [false, true] {
            // A session that an agent has ends by silence before; one that is answered is not looked at.
            if cause == Cause::Window || (cause, is_answered) == (Cause::NoAnswer, true) {
                continue;
            }
            Scene::begins(app.clone(), cause, is_answered).await.plays().await;
        }
    }
}

struct Scene {
    at: SessionFixture,
    cause: Cause,
    is_answered: bool,
    customer: TestCustomer,
    session: i64,
    page: Stream,
}

impl Scene {
    /// A customer whom Ann serves.
    async fn begins(app: TestApp, cause: Cause, is_answered: bool) -> Scene {
        let mut at = SessionFixture::of(app).await;
        if cause == Cause::NoAnswer {
            for other in [&at.bob, &at.sue] {
                other.sets_away(true).await;
            }
            at.account
                .set(|settings| {
                    (settings.answer_s, settings.reception) = (Some(60), Some("automatic".into()))
                })
                .await;
        }
        let (customer, session) = match cause {
            Cause::NoAnswer => {
                let customer = TestCustomer::new(&at.account);
                customer.says("人工 ").await;
                at.sees("it is assigned", &customer, "kf_create_session", &["a"]).await;
                let session = at.ann.session_with(&customer.openid()).await.unwrap();
                (customer, session)
            }
            _ => at.is_served().await,
        };
        if is_answered {
            assert_eq!(at.ann.replies(session, "one moment").await.0, 200);
        }
        let page = customer.watches().await;
        Scene { at, cause, is_answered, customer, session, page }
    }

    /// What happens.
    async fn happens(&mut self) {
        let (a, b) = (self.at.account.kf("a"), self.at.account.kf("b"));
        let body = json!({"appid": self.at.account.appid, "session": self.session});
        let moment = async |at: &SessionFixture, path: &str, body: Value| {
            assert_eq!(at.ann.sends(path, body).await.0, 200, "{path}");
        };
        match self.cause {
            Cause::Silence => self.at.app.advance(IDLE).await,
            Cause::Window => unreachable!("no agent has such a session"),
            Cause::Offline => {
                let stream = self.at.streams.remove(0);
                self.at.ann.leaves(stream).await;
                self.at.app.advance(120_000).await;
            }
            Cause::AgentGone => {
                let deleted =
                    self.at.account.get("/customservice/kfaccount/del", &[("kf_account", &a)]).await;
                assert_eq!(code(&deleted), 0);
            }
            Cause::NoAnswer => self.at.app.advance(60_000).await,
            Cause::HandBack => moment(&self.at, "/desk/api/session/hand_back", body).await,
            Cause::ToAgent => assert_eq!(self.at.ann.moves(self.session, &a, &b).await.0, 200),
            Cause::ToGroup => {
                let group = group_of_b(&self.at).await;
                let body = json!({
                    "appid": self.at.account.appid, "session": self.session, "from": a, "group": group
                });
                moment(&self.at, "/desk/api/session/transfer", body).await;
            }
            Cause::End => moment(&self.at, "/desk/api/session/close", body).await,
            Cause::FeatureOff => self.at.account.set(|settings| settings.feature = Some(false)).await,
            Cause::LimitLowered => {
                self.at.is_served().await;
                self.at.account.set(|settings| settings.capacity = Some(1)).await;
            }
        }
    }

    async fn plays(mut self) {
        let way = format!("{:?}, answered: {}", self.cause, self.is_answered);
        self.happens().await;
        let then = leave(self.cause, !self.is_answered, true);
        assert_eq!(self.found().await, then_in_words(then), "{way}");
        let told = told(self.cause, then);
        let (id, state) = (self.session, state_of(then));
        let is_news = |fact: &Value| fact["session"]["id"] == id && fact["session"]["state"] == state;
        if told.both {
            self.page.sees_fact(&way, |fact| fact["session"]["state"] == state).await;
            if ![Cause::Offline, Cause::AgentGone].contains(&self.cause) {
                self.at.streams[0].sees_fact(&way, is_news).await;
            }
        }
        if told.after || told.agents {
            let others = self.at.streams.len() - 2..;
            for other in &mut self.at.streams[others] {
                other.sees_fact(&way, |fact| is_news(fact) && fact["session"]["preview"] != "").await;
            }
        }
        match told.event {
            "kf_switch_session" => self.sees(&way, told.event, &["a", "b"]).await,
            "" => {
                // Nothing came before the end of the session.
                assert_eq!(self.at.ann.closes(id).await.0, 200, "{way}");
                self.sees(&way, "kf_close_session", &["a"]).await;
            }
            event => self.sees(&way, event, &["a"]).await,
        }
        if !told.both {
            self.page.sees_fact(&way, |fact| fact["session"]["state"] == "closed").await;
            let of_sessions =
                |event: &crate::actors::StreamEvent| event.data.to_string().contains("\"session\":{");
            assert_eq!(self.page.events().iter().filter(|event| of_sessions(event)).count(), 1, "{way}");
        }
    }

    async fn sees(&mut self, way: &str, event: &str, agents: &[&str]) {
        self.at.sees(way, &self.customer, event, agents).await;
    }

    /// What became of the session, as a supervisor sees it.
    async fn found(&self) -> &'static str {
        let account = self.at.sue.first_account().await;
        let of = |list: &str| {
            let list = account[list].as_array().unwrap();
            list.iter().find(|session| session["id"] == self.session).cloned()
        };
        if of("waiting").is_some() {
            return "queue";
        }
        match of("others") {
            Some(session) if session["kf_account"] == self.at.account.kf("a") => "stay",
            Some(_) => "move",
            None => {
                let path = format!("/desk/api/missed?appid={}", self.at.account.appid);
                let missed = self.at.sue.asks(&path).await.1["missed"].clone();
                let is_missed = missed.as_array().unwrap().iter().any(|it| it["session"] == self.session);
                if is_missed { "miss" } else { "close" }
            }
        }
    }
}

fn then_in_words(then: Then) -> &'static str {
    match then {
        Then::Stay => "stay",
        Then::Move => "move",
        Then::Queue => "queue",
        Then::Close => "close",
        Then::Miss(_) => "miss",
    }
}

fn state_of(then: Then) -> &'static str {
    match then {
        Then::Stay | Then::Move => "open",
        Then::Queue => "waiting",
        Then::Close | Then::Miss(_) => "closed",
    }
}
