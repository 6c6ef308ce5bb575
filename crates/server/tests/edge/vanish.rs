//! Callers who hang up: what was begun is completed, in the store, in memory and in the files.

use crate::account::quota;
use crate::actors::form::{PNG, numbered};
use crate::actors::{TestAccount, TestAgent, TestApp, TestCustomer, code, until};
use crate::table::{authorise, matrix};
use kefu::desk::{invitation, removal};
use kefu::http::metrics;
use model::{KfAccount, WechatId};
use serde_json::json;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tower::ServiceExt as _;

/// How long callers wait before they hang up, in microseconds: from 0 until after the answer.
const WAITS: [u64; 8] = [0, 300, 700, 1_000, 1_500, 2_000, 3_000, 5_000];

/// Makes a call, and hangs up after `after` microseconds.
async fn hang_up(after: u64, call: impl Future) {
    let _ = tokio::time::timeout(Duration::from_micros(after), call).await;
}

/// A picture whose bytes differ by `number`.
fn picture(number: usize) -> Vec<u8> {
    numbered(number, PNG.len() + 8)
}

/// How often an endpoint has answered, with any errcode.
async fn answers(app: &TestApp, endpoint: &str) -> i64 {
    let request = http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    let response = metrics::router(app.inner.clone()).oneshot(request).await.unwrap();
    let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let name = format!("kefu_requests_total{{endpoint=\"{endpoint}\",");
    let lines = std::str::from_utf8(&page).unwrap().lines().filter(|line| line.starts_with(&name));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as i64).sum()
}

/// Asserts that the files are exactly those that the table `content` names.
async fn files_are_whole(app: &TestApp) {
    until("the files are those that content names", || async {
        let named =
            app.inner.desk.store.read("", |tx| tx.all("select object from content", &[])).await.unwrap();
        let mut there = true;
        for object in named.iter().map(|row| row.text(0)) {
            there &= app.inner.desk.files.has(&object).await.unwrap();
        }
        there && named.len() == app.files()
    })
    .await;
}

/// Asserts that this server's cached answers equal those of a new server without caches.
async fn memory_is_true(app: &TestApp, account: &TestAccount) {
    let fresh = app.beside(kefu::config::Settings::default()).await;
    let asks = [
        "/cgi-bin/customservice/getkflist",
        "/cgi-bin/customservice/getonlinekflist",
        "/customservice/kfsession/getwaitcase",
    ];
    for path in asks {
        until(path, || async {
            let there =
                TestAccount { app: fresh.clone(), ..account.clone() }.get(path, &[]).await.to_string();
            let here = account.get(path, &[]).await.to_string();
            here == there.replace(&fresh.base, &app.base)
        })
        .await;
    }
}

/// Asserts that the endpoint's count in the quota grew by the number of its answers.
async fn counts_are_true(app: &TestApp, account: &TestAccount, path: &str, endpoint: &str, since: i64) {
    until(path, || async {
        let quota = account.post("/cgi-bin/openapi/quota/get", json!({"cgi_path": path})).await;
        quota["quota"]["used"].as_i64().unwrap() == answers(app, endpoint).await - since
    })
    .await;
}

/// How often clear_quota was called this month.
async fn clears(account: &TestAccount) -> i64 {
    let id = account.appid.clone();
    let row = account.app.inner.desk.store.read("", move |tx| {
        tx.one("select used from quota where owner = $1 and what = 'clear_quota'", kefu::bind![&id])
    });
    row.await.unwrap().map_or(0, |row| row.int(0))
}

on_both_engines! {
    calls_of_programs_that_hang_up_are_completed,
    calls_of_people_who_hang_up_are_completed,
    a_picture_whose_sender_hangs_up_is_sent_whole_or_not_at_all,
    a_quota_clear_whose_caller_hangs_up_is_whole_or_not_done,
    a_lost_file_is_restored_by_uploading_the_same_bytes,
    a_verb_of_several_transactions_may_stop_after_each,
}

async fn calls_of_programs_that_hang_up_are_completed(app: TestApp) {
    let fixture = matrix::MatrixFixture::begins(&app, "service", "enterprise", true).await;
    let account = fixture.account.clone();
    let counted = ["upload", "add", "send"]
        .map(|name: &str| matrix::table().into_iter().find(|row| row.name == name).unwrap());
    let endpoint = |path: &str| protocol::endpoint::at(path).unwrap().name;
    let mut before = Vec::new();
    for row in &counted {
        let quota = account.post("/cgi-bin/openapi/quota/get", json!({"cgi_path": row.path})).await;
        before.push(answers(&app, endpoint(row.path)).await - quota["quota"]["used"].as_i64().unwrap());
    }
    let rows = matrix::table().into_iter().filter(|row| row.may_call("service", true));
    for (number, row) in rows.filter(|row| !["clearquota", "quotaclear"].contains(&row.name)).enumerate() {
        for (wait, after) in WAITS.into_iter().enumerate() {
            let cell = number * WAITS.len() + wait;
            fixture.prepares(&row, cell).await;
            hang_up(after, fixture.calls(&row, cell, matrix::CallerToken::Own, &account.token)).await;
        }
    }
    files_are_whole(&app).await;
    memory_is_true(&app, &account).await;
    for (row, since) in counted.iter().zip(before) {
        counts_are_true(&app, &account, row.path, endpoint(row.path), since).await;
    }
}

