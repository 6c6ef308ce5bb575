//! Removal of accounts and workers: what remains, which pages are notified, and who may take the name.

use super::other_node;
use crate::actors::form::{MP4, PNG};
use crate::actors::{TestAccount, TestAgent, TestApp, TestComponent, code, cookie_of, until};
use crate::fixture::engine::{Fresh, with_fresh_data};
use crate::fixture::running::{APPID, DEMO, KEFU, RunningServer, kefu};
use futures_util::future::join_all;
use kefu::admin::customer::CustomerCommand;
use kefu::admin::remove::{RemoveCommand, Subject};
use kefu::admin::{Command, LimitCommand};
use kefu::bind;
use kefu::desk::jobs::{self, Queue};
use kefu::desk::quota::LimitChange;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

const MINUTE: i64 = 60_000;
const TOKEN_LIFE: i64 = 7_200_000;

fn removal_of(account: &TestAccount, confirmed: bool) -> Command {
    Command::Remove(RemoveCommand { subject: Subject::Account(account.appid.clone()), confirmed })
}

fn worker(name: &str, confirmed: bool) -> Command {
    Command::Remove(RemoveCommand { subject: Subject::Worker(name.into()), confirmed })
}

/// The number of rows of an owner in each table.
async fn rows(app: &TestApp, appid: &str) -> BTreeMap<String, i64> {
    let store = &app.inner.desk.store;
    let tables = if store.is_shared() {
        "select table_name::text, column_name::text from information_schema.columns
            where table_schema = current_schema() and column_name in ('appid', 'owner')"
    } else {
        "select m.name, p.name from sqlite_schema m join pragma_table_info(m.name) p
            where m.type = 'table' and p.name in ('appid', 'owner')"
    };
    let appid = appid.to_owned();
    let counted = store.read("", move |tx| {
        let mut counts = BTreeMap::new();
        for row in tx.all(tables, &[])? {
            let (table, column) = (row.text(0), row.text(1));
            // Statements are `&'static str`, so the test leaks this one.
            let sql = format!("select count(*) from {table} where {column} = $1").leak();
            counts.insert(table, tx.one(sql, bind![&appid])?.unwrap().int(0));
        }
        Ok(counts)
    });
    counted.await.unwrap()
}

async fn adds(app: &TestApp, sql: &'static str, appid: &str) {
    let id = appid.to_owned();
    app.inner.desk.store.write_silent(appid, move |tx| tx.run(sql, bind![&id]).map(|_| ())).await.unwrap();
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).map(|all| all.map(|entry| entry.unwrap().path()).collect());
    let entries: Vec<_> = entries.unwrap_or_default();
    entries.iter().map(|path| if path.is_dir() { files(path) } else { 1 }).sum()
}

