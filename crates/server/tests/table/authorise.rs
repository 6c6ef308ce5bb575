//! Every route of the pages × every role, and the exact answer. `matrix.rs` has Weixin's endpoints. A test asserts
//! that each route is in one of the two.

use super::matrix;
use crate::actors::form::{MP4, PNG};
use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code, cookie_of};
use crate::fixture::engine::Fresh;
use crate::fixture::running::{DEMO, RunningServer};
use kefu::admin::Command;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The roles of callers.
pub const ROLES: [&str; 10] = [
    "nobody",
    "garbage",
    "ended",
    "customer",
    "elsewhere",
    "colleague",
    "agent",
    "invited",
    "agent at another site",
    "supervisor",
];

/// Answers in the order of `ROLES`: the status, or the last digits of our errcode.
type RoleAnswers = [i64; 10];
const OPEN: RoleAnswers = [200; 10];
/// Routes of the caller's own data: a call cannot name another person's.
const OWN: RoleAnswers = [2, 2, 2, 2, 200, 200, 200, 200, 200, 200];

/// Routes for administrators; here the invited worker is one, and no agent is.
const ADMINISTRATOR: RoleAnswers = [2, 2, 2, 2, 3, 3, 3, 200, 3, 3];
const ADMINISTRATOR_ABSENT: RoleAnswers = [2, 2, 2, 2, 3, 3, 3, 4, 3, 3];

/// A route, with a call that names things of the account.
pub struct Route {
    path: &'static str,
    pub method: &'static str,
    /// The query, or the body.
    says: fn(&RouteFixture) -> Value,
    expected: RoleAnswers,
}

const fn get(path: &'static str, says: fn(&RouteFixture) -> Value, expected: RoleAnswers) -> Route {
    Route { path, method: "get", says, expected }
}

const fn post(path: &'static str, says: fn(&RouteFixture) -> Value, expected: RoleAnswers) -> Route {
    Route { path, method: "post", says, expected }
}

fn nothing(_: &RouteFixture) -> Value {
    json!({})
}

fn of_account(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid})
}

fn session(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid, "session": fixture.session})
}

fn of_message(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid, "session": fixture.session, "message": fixture.session, "text": "dear"})
}

/// No group has this number, or may have this name.
fn group(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid, "group": 1, "kf_account": fixture.account.kf("a1"), "name": "a@b"})
}

fn push(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid, "id": "1.0"})
}

fn pushes(fixture: &RouteFixture) -> Value {
    json!({"appid": fixture.account.appid, "ids": ["1.0"]})
}

