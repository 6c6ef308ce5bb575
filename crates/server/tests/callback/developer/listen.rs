//! `kefu listen`: a developer's machine gets an account's pushes while it is connected.

use crate::actors::{PATIENCE, TestAccount, TestApp, TestCustomer, until};
use crate::callback::receiver::{Receiver, TOKEN, delivers, listens, sets};
use crate::cluster::on_two_nodes;
use crate::fixture::running::KEFU;
use kefu::admin::Command;
use kefu::admin::callback::CallbackChange;
use kefu::admin::callback::ListenKeyCommand;
use kefu::bind;
use kefu::desk::cluster;
use model::Appid;
use serde_json::Value;
use std::process::{Child, Stdio};

const PATH: &str = "/desk/api/listen";

async fn key(account: &TestAccount) -> String {
    let make = ListenKeyCommand::Make(account.appid.clone());
    let made = account.app.command(Command::ListenKey(make)).await.unwrap();
    made["listen_key"].as_str().unwrap().to_owned()
}

/// The account is pushed only to machines that listen.
async fn only_listens(account: &TestAccount) {
    let (url, token) = (Some("listen:".to_owned()), Some(TOKEN.to_owned()));
    sets(account, CallbackChange { url, token, ..CallbackChange::default() })
        .await
        .expect("nothing is asked");
}