/// An account with rows in every table, and an agent at the workbench.
async fn full(app: &TestApp) -> (TestAccount, TestAgent) {
    let (account, component) = (app.account().await, TestComponent::new(app).await);
    let ann = account.agent("a1").await;
    component.gets_grant(&account, &[1]).await;
    component.token_for(&account).await;
    account.adds("a2").await;
    account.invites("a2", "nobody_yet").await;
    account.media("video", MP4).await;
    let customer = account.customer();
    let message = customer.says("hello").await;
    assert_eq!(ann.takes(message["session"].as_i64().unwrap()).await.0, 200);
    let (id, session) = (&message["id"], &message["session"]);
    let session = json!({"appid": account.appid, "session": session, "text": "Dear", "message": id});
    for path in ["/desk/api/draft", "/desk/api/read"] {
        assert_eq!(ann.sends(path, session.clone()).await.0, 200);
    }
    let url = format!("{}/chat/api/{}/image?client_id=p1", app.base, account.appid);
    let request = app.http.post(url).header("sec-fetch-site", "same-origin");
    let request = request.header("cookie", customer.cookie()).header("content-type", "image/png");
    assert_eq!(request.body(PNG).send().await.unwrap().status(), 200);
    let (appid, worker) = (account.appid.clone(), ann.name.clone());
    app.command(Command::AccountAdmin { appid: appid.clone(), worker, revoke: false }).await.unwrap();
    let change = LimitChange { endpoint: None, daily: Some(1_000), per_minute: None, standard: false };
    app.command(Command::Limit(LimitCommand::Quota { appid: appid.clone(), change })).await.unwrap();
    let addresses = LimitCommand::Addresses { appid, add: vec!["127.0.0.1".into()], remove: Vec::new() };
    app.command(Command::Limit(addresses)).await.unwrap();
    let business = "insert into business
        (appid, business_id, account_name, nickname, icon, transfer_to_commkf, created_at)
        select $1, 1, 'name', 'name', content, 0, 0 from message where appid = $1 and content <> '' limit 1";
    adds(app, business, &account.appid).await;
    adds(app, "insert into work (appid, corpid, bound_at) values ($1, 'corp', 0)", &account.appid).await;
    for sql in [
        "insert into callback (appid, url, token, mode, format, aes_key, previous_key, set_at)
            values ($1, 'http://127.0.0.1:1/', 'AAAAA', 'plain', 'xml', '', '', 0)",
        "insert into callback_version
            (appid, role, url, token, mode, format, aes_key, previous_key, fault, set_at)
            values ($1, 'staged', 'http://127.0.0.1:1/', 'AAAAA', 'plain', 'xml', '', '', '', 0)",
        "insert into listen_key (appid, hash, made_at) values ($1, 'x', 0)",
        "insert into missed (appid, session, openid, since, at, reason) values ($1, 1, '', 0, 0, 'window')",
        "insert into agent_group (appid, id, name, menu_id) values ($1, 1, 'pre-sale', '')",
        "insert into group_member (appid, group_id, kf_account) values ($1, 1, '')",
        "insert into note (appid, openid, id, session, kf_account, text, at) values ($1, '', 1, 1, '', '', 0)",
        "insert into push_cursor (appid, seq) values ($1, 1)",
        "insert into push_alarm (appid, kind, first_at, last_at, count, sample)
            values ($1, 'dns_failure', 0, 0, 30, '')",
        "insert into customer_event (appid, id, openid, event, members) values ($1, 1, '', 'CLICK', '{}')",
        "insert into push (appid, seq, fact, openid, what, outcome, tries, fault, at)
            values ($1, 1, 0, '', 'text', 'taken', 1, '', 0)",
        "insert into push_try (appid, seq, fact, number, replay, at, took_ms, status, fault, headers, answer,
            understood, warnings) values ($1, 1, 0, 1, 0, 0, 0, 200, '', '[]', '', '', '')",
    ] {
        adds(app, sql, &account.appid).await;
    }
    // A refused call adds a row to `rid`.
    account.get("/customservice/kfsession/getsessionlist", &[("kf_account", "x")]).await;
    app.advance(1_000).await;
    (account, ann)
}

on_both_engines! {
    a_removed_account_leaves_no_rows_and_its_appid_is_never_used_again,
    programs_of_a_removed_account_are_refused_like_those_of_an_unknown_one,
    the_pages_of_a_removed_account_get_a_reset_at_every_node,
    a_removal_goes_on_in_bounded_rounds_after_a_stop,
    a_removed_workers_agents_are_free_and_customers_go_to_others,
    a_worker_with_a_removed_name_inherits_nothing,
    a_worker_bound_and_removed_at_once_is_no_agent_after_a_minute,
}