/// The routes in an order in which no call spoils the next.
pub const ROUTES: &[Route] = &[
    get("/healthz", nothing, OPEN),
    get("/readyz", nothing, OPEN),
    get("/desk", nothing, [308; 10]),
    get("/desk/", nothing, OPEN),
    get("/desk/assets/{*name}", nothing, [404; 10]),
    get("/chat/{appid}", nothing, OPEN),
    get("/openapi.json", nothing, OPEN),
    get("/headimg/{sha256}", nothing, OPEN),
    // Anyone with the address may fetch the file.
    get("/media/{appid}/{ticket}", nothing, OPEN),
    get("/debug", nothing, OPEN),
    // Programs present a token, which no role has.
    get("/debug/api/pushes", nothing, [2; 10]),
    get("/debug/api/pushes/show", push, [2; 10]),
    get("/", nothing, OPEN),
    post(
        "/desk/api/login",
        |_| json!({"name": "ann", "password": "wrong"}),
        [10, 10, 10, 10, 10, 10, 10, 10, 3, 10],
    ),
    post(
        "/desk/api/signup",
        |_| json!({"invite": "x", "name": "eve", "password": "long enough"}),
        [12, 12, 12, 12, 12, 12, 12, 12, 3, 12],
    ),
    get("/desk/api/snapshot", nothing, OWN),
    get("/desk/api/stream", nothing, OWN),
    get("/desk/api/logins", nothing, OWN),
    post("/desk/api/login/end", |fixture| json!({"id": fixture.login}), [2, 2, 2, 2, 4, 4, 200, 4, 3, 4]),
    post(
        "/desk/api/password",
        |_| json!({"current": "wrong", "new": "long enough"}),
        [2, 2, 2, 2, 10, 10, 10, 10, 3, 10],
    ),
    post(
        "/desk/api/invitation",
        |fixture| json!({"appid": fixture.account.appid, "kf_account": fixture.account.kf("i1"), "accept": false}),
        [2, 2, 2, 2, 17, 17, 17, 200, 3, 17],
    ),
    post(
        "/desk/api/presence",
        |fixture| json!({"appid": fixture.account.appid, "away": false}),
        [2, 2, 2, 2, 3, 200, 200, 3, 3, 200],
    ),
    post("/desk/api/draft", of_message, [2, 2, 2, 2, 3, 200, 200, 3, 3, 200]),
    post("/desk/api/read", of_message, [2, 2, 2, 2, 3, 200, 200, 3, 3, 200]),
    post("/desk/api/session/accept", session, [2, 2, 2, 2, 3, 14, 200, 3, 3, 14]),
    get(
        "/desk/api/messages",
        |fixture| json!({"appid": fixture.account.appid, "session": fixture.session, "before": 0}),
        [2, 2, 2, 2, 3, 3, 200, 3, 200, 200],
    ),
    // The message exists and has no file. A picture's parameters are in the query, which is missing.
    get(
        "/desk/api/file",
        |fixture| json!({"appid": fixture.account.appid, "message": fixture.session}),
        [2, 2, 2, 2, 3, 3, 4, 3, 4, 4],
    ),
    post("/desk/api/image", nothing, [2, 2, 2, 2, 1, 1, 1, 1, 3, 1]),
    post(
        "/desk/api/message",
        |fixture| {
            let appid = &fixture.account.appid;
            json!({"appid": appid, "session": fixture.session, "client_id": "r1", "text": "hello"})
        },
        [2, 2, 2, 2, 3, 14, 200, 3, 3, 14],
    ),
    post("/desk/api/session/answered", session, [2, 2, 2, 2, 3, 14, 200, 3, 3, 14]),
    // The session does not wait.
    get("/desk/api/why/waiting", session, [2, 2, 2, 2, 3, 4, 4, 3, 4, 4]),
    get("/desk/api/why/idle", of_account, [2, 2, 2, 2, 3, 200, 200, 3, 200, 200]),
    post("/desk/api/intake", of_account, [2, 2, 2, 2, 3, 200, 200, 3, 3, 200]),
    get("/desk/api/missed", of_account, [2, 2, 2, 2, 3, 3, 3, 3, 3, 200]),
    post("/desk/api/missed/dismiss", session, [2, 2, 2, 2, 3, 3, 3, 3, 3, 200]),
    get("/desk/api/colleagues", of_account, [2, 2, 2, 2, 3, 200, 200, 3, 200, 200]),
    get("/desk/api/sessions", of_account, [2, 2, 2, 2, 3, 3, 3, 3, 3, 200]),
    get("/desk/api/groups", of_account, [2, 2, 2, 2, 3, 200, 200, 3, 200, 200]),
    post("/desk/api/group/rename", group, [2, 2, 2, 2, 3, 3, 3, 3, 3, 41]),
    post("/desk/api/group/delete", group, [2, 2, 2, 2, 3, 3, 3, 3, 3, 41]),
    post("/desk/api/group/join", group, [2, 2, 2, 2, 3, 3, 3, 3, 3, 41]),
    post("/desk/api/group/leave", group, [2, 2, 2, 2, 3, 3, 3, 3, 3, 41]),
    post("/desk/api/group/add", group, [2, 2, 2, 2, 3, 3, 3, 3, 3, 39]),
    // The agent names their own session, which they serve already.
    post(
        "/desk/api/session/transfer",
        |fixture| {
            let (appid, kf) = (&fixture.account.appid, fixture.account.kf("a1"));
            json!({"appid": appid, "session": fixture.session, "from": kf, "to": kf})
        },
        [2, 2, 2, 2, 3, 3, 200, 3, 3, 200],
    ),
    get("/chat/api/{appid}/snapshot", nothing, OPEN),
    get("/chat/api/{appid}/stream", nothing, [2, 2, 2, 200, 2, 2, 2, 2, 2, 2]),
    get("/chat/api/{appid}/messages", nothing, [2, 2, 2, 200, 2, 2, 2, 2, 2, 2]),
    get("/chat/api/{appid}/place", nothing, [2, 2, 2, 200, 2, 2, 2, 2, 2, 2]),
    // A message with the cookie of a first visit creates a customer; without a cookie it does not.
    post(
        "/chat/api/{appid}/message",
        |_| json!({"client_id": "c1", "text": "hello"}),
        [29, 200, 29, 200, 29, 29, 29, 29, 3, 29],
    ),
    // No menu was sent. The cookie "garbage" was replaced by its message.
    post(
        "/chat/api/{appid}/menu_choice",
        |_| json!({"client_id": "t1", "message": 1, "id": "101"}),
        [2, 34, 2, 4, 2, 2, 2, 2, 3, 2],
    ),
    get(
        "/chat/api/{appid}/file",
        |fixture| json!({"message": fixture.session}),
        [2, 2, 2, 4, 2, 2, 2, 2, 2, 2],
    ),
    post("/chat/api/{appid}/image", nothing, [29, 34, 29, 1, 29, 29, 29, 29, 3, 29]),
    post("/desk/api/session/close", session, [2, 2, 2, 2, 3, 14, 200, 3, 3, 200]),
    // The session is closed by now.
    post("/desk/api/session/hand_back", session, [2, 2, 2, 2, 3, 15, 15, 3, 3, 15]),
    get("/desk/api/debug", nothing, OWN),
    // An agent is not an administrator; here the invited worker is.
    post(
        "/desk/api/debug/token",
        |fixture| json!({"appid": fixture.account.appid}),
        [2, 2, 2, 2, 3, 3, 3, 200, 3, 3],
    ),
    get("/desk/api/debug/callback/alarms", of_account, ADMINISTRATOR),
    get("/desk/api/debug/pushes", of_account, ADMINISTRATOR),
    get("/desk/api/debug/pushes/kinds", nothing, OWN),
    // The account has no developer's server, and so no push.
    get("/desk/api/debug/pushes/show", push, ADMINISTRATOR_ABSENT),
    post("/desk/api/debug/pushes/replay", pushes, ADMINISTRATOR_ABSENT),
    post("/desk/api/debug/pushes/pause", of_account, ADMINISTRATOR_ABSENT),
    post("/desk/api/debug/pushes/resume", of_account, ADMINISTRATOR_ABSENT),
    post(
        "/desk/api/debug/pushes/simulate",
        |fixture| json!({"appid": fixture.account.appid, "openid": "o".repeat(28), "what": "text"}),
        ADMINISTRATOR_ABSENT,
    ),
    get("/desk/api/debug/callback", of_account, ADMINISTRATOR),
    // Nothing listens there, so nothing is saved.
    post(
        "/desk/api/debug/callback",
        |fixture| json!({"appid": fixture.account.appid, "action": "save", "url": "http://127.0.0.1:1/"}),
        ADMINISTRATOR,
    ),
    // These take a key of the account, which no role has.
    get("/desk/api/listen", nothing, [2; 10]),
    post("/desk/api/listen/answer", nothing, [2; 10]),
    post("/desk/api/logout", nothing, [2, 2, 2, 2, 200, 200, 200, 200, 3, 200]),
];