async fn calls_of_people_who_hang_up_are_completed(app: TestApp) {
    let fixture = authorise::RouteFixture::set(&app).await;
    for route in authorise::ROUTES.iter().filter(|route| route.method == "post") {
        for role in ["customer", "agent", "invited", "supervisor"] {
            for after in WAITS {
                let role = authorise::ROLES.iter().position(|name| *name == role).unwrap();
                hang_up(after, fixture.answer(&app, route, role)).await;
            }
        }
    }
    files_are_whole(&app).await;
    memory_is_true(&app, &fixture.account).await;
}

async fn a_picture_whose_sender_hangs_up_is_sent_whole_or_not_at_all(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer: TestCustomer = account.customer();
    customer.says("hello").await;
    let session = ann.session_with(&customer.openid()).await.expect("a session");
    for (number, after) in WAITS.into_iter().cycle().take(4 * WAITS.len()).enumerate() {
        let id = format!("p{number}");
        let (path, cookie) = match number % 2 {
            0 => (format!("/chat/api/{}/image?client_id={id}", account.appid), customer.cookie()),
            _ => (
                format!("/desk/api/image?appid={}&session={session}&client_id={id}", account.appid),
                ann.cookie.clone(),
            ),
        };
        let request = app.http.post(format!("{}{path}", app.base)).header("sec-fetch-site", "same-origin");
        let request =
            request.header("cookie", cookie).header("content-type", "image/png").body(picture(number));
        hang_up(after, request.send()).await;
        hang_up(after, account.pictures("a1", &picture(1_000 + number))).await;
        // Earlier pictures are deleted once nothing names them.
        app.advance(1).await;
    }
    files_are_whole(&app).await;
}

async fn a_quota_clear_whose_caller_hangs_up_is_whole_or_not_done(app: TestApp) {
    let account = app.account().await;
    let path = "/cgi-bin/customservice/getkflist";
    quota::limits(&account, path, Some(3), None).await;
    for after in WAITS {
        while code(&account.get(path, &[]).await) == 0 {}
        let before = clears(&account).await;
        hang_up(after, account.post("/cgi-bin/clear_quota", json!({"appid": account.appid}))).await;
        // The call may not have arrived. If it was counted as one of the month's ten, it cleared the day.
        tokio::time::sleep(Duration::from_millis(20)).await;
        if clears(&account).await > before {
            until("the day is cleared", || async { code(&account.get(path, &[]).await) == 0 }).await;
        }
    }
}

async fn a_lost_file_is_restored_by_uploading_the_same_bytes(app: TestApp) {
    let account = app.account().await;
    let first = account.media("image", PNG).await;
    for folder in app.fresh.folder_of_files().read_dir().unwrap() {
        std::fs::remove_dir_all(folder.unwrap().path()).unwrap();
    }
    app.expect_errors(async || assert_ne!(account.fetch_code(&first).await, 0)).await;
    let second = account.media("image", PNG).await;
    for media_id in [first, second] {
        assert_eq!(account.fetches(&media_id).await.bytes().await.unwrap(), PNG);
    }
    files_are_whole(&app).await;
}

async fn a_verb_of_several_transactions_may_stop_after_each(app: TestApp) {
    for job in [
        TwoStepVerb::Accept,
        TwoStepVerb::Decline,
        TwoStepVerb::Delete,
        TwoStepVerb::Invite,
        TwoStepVerb::AddAndInvite,
        TwoStepVerb::BindUnasked,
    ] {
        for step in 0.. {
            let fixture = TwoStepFixture::begin(&app, job, step).await;
            let is_done = fixture.stops_after(&app, job, step).await;
            // A stop loses what is in memory; the rest is completed within a minute.
            app.advance(60_000).await;
            fixture.agrees(&app, &format!("{job:?} stopped after {step}")).await;
            fixture.may_be_repeated(&app, job).await;
            if is_done {
                assert!(step > 0, "{job:?} was never stopped");
                break;
            }
        }
    }
}

/// Verbs that take more than one transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TwoStepVerb {
    Accept,
    Decline,
    Delete,
    Invite,
    AddAndInvite,
    BindUnasked,
}

struct TwoStepFixture {
    account: TestAccount,
    worker: TestAgent,
    kf_account: KfAccount,
}

impl TwoStepFixture {
    async fn begin(app: &TestApp, job: TwoStepVerb, step: usize) -> TwoStepFixture {
        let account = match job {
            TwoStepVerb::AddAndInvite => app.account_with(|it| it.kind = Some("mini-program".into())).await,
            _ => app.account().await,
        };
        let worker = TestAgent::signs_up(app, &format!("w{step}{}", format!("{job:?}").to_lowercase())).await;
        if job != TwoStepVerb::AddAndInvite {
            account.adds("a1").await;
        }
        if [TwoStepVerb::Accept, TwoStepVerb::Decline, TwoStepVerb::Delete].contains(&job) {
            assert_eq!(code(&account.invites("a1", &worker.name).await), 0);
        }
        let worker = worker.at(&account, "a1");
        if job == TwoStepVerb::Delete {
            assert_eq!(worker.answers_invitation(true).await, 200);
        }
        TwoStepFixture { kf_account: KfAccount::stored(account.kf("a1")), account, worker }
    }

