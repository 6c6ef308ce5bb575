//! What becomes of an agent's customers when the agent is silent, offline or gone: no word without an answer is lost.

use crate::actors::{Stream, StreamEvent, TestAccount, TestAgent, TestApp, TestCustomer, code, until};
use serde_json::{Value, json};

/// The default grace of an agent who went offline, milliseconds.
const GRACE: i64 = 120_000;
const IDLE: i64 = 30 * 60_000;

/// Two customers whom `a1` serves: the first waits for an answer, the second has one.
struct Served {
    account: TestAccount,
    ann: TestAgent,
    desk: Option<crate::actors::Stream>,
    unanswered: TestCustomer,
    answered: TestCustomer,
}

impl Served {
    async fn begins(app: &TestApp) -> Served {
        let account = app.account().await;
        let ann = account.agent("a1").await;
        let desk = Some(ann.comes_online().await);
        let (unanswered, answered) = (account.customer(), account.customer());
        unanswered.says("anybody?").await;
        app.advance(1_000).await;
        answered.says("hello").await;
        let session = ann.session_with(&answered.openid()).await.unwrap();
        assert_eq!(ann.replies(session, "hello!").await.0, 200);
        Served { account, ann, desk, unanswered, answered }
    }

    async fn state(&self, customer: &TestCustomer) -> Value {
        customer.snapshot().await["state"].clone()
    }

    /// Asserts that the customer with an answer has no session, and the other one waits.
    async fn is_released(&self) {
        assert_eq!(self.account.sessions("a1").await, Vec::<String>::new());
        assert_eq!(self.account.waiting().await, [self.unanswered.openid()]);
        assert_eq!(self.state(&self.unanswered).await, "waiting");
        assert_eq!(self.state(&self.answered).await, "closed");
    }

    async fn is_served(&self) {
        assert_eq!(self.account.sessions("a1").await, [self.unanswered.openid(), self.answered.openid()]);
    }
}

async fn missed(supervisor: &TestAgent) -> Value {
    let (status, list) = supervisor.asks(&format!("/desk/api/missed?appid={}", supervisor.appid)).await;
    assert_eq!(status, 200);
    list["missed"].clone()
}

async fn supervisor(account: &TestAccount) -> TestAgent {
    let sue = account.agent("s1").await;
    let done =
        account.post("/customservice/kfaccount/setadmin", json!({"kf_account": account.kf("s1")})).await;
    assert_eq!(code(&done), 0);
    sue
}

on_both_engines! {
    silence_ends_answered_sessions_only,
    the_account_says_how_long_a_session_lasts_in_silence,
    a_shorter_time_of_silence_holds_for_sessions_that_are_open,
    an_agent_offline_keeps_customers_for_the_grace,
    a_shorter_grace_holds_for_agents_who_are_offline,
    an_agent_who_comes_back_in_time_keeps_all_customers,
    the_customers_of_an_agent_who_signs_out_do_not_wait_for_the_agent,
    signing_out_in_one_of_two_browsers_changes_nothing,
    a_customer_of_a_deleted_agent_who_has_no_answer_waits_again,
    graces_begin_anew_after_a_restart,
    who_waited_two_days_is_on_the_list_of_missed_customers,
    a_customer_who_writes_again_is_no_longer_missed,
    the_streams_of_supervisors_say_who_joins_and_leaves_the_list,
}

async fn silence_ends_answered_sessions_only(app: TestApp) {
    let at = Served::begins(&app).await;
    app.advance(IDLE).await;
    at.is_released().await;
    let bob = at.account.agent("b1").await;
    let _other = bob.comes_online().await;
    assert_eq!(at.account.sessions("b1").await, [at.unanswered.openid()], "an agent who has not been silent");
    assert_eq!(missed(&supervisor(&at.account).await).await, json!([]));
}

async fn the_account_says_how_long_a_session_lasts_in_silence(app: TestApp) {
    let at = Served::begins(&app).await;
    at.account.set(|settings| settings.idle_minutes = Some(45)).await;
    at.ann.sets_away(true).await;
    app.advance(IDLE).await;
    at.is_served().await;
    app.advance(15 * 60_000).await;
    at.is_released().await;
}