/// `kefu listen` on this machine, ended when dropped.
struct Machine(Child, #[expect(dead_code, reason = "it holds the file of the key")] tempfile::TempDir);

impl Machine {
    async fn connects(account: &TestAccount, to: &str) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, key(account).await + "\n").unwrap();
        let mut command = std::process::Command::new(KEFU);
        command.args(["listen", "--desk", &account.app.base, "--forward-to", to, "--key"]);
        command.arg(format!("file:{}", file.display())).stdout(Stdio::null());
        let machine = Machine(command.spawn().unwrap(), folder);
        is_connected(account, true).await;
        machine
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn is_connected(account: &TestAccount, expected: bool) {
    let appid = Appid::parse(&account.appid).unwrap();
    let forwarders = &account.app.inner.forwarders;
    until("the machine is connected", || async { forwarders.has(&appid) == expected }).await;
}

/// Waits until the account's only push has ended.
async fn has_ended(account: &TestAccount) {
    let has_ended = || {
        let (appid, store) = (account.appid.clone(), account.app.inner.desk.store.clone());
        let sql = "select count(*) from push where appid = $1";
        async move { store.read("", move |tx| tx.number(sql, bind![&appid])).await.unwrap() == 1 }
    };
    until("the push has ended", has_ended).await;
}

/// A stream without `kefu listen`.
struct RawStream(reqwest::Response, String);

impl RawStream {
    async fn asks(account: &TestAccount, key: &str, query: &str) -> reqwest::Response {
        let request = account.app.http.get(format!("{}{PATH}{query}", account.app.base));
        request.header("authorization", format!("Bearer {key}")).send().await.unwrap()
    }

    async fn opens(account: &TestAccount, key: &str, query: &str) -> RawStream {
        let response = RawStream::asks(account, key, query).await;
        assert_eq!(response.status(), 200);
        RawStream(response, String::new())
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.1.split_once('\n') {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.1 = rest;
                if !line.is_empty() {
                    return Some(serde_json::from_str(&line).unwrap_or_else(|_| line.into()));
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.0.chunk()).await.expect("a chunk").unwrap()?;
            self.1.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

on_both_engines! {
    pushes_go_to_a_machine_and_its_answers_to_the_customer,
    a_machine_is_the_accounts_receiver_while_it_is_connected,
    a_machine_that_comes_back_learns_what_it_missed,
    one_machine_replaces_another,
    a_key_opens_its_account_until_it_is_revoked,
}

async fn pushes_go_to_a_machine_and_its_answers_to_the_customer(app: TestApp) {
    let (account, receiver) = (app.account().await, Receiver::start().await);
    only_listens(&account).await;
    delivers(&app);
    let _machine = Machine::connects(&account, &receiver.url).await;
    receiver.answers(|push| {
        let text = "<MsgType>text</MsgType><Content><![CDATA[您好]]></Content>";
        (200, push.answered(text))
    });
    let customer = TestCustomer::new(&account);
    customer.says("你好").await;
    let push = &receiver.received(1).await[0];
    assert_eq!((push.element("Content").as_str(), &push.query["openid"]), ("你好", &customer.openid()));
    until("the answer is at the page", || async { customer.last().await["text"] == "您好" }).await;
}

async fn a_machine_is_the_accounts_receiver_while_it_is_connected(app: TestApp) {
    let (account, server, local) = (app.account().await, Receiver::start().await, Receiver::start().await);
    listens(&account, &server).await;
    delivers(&app);
    let machine = Machine::connects(&account, &local.url).await;
    let customer = TestCustomer::new(&account);
    customer.says("一").await;
    assert_eq!(local.received(1).await[0].element("Content"), "一");
    // A push whose answer did not reach the desk would come again.
    has_ended(&account).await;
    drop(machine);
    is_connected(&account, false).await;
    customer.says("二").await;
    assert_eq!(server.received(1).await[0].element("Content"), "二");
}

async fn a_machine_that_comes_back_learns_what_it_missed(app: TestApp) {
    let account = app.account().await;
    only_listens(&account).await;
    delivers(&app);
    let key = key(&account).await;
    let greeting = RawStream::opens(&account, &key, "").await.line().await.unwrap()["greeting"].clone();
    assert_eq!(
        (&greeting["appid"], &greeting["ended"]),
        (&account.appid.clone().into(), &Value::Array(vec![]))
    );
    is_connected(&account, false).await;
    TestCustomer::new(&account).says("在吗").await;
    has_ended(&account).await;
    let query = format!("?since={}", greeting["cursor"]);
    let greeting = RawStream::opens(&account, &key, &query).await.line().await.unwrap()["greeting"].clone();
    let ended = &greeting["ended"][0];
    assert_eq!((&ended["what"], &ended["outcome"]), (&"text".into(), &"failed".into()), "{greeting}");
    assert_eq!(greeting["more"], false);
}

async fn one_machine_replaces_another(app: TestApp) {
    let account = app.account().await;
    only_listens(&account).await;
    let key = key(&account).await;
    let mut first = RawStream::opens(&account, &key, "").await;
    first.line().await.expect("a greeting");
    let mut second = RawStream::opens(&account, &key, "").await;
    second.line().await.expect("a greeting");
    assert_eq!((first.line().await, first.line().await), (Some("replaced".into()), None));
    app.inner.stop.cancel();
    assert_eq!(second.line().await, None);
}

async fn a_key_opens_its_account_until_it_is_revoked(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let key = key(&account).await;
    assert_eq!(RawStream::asks(&account, &key, "").await.status(), 404, "nothing is pushed yet");
    only_listens(&account).await;
    only_listens(&other).await;
    let secret = key.split_once('.').unwrap().1.to_owned();
    let theirs = format!("{}.{secret}", other.appid);
    for wrong in ["", "x", &secret, &theirs, &format!("{key}0"), &account.secret] {
        assert_eq!(RawStream::asks(&account, wrong, "").await.status(), 401, "{wrong}");
    }
    let appid = account.appid.clone();
    let sql = "select hash from listen_key where appid = $1";
    let store = &app.inner.desk.store;
    let hash = store.read("", move |tx| Ok(tx.one(sql, bind![&appid])?.unwrap().text(0))).await.unwrap();
    assert!(!hash.contains(&secret) && hash.len() == 64);
    let mut stream = RawStream::opens(&account, &key, "").await;
    stream.line().await.expect("a greeting");
    let revoke = ListenKeyCommand::Revoke(account.appid.clone());
    assert_eq!(app.command(Command::ListenKey(revoke)).await.unwrap()["revoked"], 1);
    assert_eq!(stream.line().await, Some("over".into()));
    assert_eq!(RawStream::asks(&account, &key, "").await.status(), 401);
}

/// The machine is connected to one node, and customers write at the other. Then the machine's node dies while a push
/// waits for its answer, and the machine comes to the other node.
#[test]
fn a_machine_gets_what_customers_write_at_another_node_and_again_when_its_node_dies() {
    on_two_nodes(async |here, there| {
        let (account, local) = (here.account().await, Receiver::start().await);
        only_listens(&account).await;
        delivers(&here);
        delivers(&there);
        let (customer, beyond) =
            (TestCustomer::new(&account), TestAccount { app: there.clone(), ..account.clone() });
        customer.says("零").await;
        // Without a machine it fails, at whichever node.
        has_ended(&account).await;
        let machine = Machine::connects(&beyond, &local.url).await;
        customer.says("一").await;
        customer.says("二").await;
        local.received(2).await;
        local.releases(2);
        customer.says("三").await;
        local.received(3).await;
        there.inner.stop.cancel();
        cluster::fence(&here.inner.desk, &there.inner.desk.node).await.unwrap();
        drop(machine);
        local.releases(usize::MAX);
        let _machine = Machine::connects(&account, &local.url).await;
        customer.says("四").await;
        let received = local.received(5).await;
        let texts: Vec<_> = received.iter().map(|push| push.element("Content")).collect();
        assert_eq!(texts, ["一", "二", "三", "三", "四"]);
        assert_eq!(received[2].element("MsgId"), received[3].element("MsgId"));
    });
}
