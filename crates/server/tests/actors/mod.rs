//! The actors of the tests: accounts that call the API, agents at the workbench, customers at the chat page.

mod account;
mod agent;
mod component;
mod customer;
pub mod form;
pub mod picture;
mod seen;
mod stream;

use crate::fixture::engine::Fresh;
use kefu::admin::{Command, CommandContext, execute};
use kefu::app::{connection_limit, router};
use kefu::clock::{Clock, Rng};
use kefu::config::{Rules, Settings};
use kefu::desk::{Desk, cluster};
use kefu::due::{self, Lease};
use kefu::files::Files;
use kefu::listen::{self, ConnectionLimit};
use kefu::state;
use kefu::store::Store;
use serde_json::Value;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

pub use account::TestAccount;
pub use agent::TestAgent;
pub use component::TestComponent;
pub use customer::TestCustomer;
pub use stream::{Stream, StreamEvent};

/// When tests begin: 2027-01-15.
pub const BEGIN: i64 = 1_800_000_000_000;
/// How long a test waits for what must happen. Long, so that a slow machine fails no test.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running node over fresh data. Its clock moves only by `advance`.
#[derive(Clone)]
pub struct TestApp {
    pub inner: state::App,
    pub base: String,
    pub http: reqwest::Client,
    pub clock: Clock,
    pub fresh: Arc<Fresh>,
    lease: Arc<tokio::sync::Mutex<Lease>>,
    accounts: Arc<Mutex<u64>>,
    errors: CapturedErrors,
}

/// Runs a test over `fresh` data, then asserts that the desk logged no error.
pub fn run(fresh: Fresh, test: impl AsyncFnOnce(TestApp)) {
    let errors = CapturedErrors::default();
    let _guard = tracing::subscriber::set_default(errors.clone());
    let fresh = Arc::new(fresh);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // A test runs once for each engine, and both must match the same inline snapshots.
    insta::allow_duplicates! {
        runtime.block_on(async {
            let app = TestApp { errors: errors.clone(), ..TestApp::start(fresh, 7).await };
            test(app.clone()).await;
            app.inner.stop.cancel();
        });
    }
    let errors = errors.0.lock().unwrap();
    assert!(errors.is_empty(), "errors were logged: {errors:?}");
}

impl TestApp {
    /// Settings with which this machine may be called as a developer's server.
    fn settings() -> Settings {
        Settings { callback_network: vec!["127.0.0.0/8".parse().unwrap()], ..Settings::default() }
    }

    /// A node over `fresh` data without limits on people. Nodes that share data need different seeds.
    pub async fn start(fresh: Arc<Fresh>, seed: u64) -> TestApp {
        TestApp::start_with(fresh, seed, TestApp::settings(), Rules::default()).await
    }

    /// A node with these settings and rules.
    pub async fn start_with(fresh: Arc<Fresh>, seed: u64, settings: Settings, rules: Rules) -> TestApp {
        let (clock, free) = (Clock::manual(BEGIN), rules.files_free());
        let store = Store::open(&fresh.place, clock.clone()).await.expect("a store");
        let desk = Desk::new(store, Rng::seeded(seed), rules).with_files(Files::at(fresh.files(), free));
        TestApp::over(desk, settings, clock, fresh).await
    }

    /// A node over a desk.
    async fn over(desk: Desk, settings: Settings, clock: Clock, fresh: Arc<Fresh>) -> TestApp {
        let inner = state::App::new(desk, settings);
        let lease = Arc::new(tokio::sync::Mutex::new(Lease::begin(&inner).await.expect("a lease")));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(listen::serve(
            listener,
            router(inner.clone()),
            connection_limit(&inner),
            inner.stop.clone(),
        ));
        let (accounts, errors) = Default::default();
        TestApp { inner, base, http: reqwest::Client::new(), clock, fresh, lease, accounts, errors }
    }

    /// Stops this node and starts another over the same store. The old lease is released only if `said_so`.
    pub async fn restarts(&self, said_so: bool) -> TestApp {
        let desk = &self.inner.desk;
        self.inner.stop.cancel();
        if said_so {
            cluster::fence(desk, &desk.node).await.expect("the lease is given up");
        }
        let again = Desk::new(desk.store.clone(), Rng::seeded(9), desk.rules);
        let again = again.with_files(desk.files.clone());
        let app = TestApp::over(again, TestApp::settings(), self.clock.clone(), self.fresh.clone()).await;
        TestApp { accounts: self.accounts.clone(), ..app }
    }