async fn a_shorter_time_of_silence_holds_for_sessions_that_are_open(app: TestApp) {
    let at = Served::begins(&app).await;
    at.ann.sets_away(true).await;
    at.account.set(|settings| settings.idle_minutes = Some(10)).await;
    // One customer wrote a second before the other.
    app.advance(IDLE / 3 - 1_001).await;
    at.is_served().await;
    app.advance(1_001).await;
    at.is_released().await;
}

async fn a_shorter_grace_holds_for_agents_who_are_offline(app: TestApp) {
    let mut at = Served::begins(&app).await;
    at.ann.leaves(at.desk.take().unwrap()).await;
    at.account.set(|settings| settings.grace_s = Some(30)).await;
    app.advance(GRACE / 4 - 1).await;
    at.is_served().await;
    app.advance(1).await;
    at.is_released().await;
}

async fn an_agent_offline_keeps_customers_for_the_grace(app: TestApp) {
    let mut at = Served::begins(&app).await;
    let mut page = at.unanswered.watches().await;
    at.ann.leaves(at.desk.take().unwrap()).await;
    app.advance(GRACE - 1).await;
    at.is_served().await;
    app.advance(1).await;
    at.is_released().await;
    page.sees_fact("the customer is told", |fact| fact["session"]["state"] == "waiting").await;
    at.answered.says("one more thing").await;
    assert_eq!(at.account.waiting().await, [at.unanswered.openid(), at.answered.openid()]);
    let bob = at.account.agent("b1").await;
    let _other = bob.comes_online().await;
    assert_eq!(at.account.sessions("b1").await, [at.unanswered.openid(), at.answered.openid()]);
}

async fn an_agent_who_comes_back_in_time_keeps_all_customers(app: TestApp) {
    let mut at = Served::begins(&app).await;
    at.ann.leaves(at.desk.take().unwrap()).await;
    app.advance(GRACE - 1).await;
    let _again = at.ann.comes_online().await;
    app.advance(1).await;
    at.is_served().await;
    app.advance(GRACE).await;
    at.is_served().await;
}

async fn the_customers_of_an_agent_who_signs_out_do_not_wait_for_the_agent(app: TestApp) {
    let mut at = Served::begins(&app).await;
    assert_eq!(at.ann.sends("/desk/api/logout", json!({})).await.0, 200);
    at.desk.take().unwrap().ends().await;
    until("the agent's stream is closed", || async { app.inner.streams.agents() == 0 }).await;
    app.advance(5_000).await;
    app.advance(2_000).await;
    at.is_released().await;
}

async fn signing_out_in_one_of_two_browsers_changes_nothing(app: TestApp) {
    let mut at = Served::begins(&app).await;
    let body = json!({"name": at.ann.name, "password": "correct horse"});
    let response = app.send("/desk/api/login", "", &body).await;
    let cookie = crate::actors::cookie_of(&response).unwrap();
    let other = TestAgent { cookie, ..at.ann.clone() };
    let stream = other.comes_online().await;
    assert_eq!(at.ann.sends("/desk/api/logout", json!({})).await.0, 200);
    at.desk.take().unwrap().ends().await;
    // The other browser loads again, as after every change of the worker's.
    stream.ends().await;
    let stream = other.comes_online().await;
    app.advance(7_000).await;
    at.is_served().await;
    // What was said about the sign-out does not shorten a later grace.
    let at = Served { ann: other, ..at };
    at.ann.leaves(stream).await;
    app.advance(GRACE - 1).await;
    at.is_served().await;
    app.advance(1).await;
    at.is_released().await;
}

async fn a_customer_of_a_deleted_agent_who_has_no_answer_waits_again(app: TestApp) {
    let at = Served::begins(&app).await;
    let kf_account = at.account.kf("a1");
    let deleted = at.account.get("/customservice/kfaccount/del", &[("kf_account", &kf_account)]).await;
    assert_eq!(code(&deleted), 0);
    assert_eq!(at.account.waiting().await, [at.unanswered.openid()]);
    assert_eq!(at.state(&at.answered).await, "closed");
}