pub struct RouteFixture {
    pub account: TestAccount,
    /// The session of the agent and the customer.
    session: i64,
    /// Another login of the agent.
    login: String,
    /// The addresses of the agent's picture and of a video.
    addresses: [String; 2],
    /// The cookie of each role.
    cookies: [String; 10],
}

async fn again(app: &TestApp, agent: &TestAgent) -> String {
    let body = json!({"name": agent.name, "password": "correct horse"});
    cookie_of(&app.send("/desk/api/login", "", &body).await).expect("a login")
}

impl RouteFixture {
    pub async fn set(app: &TestApp) -> RouteFixture {
        let (account, other) = (app.account().await, app.account().await);
        let ann = account.agent("a1").await;
        let (bob, eve) = (account.agent("b1").await, other.agent("e1").await);
        let outsider = TestAgent::signs_up(app, "zoe").await;
        let supervisor = account.agent("s1").await;
        account.post("/customservice/kfaccount/setadmin", json!({"kf_account": account.kf("s1")})).await;
        let desk = ann.comes_online().await;
        let customer: TestCustomer = account.customer();
        customer.says("hello").await;
        let session = ann.session_with(&customer.openid()).await.expect("a session");
        drop(desk);
        account.adds("i1").await;
        account.invites("i1", &outsider.name).await;
        let admin = Command::AccountAdmin {
            appid: account.appid.clone(),
            worker: outsider.name.clone(),
            revoke: false,
        };
        app.command(admin).await.unwrap();
        let (ended, spare, across) = (again(app, &ann).await, again(app, &ann).await, again(app, &ann).await);
        app.send("/desk/api/logout", &ended, &json!({})).await;
        let list: Value = app.ask("/desk/api/logins", &spare).await.json().await.unwrap();
        let login =
            list["logins"].as_array().unwrap().iter().find(|it| it["current"] == true).unwrap()["id"].clone();
        let garbage = format!("kefu_login={}; kefu_{}={0}", "x".repeat(43), account.appid);
        let cookies = [
            String::new(),
            garbage,
            ended,
            customer.cookie(),
            eve.cookie.clone(),
            bob.cookie.clone(),
            ann.cookie.clone(),
            outsider.cookie.clone(),
            across,
            supervisor.cookie.clone(),
        ];
        assert_eq!(code(&account.pictures("a1", PNG).await), 0);
        let film = account.media("video", MP4).await;
        let film = account.get("/cgi-bin/media/get", &[("media_id", &film)]).await["video_url"].clone();
        let addresses = [account.kf_list().await[0]["kf_headimgurl"].clone(), film]
            .map(|url| url.as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned());
        RouteFixture { session, addresses, login: login.as_str().unwrap().to_owned(), account, cookies }
    }

