//! A developer's server.

use crate::actors::{PATIENCE, TestAccount, TestApp};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::{Method, Uri};
use kefu::admin::Command;
use kefu::admin::callback::{CallbackChange, CallbackCommand};
use kefu::callback;
use kefu::desk::Desk;
use kefu::desk::callback::{PushesAfter, pushes};
use model::Appid;
use protocol::callback::Signature;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const TOKEN: &str = "AAAAA";

/// A push as the developer's server received it.
#[derive(Clone, Debug)]
pub struct Received {
    pub query: HashMap<String, String>,
    pub body: String,
}

impl Received {
    /// The text of an element of the XML.
    pub fn element(&self, name: &str) -> String {
        let inner = self.body.split(&format!("<{name}>")).nth(1).unwrap_or_default();
        let inner = inner.split(&format!("</{name}>")).next().unwrap_or_default();
        inner.trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned()
    }

    /// An answer in XML to this push, with these elements.
    pub fn answered(&self, elements: &str) -> String {
        format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>1</CreateTime>{elements}</xml>",
            self.element("FromUserName"),
            self.element("ToUserName")
        )
    }
}

type Answer = dyn Fn(&Received) -> (u16, String) + Send + Sync;
/// What was received, how to answer, how many answers may go out, and the token.
type Shared =
    (Arc<Mutex<Vec<Received>>>, Arc<Mutex<Arc<Answer>>>, Arc<watch::Sender<usize>>, Arc<Mutex<String>>);

/// A developer's server that answers by a function, and remembers what it received.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<Arc<Answer>>>,
    released: Arc<watch::Sender<usize>>,
    token: Arc<Mutex<String>>,
    _stop: Arc<tokio_util::sync::DropGuard>,
}

impl Receiver {
    /// A server that takes everything and answers nothing.
    pub async fn start() -> Receiver {
        Receiver::at("127.0.0.1:0".parse().unwrap()).await
    }

    /// The same at an address.
    pub async fn at(address: SocketAddr) -> Receiver {
        let listener = TcpListener::bind(address).await.unwrap();
        let stop = CancellationToken::new();
        let receiver = Receiver {
            url: format!("http://{}/wx?of=mine", listener.local_addr().unwrap()),
            received: Arc::default(),
            answer: Arc::new(Mutex::new(Arc::new(|_: &Received| (200, String::new())))),
            released: Arc::new(watch::Sender::new(usize::MAX)),
            token: Arc::new(Mutex::new(TOKEN.to_owned())),
            _stop: Arc::new(stop.clone().drop_guard()),
        };
        let shared = (
            receiver.received.clone(),
            receiver.answer.clone(),
            receiver.released.clone(),
            receiver.token.clone(),
        );
        let router = Router::new().fallback(receive).with_state(shared);
        tokio::spawn(async move {
            axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        receiver
    }

    /// The same on a thread of its own, for tests that block theirs.
    pub fn apart(address: SocketAddr) -> Receiver {
        let (gives, given) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                gives.send(Receiver::at(address).await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        given.recv().unwrap()
    }

    /// Answers from now on by this function: status and body.
    pub fn answers(&self, answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// Holds all answers but the first `number` until more are released.
    pub fn releases(&self, number: usize) {
        self.released.send_replace(number);
    }

    /// What was received so far.
    pub fn so_far(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Checks signatures by another token from now on.
    pub fn has_token(&self, token: &str) {
        token.clone_into(&mut self.token.lock().unwrap());
    }

    /// What was received, once there are `number` pushes.
    pub async fn received(&self, number: usize) -> Vec<Received> {
        tokio::time::timeout(PATIENCE, async {
            while self.received.lock().unwrap().len() < number {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{number} pushes expected: {:?}", self.received.lock().unwrap()));
        self.received.lock().unwrap().clone()
    }
}

async fn receive(
    State((received, answer, released, token)): State<Shared>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query: HashMap<String, String> = pairs.into_owned().collect();
    let signature = Signature::of(&token.lock().unwrap(), &query["timestamp"], &query["nonce"]);
    if !signature.matches(&query["signature"]) || query["of"] != "mine" {
        return answer_of(403, "who are you?".to_owned());
    }
    if method == Method::GET {
        return answer_of(200, query["echostr"].clone());
    }
    let push = Received { query, body: String::from_utf8(body.to_vec()).unwrap() };
    let answer = answer.lock().unwrap().clone();
    let (status, body) = answer(&push);
    let number = {
        let mut received = received.lock().unwrap();
        received.push(push);
        received.len()
    };
    let _ = released.subscribe().wait_for(|released| *released >= number).await;
    answer_of(status, body)
}

fn answer_of(status: u16, body: String) -> Response {
    Response::builder().status(status).header("set-cookie", "a=secret").body(Body::from(body)).unwrap()
}

/// Delivers pushes at this node.
pub fn delivers(app: &TestApp) {
    tokio::spawn(callback::run(app.inner.clone(), app.base.clone()));
}

/// Changes the settings of the account's developer's server.
pub async fn sets(account: &TestAccount, change: CallbackChange) -> Result<Value, String> {
    let appid = account.appid.clone();
    account.app.command(Command::Callback(CallbackCommand::Set { appid, change })).await
}

/// Makes `receiver` the account's developer's server.
pub async fn listens(account: &TestAccount, receiver: &Receiver) {
    let (url, token) = (Some(receiver.url.clone()), Some(TOKEN.to_owned()));
    sets(account, CallbackChange { url, token, ..CallbackChange::default() }).await.expect("it is verified");
}

/// What is to be pushed of the changes after a change.
pub async fn pushes_after(desk: &Desk, appid: &Appid, seq: i64) -> PushesAfter {
    let news = pushes::news(desk, appid, Some(seq), "http://a.example").await.unwrap();
    news.expect("a developer's server").pushes.expect("pushes that are not paused")
}