async fn a_removed_account_leaves_no_rows_and_its_appid_is_never_used_again(app: TestApp) {
    let (account, ann) = full(&app).await;
    let stream = ann.comes_online().await;
    let before = rows(&app, &account.appid).await;
    let not_its = ["component", "removed"];
    let without: Vec<_> =
        before.iter().filter(|(table, rows)| **rows == 0 && !not_its.contains(&table.as_str())).collect();
    assert_eq!(without, Vec::<(&String, &i64)>::new(), "tables this test says nothing of");
    assert!(files(&app.fresh.folder_of_files()) > 0);
    let counts = app.command(removal_of(&account, false)).await.unwrap();
    let expected = json!({
        "name": account.appid, "agents": 2, "customers": 1, "sessions": 1, "messages": 2, "files": 1,
        "administrators": 1, "platforms": 1
    });
    assert_eq!(counts, expected);
    app.command(removal_of(&account, true)).await.unwrap();
    stream.ends().await;
    until("the server has noticed the closed stream", || async { app.inner.streams.agents() == 0 }).await;
    app.advance(0).await;
    let left: Vec<_> = rows(&app, &account.appid).await.into_iter().filter(|(_, rows)| *rows > 0).collect();
    let expected = [("due".to_owned(), 1), ("removed".to_owned(), 1), ("token".to_owned(), 1)];
    assert_eq!(left, expected, "the platform's token is refused as one without a grant");
    assert_eq!(files(&app.fresh.folder_of_files()), 0);
    app.advance(TOKEN_LIFE).await;
    let left: Vec<_> = rows(&app, &account.appid).await.into_iter().filter(|(_, rows)| *rows > 0).collect();
    assert_eq!(left, [("removed".to_owned(), 1)]);
    let settings = Default::default();
    let again = app.command(Command::AccountCreate { appid: Some(account.appid.clone()), settings }).await;
    assert!(again.unwrap_err().contains("cannot be used again"));
    let again = Command::ComponentCreate { appid: Some(account.appid.clone()), name: "again".into() };
    assert!(app.command(again).await.unwrap_err().contains("cannot be used again"));
    assert!(app.command(removal_of(&account, true)).await.unwrap_err().contains("no such account"));
}

async fn programs_of_a_removed_account_are_refused_like_those_of_an_unknown_one(app: TestApp) {
    let account = app.account().await;
    let openid = account.creates_customer().await;
    app.command(removal_of(&account, true)).await.unwrap();
    let query = format!("grant_type=client_credential&appid={}&secret={}", account.appid, account.secret);
    assert_eq!(code(&account.raw("GET", &format!("/cgi-bin/token?{query}"), Vec::new()).await), 40013);
    let body = json!({"grant_type": "client_credential", "appid": account.appid, "secret": account.secret});
    let stable = account.raw("POST", "/cgi-bin/stable_token", body.to_string().into_bytes()).await;
    assert_eq!(code(&stable), 40013);
    assert_eq!(account.sends_text(&openid, "hello").await, 40001);
    let say = CustomerCommand::Say { appid: account.appid.clone(), openid, text: "hello".into() };
    assert!(app.command(Command::Customer(say)).await.unwrap_err().contains("no such account"));
    let fresh = format!("/chat/api/{}", account.appid);
    assert_eq!(app.ask(&format!("{fresh}/snapshot"), "").await.status(), 404);
    let body = json!({"client_id": "1", "text": "hello"});
    assert_eq!(app.send(&format!("{fresh}/message"), "", &body).await.status(), 404);
}

async fn the_pages_of_a_removed_account_get_a_reset_at_every_node(app: TestApp) {
    let there = other_node(&app).await;
    let (account, other) = (app.account().await, app.account().await);
    let ann = account.agent("a1").await;
    other.adds("b1").await;
    assert_eq!(code(&other.invites("b1", &ann.name).await), 0);
    assert_eq!(ann.at(&other, "b1").answers_invitation(true).await, 200);
    let customer = account.customer();
    customer.says("hello").await;
    let elsewhere = TestAgent { app: there.clone(), ..ann.clone() };
    let (mut desk, mut page) = (elsewhere.comes_online().await, customer.watches().await);
    app.command(removal_of(&account, true)).await.unwrap();
    desk.waits_for("reset", |event| event.event == "reset").await;
    page.waits_for("reset", |event| event.event == "reset").await;
    desk.ends().await;
    page.ends().await;
    let accounts = elsewhere.snapshot().await["accounts"].clone();
    let left: Vec<_> = accounts.as_array().unwrap().iter().map(|it| it["appid"].clone()).collect();
    assert_eq!(left, [json!(other.appid)]);
    let path = format!("/chat/api/{}/snapshot", account.appid);
    assert_eq!(there.ask(&path, &customer.cookie()).await.status(), 404);
    let mut desk = elsewhere.comes_online().await;
    other.customer().says("still here").await;
    desk.sees_fact("the other account", |fact| fact["session"]["state"] == "open").await;
    app.advance(0).await;
    let name = model::WechatId::parse(&ann.name).unwrap();
    let places = kefu::desk::worker::links(&app.inner.desk, &name);
    assert_eq!(places.await.unwrap().bindings.len(), 1, "it counts no longer");
    there.inner.stop.cancel();
}