    /// Starts another node over the same data, while this one serves.
    pub async fn joined(&self, seed: u64) -> TestApp {
        let serves = async {
            loop {
                self.lease.lock().await.renew(&self.inner).await;
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            other = TestApp::start(self.fresh.clone(), seed) => other,
            () = serves => unreachable!("it serves until the other has started"),
        }
    }

    /// Another HTTP server over the same desk, with these settings and caches of its own.
    pub async fn beside(&self, settings: Settings) -> TestApp {
        let inner = state::App::new(self.inner.desk.clone(), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        // It stops with this node.
        let stop = self.inner.stop.child_token();
        tokio::spawn(listen::serve(listener, router(inner.clone()), ConnectionLimit::new(64), stop));
        TestApp { inner, base, ..self.clone() }
    }

    /// Advances the clock, writes what was counted, and runs what is due.
    pub async fn advance(&self, ms: i64) {
        self.clock.advance(ms);
        due::flush_all_counts(&self.inner).await.expect("what was counted");
        self.inner.streams.write_differences().join_all().await;
        due::run_once(&self.inner).await.expect("what is due");
    }

    /// What a node does every five seconds: checks the other nodes, and compares its streams with the store.
    pub async fn heartbeat(&self) {
        self.lease.lock().await.renew(&self.inner).await;
        self.inner.streams.recheck().await.expect("what the store holds");
        self.inner.streams.write_differences().join_all().await;
    }

    /// Asserts that `fails` logs an error, and forgets the error.
    pub async fn expect_errors(&self, fails: impl AsyncFnOnce()) {
        assert_ne!(self.count_errors(fails).await, 0, "no error was logged");
    }

    /// Counts the errors that `fails` logs, and forgets them.
    pub async fn count_errors(&self, fails: impl AsyncFnOnce()) -> usize {
        fails().await;
        std::mem::take(&mut *self.errors.0.lock().unwrap()).len()
    }

    /// What operators' commands know of this server.
    pub fn context(&self) -> CommandContext {
        let callback_networks = vec!["127.0.0.0/8".parse().unwrap()];
        CommandContext { base: self.base.clone(), callback_networks }
    }

    /// Runs an operator's command.
    pub async fn command(&self, command: Command) -> Result<Value, String> {
        execute(&self.inner.desk, &self.context(), command).await
    }

    /// A certified service account with an alias of its own.
    pub async fn account(&self) -> TestAccount {
        self.account_with(|_| {}).await
    }

    /// A certified service account with changed settings.
    pub async fn account_with(
        &self,
        change: impl FnOnce(&mut kefu::desk::account::AccountChanges),
    ) -> TestAccount {
        let number = {
            let mut accounts = self.accounts.lock().unwrap();
            *accounts += 1;
            *accounts
        };
        let mut settings = kefu::desk::account::AccountChanges {
            kind: Some("service".into()),
            certified: Some(true),
            alias: Some(format!("shop{number}")),
            ..Default::default()
        };
        change(&mut settings);
        let created =
            self.command(Command::AccountCreate { appid: None, settings }).await.expect("an account");
        TestAccount::new(self.clone(), &created).await
    }

    /// A POST of the workbench or the chat page.
    pub async fn send(&self, path: &str, cookie: &str, body: &Value) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        let first = path.strip_prefix("/chat/api/").filter(|_| cookie.is_empty()).map(first_cookie);
        request
            .header("cookie", first.as_deref().unwrap_or(cookie))
            .json(body)
            .send()
            .await
            .expect("an answer")
    }

    /// A GET of the workbench or the chat page.
    pub async fn ask(&self, path: &str, cookie: &str) -> reqwest::Response {
        self.http
            .get(format!("{}{path}", self.base))
            .header("cookie", cookie)
            .send()
            .await
            .expect("an answer")
    }
}

/// The cookie that an answer sets, as a browser sends it back.
pub fn cookie_of(response: &reqwest::Response) -> Option<String> {
    let header = response.headers().get("set-cookie")?.to_str().ok()?;
    assert!(header.contains("HttpOnly") && header.contains("SameSite=Lax"), "{header}");
    header.split(';').next().map(str::to_owned)
}

/// A cookie as the chat page gives it to a new browser. Each call returns another one.
pub fn first_cookie(path: &str) -> String {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    let appid = path.split('/').next().unwrap_or_default();
    format!("kefu_{appid}={:0>43}", GIVEN.fetch_add(1, Ordering::Relaxed))
}

/// The errcode of an answer, 0 if there is none.
pub fn code(answer: &Value) -> i64 {
    answer.get("errcode").and_then(Value::as_i64).unwrap_or(0)
}

/// The id that a page gives a message; here the same for the same text.
pub fn client_id(text: &str) -> String {
    text.bytes().take(32).map(|byte| format!("{byte:02x}")).collect()
}

/// Waits until `holds` returns true, `PATIENCE` at most.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .unwrap_or_else(|_| panic!("still not true after {PATIENCE:?}: {what}"));
}

/// Gathers what is logged at a level or above.
#[derive(Clone)]
pub struct CapturedErrors(pub Arc<Mutex<Vec<String>>>, Level);

impl Default for CapturedErrors {
    fn default() -> Self {
        CapturedErrors(Arc::default(), Level::ERROR)
    }
}

impl CapturedErrors {
    /// Gathers errors from now on, for a test that expects them.
    pub fn expected() -> (CapturedErrors, tracing::subscriber::DefaultGuard) {
        CapturedErrors::at(Level::ERROR)
    }

    /// Gathers warnings and errors from now on.
    pub fn warnings() -> (CapturedErrors, tracing::subscriber::DefaultGuard) {
        CapturedErrors::at(Level::WARN)
    }

    fn at(level: Level) -> (CapturedErrors, tracing::subscriber::DefaultGuard) {
        let errors = CapturedErrors(Arc::default(), level);
        (errors.clone(), tracing::subscriber::set_default(errors))
    }
}

impl Subscriber for CapturedErrors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.1
    }

    fn event(&self, event: &Event<'_>) {
        struct FieldText(String);
        impl Visit for FieldText {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{}={value:?} ", field.name()));
            }
        }
        let mut text = FieldText(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