    /// A status, or the number of a refusal above 990000.
    pub async fn answer(&self, app: &TestApp, route: &Route, role: usize) -> i64 {
        let path = match route.path {
            "/headimg/{sha256}" => &self.addresses[0],
            "/media/{appid}/{ticket}" => &self.addresses[1],
            path => path,
        };
        let path = path.replace("{appid}", &self.account.appid).replace("{*name}", "none.js");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let url = format!("{}{path}", app.base);
        let request = match route.method {
            "get" => client.get(url).query(&(self.says(route))),
            _ => client.post(url).json(&self.says(route)),
        };
        let site = if ROLES[role].contains("another site") { "cross-site" } else { "same-origin" };
        let request = request.header("sec-fetch-site", site).header("cookie", &self.cookies[role]);
        let response = request.send().await.unwrap();
        let (status, is_json) = (
            i64::from(response.status().as_u16()),
            response.headers().get("content-type").is_some_and(|it| it.to_str().unwrap().contains("json")),
        );
        if status < 400 || !is_json {
            return status;
        }
        let refusal: Value = response.json().await.unwrap();
        let number = refusal["errcode"].as_i64().unwrap() - 990_000;
        // A missing asset answers 404 to all roles.
        if number == 4 && route.path.contains("assets") { status } else { number }
    }

    fn says(&self, route: &Route) -> Value {
        (route.says)(self)
    }
}

on_both_engines! {
    every_route_answers_every_role_as_the_table_says,
}

async fn every_route_answers_every_role_as_the_table_says(app: TestApp) {
    let fixture = RouteFixture::set(&app).await;
    let mut wrong = Vec::new();
    for route in ROUTES {
        for (role, name) in ROLES.iter().enumerate() {
            let found = fixture.answer(&app, route, role).await;
            if found != route.expected[role] {
                wrong.push(format!(
                    "{} {} by {name}: {found}, expected {}",
                    route.method, route.path, route.expected[role]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_route_is_in_a_table() {
    let router = include_str!("../../src/app.rs");
    let routes: BTreeSet<(String, String)> = router
        .split(".route(")
        .skip(1)
        .filter_map(|rest| {
            let (path, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            let method = rest.trim_start_matches(',').trim_start().split('(').next()?;
            Some((path.to_owned(), method.to_owned()))
        })
        .collect();
    let known: BTreeSet<_> = ROUTES.iter().map(|it| (it.path.to_owned(), it.method.to_owned())).collect();
    assert_eq!(routes, known);
    // Weixin's endpoints enter the router in one way, and each is in the matrix.
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/weixin").read_dir().unwrap();
    let on = handlers
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().matches("on(app, &").count());
    assert_eq!(on.sum::<usize>(), protocol::endpoint::ALL.len());
    let matrix = matrix::table();
    for endpoint in
        protocol::endpoint::ALL.iter().filter(|it| it.called_by != protocol::endpoint::CalledBy::Secret)
    {
        assert!(matrix.iter().any(|row| row.path == endpoint.path), "{} is not in the matrix", endpoint.name);
    }
    // Other answers: wrong methods, unknown paths, Weixin's paths with more slashes, and nothing else.
    let others: Vec<_> = router.lines().filter(|line| line.contains("fallback(")).collect();
    assert_eq!(others.len(), 4, "{others:?}");
    let words = [(".nest", 0), (".route_service", 0), (".fallback_service", 0), ("Router::new()", 10)];
    for (word, times) in words {
        assert_eq!(router.matches(word).count(), times, "{word}");
    }
}

/// The admin socket accepts commands by the user id of the process.
#[test]
fn only_the_owner_of_the_data_can_send_commands() {
    let fresh = Fresh::folder();
    let demo = RunningServer::start(DEMO, &fresh);
    let kefu::config::Place::Folder(folder) = &fresh.place else { unreachable!() };
    for (name, mode) in [("admin.sock", 0o600), ("kefu.db", 0o600), ("kefu.db-wal", 0o600)] {
        assert_eq!(folder.join(name).metadata().unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    demo.stop();
}