async fn a_removal_goes_on_in_bounded_rounds_after_a_stop(app: TestApp) {
    let account = app.account().await;
    let many = "insert into customer (appid, openid, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < 1200)
            select $1, 'o' || cast(i as text), 0 from n";
    adds(&app, many, &account.appid).await;
    app.command(removal_of(&account, true)).await.unwrap();
    let customers = async || rows(&app, &account.appid).await["customer"];
    let mut seen = vec![customers().await];
    // One round at a time, as if the process stopped after each.
    while *seen.last().unwrap() > 0 {
        for row in jobs::next(&app.inner.desk, Queue::Desk).await.unwrap() {
            jobs::run_due(&app.inner.desk, &row).await.unwrap();
        }
        let left = customers().await;
        if left != *seen.last().unwrap() {
            seen.push(left);
        }
    }
    assert_eq!(seen, [1200, 700, 200, 0]);
}

async fn a_removed_workers_agents_are_free_and_customers_go_to_others(app: TestApp) {
    let there = other_node(&app).await;
    let account = app.account().await;
    let ann = account.agent("a1").await;
    code(&account.get("/customservice/kfaccount/setadmin", &[("kf_account", &account.kf("a1"))]).await);
    let stream = TestAgent { app: there.clone(), ..ann.clone() }.comes_online().await;
    let customer = account.customer();
    customer.says("hello").await;
    assert_eq!(account.sessions("a1").await, [customer.openid()]);
    let counts = app.command(worker(&ann.name, false)).await.unwrap();
    assert_eq!(counts, json!({"logins": 1, "agents": 1, "invitations": 0, "administers": 0, "links": 0}));
    app.command(worker(&ann.name, true)).await.unwrap();
    stream.ends().await;
    let listed = account.kf_list().await[0].clone();
    assert_eq!((&listed["kf_wx"], listed.get("kf_openid")), (&json!(""), None), "{listed}");
    assert_eq!(account.online().await, []);
    let list =
        account.get("/customservice/kfsession/getsessionlist", &[("kf_account", &account.kf("a1"))]).await;
    assert_eq!(code(&list), 65402);
    customer.says("and now?").await;
    assert_eq!(account.waiting().await, [customer.openid()]);
    // Another worker may become the agent, and is no supervisor.
    let bob = TestAgent::signs_up(&app, "bob").await.at(&account, "a1");
    assert_eq!(code(&account.invites("a1", "bob").await), 0);
    assert_eq!(bob.answers_invitation(true).await, 200);
    assert_eq!(bob.first_account().await["agent"]["supervisor"], false);
    assert!(app.command(worker(&ann.name, true)).await.unwrap_err().contains("no such worker"));
    there.inner.stop.cancel();
}