async fn graces_begin_anew_after_a_restart(app: TestApp) {
    let mut at = Served::begins(&app).await;
    at.ann.leaves(at.desk.take().unwrap()).await;
    // The server is stopped for longer than the grace.
    app.clock.advance(10 * 60_000);
    let again = app.restarts(true).await;
    let at = Served { account: at.account.at(&again), ..at };
    again.advance(GRACE - 1).await;
    at.is_served().await;
    again.advance(1).await;
    assert_eq!(at.account.waiting().await, [at.unanswered.openid()]);
}

async fn who_waited_two_days_is_on_the_list_of_missed_customers(app: TestApp) {
    let account = app.account().await;
    let (ann, sue) = (account.agent("a1").await, supervisor(&account).await);
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(48 * 3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.waiting().await, Vec::<String>::new());
    let list = missed(&sue).await;
    let entry = &list[0];
    assert_eq!(
        (&entry["openid"], &entry["since"], &entry["at"], &entry["reason"]),
        (
            &json!(customer.openid()),
            &json!(1_800_000_000_000_i64),
            &json!(1_800_172_800_000_i64),
            &json!("window")
        )
    );
    let path = format!("/desk/api/missed?appid={}", ann.appid);
    assert_eq!(ann.asks(&path).await.0, 403, "the agent is no supervisor");
    let body = json!({"appid": sue.appid, "session": entry["session"]});
    assert_eq!(ann.sends("/desk/api/missed/dismiss", body.clone()).await.0, 403);
    assert_eq!(sue.sends("/desk/api/missed/dismiss", body).await.0, 200);
    assert_eq!(missed(&sue).await, json!([]));
}

async fn a_customer_who_writes_again_is_no_longer_missed(app: TestApp) {
    let account = app.account().await;
    let sue = supervisor(&account).await;
    let customer = account.customer();
    customer.says("hello").await;
    app.advance(48 * 3_600_000).await;
    assert_eq!(missed(&sue).await.as_array().unwrap().len(), 1);
    customer.says("hello?").await;
    assert_eq!(missed(&sue).await, json!([]));
}

async fn the_streams_of_supervisors_say_who_joins_and_leaves_the_list(app: TestApp) {
    let account = app.account().await;
    let (ann, sue) = (account.agent("a1").await, supervisor(&account).await);
    let customers = [account.customer(), account.customer()];
    for customer in &customers {
        customer.says("hello").await;
    }
    app.advance(47 * 3_600_000).await;
    account.set(|settings| settings.reception = Some("manual".into())).await;
    let (mut desk, mut board) = (ann.comes_online().await, sue.comes_online().await);
    app.advance(3_600_000).await;
    let list = missed(&sue).await;
    let sessions = [0, 1].map(|at| list[at]["session"].clone());
    let facts = |board: &Stream| {
        let facts = |event: &StreamEvent| event.data["facts"].as_array().cloned().unwrap_or_default();
        let all = board.events().iter().flat_map(facts).collect::<Vec<_>>();
        all.into_iter().filter(|fact| !fact["missed"].is_null()).collect::<Vec<_>>()
    };
    for session in &sessions {
        board.sees_fact("who was missed", |fact| fact["missed"] == *session).await;
    }
    let body = json!({"appid": sue.appid, "session": sessions[0]});
    assert_eq!(sue.sends("/desk/api/missed/dismiss", body.clone()).await.0, 200);
    assert_eq!(sue.sends("/desk/api/missed/dismiss", body).await.0, 200, "it is done already");
    let writes_again = customers.iter().find(|customer| list[1]["openid"] == customer.openid()).unwrap();
    writes_again.says("hello?").await;
    for stream in [&mut desk, &mut board] {
        stream.sees("hello?").await;
    }
    let [latest, earliest] = &sessions;
    let expected = [earliest, latest, latest, earliest].map(|session| json!({"missed": session}));
    assert_eq!(facts(&board), expected);
    assert_eq!(facts(&desk), Vec::<Value>::new(), "only supervisors see the list");
}