    /// Runs the verb, and stops after `step` waits for the store; whether the verb completed.
    async fn stops_after(&self, app: &TestApp, job: TwoStepVerb, steps: usize) -> bool {
        let (desk, appid) = (&app.inner.desk, &model::Appid::stored(self.account.appid.clone()));
        let (name, kf_account) = (WechatId::stored(self.worker.name.clone()), &self.kf_account);
        let run = async {
            let done = match job {
                TwoStepVerb::Accept => invitation::accept(desk, &name, appid, kf_account).await,
                TwoStepVerb::Decline => invitation::decline(desk, &name, appid, kf_account).await,
                TwoStepVerb::BindUnasked => {
                    invitation::bind_without_asking(desk, &name, appid, kf_account).await
                }
                TwoStepVerb::Invite => {
                    invitation::invite(desk, appid, kf_account.as_str(), name.as_str()).await
                }
                TwoStepVerb::AddAndInvite => invitation::add_and_invite(desk, appid, name.as_str()).await,
                TwoStepVerb::Delete => removal::agent::delete(desk, appid, kf_account.as_str()).await,
            };
            done.expect("nothing is wrong with it");
        };
        let mut run = pin!(run);
        let mut waited = 0;
        let is_done = poll_fn(|cx| match run.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if waited == steps => Poll::Ready(false),
            Poll::Pending => {
                waited += 1;
                Poll::Pending
            }
        });
        let is_done = is_done.await;
        // A transaction that had begun is committed, although its caller is gone.
        for owner in [self.account.appid.clone(), format!("@{}", self.worker.name)] {
            desk.store
                .write_silent(&owner, |tx| tx.all("select seq from head", &[]).map(|_| ()))
                .await
                .unwrap();
        }
        is_done
    }

    /// Asserts that the worker's list and the account agree.
    async fn agrees(&self, app: &TestApp, what: &str) {
        let (appid, name) = (self.account.appid.clone(), self.worker.name.clone());
        let lists = app.inner.desk.store.read("", move |tx| {
            let mut all = |sql| -> Result<Vec<String>, kefu::error::Error> {
                let rows = tx.all(sql, kefu::bind![&appid, &name])?;
                Ok(rows.iter().map(|row| row.text(0)).collect())
            };
            let bound = [
                all("select kf_account from agent where appid = $1 and worker = $2")?,
                all("select kf_account from binding where appid = $1 and worker = $2")?,
            ];
            let invited = [
                all("select kf_account from agent where appid = $1 and invite_wx = $2 and invite_status = 'waiting'")?,
                all("select kf_account from invitation where appid = $1 and worker = $2")?,
            ];
            Ok([bound, invited])
        });
        for [of_account, list] in lists.await.unwrap() {
            assert_eq!(of_account, list, "{what}");
        }
    }

    /// Asserts that a caller without an answer can repeat the call.
    async fn may_be_repeated(&self, app: &TestApp, job: TwoStepVerb) {
        match job {
            TwoStepVerb::Accept => {
                let _ = self.worker.answers_invitation(true).await;
                assert_eq!(self.worker.first_account().await["agent"]["kf_account"], self.worker.kf_account);
            }
            TwoStepVerb::Decline => {
                let _ = self.worker.answers_invitation(false).await;
                assert_eq!(self.worker.snapshot().await["invitations"], json!([]));
            }
            TwoStepVerb::Delete => {
                let _ = self
                    .account
                    .post("/customservice/kfaccount/del", json!({"kf_account": self.account.kf("a1")}))
                    .await;
                assert_eq!(self.worker.snapshot().await["accounts"], json!([]));
            }
            TwoStepVerb::Invite | TwoStepVerb::AddAndInvite => {
                let agents = self.account.kf_list().await.as_array().unwrap().len();
                let repeated = match job {
                    TwoStepVerb::Invite => code(&self.account.invites("a1", &self.worker.name).await),
                    _ => 0,
                };
                assert!([0, 65411].contains(&repeated), "{repeated}");
                let invited = self.worker.snapshot().await["invitations"].as_array().unwrap().len();
                assert_eq!(invited, agents, "each agent has an invitation");
            }
            TwoStepVerb::BindUnasked => {
                let (appid, name) = (
                    model::Appid::stored(self.account.appid.clone()),
                    WechatId::stored(self.worker.name.clone()),
                );
                invitation::bind_without_asking(&app.inner.desk, &name, &appid, &self.kf_account)
                    .await
                    .expect("bound, or bound before");
                assert_eq!(self.worker.first_account().await["agent"]["kf_account"], self.worker.kf_account);
            }
        }
    }
}