async fn a_worker_with_a_removed_name_inherits_nothing(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let admin =
        Command::AccountAdmin { appid: account.appid.clone(), worker: ann.name.clone(), revoke: false };
    app.command(admin).await.unwrap();
    app.command(worker(&ann.name, true)).await.unwrap();
    let signs_up = async || {
        let link = app.command(Command::WorkerInvite { name: None, hours: 72 }).await.unwrap();
        let invite = link["link"].as_str().unwrap().split_once("#join=").unwrap().1.to_owned();
        let body = json!({"invite": invite, "name": ann.name, "password": "another person"});
        app.send("/desk/api/signup", "", &body).await
    };
    assert_eq!(code(&signs_up().await.json().await.unwrap()), 990_011, "not while it is being removed");
    app.advance(MINUTE).await;
    let heir = TestAgent { cookie: cookie_of(&signs_up().await).expect("a login"), ..ann.clone() };
    let snapshot = heir.snapshot().await;
    assert_eq!((&snapshot["accounts"], &snapshot["invitations"]), (&json!([]), &json!([])));
    let administered: Value = heir.asks("/desk/api/debug").await.1;
    assert_eq!(administered["accounts"], json!([]));
    assert_eq!(heir.sends("/desk/api/debug/token", json!({"appid": account.appid})).await.0, 403);
    assert_eq!(heir.sends("/desk/api/presence", json!({"appid": account.appid, "away": true})).await.0, 403);
    assert_eq!(ann.asks("/desk/api/snapshot").await.0, 401, "the old login is invalid");
}

async fn a_worker_bound_and_removed_at_once_is_no_agent_after_a_minute(app: TestApp) {
    let account = app.account().await;
    for round in 0..5 {
        let eve = TestAgent::signs_up(&app, &format!("eve{round}")).await;
        let bind = |number: usize| {
            let kf_account = account.kf(&format!("k{round}_{number}"));
            let (appid, worker) = (account.appid.clone(), eve.name.clone());
            app.command(Command::AgentBind { appid, kf_account, worker })
        };
        for number in 0..4 {
            account.adds(&format!("k{round}_{number}")).await;
        }
        let ((), _) = tokio::join!(
            async { app.command(worker(&eve.name, true)).await.map(|_| ()).unwrap() },
            join_all((0..4).map(bind)),
        );
        app.advance(MINUTE).await;
        let agents = account.kf_list().await;
        assert!(agents.as_array().unwrap().iter().all(|agent| agent["kf_wx"] == ""), "{agents}");
        let shared = TestAgent::signs_up(&app, &eve.name).await;
        assert_eq!(shared.snapshot().await["accounts"], json!([]));
    }
}

/// Runs a command and answers its question with a line: whether it succeeded, and its output.
fn answers(args: &[&str], fresh: &Fresh, line: &str) -> (bool, String) {
    let mut command = std::process::Command::new(KEFU);
    command
        .args(args)
        .args(fresh.flags())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

on_both_engines! {
    with_fresh_data:
    an_operator_confirms_a_removal_by_typing_the_name,
}

async fn an_operator_confirms_a_removal_by_typing_the_name(fresh: Fresh) {
    let server = RunningServer::start(DEMO, &fresh);
    let token = server.token().await;
    let list = format!("/cgi-bin/customservice/getkflist?access_token={token}");
    let remove = ["account", "remove", "--appid", APPID];
    let (done, said) = answers(&remove, &fresh, "yes");
    assert!(!done && said.contains("nothing was removed") && said.contains("Kefu Demo"), "{said}");
    let (done, said) = kefu(&[&remove[..], &["--yes-remove", "wx"]].concat(), &fresh);
    assert!(!done && said.contains("nothing was removed"), "{said}");
    assert_eq!(code(&server.get(&list).await), 0);
    let (done, said) = answers(&remove, &fresh, APPID);
    assert!(done && said.contains("agents"), "{said}");
    assert_eq!(code(&server.get(&list).await), 40001);
    let (done, said) = kefu(&["account", "list", "--json"], &fresh);
    assert!(done && said.trim() == "[]", "{said}");
    server.stop();
    // The same command without a server.
    let remove = ["worker", "remove", "--name", "kf_demo"];
    let (done, said) = answers(&remove, &fresh, "kf_dem");
    assert!(!done && said.contains("nothing was removed"), "{said}");
    let (done, said) = kefu(&[&remove[..], &["--yes-remove", "kf_demo"]].concat(), &fresh);
    assert!(done, "{said}");
    let (done, said) = kefu(&["worker", "list", "--json"], &fresh);
    assert!(done && said.trim() == "[]", "{said}");
    let (done, said) = kefu(&[&remove[..], &["--yes-remove", "kf_demo"]].concat(), &fresh);
    assert!(!done && said.contains("no such worker"), "{said}");
}
